//! What a deployment decides about matching.

use std::time::Duration;

use heliograph_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Settings of matching.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct MatchingOptions {
    /// How long somebody searches who would be matched at once.
    pub search_timeout: Duration,
    /// How long somebody waits for a match that is proposed.
    pub queue_timeout: Duration,
    /// How long both have for their answers.
    pub answer_timeout: Duration,
    /// How long an invitation can be answered.
    pub invite_timeout: Duration,
    /// How long the place of somebody is kept who said goodbye on the last socket that kept it.
    pub grace: Duration,
    /// How long it is remembered what became of a match or an invitation.
    pub remembered: Duration,
    /// Most people who wait or are asked, in all queues.
    pub waiting: usize,
    /// Most invitations that are open or remembered.
    pub invitations: usize,
    /// Most of those who fit somebody that are looked at for a block between the two, at a time.
    pub looks: usize,
    /// Most people who are told their position in one second.
    pub positions: usize,
}

impl Default for MatchingOptions {
    fn default() -> Self {
        Self {
            search_timeout: Duration::from_secs(30),
            queue_timeout: Duration::from_secs(300),
            answer_timeout: Duration::from_secs(30),
            invite_timeout: Duration::from_secs(300),
            grace: Duration::from_secs(5),
            remembered: Duration::from_secs(600),
            waiting: 10_000,
            invitations: 100_000,
            looks: 256,
            positions: 1000,
        }
    }
}

impl MatchingOptions {
    /// When something that is over now is forgotten. What ends within the same minute is forgotten together.
    pub(super) fn forgotten_at(&self, now: Timestamp) -> Timestamp {
        const MINUTE: u64 = 60_000;
        let at = (now + self.remembered).as_millis();
        Timestamp::from_millis(at.div_ceil(MINUTE) * MINUTE)
    }
}
