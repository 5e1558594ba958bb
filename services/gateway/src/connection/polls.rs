//! Long-polling, as the connection's task sees it: the poll that waits and the POST being handled.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use heliograph_engineio::payload::{Encoder, SEPARATOR};
use heliograph_engineio::{Input, Packet, PollAnswer, ProtocolError, Source};

use super::Driver;
use super::orders::{PollAnswered, PostBody, Reply, Unreadable};
use crate::frame::{self, Payload};

/// The HTTP requests that are under way. It exists only for sessions that use long-polling.
#[derive(Debug, Default)]
pub(super) struct Polls {
    waiting: Option<Reply<PollAnswered>>,
    post: Option<Post>,
    /// How many polls have come in.
    count: u32,
}

/// A POST whose packets are being handled.
#[derive(Debug)]
struct Post {
    body: String,
    /// Where the next packet begins; `None` behind the last.
    at: Option<usize>,
    done: Reply<()>,
    /// The close packet was held back once.
    held: bool,
}

/// How long a close packet is held back for the poll that belongs before it. A client sends both at once, on two
/// connections, and its poll is to be ended and not refused.
const RACE: Duration = Duration::from_millis(20);

impl Polls {
    pub(super) fn wait(&mut self, reply: Reply<PollAnswered>) {
        self.count = self.count.wrapping_add(1);
        self.waiting = Some(reply);
    }

    pub(super) fn allow(&mut self, reply: Reply<()>) {
        // A requester that has gone says so by itself.
        let _ = reply.send(Ok(()));
    }

    /// True if no poll came in after this one.
    pub(super) fn was_last(&self, number: u32) -> bool {
        self.count == number
    }

    /// The session is over. A POST that led to it was received all the same.
    pub(super) fn end_post(&mut self) {
        if let Some(post) = self.post.take() {
            let _ = post.done.send(Ok(()));
        }
    }

    /// True, once for each POST, if its next packet is a close and no poll waits that it would end.
    fn holds_close(&mut self) -> bool {
        let Some(post) = &mut self.post else {
            return false;
        };
        let closes = post.at.and_then(|at| post.body.get(at..)) == Some("1");
        closes && self.waiting.is_none() && !std::mem::replace(&mut post.held, true)
    }

    fn next_packet(&mut self) -> Option<String> {
        let post = self.post.as_mut()?;
        let rest = post.body.get(post.at?..).unwrap_or_default();
        let (packet, next) = match rest.split_once(char::from(SEPARATOR)) {
            Some((packet, rest)) => (packet, Some(post.body.len() - rest.len())),
            None => (rest, None),
        };
        let packet = packet.to_owned();
        post.at = next;
        Some(packet)
    }
}

impl Driver {
    /// Ready if the client gave up the poll that waited.
    pub(super) fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(polls) = &mut self.polls else {
            return Poll::Pending;
        };
        let Some(waiting) = &mut polls.waiting else {
            return Poll::Pending;
        };
        ready!(waiting.poll_closed(context));
        polls.waiting = None;
        self.handle(Input::PollGone);
        Poll::Ready(())
    }

    pub(super) fn answer_poll(&mut self, answer: PollAnswer) {
        let Some(polls) = &mut self.polls else {
            return;
        };
        let Some(reply) = polls.waiting.take() else {
            return;
        };
        let number = polls.count;
        let mut payload = Encoder::new(self.endpoint.options.poll_limits);
        let mut precious = false;
        let mut drained = false;
        match answer {
            PollAnswer::Queue { ping } => {
                if ping {
                    precious |= payload.push_text(b"2");
                }
                precious |= self.drain_into(&mut payload);
            }
            PollAnswer::Noop => {
                let _ = payload.push_text(b"6");
            }
            PollAnswer::Close => {
                let _ = payload.push_text(b"1");
            }
            PollAnswer::Drain => {
                precious = self.drain_into(&mut payload);
                // The `1` comes in a poll of its own: stock clients close as soon as they read it, and what stands
                // before it in the same payload, such as a DISCONNECT, would come too late for their sockets.
                drained = payload.is_empty() && payload.push_text(b"1");
            }
            PollAnswer::Refused(error) => {
                let _ = reply.send(Err(error));
                return;
            }
        }
        let answered = PollAnswered { body: payload.finish(), number: precious.then_some(number) };
        if reply.send(Ok(answered)).is_err() {
            // The client gave the poll up in this very moment, and what was said is lost.
            self.handle(Input::PollGone);
        } else if drained {
            self.handle(Input::Drained);
        }
    }

    /// Moves frames into a payload; true if there were any.
    fn drain_into(&self, payload: &mut Encoder) -> bool {
        let mut any = false;
        self.connection.outlet.take_while(|frame: &Bytes| {
            let fits = match frame::payload(frame) {
                Payload::Text(text) => payload.push_text(text),
                Payload::Binary(content) => payload.push_binary(content),
            };
            any |= fits;
            fits
        });
        any
    }

    pub(super) fn begin_post(&mut self, PostBody { text, done }: PostBody) {
        match text {
            Ok(body) => {
                if let Some(polls) = &mut self.polls {
                    polls.post = Some(Post { body, at: Some(0), done, held: false });
                }
            }
            Err(Unreadable) => {
                self.endpoint.count_invalid("engine");
                self.handle(Input::Malformed(Source::Polling));
                let _ = done.send(Err(ProtocolError::BadRequest));
                self.handle(Input::PostEnded);
            }
        }
    }

    /// Handles one packet of the POST, if there is one.
    pub(super) fn poll_post(&mut self) -> Poll<()> {
        let Some(polls) = &mut self.polls else {
            return Poll::Pending;
        };
        if polls.holds_close() {
            self.wait_for(Some(tokio::time::sleep(RACE).boxed()));
            return Poll::Ready(());
        }
        let Some(text) = polls.next_packet() else {
            return match polls.post.take() {
                Some(post) => {
                    self.handle(Input::PostEnded);
                    let _ = post.done.send(Ok(()));
                    Poll::Ready(())
                }
                None => Poll::Pending,
            };
        };
        match Packet::decode(&text) {
            Ok(packet) => self.packet(Source::Polling, packet),
            Err(error) => {
                tracing::debug!(%error, "a posted packet cannot be read");
                self.endpoint.count_invalid("engine");
                if let Some(post) = self.polls.as_mut().and_then(|polls| polls.post.take()) {
                    self.handle(Input::Malformed(Source::Polling));
                    let _ = post.done.send(Err(ProtocolError::BadRequest));
                    self.handle(Input::PostEnded);
                }
            }
        }
        Poll::Ready(())
    }
}
