//! Two who were matched come into their room: the devices of a vocabulary without joins are taken there.

use std::sync::Arc;

use heliograph_domain::{
    command::{Join, RoomCommand, Since},
    delivery::{Delivery, Target},
    event::Event,
    id::UserId,
    matching::MatchingEvent,
    outcome::{Joined, RoomOutcome},
    room::{Media, RoomId, RoomKind},
};
use heliograph_vocabulary::{Dialect, Request};

use super::{Clients, Recipient, Speech};
use crate::{
    fanout::{Forms, log_delivery},
    socket_io::emit,
};

/// Who has been matched, and where they meet.
pub(crate) struct Meeting {
    room: RoomId,
    users: Vec<UserId>,
}

impl Meeting {
    /// The meeting that a delivery tells of.
    pub(crate) fn of(delivery: &Delivery) -> Option<Self> {
        match (&delivery.event, &delivery.target) {
            (Event::Matching(MatchingEvent::MatchConfirmed(found)), Target::Users { users, .. })
                if found.room.kind() == RoomKind::Match =>
            {
                Some(Self { room: found.room.clone(), users: users.clone() })
            }
            _ => None,
        }
    }
}

/// How a guest's device attends the room of its pair: it can be signalled, and hears what it has not been told.
pub(crate) fn join_of_pair() -> Join {
    let (since, peer) = (Some(Since::Delivered), Some(Media::default()));
    Join { since, explicit: true, peer, takeover: false, contents: false }
}

impl Clients {
    /// Takes the devices of those who meet into their room.
    pub(crate) fn meet(self: &Arc<Self>, meeting: Meeting) {
        for user in &meeting.users {
            for recipient in self.registry.user(user, None) {
                let is_guests =
                    recipient.client().is_some_and(|client| client.speech() == Speech::SocketIo(Dialect::GuestChat));
                if is_guests {
                    let (clients, room) = (Arc::clone(self), meeting.room.clone());
                    tokio::spawn(async move { clients.join_pair(&recipient, &room).await });
                }
            }
        }
    }

    /// Takes a guest's device into the room of its pair.
    pub(crate) async fn join_pair(self: &Arc<Self>, recipient: &Recipient, room: &RoomId) {
        let Some(client) = recipient.client() else { return };
        let join = join_of_pair();
        let request = Request::Room { room: room.clone(), command: RoomCommand::Join(join.clone()) };
        let answer = |joined: &Joined| tell_pair(recipient, &request, joined);
        if let Err(refusal) = self.join(recipient, client, room, join, answer).await {
            tracing::debug!(room = room.as_str(), %refusal, "the room of a pair was not joined");
        }
    }
}

/// Tells a device who is there already, and what it has missed.
fn tell_pair(recipient: &Recipient, request: &Request, joined: &Joined) {
    let Recipient::SocketIo(socket) = recipient else { return };
    let Request::Room { room, .. } = request else { return };
    let outcome = RoomOutcome::Joined(Box::new(joined.clone()));
    for (name, payload) in Dialect::GuestChat.told("", request, &outcome) {
        emit(socket, name, &payload);
    }
    for entry in &joined.missed.entries {
        Forms::new(&log_delivery(room, joined.position.epoch, entry.clone())).send(recipient, None);
    }
}
