//! Calls of a matched pair, whose vocabulary has no names for calls: a pair has one at a time. The first offer
//! rings, the first answer accepts, and whatever follows belongs to that call.

use heliograph_domain::{
    command::{CallMedia, CallPlan, Signal, SignalKind, SignalTarget},
    id::{CallId, UserId},
    refusal::{Code, Refusal},
    room::RoomId,
};

use super::{
    call::{Call, Part},
    step::Loaded,
};
use crate::{
    failure::{Failure, Outcome},
    router::{Request, Router},
};

impl Router {
    /// Passes a signal to the partner, within the pair's call.
    pub(crate) async fn signal_in_pair(&self, request: &Request, signal: Signal) -> Outcome<()> {
        let user = &request.actor()?.user.id;
        let partner = self.partner(&request.room, user).await?;
        let call = self.call_of_pair(&request.room, user).await?;
        let part = call.as_ref().and_then(|call| call.participant(user)).map(|one| one.part);
        let call = match (call, signal.kind) {
            (Some(call), kind) => {
                let within = request.about(&call.id);
                if kind == SignalKind::Answer && part == Some(Part::Invited) {
                    self.accept_call(&within).await?;
                }
                within
            }
            (None, SignalKind::Offer) => self.ring_partner(request, &partner).await?,
            (None, _) => return Err(Code::UserNotConnected.into()),
        };
        self.signal_in_call(&call, Signal { to: SignalTarget::User(partner), ..signal }).await
    }

    /// Ends the pair's call if it has one.
    pub(crate) async fn end_call_of_pair(&self, request: &Request, unanswered: bool) -> Outcome<()> {
        match self.call_of_pair(&request.room, &request.actor()?.user.id).await? {
            Some(call) => self.end_call(&request.about(&call.id), unanswered).await,
            None => Ok(()),
        }
    }

    /// Declines the pair's call if it rings; ends it if it does not.
    pub(crate) async fn reject_call_of_pair(&self, request: &Request) -> Outcome<()> {
        let user = &request.actor()?.user.id;
        let Some(call) = self.call_of_pair(&request.room, user).await? else { return Ok(()) };
        let within = request.about(&call.id);
        match call.participant(user).map(|one| one.part) {
            Some(Part::Invited) => self.reject_call(&within, None).await,
            _ => self.end_call(&within, false).await,
        }
    }

    async fn ring_partner(&self, request: &Request, partner: &UserId) -> Outcome<Request> {
        if self.store.presence.sockets(partner).await?.is_empty() {
            return Err(Code::UserNotConnected.into());
        }
        let within = request.about(&CallId::generate());
        // The offer says what it is for; nobody hears the announced medium.
        let media = CallMedia::Video;
        let plan = CallPlan { media, room: Some(request.room.clone()), participants: vec![partner.clone()] };
        self.initiate_call(&within, plan).await?;
        Ok(within)
    }

    /// The other member of a pair.
    async fn partner(&self, room: &RoomId, user: &UserId) -> Outcome<UserId> {
        // Two, and one more to see that it is no pair.
        let members = self.store.rooms.members(room, 3).await?.unwrap_or_default();
        if members.len() > 2 || !members.iter().any(|member| member.id == *user) {
            return Err(Code::NotInRoom.into());
        }
        let other = members.into_iter().find(|member| member.id != *user);
        other.map(|member| member.id).ok_or_else(|| Failure::Refused(Refusal::new(Code::UserNotConnected)))
    }

    /// The call of a pair that rings or that both are in.
    async fn call_of_pair(&self, room: &RoomId, user: &UserId) -> Outcome<Option<Call>> {
        for id in self.store.presence.calls(user).await? {
            if let Some(Loaded { call, .. }) = self.load_call(&id).await?
                && call.is_live()
                && call.room.as_ref() == Some(room)
            {
                return Ok(Some(call));
            }
        }
        Ok(None)
    }
}
