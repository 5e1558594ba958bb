//! Taking back what was said.

use heliograph_cluster::store::{Write, WriteOutcome, Written};
use heliograph_domain::{
    delivery::{Except, Place},
    event::Event,
    id::{MessageId, UserId},
    refusal::Code,
    wire,
};

use crate::{
    failure::Outcome,
    publish::RoomEvent,
    router::{Request, Router},
};

impl Router {
    /// Empties a room's log at a member's wish.
    pub(crate) async fn clear_history(&self, request: &Request) -> Outcome<()> {
        let by = request.actor()?.user.clone();
        let author = Some(by.id.clone());
        self.take_back(request, author, Written::Clearing, Event::HistoryCleared { by }).await
    }

    /// Removes what a message said at an operator's wish.
    pub(crate) async fn delete_message(&self, request: &Request, message: MessageId) -> Outcome<()> {
        let event = Event::MessageDeleted { message: message.clone() };
        self.take_back(request, None, Written::Deletion(message), event).await
    }

    async fn take_back(&self, request: &Request, author: Option<UserId>, what: Written, event: Event) -> Outcome<()> {
        let by_member = author.is_some();
        let step = Write { command: request.id, author, what, event: wire::encode_event(&event), at: request.now };
        match self.write(request, step).await? {
            WriteOutcome::Written { position, at, gateways, .. } => {
                let place = Place::Log { epoch: position.epoch, seq: position.seq };
                let what = RoomEvent { except: Except::of(&event), at, place, event };
                self.tell_room(&gateways, &request.room, what).await;
                Ok(())
            }
            WriteOutcome::NotMember if by_member => Err(Code::NotInRoom.into()),
            WriteOutcome::NotMember | WriteOutcome::NoSuchMessage => Err(Code::NotFound.into()),
        }
    }
}
