//! Inviting into a session, and answering.

use heliograph_domain::{
    id::{InviteId, UserId},
    matching::InviteAnswer,
    refusal::{Code, Refusal},
    room::RoomId,
    text::MessageText,
    time::Timestamp,
    user::User,
};

use super::{invite::Invite, options::MatchingOptions, pool::Pool};

/// Whom somebody invites, and where to.
#[derive(Clone, Debug)]
pub(crate) struct Inviting {
    pub(crate) session: RoomId,
    pub(crate) from: User,
    pub(crate) to: UserId,
    pub(crate) message: Option<MessageText>,
}

impl Pool {
    /// The open invitation of this pair into this session; a new one if there is none.
    ///
    /// # Errors
    ///
    /// `RateLimited` if there are as many invitations as may be.
    pub(crate) fn invite_to(
        &mut self,
        inviting: Inviting,
        now: Timestamp,
        options: &MatchingOptions,
    ) -> Result<Invite, Refusal> {
        let Inviting { session, from, to, message } = inviting;
        let same = self.open_invites(&to).find(|open| open.session == session && open.from.id == from.id);
        let id = same.map(|open| open.id.clone());
        if id.is_none() && self.invites() >= options.invitations {
            return Err(Refusal::with_message(Code::RateLimited, "Too many invitations"));
        }
        let mut invite = match id.as_ref().and_then(|id| self.take_invite(id)) {
            Some(open) => open,
            None => Invite {
                id: InviteId::generate(),
                session,
                from,
                to,
                message: None,
                expires_at: now + options.invite_timeout,
                answer: None,
                invited: None,
                until: now + options.invite_timeout,
                changed: self.next_step(now),
            },
        };
        // Said again it is told again.
        invite.message = message.or(invite.message);
        invite.changed = self.next_step(now);
        self.put_invite(invite.clone());
        Ok(invite)
    }

    /// Who was invited answers. The same answer once more changes nothing. Gives the session.
    ///
    /// # Errors
    ///
    /// See [`Invite::may_answer`]; `NotFound` if there is no such invitation.
    pub(crate) fn answer_invite(
        &mut self,
        id: &InviteId,
        by: &User,
        accept: bool,
        now: Timestamp,
        options: &MatchingOptions,
    ) -> Result<RoomId, Refusal> {
        let invite = self.invite(id).ok_or(Refusal::new(Code::NotFound))?;
        invite.may_answer(&by.id, accept)?;
        let session = invite.session.clone();
        if invite.is_open()
            && let Some(mut invite) = self.take_invite(id)
        {
            invite.answer = Some(if accept { InviteAnswer::Accepted } else { InviteAnswer::Declined });
            invite.invited = Some(by.clone());
            invite.until = options.forgotten_at(now);
            invite.changed = self.next_step(now);
            self.put_invite(invite);
        }
        Ok(session)
    }
}
