//! How people are matched and invited.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seconds;

/// Queues, proposals and invitations.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Matching {
    /// How long a guest searches.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub search_timeout: Duration,
    /// How long somebody waits in a queue whose matches are proposed.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub queue_timeout: Duration,
    /// How long both have to answer when a match is proposed.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub answer_timeout: Duration,
    /// How long an invitation can be answered.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub invite_timeout: Duration,
    /// How long the place of somebody is kept whose last page with it was closed. Guests who close theirs search no longer.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub grace: Duration,
    /// How long it is remembered what became of a match or an invitation.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub kept: Duration,
    /// People who wait or are asked, in all queues together; beyond, nobody is let in.
    pub max_waiting: usize,
    /// Invitations that are open or remembered; beyond, nobody can invite.
    pub max_invitations: usize,
    /// Of those who fit somebody, how many are looked at for a block between the two when a partner is looked for.
    pub looks: usize,
    /// People who are told their position in one second; the others are told in the next.
    pub positions_per_second: usize,
}

impl Default for Matching {
    fn default() -> Self {
        Self {
            search_timeout: seconds(30),
            queue_timeout: seconds(300),
            answer_timeout: seconds(30),
            invite_timeout: seconds(300),
            grace: seconds(5),
            kept: seconds(600),
            max_waiting: 10_000,
            max_invitations: 100_000,
            looks: 256,
            positions_per_second: 1000,
        }
    }
}
