//! What a session has its owner do.

use super::CloseReason;
use crate::ProtocolError;

/// Something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// The request just handed in ([`Input::Poll`](super::Input::Poll),
    /// [`PostStarted`](super::Input::PostStarted), [`WebSocketOpened`](super::Input::WebSocketOpened))
    /// has its place: the poll is the waiting one, the body may be read, the WebSocket is kept.
    Accept,
    /// The request just handed in is answered with this error.
    Refuse(ProtocolError),
    /// The message in the packet just handed in goes to the application.
    Deliver,
    /// Answer the waiting poll; none waits afterwards.
    AnswerPoll(PollAnswer),
    /// Write this packet to the WebSocket.
    Send(Control),
    /// The WebSocket is the transport now: what is queued goes there, and then frames go directly.
    Upgraded,
    /// Write what is queued to the WebSocket, then say [`Input::Drained`](super::Input::Drained).
    Drain,
    /// Close the WebSocket. The session may go on without it, on polling.
    CloseWebSocket,
    /// The session is over. Nothing but refusals comes after this.
    Closed(CloseReason),
}

/// What a poll ends with: status 200, `text/plain; charset=UTF-8` and these packets, or an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollAnswer {
    /// `2` if a ping is due, then what is queued, up to the limits of a payload.
    Queue {
        /// Whether the ping comes first. With an empty queue it comes alone.
        ping: bool,
    },
    /// `6` alone: the poll has only to end.
    Noop,
    /// `1` alone: the session has ended.
    Close,
    /// What is queued, up to the limits of a payload; the next poll gets the rest. If nothing is
    /// queued any more, `1` and then [`Input::Drained`](super::Input::Drained).
    Drain,
    /// An error instead of packets.
    Refused(ProtocolError),
}

/// Control packets that a session sends on a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// The heartbeat.
    Ping,
    /// The answer to a WebSocket's probe.
    ProbePong,
}

impl Control {
    /// The packet: the content of a text frame.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ping => "2",
            Self::ProbePong => "3probe",
        }
    }
}

/// The outputs of one input: an iterator, without memory on the heap.
#[derive(Debug, Clone, Default)]
pub struct Outputs {
    items: [Option<Output>; Self::CAPACITY],
    end: u8,
    next: u8,
}

impl Outputs {
    /// The most that one input gives is five: a timeout that falls due with it (a poll's answer, a
    /// closed WebSocket) and a request that ends the session (the same, and the refusal or end).
    const CAPACITY: usize = 8;

    pub(super) fn push(&mut self, output: Output) {
        if let Some(place) = self.items.get_mut(usize::from(self.end)) {
            *place = Some(output);
            self.end += 1;
        } else {
            debug_assert!(false, "more outputs than a session gives");
        }
    }
}

impl Iterator for Outputs {
    type Item = Output;

    fn next(&mut self) -> Option<Output> {
        let output = *self.items.get(usize::from(self.next))?;
        self.next += u8::from(output.is_some());
        output
    }
}
