//! An invitation into a session.

use heliograph_domain::{
    id::{InviteId, UserId},
    matching::{Invitation, InviteAnswer, MatchingEvent},
    refusal::{Code, Refusal},
    room::RoomId,
    text::MessageText,
    time::Timestamp,
    user::{Name, User},
};

use super::ticket::Changed;

/// An invitation, until some time after it was answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Invite {
    pub(crate) id: InviteId,
    pub(crate) session: RoomId,
    pub(crate) from: User,
    pub(crate) to: UserId,
    pub(crate) message: Option<MessageText>,
    pub(crate) expires_at: Timestamp,
    pub(crate) answer: Option<InviteAnswer>,
    /// Who was invited, as they were known when they answered.
    pub(crate) invited: Option<User>,
    /// When it expires, or is forgotten.
    pub(crate) until: Timestamp,
    pub(crate) changed: Changed,
}

impl Invite {
    /// Whether it awaits an answer.
    pub(crate) fn is_open(&self) -> bool {
        self.answer.is_none()
    }

    /// As the invited user sees it.
    pub(crate) fn invitation(&self) -> Invitation {
        Invitation {
            invite: self.id.clone(),
            session: self.session.clone(),
            from: self.from.clone(),
            message: self.message.clone(),
            expires_at: self.expires_at,
        }
    }

    /// Refuses an answer that would not be the first, unless it is the same.
    ///
    /// # Errors
    ///
    /// `NotFound` to whom it is not for, `RoomClosed` if it has expired, `Conflict` if it was answered
    /// otherwise.
    pub(crate) fn may_answer(&self, user: &UserId, accept: bool) -> Result<(), Refusal> {
        if self.to != *user {
            return Err(Code::NotFound.into());
        }
        match (self.answer, accept) {
            (None, _) | (Some(InviteAnswer::Accepted), true) | (Some(InviteAnswer::Declined), false) => Ok(()),
            (Some(InviteAnswer::Expired), _) => Err(Code::RoomClosed.into()),
            (Some(InviteAnswer::Accepted | InviteAnswer::Declined), _) => Err(Code::Conflict.into()),
        }
    }

    /// What has to be told of it as it stands, and to whom.
    pub(crate) fn news(&self) -> (UserId, MatchingEvent) {
        match self.answer {
            None => (self.to.clone(), MatchingEvent::InviteReceived(self.invitation())),
            Some(answer) => {
                let event = MatchingEvent::InviteAnswered {
                    invite: self.id.clone(),
                    session: self.session.clone(),
                    user: self.to.clone(),
                    name: self.invited.as_ref().map(|user| -> Name { user.name.clone() }),
                    answer,
                };
                (self.from.id.clone(), event)
            }
        }
    }
}
