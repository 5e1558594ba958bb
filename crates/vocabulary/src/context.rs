//! What an event needs besides itself to be told.

use heliograph_domain::{event::Event, id::SocketId, room::RoomId, time::Timestamp};

/// Where and when an event happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Context<'a> {
    /// The room or call that it is about, if any.
    pub room: Option<&'a RoomId>,
    /// When it happened.
    pub at: Timestamp,
    /// Its number in the room's log, if it is sequenced.
    pub seq: Option<u64>,
}

impl<'a> Context<'a> {
    pub(crate) fn room_name(&self) -> &'a str {
        self.room.map_or("", RoomId::as_str)
    }
}

/// For whom an event is put into words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// For every recipient but the one of [`second_form`].
    Everyone,
    /// For the socket that brought it about.
    Sender,
}

/// The socket that must be given [`Form::Sender`] of this event, if it is among the recipients. For
/// all other events both forms are the same.
pub fn second_form(event: &Event) -> Option<&SocketId> {
    match event {
        Event::MessagePosted(message) if message.reference.is_some() => message.socket.as_ref(),
        _ => None,
    }
}
