//! How often and how much.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seconds;

/// A rate with a burst.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rate {
    /// How many a second in the long run.
    pub per_second: u32,
    /// How many at once.
    pub burst: u32,
}

/// Rates and counts.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// Messages of a user in 60 s, over all sockets that speak synapse, mesh or collaboration.
    pub messages_per_minute: u32,
    /// The same for sockets that speak guest-chat.
    pub guest_chat_messages_per_minute: u32,
    /// The same for sockets that speak direct-chat.
    pub direct_chat_messages_per_minute: u32,
    /// Calls that a user may initiate in 60 s; in open mode also those that an address may prepare.
    pub calls_per_minute: u32,
    /// How often a user may ask to be matched in 60 s.
    pub matches_per_minute: u32,
    /// Invitations of a user in 60 s.
    pub invites_per_minute: u32,
    /// Offers, answers and candidates of a socket.
    pub signals: Rate,
    /// Mesh `data` messages and media states of a socket.
    pub data: Rate,
    /// Typing and presence events of a socket.
    pub typing: Rate,
    /// Joins and leaves of a socket.
    pub membership: Rate,
    /// Users whom a user may block.
    pub blocks_per_user: usize,
    /// How long a list of blocked users is kept that its owner does not change.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub blocks_kept: Duration,
    /// A typing mark that is not renewed is taken back after this.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub typing_timeout: Duration,
    /// Rooms that a socket may attend.
    pub rooms_per_socket: usize,
    /// Sockets of a user.
    pub sockets_per_user: usize,
    /// Failed authentications by event after which a socket is disconnected.
    pub authentication_attempts: u8,
    /// Commands of a socket that may be under way; beyond, nothing more is read from it.
    pub commands_in_flight: usize,
    /// Events of a room that may wait while a socket joins it.
    pub join_buffer: usize,
    /// Guest sessions that an address may begin or renew in a minute.
    pub guest_sessions_per_minute: u32,
    /// Call reports that an address or user may send in a minute.
    pub reports_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            messages_per_minute: 300,
            guest_chat_messages_per_minute: 60,
            direct_chat_messages_per_minute: 30,
            calls_per_minute: 20,
            matches_per_minute: 20,
            invites_per_minute: 20,
            signals: Rate { per_second: 50, burst: 1000 },
            data: Rate { per_second: 60, burst: 120 },
            typing: Rate { per_second: 5, burst: 20 },
            membership: Rate { per_second: 10, burst: 100 },
            blocks_per_user: 1000,
            blocks_kept: seconds(365 * 24 * 3600),
            typing_timeout: seconds(15),
            rooms_per_socket: 200,
            sockets_per_user: 20,
            authentication_attempts: 3,
            commands_in_flight: 64,
            join_buffer: 1000,
            guest_sessions_per_minute: 60,
            reports_per_minute: 60,
        }
    }
}
