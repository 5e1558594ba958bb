//! Somebody who waits, is asked, or did a moment ago.

use std::time::Duration;

use heliograph_domain::{
    id::{CommandId, MatchId, QueueName, UserId},
    matching::{CancelReason, Criteria, Match, MatchMode, MatchingEvent, QueueState},
    room::RoomId,
    time::Timestamp,
    user::User,
};

/// What is known of a user in matching. There is one for each user, so that nobody waits twice.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ticket {
    pub(crate) user: User,
    pub(crate) line: LineId,
    pub(crate) criteria: Criteria,
    pub(crate) joined_at: Timestamp,
    pub(crate) stage: Stage,
    /// When the stage ends by itself: the waiting, the asking, or the memory of both.
    pub(crate) until: Timestamp,
    /// When the place is lost, because no socket of the user is left that keeps it.
    pub(crate) gone_at: Option<Timestamp>,
    /// The user's command that last changed it: if it comes again, its events are sent again.
    pub(crate) command: Option<CommandId>,
    /// The last match that is decided.
    pub(crate) past: Option<Past>,
    /// What the user has to hear of the last change.
    pub(crate) news: Vec<MatchingEvent>,
    /// The number of the step that brought the last change, and its time.
    pub(crate) changed: Changed,
}

/// A queue. Those of different modes have nothing to do with each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LineId {
    pub(crate) mode: MatchMode,
    pub(crate) queue: QueueName,
}

/// How far somebody is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stage {
    /// Waits. Of two who wait in a queue the one with the smaller number came first.
    Waiting(i64),
    /// Is asked.
    Asked {
        match_id: MatchId,
        partner: UserId,
        accepted: bool,
        /// How long the user may go on waiting if nothing comes of it.
        patience: Duration,
        /// Whether the user came later than the partner.
        later: bool,
    },
    /// Neither.
    Over(QueueState),
}

/// A match that is decided.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Past {
    pub(crate) match_id: MatchId,
    pub(crate) partner: UserId,
    /// What this user had answered.
    pub(crate) answer: Option<bool>,
    pub(crate) end: MatchEnd,
}

/// How a match was decided.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum MatchEnd {
    /// The two have this room.
    Confirmed(RoomId),
    /// There was none.
    Cancelled(CancelReason),
}

/// When something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    /// The number of the step.
    pub(crate) step: u64,
    pub(crate) at: Timestamp,
}

impl Ticket {
    /// Whether the user waits or is asked.
    pub(crate) fn is_live(&self) -> bool {
        !matches!(self.stage, Stage::Over(_))
    }

    /// Whether the user is asked about somebody who came before.
    pub(crate) fn came_later(&self) -> bool {
        matches!(self.stage, Stage::Asked { later: true, .. })
    }

    /// The match of which the user has to hear.
    pub(crate) fn made(&self) -> Option<&Match> {
        self.news.iter().find_map(|event| match event {
            MatchingEvent::MatchConfirmed(made) => Some(made),
            _ => None,
        })
    }

    /// When something has to be done though nobody asks.
    pub(crate) fn due(&self) -> Timestamp {
        self.gone_at.map_or(self.until, |gone| gone.min(self.until))
    }
}
