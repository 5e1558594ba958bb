//! One client's session: which transport it is on, and whether it is alive.
//!
//! A session is on long-polling (perhaps trying a WebSocket), on a WebSocket, closing, or closed.
//! Each of these is a type of its own in a file of its own, and what happens is handled by the
//! state it happens in:
//!
//! - `polling`: one poll may wait, one POST may be under way; a second of either ends the session.
//! - `upgrade`: the WebSocket beside a polling session, from its opening over the probe to `5`.
//! - `closing`: what the server said last is still on its way out.
//! - `heartbeat`: ping and pong, the same on both transports.
//!
//! The deadlines are judged before every input, so a timer that fires late, or a request that
//! comes in before it, changes nothing.

mod closing;
mod heartbeat;
mod input;
mod options;
mod output;
mod polling;
mod reason;
mod upgrade;

use std::sync::Arc;
use std::time::Instant;

pub use input::{Input, Source};
pub use options::SessionOptions;
pub use output::{Control, Output, Outputs, PollAnswer};
pub use reason::CloseReason;

use crate::{Packet, ProtocolError, Transport};
use closing::Closing;
use heartbeat::{Beat, Heartbeat};
use polling::Polling;

/// The state of one session. Small, and without memory of its own on the heap.
#[derive(Debug)]
pub struct Session {
    options: Arc<SessionOptions>,
    heartbeat: Heartbeat,
    state: State,
}

#[derive(Debug)]
enum State {
    Polling(Polling),
    WebSocket,
    Closing(Closing),
    Closed,
}

impl Session {
    /// A session that was opened at `now` by a request on `transport`. The caller answers that
    /// request with the [`OpenPacket`](crate::OpenPacket); the first heartbeat is counted from `now`.
    #[must_use]
    pub fn new(transport: Transport, options: Arc<SessionOptions>, now: Instant) -> Self {
        Self {
            heartbeat: Heartbeat::new(&options, now),
            state: match transport {
                Transport::Polling => State::Polling(Polling::default()),
                Transport::WebSocket => State::WebSocket,
            },
            options,
        }
    }

    /// Takes what happened at `now` and gives what to do about it, in order.
    ///
    /// The deadlines that passed by `now` are judged first. After an [`Output::Closed`] the
    /// session refuses every request and ignores the rest.
    #[must_use]
    pub fn handle(&mut self, input: Input<'_>, now: Instant) -> Outputs {
        let mut outputs = Outputs::default();
        if matches!(input, Input::PollGone) {
            // Before the deadlines: a heartbeat must not answer a poll that is not there any more.
            self.forget_poll();
        }
        self.judge_deadlines(now, &mut outputs);
        match input {
            Input::Timer => {}
            Input::Close(reason) => self.begin_closing(reason, now, &mut outputs),
            Input::Abort(reason) => self.end(reason, PollAnswer::Close, &mut outputs),
            Input::Packet(Source::Polling, packet) => self.polled_packet(packet, now, &mut outputs),
            Input::Packet(Source::WebSocket, packet) => {
                self.websocket_packet(packet, now, &mut outputs);
            }
            Input::Malformed(Source::Polling) => self.malformed_post(&mut outputs),
            Input::Malformed(Source::WebSocket) => {
                self.websocket_gone(CloseReason::ParseError, &mut outputs);
            }
            Input::Poll { queued } => self.poll_started(queued, now, &mut outputs),
            Input::PollGone => self.poll_gone(&mut outputs),
            Input::ReleasePoll => self.release_poll(&mut outputs),
            Input::PostStarted => self.post_started(&mut outputs),
            Input::PostEnded => self.post_ended(),
            Input::PostGone => self.post_gone(&mut outputs),
            Input::Queued => self.queued(&mut outputs),
            Input::WebSocketOpened => self.websocket_opened(now, &mut outputs),
            Input::WebSocketClosed => {
                self.websocket_gone(CloseReason::TransportClose, &mut outputs);
            }
            Input::WebSocketFailed => {
                self.websocket_gone(CloseReason::TransportError, &mut outputs);
            }
            Input::Drained => self.drained(&mut outputs),
        }
        outputs
    }

    /// When to come back with [`Input::Timer`] if nothing else happens before; never after the
    /// session was closed. It changes only in [`handle`](Self::handle).
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let heartbeat = self.heartbeat.deadline();
        match &self.state {
            State::Polling(polling) => Some(polling.deadline().map_or(heartbeat, |own| own.min(heartbeat))),
            State::WebSocket => Some(heartbeat),
            State::Closing(closing) => Some(closing.until),
            State::Closed => None,
        }
    }

    /// The transport that messages travel on now; none when the session closes or is closed.
    #[must_use]
    pub fn transport(&self) -> Option<Transport> {
        match self.state {
            State::Polling(_) => Some(Transport::Polling),
            State::WebSocket => Some(Transport::WebSocket),
            State::Closing(_) | State::Closed => None,
        }
    }

    /// Whether frames of messages may be written straight to the WebSocket, without asking the
    /// session. After [`Output::Upgraded`] what was queued goes first.
    #[must_use]
    pub fn writes_directly(&self) -> bool {
        matches!(self.state, State::WebSocket)
    }

    /// Whether [`Output::Closed`] was given.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    fn judge_deadlines(&mut self, now: Instant, outputs: &mut Outputs) {
        match &self.state {
            State::Closed => return,
            State::Closing(closing) => {
                if now >= closing.until {
                    let reason = closing.reason;
                    self.end(reason, PollAnswer::Close, outputs);
                }
                return;
            }
            State::Polling(_) | State::WebSocket => {}
        }
        match self.heartbeat.judge(&self.options, now) {
            Beat::None => {}
            Beat::Ping => self.ping(outputs),
            Beat::Timeout => return self.end(CloseReason::PingTimeout, PollAnswer::Close, outputs),
        }
        self.judge_upgrade(now, outputs);
    }

    /// Sends the heartbeat that has become due, or leaves it for the next poll.
    fn ping(&mut self, outputs: &mut Outputs) {
        match &mut self.state {
            State::Polling(polling) => polling.ping(outputs),
            State::WebSocket => outputs.push(Output::Send(Control::Ping)),
            State::Closing(_) | State::Closed => {}
        }
    }

    /// A packet on the WebSocket, which is the transport or being tried as one.
    fn websocket_packet(&mut self, packet: &Packet<'_>, now: Instant, outputs: &mut Outputs) {
        match &self.state {
            State::Polling(_) => self.candidate_packet(packet, outputs),
            State::WebSocket => self.packet(packet, now, outputs),
            State::Closing(_) => self.closing_packet(packet, outputs),
            State::Closed => {}
        }
    }

    /// A packet on the session's transport, the same on both.
    fn packet(&mut self, packet: &Packet<'_>, now: Instant, outputs: &mut Outputs) {
        match packet {
            Packet::Message(_) => outputs.push(Output::Deliver),
            Packet::Pong(_) => self.heartbeat.pong(&self.options, now),
            Packet::Close => self.end(CloseReason::TransportClose, PollAnswer::Noop, outputs),
            // Heartbeats come from the server (Engine.IO protocol, "Heartbeat").
            Packet::Ping(_) => self.end(CloseReason::TransportError, PollAnswer::Close, outputs),
            // They say nothing to an open session, and the stock server lets them pass.
            Packet::Open(_) | Packet::Upgrade | Packet::Noop => {}
        }
    }

    /// Ends the session now. A waiting poll gets `answer`, a WebSocket is closed.
    fn end(&mut self, reason: CloseReason, answer: PollAnswer, outputs: &mut Outputs) {
        match std::mem::replace(&mut self.state, State::Closed) {
            State::Polling(polling) => polling.release(answer, outputs),
            State::WebSocket => outputs.push(Output::CloseWebSocket),
            State::Closing(closing) => closing.release(outputs),
            State::Closed => return,
        }
        outputs.push(Output::Closed(reason));
    }

    /// The refusal of a request that the session's state has no place for.
    fn refusal(&self) -> ProtocolError {
        match self.state {
            State::Closed | State::Closing(_) => ProtocolError::UnknownSession,
            State::Polling(_) | State::WebSocket => ProtocolError::BadRequest,
        }
    }
}
