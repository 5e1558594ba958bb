//! Finding each other: queues in which people wait to be matched, proposals that await both answers, and
//! invitations into a session.
//!
//! Whoever waits has one place, in one queue, whatever the number of their sockets; and is in one
//! proposal at most.

use std::{sync::Arc, time::Duration};

use crate::{
    id::{InviteId, MatchId, QueueName, UserId},
    room::RoomId,
    text::{MessageText, RawJson},
    time::Timestamp,
    user::{Name, User},
};

/// Longest criteria, in bytes of JSON.
pub const MAX_CRITERIA_BYTES: usize = 16 * 1024;

/// What can be asked. The target is [`RoomId::matching`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MatchingCommand {
    /// Waits to be matched. Who waits in that queue already keeps the place, with new criteria; from
    /// another queue they move. Answered with [`MatchingOutcome::Queue`].
    Enqueue {
        /// Where.
        queue: QueueName,
        /// With whom.
        criteria: Criteria,
        /// How the match is made.
        mode: MatchMode,
    },
    /// Waits no longer, and declines a match that is open. Not waiting is success. Answered with
    /// [`MatchingOutcome::Done`].
    Dequeue {
        /// Only if it is this queue.
        queue: Option<QueueName>,
    },
    /// Asks how the user waits. A vocabulary whose sockets come to wait asks when one connects: from then on
    /// the user keeps the place while that socket lives. Answered with [`MatchingOutcome::Queue`].
    GetQueueStatus,
    /// Asks for what awaits the user's answer; the socket counts as above. Answered with
    /// [`MatchingOutcome::Pending`].
    GetPending,
    /// Answers a proposal. Answered with [`MatchingOutcome::Answered`].
    RespondToMatch {
        /// Which.
        match_id: MatchId,
        /// The answer.
        accept: bool,
    },
    /// Invites a user into a session in which the inviter is. Answered with [`MatchingOutcome::Invited`].
    Invite {
        /// The session's room.
        session: RoomId,
        /// Whom.
        to: UserId,
        /// The inviter's own words.
        message: Option<MessageText>,
    },
    /// Answers an invitation. Answered with [`MatchingOutcome::InviteAnswered`].
    RespondToInvite {
        /// Which.
        invite: InviteId,
        /// The answer.
        accept: bool,
    },
}

/// How a match is made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MatchMode {
    /// Both are matched at once. Queues of this mode and of the other never meet, even by one name.
    Immediate,
    /// Both are asked first.
    Proposal,
}

impl MatchMode {
    /// The mode in metrics and for operators.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Immediate => "immediate",
            Self::Proposal => "proposal",
        }
    }
}

/// With whom somebody wants to be matched.
///
/// Two fit if what each wants, unless that is nothing, has something in common with what the other
/// offers, if the other says what.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Criteria {
    /// What the user offers; `None` if they do not say.
    pub offers: Option<Vec<Arc<str>>>,
    /// What the user wants; nothing if they take everybody.
    pub wants: Vec<Arc<str>>,
    /// All that the client said, a JSON object of at most [`MAX_CRITERIA_BYTES`], for the partner to see.
    pub body: Option<RawJson>,
}

impl Criteria {
    /// Whether this side and the other fit each other.
    pub fn fits(&self, other: &Self) -> bool {
        self.is_met_by(other) && other.is_met_by(self)
    }

    fn is_met_by(&self, other: &Self) -> bool {
        match &other.offers {
            Some(offers) if !self.wants.is_empty() => self.wants.iter().any(|want| offers.contains(want)),
            _ => true,
        }
    }
}

/// What a command that was carried out has brought about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MatchingOutcome {
    /// How the user waits now; `None` if they do not and nothing is remembered of it.
    Queue(Option<QueueStatus>),
    /// What awaits the user's answer.
    Pending {
        /// A match, if one is proposed.
        proposal: Option<Proposal>,
        /// Invitations, oldest first.
        invitations: Vec<Invitation>,
    },
    /// The user's answer is kept.
    Answered {
        /// The match.
        match_id: MatchId,
        /// What has become of it.
        state: MatchState,
    },
    /// The user is invited.
    Invited {
        /// The invitation; of the same pair and session always the same one, while it is open.
        invite: InviteId,
        /// When it ends unanswered.
        expires_at: Timestamp,
        /// Whether the invited user has a device that can hear of it.
        delivered: bool,
    },
    /// The answer is kept, and who accepted is a member of the session's room.
    InviteAnswered {
        /// The invitation.
        invite: InviteId,
        /// The session's room.
        session: RoomId,
        /// The answer.
        accepted: bool,
    },
    /// Done; there is nothing more to say.
    Done,
}

/// What happened. All of it is addressed to users.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MatchingEvent {
    /// The user waits from now on, or again.
    QueueEntered(QueueStatus),
    /// Somebody before the user has gone.
    QueuePositionChanged(QueueStatus),
    /// The user has left a queue of proposals for a match that is proposed.
    QueueMatched(QueueStatus),
    /// The user waits no longer, because they said so or are gone.
    QueueLeft(QueueStatus),
    /// The user has waited in vain.
    QueueExpired(QueueStatus),
    /// A match awaits the user's answer.
    MatchProposed(Proposal),
    /// The other one has answered.
    MatchAnswered {
        /// The match.
        match_id: MatchId,
        /// Who.
        user: UserId,
        /// The answer.
        accepted: bool,
    },
    /// There will be no match.
    MatchCancelled {
        /// The match.
        match_id: MatchId,
        /// The queue that it came from.
        queue: QueueName,
        /// Why.
        reason: CancelReason,
        /// Whether the user waits again, before everybody else.
        requeued: bool,
    },
    /// Two are matched, and have a room of their own.
    MatchConfirmed(Match),
    /// The user is invited into a session.
    InviteReceived(Invitation),
    /// An invitation was answered; for who invited.
    InviteAnswered {
        /// The invitation.
        invite: InviteId,
        /// The session's room.
        session: RoomId,
        /// Who was invited.
        user: UserId,
        /// Their name, once they have answered.
        name: Option<Name>,
        /// The answer.
        answer: InviteAnswer,
    },
}

/// How somebody waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueueStatus {
    /// Where.
    pub queue: QueueName,
    /// Whether they still do.
    pub state: QueueState,
    /// Their place, 1 for who is next; 0 for who does not wait.
    pub position: u64,
    /// How many wait there.
    pub size: u64,
    /// How long it will take, going by those who were matched lately; `None` if nobody was.
    pub estimated_wait: Option<Duration>,
    /// Since when they wait, or waited.
    pub joined_at: Timestamp,
}

/// Whether somebody waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QueueState {
    /// Waits.
    Waiting,
    /// Was matched, or is asked whether to be.
    Matched,
    /// Went.
    Left,
    /// Has waited in vain.
    Expired,
}

impl QueueState {
    /// The state on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Matched => "matched",
            Self::Left => "left",
            Self::Expired => "expired",
        }
    }
}

/// A match that awaits both answers, as one of the two sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proposal {
    /// Its id.
    pub match_id: MatchId,
    /// The queue that both come from.
    pub queue: QueueName,
    /// The other one.
    pub peer: User,
    /// What the other one's client said: a JSON object.
    pub peer_criteria: Option<RawJson>,
    /// When it ends unanswered.
    pub expires_at: Timestamp,
    /// Whether this one has accepted, and waits for the other.
    pub accepted: bool,
}

/// A match, as one of the two sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Match {
    /// Its id.
    pub match_id: MatchId,
    /// The queue that both come from.
    pub queue: QueueName,
    /// The room that nobody but the two may enter: `match:<id>`, or a session after a proposal.
    pub room: RoomId,
    /// The other one.
    pub peer: User,
    /// Both, who waited longer first.
    pub participants: Vec<User>,
    /// Whether this one shall call the other: of the two the one who came later.
    pub initiator: bool,
}

/// What has become of a match.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MatchState {
    /// The other one has not answered.
    Accepted,
    /// Both have accepted.
    Confirmed,
    /// This one has declined.
    Declined,
}

impl MatchState {
    /// The state on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Confirmed => "confirmed",
            Self::Declined => "declined",
        }
    }
}

/// Why there is no match.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CancelReason {
    /// One of the two does not want.
    Declined,
    /// One of the two has not answered in time.
    Expired,
    /// One of the two is gone.
    Disconnected,
}

impl CancelReason {
    /// The reason on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Disconnected => "disconnected",
        }
    }
}

/// An invitation into a session, as the invited user sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invitation {
    /// Its id.
    pub invite: InviteId,
    /// The session's room.
    pub session: RoomId,
    /// Who invites.
    pub from: User,
    /// Their own words.
    pub message: Option<MessageText>,
    /// When it ends unanswered.
    pub expires_at: Timestamp,
}

/// What has become of an invitation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InviteAnswer {
    /// Yes.
    Accepted,
    /// No.
    Declined,
    /// None in time.
    Expired,
}

impl InviteAnswer {
    /// The answer on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accept",
            Self::Declined => "decline",
            Self::Expired => "expired",
        }
    }
}

/// How a queue stands, for operators.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueueView {
    /// Its name.
    pub queue: QueueName,
    /// How matches are made in it.
    pub mode: MatchMode,
    /// How many wait.
    pub size: u64,
    /// Since when the one waits who waits longest.
    pub oldest: Option<Timestamp>,
    /// How many matches from it await answers.
    pub proposals: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn criteria(offers: Option<&[&str]>, wants: &[&str]) -> Criteria {
        let tags = |tags: &[&str]| tags.iter().map(|tag| Arc::from(*tag)).collect();
        Criteria { offers: offers.map(tags), wants: tags(wants), body: None }
    }

    #[test]
    fn criteria_fit_if_each_side_gets_something_that_it_wants() {
        let anybody = Criteria::default();
        let teacher = criteria(Some(&["rust", "go"]), &[]);
        let learner = criteria(Some(&["cooking"]), &["rust"]);
        let cook = criteria(Some(&[]), &["cooking"]);
        assert!(anybody.fits(&anybody));
        assert!(teacher.fits(&learner));
        assert!(learner.fits(&anybody), "who does not say what they offer may have it");
        assert!(!learner.fits(&learner), "nobody offers what both want");
        assert!(!cook.fits(&learner), "one side gets what it wants and the other does not");
        assert!(!learner.fits(&cook));
    }
}
