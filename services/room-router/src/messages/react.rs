//! Marks on messages.

use heliograph_cluster::store::{React, ReactOutcome};
use heliograph_domain::{
    delivery::{Except, Place},
    event::Event,
    id::MessageId,
    outcome::RoomOutcome,
    refusal::Code,
    text::Emoji,
    wire,
};

use crate::{
    failure::Outcome,
    publish::RoomEvent,
    router::{Request, Router},
};

impl Router {
    /// Sets or takes back a mark. What is like that already is success without an event.
    pub(crate) async fn react(
        &self,
        request: &Request,
        message: MessageId,
        emoji: Emoji,
        on: bool,
    ) -> Outcome<RoomOutcome> {
        let user = request.actor()?.user.clone();
        let event = Event::ReactionChanged { message: message.clone(), user: user.clone(), emoji: emoji.clone(), on };
        let step = React {
            command: request.id,
            message,
            user: user.id,
            emoji,
            on,
            event: wire::encode_event(&event),
            at: request.now,
        };
        self.mark(&request.room, request.now).await;
        match self.store.rooms.react(&request.room, step).await? {
            ReactOutcome::Changed { position, at, gateways } => {
                let place = Place::Log { epoch: position.epoch, seq: position.seq };
                let what = RoomEvent { except: Except::Nobody, at, place, event };
                self.tell_room(&gateways, &request.room, what).await;
                Ok(RoomOutcome::Reacted { at })
            }
            ReactOutcome::Unchanged => Ok(RoomOutcome::Reacted { at: request.now }),
            ReactOutcome::NoSuchMessage => Err(Code::NotFound.into()),
            ReactOutcome::NotMember => Err(Code::NotInRoom.into()),
        }
    }
}
