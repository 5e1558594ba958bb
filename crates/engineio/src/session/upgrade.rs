//! The move from long-polling to a WebSocket (Engine.IO protocol, "Upgrade").
//!
//! A WebSocket opens beside the polling session and proves itself: `2probe`, answered by `3probe`,
//! then `5`. From the probe on polls end soon, because the client sends its `5` only when no poll
//! of its own is under way. A WebSocket that does anything else is closed; the session goes on.

use std::time::Instant;

use super::polling::Poll;
use super::{CloseReason, Control, Output, Outputs, PollAnswer, Session, State};
use crate::{Packet, ProtocolError};

/// The WebSocket beside a polling session.
#[derive(Debug, Default)]
pub(super) enum Upgrade {
    #[default]
    None,
    /// Open, not heard of yet; given up at this time.
    Opened(Instant),
    /// Answered its probe; given up at this time.
    Probed(Instant),
}

impl Upgrade {
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::None => None,
            Self::Opened(until) | Self::Probed(until) => Some(*until),
        }
    }
}

impl Session {
    pub(super) fn websocket_opened(&mut self, now: Instant, outputs: &mut Outputs) {
        match &mut self.state {
            State::Polling(polling) if self.options.allow_upgrades && matches!(polling.upgrade, Upgrade::None) => {
                polling.upgrade = Upgrade::Opened(now + self.options.upgrade_timeout);
                outputs.push(Output::Accept);
            }
            // A second WebSocket harms nobody but itself.
            _ => outputs.push(Output::Refuse(self.refusal())),
        }
    }

    /// A packet on the WebSocket that is being tried.
    pub(super) fn candidate_packet(&mut self, packet: &Packet<'_>, outputs: &mut Outputs) {
        let State::Polling(polling) = &mut self.state else {
            return;
        };
        match (packet, &polling.upgrade) {
            // It was given up; what it still says is nobody's.
            (_, Upgrade::None) => {}
            (Packet::Ping("probe"), Upgrade::Opened(until) | Upgrade::Probed(until)) => {
                polling.upgrade = Upgrade::Probed(*until);
                outputs.push(Output::Send(Control::ProbePong));
                polling.answer(PollAnswer::Noop, outputs);
            }
            (Packet::Upgrade, Upgrade::Probed(_)) => self.upgrade(outputs),
            _ => self.give_up_upgrade(outputs),
        }
    }

    fn upgrade(&mut self, outputs: &mut Outputs) {
        let State::Polling(mut polling) = std::mem::replace(&mut self.state, State::WebSocket) else {
            return;
        };
        // Only a poll that overtook the `5` can be here: it came too late, as any after it.
        polling.answer(PollAnswer::Refused(ProtocolError::BadRequest), outputs);
        outputs.push(Output::Upgraded);
        if polling.ping_due {
            outputs.push(Output::Send(Control::Ping));
        }
    }

    /// Closes the WebSocket that was tried; the session stays on long-polling.
    fn give_up_upgrade(&mut self, outputs: &mut Outputs) {
        if let State::Polling(polling) = &mut self.state {
            outputs.push(Output::CloseWebSocket);
            polling.upgrade = Upgrade::None;
            // Nothing has to end soon any more.
            if matches!(polling.poll, Poll::Held(_)) {
                polling.poll = Poll::Waiting;
            }
        }
    }

    pub(super) fn judge_upgrade(&mut self, now: Instant, outputs: &mut Outputs) {
        let State::Polling(polling) = &mut self.state else {
            return;
        };
        if polling.upgrade.deadline().is_some_and(|until| now >= until) {
            self.give_up_upgrade(outputs);
        } else if matches!(polling.poll, Poll::Held(until) if now >= until) {
            polling.answer(PollAnswer::Noop, outputs);
        }
    }

    /// The WebSocket ended, or cannot be read any further.
    pub(super) fn websocket_gone(&mut self, reason: CloseReason, outputs: &mut Outputs) {
        match &self.state {
            State::Polling(polling) => {
                if !matches!(polling.upgrade, Upgrade::None) {
                    self.give_up_upgrade(outputs);
                }
            }
            State::WebSocket => self.end(reason, PollAnswer::Close, outputs),
            State::Closing(closing) => {
                if !closing.takes_polls() {
                    let reason = closing.reason;
                    self.end(reason, PollAnswer::Close, outputs);
                }
            }
            State::Closed => {}
        }
    }
}
