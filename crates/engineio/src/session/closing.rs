//! A session that the server ends, until what it said last has left.

use std::time::Instant;

use super::upgrade::Upgrade;
use super::{CloseReason, Output, Outputs, PollAnswer, Session, State};
use crate::{Packet, Transport};

/// The state of a session that the server has ended.
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) reason: CloseReason,
    pub(super) until: Instant,
    transport: Transport,
}

impl Closing {
    /// Whether what is queued leaves by polls.
    pub(super) fn takes_polls(&self) -> bool {
        self.transport == Transport::Polling
    }

    /// Lets go of what the session holds open. No poll waits while it closes.
    pub(super) fn release(self, outputs: &mut Outputs) {
        if self.transport == Transport::WebSocket {
            outputs.push(Output::CloseWebSocket);
        }
    }
}

impl Session {
    /// Ends the session from this side. On long-polling the waiting poll, or the next, takes what
    /// is queued, and one more the `1`; on a WebSocket what is queued is written before the socket
    /// closes.
    pub(super) fn begin_closing(&mut self, reason: CloseReason, now: Instant, outputs: &mut Outputs) {
        let transport = match &mut self.state {
            State::Polling(polling) => {
                if !matches!(polling.upgrade, Upgrade::None) {
                    outputs.push(Output::CloseWebSocket);
                }
                polling.answer(PollAnswer::Drain, outputs);
                Transport::Polling
            }
            State::WebSocket => {
                outputs.push(Output::Drain);
                Transport::WebSocket
            }
            State::Closing(_) | State::Closed => return,
        };
        self.state = State::Closing(Closing { reason, until: now + self.options.close_timeout, transport });
    }

    /// Of what the client still says only its own end matters.
    pub(super) fn closing_packet(&mut self, packet: &Packet<'_>, outputs: &mut Outputs) {
        if let (State::Closing(closing), Packet::Close) = (&self.state, packet) {
            let reason = closing.reason;
            self.end(reason, PollAnswer::Close, outputs);
        }
    }

    pub(super) fn drained(&mut self, outputs: &mut Outputs) {
        if let State::Closing(closing) = &self.state {
            let reason = closing.reason;
            self.end(reason, PollAnswer::Close, outputs);
        }
    }
}
