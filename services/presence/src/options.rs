//! What a deployment decides about presence.

use std::time::Duration;

use heliograph_cluster::{outward::OutwardOptions, serve::ServeOptions};
use serde::{Deserialize, Serialize};

/// Settings of a presence service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Who hears that a user comes, goes or changes their status.
    pub audience: AudienceKind,
    /// Sockets of one user.
    pub sockets: usize,
    /// How long after the loss of a transport nobody is told.
    pub loss_grace: Duration,
    /// How long after an explicit disconnect a user still counts as online.
    pub presence_grace: Duration,
    /// How long after an explicit disconnect a user still takes part in their calls.
    pub call_grace: Duration,
    /// How long a lost session can be recovered.
    pub recovery_window: Duration,
    /// Most rooms of a user that are attended at once and that hear of them, the latest joined.
    pub rooms: usize,
    /// Users whom one user may block.
    pub blocks: usize,
    /// How long a list of blocked users is kept that its owner does not change.
    pub blocks_kept: Duration,
    /// Commands of one partition that are under way or wait for another one of the same user.
    pub pending: usize,
    /// How often a partition's deadlines are read though none that is known of is due.
    pub refresh: Duration,
    /// From one look at which gateways the store knows to the next, about.
    pub reap_interval: Duration,
    /// Sockets of dead gateways that are ended side by side.
    pub reap_at_once: usize,
    /// Bounds of what goes to gateways.
    pub outward: OutwardOptions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            audience: AudienceKind::default(),
            sockets: 20,
            loss_grace: Duration::from_secs(5),
            presence_grace: Duration::from_secs(1),
            call_grace: Duration::from_secs(5),
            recovery_window: Duration::from_secs(120),
            rooms: 200,
            blocks: 1000,
            blocks_kept: Duration::from_secs(365 * 24 * 3600),
            pending: ServeOptions::default().pending,
            refresh: ServeOptions::default().refresh,
            reap_interval: Duration::from_secs(30),
            reap_at_once: 256,
            outward: OutwardOptions::default(),
        }
    }
}

/// Who hears that a user comes, goes or changes their status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AudienceKind {
    /// Those who attend a room of which the user is a member.
    #[default]
    Rooms,
    /// Everybody who is connected.
    Everyone,
}
