//! What others want a connection's task to do.

use heliograph_engineio::{CloseReason, Input, Output, ProtocolError, Transport};
use heliograph_socketio::Namespace;
use tokio::sync::oneshot;

use super::link::Upgraded;
use super::{Driver, polls};
use crate::transport::timer::now;

/// An answer to an HTTP request of the session.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, ProtocolError>>;

/// Something that only the connection's own task may do.
#[derive(Debug)]
pub(crate) enum Order {
    /// Disconnect the socket of this namespace.
    Leave(Namespace),
    /// Disconnect all sockets, then close the connection.
    Disconnect,
    /// Close the connection as if it had been lost.
    Close,
    /// Close the connection because the server drains.
    Drain,
    /// A poll came in.
    Poll(Reply<PollAnswered>),
    /// The answer to the poll of this number was not delivered; without a number, a poll was given up, of which the
    /// task may not even have heard.
    PollLost(Option<u32>),
    /// The poll that waits has to end, because the gateway where it arrived stops.
    ReleasePoll,
    /// A POST came in; may its body be read?
    PostStarted(Reply<()>),
    /// The body of the POST.
    Post(PostBody),
    /// The POST ended before its body was complete.
    PostGone,
    /// A WebSocket asks to take the session over.
    WebSocketOpened(Reply<()>),
    /// The handshake of that WebSocket is done.
    WebSocketReady(Box<Upgraded>),
    /// The handshake of that WebSocket failed.
    WebSocketLost,
    /// The WebSocket has to end, because the gateway where it arrived stops.
    ReleaseWebSocket,
}

/// What a poll is answered with.
#[derive(Debug)]
pub(crate) struct PollAnswered {
    /// The payload.
    pub(crate) body: Vec<u8>,
    /// For [`Order::PollLost`]; `None` if nothing would be lost with the answer.
    pub(crate) number: Option<u32>,
}

/// A payload that was posted.
#[derive(Debug)]
pub(crate) struct PostBody {
    /// The body; an error if it was too long or not UTF-8.
    pub(crate) text: Result<String, Unreadable>,
    /// Told when all of it was handled.
    pub(crate) done: Reply<()>,
}

/// The body of a POST cannot be read as text within the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

/// Orders that were not carried out yet.
#[derive(Debug)]
pub(super) enum Orders {
    Open(Vec<Order>),
    /// The connection is over.
    Closed,
}

impl Default for Orders {
    fn default() -> Self {
        Self::Open(Vec::new())
    }
}

impl Orders {
    pub(super) fn push(&mut self, order: Order) -> bool {
        match self {
            Self::Open(orders) => {
                orders.push(order);
                true
            }
            Self::Closed => false,
        }
    }
}

impl Driver {
    pub(super) fn carry_out_orders(&mut self) {
        let orders = match &mut *self.connection.orders.lock() {
            Orders::Open(orders) if !orders.is_empty() => std::mem::take(orders),
            Orders::Open(_) | Orders::Closed => return,
        };
        for order in orders {
            self.carry_out(order);
        }
    }

    fn carry_out(&mut self, order: Order) {
        match order {
            Order::Leave(namespace) => self.leave(&namespace),
            Order::Disconnect => self.disconnect(),
            Order::Close => self.close(CloseReason::ForcedClose),
            Order::Drain => self.close(CloseReason::ServerShuttingDown),
            Order::Poll(reply) => {
                let queued = self.connection.outlet.has_backlog();
                self.request(Input::Poll { queued }, reply, polls::Polls::wait);
            }
            Order::PollLost(number) => {
                let was_last = |number| self.polls.as_ref().is_some_and(|polls| polls.was_last(number));
                if number.is_none_or(was_last) {
                    self.handle(Input::PollGone);
                }
            }
            Order::ReleasePoll => self.handle(Input::ReleasePoll),
            Order::PostStarted(reply) => self.request(Input::PostStarted, reply, polls::Polls::allow),
            Order::Post(body) => self.begin_post(body),
            Order::PostGone => self.handle(Input::PostGone),
            Order::WebSocketOpened(reply) => self.request(Input::WebSocketOpened, reply, polls::Polls::allow),
            Order::WebSocketReady(upgraded) => self.begin_trial(*upgraded),
            Order::WebSocketLost => self.handle(Input::WebSocketFailed),
            Order::ReleaseWebSocket => match self.session.transport() {
                Some(Transport::WebSocket) => self.close(CloseReason::ServerShuttingDown),
                // It was only being tried.
                Some(Transport::Polling) => self.handle(Input::WebSocketFailed),
                None => {}
            },
        }
    }

    /// Hands a request to the session, which either gives it its place or refuses it.
    fn request<T>(&mut self, input: Input<'_>, reply: Reply<T>, place: impl FnOnce(&mut polls::Polls, Reply<T>)) {
        let mut pending = Some((reply, place));
        for output in self.session.handle(input, now()) {
            match output {
                Output::Accept => {
                    if let Some((reply, place)) = pending.take() {
                        place(self.polls.get_or_insert_default(), reply);
                    }
                }
                Output::Refuse(error) => {
                    if let Some((reply, _)) = pending.take() {
                        // A requester that has gone needs no answer.
                        let _ = reply.send(Err(error));
                    }
                }
                other => self.perform(other),
            }
        }
    }
}
