//! A session on long-polling: the poll that waits, the POST under way.

use std::time::Instant;

use super::upgrade::Upgrade;
use super::{CloseReason, Output, Outputs, PollAnswer, Session, State};
use crate::{Packet, ProtocolError};

/// The state of a session on long-polling.
#[derive(Debug, Default)]
pub(super) struct Polling {
    pub(super) poll: Poll,
    pub(super) upgrade: Upgrade,
    /// A ping is due that no poll has taken away yet.
    pub(super) ping_due: bool,
    posting: bool,
}

/// The place for one poll.
#[derive(Debug, Default)]
pub(super) enum Poll {
    #[default]
    None,
    /// Waits for something to say.
    Waiting,
    /// Came after the probe, and waits this long at most.
    Held(Instant),
}

impl Polling {
    pub(super) fn deadline(&self) -> Option<Instant> {
        let held = match self.poll {
            Poll::Held(until) => Some(until),
            Poll::None | Poll::Waiting => None,
        };
        // An absent deadline is no earlier one.
        [held, self.upgrade.deadline()].into_iter().flatten().min()
    }

    /// Answers the waiting poll, if one waits.
    pub(super) fn answer(&mut self, answer: PollAnswer, outputs: &mut Outputs) {
        if !matches!(std::mem::take(&mut self.poll), Poll::None) {
            outputs.push(Output::AnswerPoll(answer));
        }
    }

    /// Answers the waiting poll with the ping that is due and what is queued.
    fn answer_with_queue(&mut self, outputs: &mut Outputs) {
        if !matches!(self.poll, Poll::None) {
            let ping = std::mem::take(&mut self.ping_due);
            self.answer(PollAnswer::Queue { ping }, outputs);
        }
    }

    /// A ping is due: the waiting poll takes it, or else the next.
    pub(super) fn ping(&mut self, outputs: &mut Outputs) {
        self.ping_due = true;
        self.answer_with_queue(outputs);
    }

    /// Lets go of everything that the session holds open.
    pub(super) fn release(mut self, answer: PollAnswer, outputs: &mut Outputs) {
        self.answer(answer, outputs);
        if !matches!(self.upgrade, Upgrade::None) {
            outputs.push(Output::CloseWebSocket);
        }
    }
}

impl Session {
    pub(super) fn poll_started(&mut self, queued: bool, now: Instant, outputs: &mut Outputs) {
        match &mut self.state {
            State::Polling(polling) => {
                if !matches!(polling.poll, Poll::None) {
                    // Two polls at once: neither can be trusted to be the client's (Engine.IO
                    // protocol, "HTTP long-polling"), so the session ends.
                    outputs.push(Output::Refuse(ProtocolError::BadRequest));
                    return self.end(CloseReason::TransportError, PollAnswer::Close, outputs);
                }
                outputs.push(Output::Accept);
                polling.poll = match polling.upgrade {
                    Upgrade::Probed(_) => Poll::Held(now + self.options.probed_poll_hold),
                    Upgrade::None | Upgrade::Opened(_) => Poll::Waiting,
                };
                if queued || polling.ping_due {
                    polling.answer_with_queue(outputs);
                }
            }
            State::Closing(closing) if closing.takes_polls() => {
                outputs.push(Output::Accept);
                outputs.push(Output::AnswerPoll(PollAnswer::Drain));
            }
            State::WebSocket | State::Closing(_) | State::Closed => {
                outputs.push(Output::Refuse(self.refusal()));
            }
        }
    }

    pub(super) fn post_started(&mut self, outputs: &mut Outputs) {
        match &mut self.state {
            State::Polling(polling) if polling.posting => {
                // The order of their packets is lost.
                outputs.push(Output::Refuse(ProtocolError::BadRequest));
                self.end(CloseReason::TransportError, PollAnswer::Close, outputs);
            }
            State::Polling(polling) => {
                polling.posting = true;
                outputs.push(Output::Accept);
            }
            State::WebSocket | State::Closing(_) | State::Closed => {
                outputs.push(Output::Refuse(self.refusal()));
            }
        }
    }

    pub(super) fn post_ended(&mut self) {
        if let State::Polling(polling) = &mut self.state {
            polling.posting = false;
        }
    }

    /// A packet from the body of a POST. A client that moved to the WebSocket sends none here.
    pub(super) fn polled_packet(&mut self, packet: &Packet<'_>, now: Instant, outputs: &mut Outputs) {
        match &self.state {
            State::Polling(_) => self.packet(packet, now, outputs),
            State::Closing(_) => self.closing_packet(packet, outputs),
            State::WebSocket | State::Closed => {}
        }
    }

    pub(super) fn malformed_post(&mut self, outputs: &mut Outputs) {
        if matches!(self.state, State::Polling(_)) {
            self.end(CloseReason::ParseError, PollAnswer::Close, outputs);
        }
    }

    pub(super) fn forget_poll(&mut self) {
        if let State::Polling(polling) = &mut self.state {
            polling.poll = Poll::None;
        }
    }

    /// The answer to a poll may be lost, so the session ends and the client can recover from a
    /// known state, rather than wait for what was said already.
    pub(super) fn poll_gone(&mut self, outputs: &mut Outputs) {
        match &self.state {
            State::Polling(_) => self.end(CloseReason::TransportError, PollAnswer::Close, outputs),
            State::Closing(closing) if closing.takes_polls() => {
                let reason = closing.reason;
                self.end(reason, PollAnswer::Close, outputs);
            }
            State::WebSocket | State::Closing(_) | State::Closed => {}
        }
    }

    pub(super) fn release_poll(&mut self, outputs: &mut Outputs) {
        if let State::Polling(polling) = &mut self.state {
            polling.answer(PollAnswer::Noop, outputs);
        }
    }

    /// What the client was saying is lost.
    pub(super) fn post_gone(&mut self, outputs: &mut Outputs) {
        if matches!(self.state, State::Polling(_)) {
            self.end(CloseReason::TransportError, PollAnswer::Close, outputs);
        }
    }

    pub(super) fn queued(&mut self, outputs: &mut Outputs) {
        if let State::Polling(polling) = &mut self.state {
            polling.answer_with_queue(outputs);
        }
    }
}
