//! What users ask of invitations.

use heliograph_domain::{
    id::{InviteId, UserId},
    matching::MatchingOutcome,
    refusal::{Code, Refusal},
    room::{RoomId, RoomKind},
    text::MessageText,
    user::Actor,
};

use super::invitations::Inviting;
use crate::{
    failure::Outcome,
    options::Html,
    router::{Request, Router, too_many},
};

impl Router {
    pub(super) async fn invite(
        &self,
        request: &Request,
        actor: &Actor,
        session: RoomId,
        to: UserId,
        message: Option<MessageText>,
    ) -> Outcome<MatchingOutcome> {
        if to == actor.user.id {
            return Err(Refusal::invalid("to", "must be somebody else").into());
        }
        if session.kind() != RoomKind::Group {
            return Err(Code::NotAllowed.into());
        }
        let limit = (self.options.limits.invites, "invites");
        self.take(&actor.user.id, limit, request.now, too_many).await?;
        let view = self.store.rooms.view(&session, Some(&actor.user.id), None, None).await?;
        if !view.member {
            // Who is not in it learns nothing of it, not even whether there is one.
            return Err(Code::NotAllowed.into());
        }
        if self.store.blocks.blocks(&to, &actor.user.id).await? {
            return Err(Code::Blocked.into());
        }
        let delivered = !self.store.presence.sockets(&to).await?.is_empty();
        let message = message.map(|text| match self.options.html {
            Html::Strip => text.without_tags(),
            Html::Keep => text,
        });
        let message = message.filter(|text| !text.is_blank());
        let inviting = Inviting { session, from: actor.user.clone(), to, message };
        let invite = self.change_pool(
            &request.timers,
            request.now,
            |pool| pool.invite_to(inviting.clone(), request.now, &self.options.matching),
            |invite, _| MatchingOutcome::Invited { invite: invite.id, expires_at: invite.expires_at, delivered },
        );
        invite.await
    }

    pub(super) async fn respond_to_invite(
        &self,
        request: &Request,
        actor: &Actor,
        invite: &InviteId,
        accept: bool,
    ) -> Outcome<MatchingOutcome> {
        let find = self.change_pool(
            &request.timers,
            request.now,
            |pool| {
                let found = pool.invite(invite).ok_or(Refusal::new(Code::NotFound))?;
                found.may_answer(&actor.user.id, accept).map(|()| found.session.clone())
            },
            |session, _| session,
        );
        let session = find.await?;
        if accept && self.store.rooms.members(&session, 1).await?.is_none() {
            return Err(Code::RoomClosed.into());
        }
        let answer = self.change_pool(
            &request.timers,
            request.now,
            |pool| pool.answer_invite(invite, &actor.user, accept, request.now, &self.options.matching),
            |session, _| MatchingOutcome::InviteAnswered { invite: invite.clone(), session, accepted: accept },
        );
        answer.await
    }
}
