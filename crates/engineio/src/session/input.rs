//! What can happen to a session.

use super::CloseReason;
use crate::Packet;

/// Something that happened.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// A deadline has passed, or may have.
    Timer,
    /// The server ends the session once what is queued has left ([`Output::Drain`](super::Output::Drain)).
    Close(CloseReason),
    /// The server ends the session at once; what is queued is dropped.
    Abort(CloseReason),

    /// A packet arrived, from the payload of a POST or as a frame.
    Packet(Source, &'a Packet<'a>),
    /// What arrived is no packet, no payload, or no valid WebSocket message. A POST is answered
    /// with status 400 by the caller, and no more of it is handed in.
    Malformed(Source),

    /// A poll (GET) came in; `queued` says whether messages wait for it.
    Poll {
        /// Whether the caller's queue has anything in it.
        queued: bool,
    },
    /// The client gave up the waiting poll, or the answer to it could not be written.
    PollGone,
    /// The waiting poll has to end, though there is nothing to say. The session goes on with the next.
    ReleasePoll,
    /// A POST came in; its body is about to be read.
    PostStarted,
    /// The POST was answered, whatever the answer.
    PostEnded,
    /// The client gave up the POST before its body was complete.
    PostGone,
    /// Messages were put in the queue of a polling session. Say it once for all that came
    /// together, and they leave together.
    Queued,

    /// A WebSocket asks to take this session over.
    WebSocketOpened,
    /// The WebSocket ended in the protocol's way, by a close frame.
    WebSocketClosed,
    /// The WebSocket broke: end of stream without a close frame, a reset, a failed write.
    WebSocketFailed,

    /// What [`Output::Drain`](super::Output::Drain) asked for is done: nothing is queued any more.
    Drained,
}

/// What a packet came on. A session has at most one WebSocket, so this is enough to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The body of a POST.
    Polling,
    /// The session's WebSocket, in use or being tried.
    WebSocket,
}
