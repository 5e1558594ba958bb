//! `matching.proto`

use std::{sync::Arc, time::Duration};

use super::{
    WireError,
    field::{json_bytes, list, message_text, nested, optional_json, optional_text, required, same_variants, text},
    proto::{
        self, matching_command::Command as CommandForm, matching_event::Event as EventForm,
        matching_outcome::Outcome as OutcomeForm,
    },
};
use crate::{
    id::QueueName,
    matching::{
        CancelReason, Criteria, Invitation, InviteAnswer, Match, MatchMode, MatchState, MatchingCommand, MatchingEvent,
        MatchingOutcome, Proposal, QueueState, QueueStatus, QueueView,
    },
    time::Timestamp,
};

same_variants!(MatchMode, proto::MatchMode, "Enqueue.mode": Immediate, Proposal);
same_variants!(QueueState, proto::QueueState, "QueueStatus.state": Waiting, Matched, Left, Expired);
same_variants!(MatchState, proto::MatchState, "AnsweredMatch.state": Accepted, Confirmed, Declined);
same_variants!(CancelReason, proto::CancelReason, "MatchCancelled.reason": Declined, Expired, Disconnected);
same_variants!(InviteAnswer, proto::InviteAnswer, "InviteAnswered.answer": Accepted, Declined, Expired);

impl From<&MatchingCommand> for proto::MatchingCommand {
    fn from(command: &MatchingCommand) -> Self {
        let form = match command {
            MatchingCommand::Enqueue { queue, criteria, mode } => CommandForm::Enqueue(proto::Enqueue {
                queue: queue.as_str().to_owned(),
                criteria: Some(criteria.into()),
                mode: proto::MatchMode::from(*mode).into(),
            }),
            MatchingCommand::Dequeue { queue } => {
                CommandForm::Dequeue(proto::Dequeue { queue: queue.as_ref().map(QueueName::to_string) })
            }
            MatchingCommand::GetQueueStatus => CommandForm::GetQueueStatus(proto::GetQueueStatus {}),
            MatchingCommand::GetPending => CommandForm::GetPending(proto::GetPending {}),
            MatchingCommand::RespondToMatch { match_id, accept } => {
                CommandForm::RespondToMatch(proto::RespondToMatch { r#match: match_id.to_string(), accept: *accept })
            }
            MatchingCommand::Invite { session, to, message } => CommandForm::Invite(proto::Invite {
                session: session.to_string(),
                to: to.to_string(),
                message: message.as_ref().map(|text| text.as_str().to_owned()),
            }),
            MatchingCommand::RespondToInvite { invite, accept } => {
                CommandForm::RespondToInvite(proto::RespondToInvite { invite: invite.to_string(), accept: *accept })
            }
        };
        Self { command: Some(form) }
    }
}

impl TryFrom<proto::MatchingCommand> for MatchingCommand {
    type Error = WireError;

    fn try_from(form: proto::MatchingCommand) -> Result<Self, WireError> {
        Ok(match required(form.command, "MatchingCommand.command")? {
            CommandForm::Enqueue(form) => Self::Enqueue {
                mode: form.mode().try_into()?,
                queue: text(&form.queue, "Enqueue.queue")?,
                criteria: nested(form.criteria, "Enqueue.criteria")?,
            },
            CommandForm::Dequeue(form) => Self::Dequeue { queue: optional_text(form.queue, "Dequeue.queue")? },
            CommandForm::GetQueueStatus(proto::GetQueueStatus {}) => Self::GetQueueStatus,
            CommandForm::GetPending(proto::GetPending {}) => Self::GetPending,
            CommandForm::RespondToMatch(form) => {
                Self::RespondToMatch { match_id: text(&form.r#match, "RespondToMatch.match")?, accept: form.accept }
            }
            CommandForm::Invite(form) => Self::Invite {
                session: text(&form.session, "Invite.session")?,
                to: text(&form.to, "Invite.to")?,
                message: form.message.as_deref().map(message_text),
            },
            CommandForm::RespondToInvite(form) => {
                Self::RespondToInvite { invite: text(&form.invite, "RespondToInvite.invite")?, accept: form.accept }
            }
        })
    }
}

impl From<&Criteria> for proto::Criteria {
    fn from(criteria: &Criteria) -> Self {
        let strings = |tags: &[Arc<str>]| tags.iter().map(|tag| tag.to_string()).collect();
        Self {
            offers: criteria.offers.as_deref().map(|tags| proto::Tags { tags: strings(tags) }),
            wants: strings(&criteria.wants),
            body: criteria.body.as_ref().map(json_bytes),
        }
    }
}

impl TryFrom<proto::Criteria> for Criteria {
    type Error = WireError;

    fn try_from(form: proto::Criteria) -> Result<Self, WireError> {
        let tags = |tags: Vec<String>| tags.into_iter().map(Arc::from).collect();
        Ok(Self {
            offers: form.offers.map(|offers| tags(offers.tags)),
            wants: tags(form.wants),
            body: optional_json(form.body, "Criteria.body")?,
        })
    }
}

impl From<&MatchingOutcome> for proto::MatchingOutcome {
    fn from(outcome: &MatchingOutcome) -> Self {
        let form = match outcome {
            MatchingOutcome::Queue(status) => {
                OutcomeForm::Queue(proto::QueueReply { status: status.as_ref().map(Into::into) })
            }
            MatchingOutcome::Pending { proposal, invitations } => OutcomeForm::Pending(proto::Pending {
                proposal: proposal.as_ref().map(Into::into),
                invitations: invitations.iter().map(Into::into).collect(),
            }),
            MatchingOutcome::Answered { match_id, state } => OutcomeForm::Answered(proto::AnsweredMatch {
                r#match: match_id.to_string(),
                state: proto::MatchState::from(*state).into(),
            }),
            MatchingOutcome::Invited { invite, expires_at, delivered } => OutcomeForm::Invited(proto::Invited {
                invite: invite.to_string(),
                expires_at: expires_at.as_millis(),
                delivered: *delivered,
            }),
            MatchingOutcome::InviteAnswered { invite, session, accepted } => {
                OutcomeForm::InviteAnswered(proto::AnsweredInvite {
                    invite: invite.to_string(),
                    session: session.to_string(),
                    accepted: *accepted,
                })
            }
            MatchingOutcome::Done => OutcomeForm::Done(proto::MatchingDone {}),
        };
        Self { outcome: Some(form) }
    }
}

impl TryFrom<proto::MatchingOutcome> for MatchingOutcome {
    type Error = WireError;

    fn try_from(form: proto::MatchingOutcome) -> Result<Self, WireError> {
        Ok(match required(form.outcome, "MatchingOutcome.outcome")? {
            OutcomeForm::Queue(form) => Self::Queue(form.status.map(QueueStatus::try_from).transpose()?),
            OutcomeForm::Pending(form) => Self::Pending {
                proposal: form.proposal.map(Proposal::try_from).transpose()?,
                invitations: list(form.invitations)?,
            },
            OutcomeForm::Answered(form) => Self::Answered {
                state: form.state().try_into()?,
                match_id: text(&form.r#match, "AnsweredMatch.match")?,
            },
            OutcomeForm::Invited(form) => Self::Invited {
                invite: text(&form.invite, "Invited.invite")?,
                expires_at: Timestamp::from_millis(form.expires_at),
                delivered: form.delivered,
            },
            OutcomeForm::InviteAnswered(form) => Self::InviteAnswered {
                invite: text(&form.invite, "AnsweredInvite.invite")?,
                session: text(&form.session, "AnsweredInvite.session")?,
                accepted: form.accepted,
            },
            OutcomeForm::Done(proto::MatchingDone {}) => Self::Done,
        })
    }
}

impl From<&MatchingEvent> for proto::MatchingEvent {
    fn from(event: &MatchingEvent) -> Self {
        let form = match event {
            MatchingEvent::QueueEntered(status) => EventForm::QueueEntered(status.into()),
            MatchingEvent::QueuePositionChanged(status) => EventForm::QueuePositionChanged(status.into()),
            MatchingEvent::QueueMatched(status) => EventForm::QueueMatched(status.into()),
            MatchingEvent::QueueLeft(status) => EventForm::QueueLeft(status.into()),
            MatchingEvent::QueueExpired(status) => EventForm::QueueExpired(status.into()),
            MatchingEvent::MatchProposed(proposal) => EventForm::MatchProposed(proposal.into()),
            MatchingEvent::MatchAnswered { match_id, user, accepted } => {
                EventForm::MatchAnswered(proto::MatchAnswered {
                    r#match: match_id.to_string(),
                    user: user.to_string(),
                    accepted: *accepted,
                })
            }
            MatchingEvent::MatchCancelled { match_id, queue, reason, requeued } => {
                EventForm::MatchCancelled(proto::MatchCancelled {
                    r#match: match_id.to_string(),
                    queue: queue.to_string(),
                    reason: proto::CancelReason::from(*reason).into(),
                    requeued: *requeued,
                })
            }
            MatchingEvent::MatchConfirmed(made) => EventForm::MatchConfirmed(made.into()),
            MatchingEvent::InviteReceived(invitation) => EventForm::InviteReceived(invitation.into()),
            MatchingEvent::InviteAnswered { invite, session, user, name, answer } => {
                EventForm::InviteAnswered(proto::InviteAnswered {
                    invite: invite.to_string(),
                    session: session.to_string(),
                    user: user.to_string(),
                    name: name.as_ref().map(|name| name.as_str().to_owned()),
                    answer: proto::InviteAnswer::from(*answer).into(),
                })
            }
        };
        Self { event: Some(form) }
    }
}

impl TryFrom<proto::MatchingEvent> for MatchingEvent {
    type Error = WireError;

    fn try_from(form: proto::MatchingEvent) -> Result<Self, WireError> {
        Ok(match required(form.event, "MatchingEvent.event")? {
            EventForm::QueueEntered(form) => Self::QueueEntered(form.try_into()?),
            EventForm::QueuePositionChanged(form) => Self::QueuePositionChanged(form.try_into()?),
            EventForm::QueueMatched(form) => Self::QueueMatched(form.try_into()?),
            EventForm::QueueLeft(form) => Self::QueueLeft(form.try_into()?),
            EventForm::QueueExpired(form) => Self::QueueExpired(form.try_into()?),
            EventForm::MatchProposed(form) => Self::MatchProposed(form.try_into()?),
            EventForm::MatchAnswered(form) => Self::MatchAnswered {
                match_id: text(&form.r#match, "MatchAnswered.match")?,
                user: text(&form.user, "MatchAnswered.user")?,
                accepted: form.accepted,
            },
            EventForm::MatchCancelled(form) => Self::MatchCancelled {
                reason: form.reason().try_into()?,
                match_id: text(&form.r#match, "MatchCancelled.match")?,
                queue: text(&form.queue, "MatchCancelled.queue")?,
                requeued: form.requeued,
            },
            EventForm::MatchConfirmed(form) => Self::MatchConfirmed(form.try_into()?),
            EventForm::InviteReceived(form) => Self::InviteReceived(form.try_into()?),
            EventForm::InviteAnswered(form) => Self::InviteAnswered {
                answer: form.answer().try_into()?,
                invite: text(&form.invite, "InviteAnswered.invite")?,
                session: text(&form.session, "InviteAnswered.session")?,
                user: text(&form.user, "InviteAnswered.user")?,
                name: optional_text(form.name, "InviteAnswered.name")?,
            },
        })
    }
}

impl From<&QueueStatus> for proto::QueueStatus {
    fn from(status: &QueueStatus) -> Self {
        Self {
            queue: status.queue.to_string(),
            state: proto::QueueState::from(status.state).into(),
            position: status.position,
            size: status.size,
            estimated_wait: status.estimated_wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            joined_at: status.joined_at.as_millis(),
        }
    }
}

impl TryFrom<proto::QueueStatus> for QueueStatus {
    type Error = WireError;

    fn try_from(form: proto::QueueStatus) -> Result<Self, WireError> {
        Ok(Self {
            state: form.state().try_into()?,
            queue: text(&form.queue, "QueueStatus.queue")?,
            position: form.position,
            size: form.size,
            estimated_wait: form.estimated_wait.map(Duration::from_millis),
            joined_at: Timestamp::from_millis(form.joined_at),
        })
    }
}

impl From<&Proposal> for proto::Proposal {
    fn from(proposal: &Proposal) -> Self {
        Self {
            r#match: proposal.match_id.to_string(),
            queue: proposal.queue.to_string(),
            peer: Some((&proposal.peer).into()),
            peer_criteria: proposal.peer_criteria.as_ref().map(json_bytes),
            expires_at: proposal.expires_at.as_millis(),
            accepted: proposal.accepted,
        }
    }
}

impl TryFrom<proto::Proposal> for Proposal {
    type Error = WireError;

    fn try_from(form: proto::Proposal) -> Result<Self, WireError> {
        Ok(Self {
            match_id: text(&form.r#match, "Proposal.match")?,
            queue: text(&form.queue, "Proposal.queue")?,
            peer: nested(form.peer, "Proposal.peer")?,
            peer_criteria: optional_json(form.peer_criteria, "Proposal.peer_criteria")?,
            expires_at: Timestamp::from_millis(form.expires_at),
            accepted: form.accepted,
        })
    }
}

impl From<&Match> for proto::MatchConfirmed {
    fn from(made: &Match) -> Self {
        Self {
            r#match: made.match_id.to_string(),
            queue: made.queue.to_string(),
            room: made.room.to_string(),
            peer: Some((&made.peer).into()),
            participants: made.participants.iter().map(Into::into).collect(),
            initiator: made.initiator,
        }
    }
}

impl TryFrom<proto::MatchConfirmed> for Match {
    type Error = WireError;

    fn try_from(form: proto::MatchConfirmed) -> Result<Self, WireError> {
        Ok(Self {
            match_id: text(&form.r#match, "MatchConfirmed.match")?,
            queue: text(&form.queue, "MatchConfirmed.queue")?,
            room: text(&form.room, "MatchConfirmed.room")?,
            peer: nested(form.peer, "MatchConfirmed.peer")?,
            participants: list(form.participants)?,
            initiator: form.initiator,
        })
    }
}

impl From<&QueueView> for proto::QueueView {
    fn from(view: &QueueView) -> Self {
        Self {
            queue: view.queue.to_string(),
            mode: proto::MatchMode::from(view.mode).into(),
            size: view.size,
            oldest: view.oldest.map(Timestamp::as_millis),
            proposals: view.proposals,
        }
    }
}

impl TryFrom<proto::QueueView> for QueueView {
    type Error = WireError;

    fn try_from(form: proto::QueueView) -> Result<Self, WireError> {
        Ok(Self {
            mode: form.mode().try_into()?,
            queue: text(&form.queue, "QueueView.queue")?,
            size: form.size,
            oldest: form.oldest.map(Timestamp::from_millis),
            proposals: form.proposals,
        })
    }
}

impl From<&Invitation> for proto::Invitation {
    fn from(invitation: &Invitation) -> Self {
        Self {
            invite: invitation.invite.to_string(),
            session: invitation.session.to_string(),
            from: Some((&invitation.from).into()),
            message: invitation.message.as_ref().map(|text| text.as_str().to_owned()),
            expires_at: invitation.expires_at.as_millis(),
        }
    }
}

impl TryFrom<proto::Invitation> for Invitation {
    type Error = WireError;

    fn try_from(form: proto::Invitation) -> Result<Self, WireError> {
        Ok(Self {
            invite: text(&form.invite, "Invitation.invite")?,
            session: text(&form.session, "Invitation.session")?,
            from: nested(form.from, "Invitation.from")?,
            message: form.message.as_deref().map(message_text),
            expires_at: Timestamp::from_millis(form.expires_at),
        })
    }
}
