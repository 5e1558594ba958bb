//! Who writes. Not stored: the typist's gateway withdraws the mark of who falls silent.

use heliograph_domain::{
    delivery::{Except, Place},
    event::Event,
    refusal::Code,
};

use crate::{
    failure::Outcome,
    memory::Question,
    publish::RoomEvent,
    router::{Request, Router},
};

impl Router {
    /// Tells the other users in the room that somebody writes, or has stopped.
    pub(crate) async fn set_typing(&self, request: &Request, on: bool) -> Outcome<()> {
        let user = &request.actor()?.user;
        let question = Question { user: &user.id, socket: None, addressee: None };
        let view = self.glance(&request.room, question).await?;
        if !view.member {
            return Err(Code::NotInRoom.into());
        }
        if self.refuses(&request.room, &user.id).await? {
            return Err(Code::Blocked.into());
        }
        let event = Event::TypingChanged { user: user.clone(), on };
        let except = Except::User(user.id.clone());
        let what = RoomEvent { except, at: request.now, place: Place::None, event };
        self.tell_room(&view.gateways, &request.room, what).await;
        Ok(())
    }
}
