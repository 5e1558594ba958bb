//! What a client can ask for.

use std::fmt;

use heliograph_domain::{
    command::{RoomCommand, SignalTarget},
    id::{SocketId, UserId},
    refusal::{Code, Refusal},
    room::{Media, RoomId},
    text::{RawJson, Reference},
    user::Name,
};

/// A decoded message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Incoming {
    /// The message's `id`, if it wants an `ack`.
    pub id: Option<Reference>,
    /// What is asked.
    pub request: Request,
}

/// What a message asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// `join`
    Join(Join),
    /// `leave`
    Leave,
    /// Something for the room that the socket is in.
    Room(RoomCommand),
    /// `ping`, `heartbeat`: the message without its type, for [`super::pong`].
    Ping(RawJson),
}

/// See [`Request::Join`].
#[derive(Clone, PartialEq, Eq)]
pub struct Join {
    /// The room, if the message names it. Otherwise the path or query of the handshake does.
    pub room: Option<RoomId>,
    /// Who the client says it is. The token counts.
    pub user: Option<UserId>,
    /// The display name.
    pub name: Option<Name>,
    /// The token.
    pub token: Option<String>,
    /// The `resumeToken` of an earlier `peers`.
    pub resume: Option<String>,
    /// Number of the last log entry that the client has.
    pub since: Option<u64>,
    /// Whether the user's other peers in the room shall be closed.
    pub takeover: bool,
    /// What the client sends from the start. The clients of this vocabulary open camera and
    /// microphone before they join, so both are on unless the message says otherwise.
    pub media: Media,
}

impl fmt::Debug for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join")
            .field("room", &self.room)
            .field("user", &self.user)
            .field("name", &self.name)
            .field("token", &self.token.as_ref().map(|_| ".."))
            .field("resume", &self.resume.as_ref().map(|_| ".."))
            .field("since", &self.since)
            .field("takeover", &self.takeover)
            .field("media", &self.media)
            .finish()
    }
}

/// Why a message asks for nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejection {
    /// The message's `id`, if it could be read.
    pub id: Option<Reference>,
    /// Whether this is no message at all: not a JSON object, or without a `type`. A few of these in
    /// a row end the connection.
    pub malformed: bool,
    /// What to tell the client.
    pub refusal: Refusal,
}

impl Rejection {
    /// What a binary frame gets: the vocabulary has none.
    pub fn of_binary_frame() -> Self {
        Self::malformed("Invalid payload: message must be text")
    }

    pub(super) fn malformed(reason: &'static str) -> Self {
        Self { id: None, malformed: true, refusal: Refusal::with_message(Code::InvalidPayload, reason) }
    }
}

impl Request {
    /// The one peer that the message is for; `error` names it.
    pub fn addressee(&self) -> Option<&SocketId> {
        match self {
            Self::Room(RoomCommand::Signal(signal)) => match &signal.to {
                SignalTarget::Socket(socket) => Some(socket),
                SignalTarget::User(_) | SignalTarget::Others => None,
            },
            Self::Room(RoomCommand::SendEphemeral { to, .. }) => to.as_ref(),
            _ => None,
        }
    }
}
