//! The task of a connection.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use futures_util::future::BoxFuture;
use heliograph_engineio::{CloseReason, Input, Session, SessionId, Transport};
use heliograph_socketio::{Decoder, Namespace, Namespaces};
use heliograph_telemetry::metrics::count;
use heliograph_websocket::{CloseCode, Opcode, encode};

use super::link::{Link, Upgraded};
use super::namespaces::{Client, Decision};
use super::orders::Orders;
use super::polls::Polls;
use super::{Connection, Endpoint, Protocol};
use crate::application::DisconnectReason;
use crate::outlet::Fault;
use crate::transport::timer::{Timer, now};

/// Most messages handled before other connections get their turn.
const TURN: usize = 64;

/// The state of a connection that only its own task touches.
pub(crate) struct Driver {
    pub(super) connection: Arc<Connection>,
    pub(super) endpoint: Arc<Endpoint>,
    sid: SessionId,
    pub(super) session: Session,
    /// `None` where messages are not Socket.IO's.
    pub(super) client: Option<Client>,
    pub(super) link: Link,
    pub(super) polls: Option<Box<Polls>>,
    /// What the application is doing with the last packet. Until it is done no further one is looked at.
    pub(super) work: Option<Work>,
    timer: Timer,
    /// The gauge that counts this connection.
    transport: Transport,
    /// For the close frame, if one is sent.
    pub(super) close_code: CloseCode,
    /// The session wants to know when nothing waits any more.
    pub(super) draining: bool,
    /// The WebSocket's other end is not there any more.
    pub(super) gone: bool,
    pub(super) ended: Option<CloseReason>,
}

/// What has to be done before the next packet.
pub(super) enum Work {
    /// The application decides whether the client may enter a namespace. Boxed, because it happens once.
    Connect(Box<(Namespace, BoxFuture<'static, Decision>)>),
    Other(BoxFuture<'static, ()>),
}

impl Driver {
    /// Begins a session on long-polling; the text of its open packet, for the body of the answer.
    pub(crate) fn open_polling(endpoint: &Arc<Endpoint>, connection: Connection) -> String {
        let driver = Self::new(endpoint, Arc::new(connection), Transport::Polling, Link::None);
        let open = endpoint.open_packet(&driver.sid, Transport::Polling);
        driver.spawn();
        open
    }

    /// Begins a session on a WebSocket.
    pub(crate) fn open_websocket(endpoint: &Arc<Endpoint>, connection: Connection, upgraded: Upgraded) {
        let Upgraded { wire, writer, permit } = upgraded;
        connection.outlet.attach(writer);
        let driver = Self::new(endpoint, Arc::new(connection), Transport::WebSocket, Link::Main(wire, permit));
        let open = endpoint.open_packet(&driver.sid, Transport::WebSocket);
        driver.connection.outlet.control(&encode::frame(Opcode::Text, open.as_bytes()).into());
        driver.spawn();
    }

    fn new(endpoint: &Arc<Endpoint>, connection: Arc<Connection>, transport: Transport, link: Link) -> Self {
        let start = now();
        let options = &endpoint.options;
        let session = Session::new(transport, Arc::clone(&options.session), start);
        let client = match endpoint.protocol {
            Protocol::Messages(_) => None,
            Protocol::SocketIo(_) => Some(Client {
                decoder: Decoder::new(Arc::clone(&options.packet_limits)),
                namespaces: Namespaces::new(start + options.connect_timeout, options.max_namespaces),
            }),
        };
        let timer = Timer::new(session.deadline().unwrap_or(start));
        let sid = endpoint.enter(&connection, transport);
        Self {
            connection,
            endpoint: Arc::clone(endpoint),
            sid,
            session,
            client,
            link,
            polls: None,
            work: None,
            timer,
            transport,
            close_code: CloseCode::NORMAL,
            draining: false,
            gone: false,
            ended: None,
        }
    }

    fn spawn(mut self) {
        let tasks = self.endpoint.tasks.clone();
        tasks.spawn(poll_fn(move |context| self.poll(context)));
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.connection.outlet.register(context.waker());
        // The upgrade comes before the orders: a poll that the client sent after its `5` must find that done.
        for _ in 0..TURN {
            if !self.is_on_trial() || self.poll_link(context).is_pending() {
                break;
            }
        }
        self.carry_out_orders();
        self.poll_outlet(context);
        let mut turn = TURN;
        while self.ended.is_none() && self.poll_input(context).is_ready() {
            turn -= 1;
            if turn == 0 {
                context.waker().wake_by_ref();
                break;
            }
        }
        while self.ended.is_none() && self.poll_deadline(context).is_ready() {}
        match self.ended {
            None => Poll::Pending,
            Some(reason) => {
                self.end(reason);
                Poll::Ready(())
            }
        }
    }

    /// Ready if something came in.
    fn poll_input(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.poll_patience(context).is_ready() {
            return Poll::Ready(());
        }
        let working = self.poll_work(context).is_pending();
        // Posts come before the WebSocket, which takes over only when there are no more.
        if !working && self.poll_post().is_ready() {
            return Poll::Ready(());
        }
        // A WebSocket client that does not take what it is sent is not read from either, or it could fill its outlet
        // with answers. A polling client cannot be held to that, as it may poll only when its post is done.
        let hold = working || self.connection.outlet.is_congested();
        if hold && !self.is_on_trial() { Poll::Pending } else { self.poll_link(context) }
    }

    /// Ready if the application is not working on a packet.
    fn poll_work(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.work {
            None => {}
            Some(Work::Other(future)) => {
                ready!(future.as_mut().poll(context));
                self.work = None;
            }
            Some(Work::Connect(asked)) => {
                let (namespace, future) = &mut **asked;
                let decision = ready!(future.as_mut().poll(context));
                let namespace = namespace.clone();
                self.work = None;
                self.decided(&namespace, decision);
                if self.work.is_some() {
                    // What `connected` has to do comes before the next packet too.
                    return self.poll_work(context);
                }
            }
        }
        Poll::Ready(())
    }

    pub(super) fn wait_for(&mut self, work: Option<BoxFuture<'static, ()>>) {
        self.work = work.map(Work::Other);
    }

    /// Writes what waits, or lets the waiting poll have it.
    fn poll_outlet(&mut self, context: &mut Context<'_>) {
        match self.connection.outlet.poll_flush(context) {
            Poll::Ready(Err(Fault::SlowConsumer)) => {
                self.close_code = CloseCode::TRY_AGAIN_LATER;
                self.handle(Input::Abort(CloseReason::SlowConsumer));
            }
            Poll::Ready(Err(Fault::Broken)) => {
                self.gone = true;
                self.handle(Input::WebSocketFailed);
            }
            Poll::Ready(Ok(())) if self.draining => {
                self.draining = false;
                self.handle(Input::Drained);
            }
            Poll::Ready(Ok(())) => {
                if self.session.transport() == Some(Transport::Polling) && self.connection.outlet.has_backlog() {
                    self.handle(Input::Queued);
                }
            }
            Poll::Pending => {}
        }
    }

    /// Ready if a deadline had passed.
    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        ready!(self.timer.poll(self.deadline(), context));
        self.handle(Input::Timer);
        let silent = |client: &Client| client.namespaces.has_timed_out(now());
        if self.session.transport().is_some() && self.client.as_ref().is_some_and(silent) {
            self.close(CloseReason::ForcedClose);
        }
        Poll::Ready(())
    }

    fn deadline(&self) -> Option<Instant> {
        let session = self.session.deadline();
        match (&self.client, self.session.transport()) {
            (Some(client), Some(_)) => [session, client.namespaces.deadline()].into_iter().flatten().min(),
            _ => session,
        }
    }

    pub(super) fn count_as(&mut self, transport: Transport) {
        self.endpoint.gauge(self.transport).dec();
        self.endpoint.gauge(transport).inc();
        self.transport = transport;
    }

    fn end(&mut self, reason: CloseReason) {
        self.endpoint.leave(&self.sid);
        self.endpoint.gauge(self.transport).dec();
        count(&self.endpoint.outlets.metrics.disconnects, reason.as_str());
        // Whoever waits for an order learns that it will not be carried out.
        *self.connection.orders.lock() = Orders::Closed;
        self.connection.outlet.close(None);
        if let Some(polls) = &mut self.polls {
            polls.end_post();
        }
        let work = match self.work.take() {
            Some(Work::Other(future)) => Some(future),
            // The client is gone before it was let in, so that nobody has to be told.
            Some(Work::Connect(..)) | None => None,
        };
        self.abandon(DisconnectReason::from(reason), work);
    }
}

impl From<CloseReason> for DisconnectReason {
    fn from(reason: CloseReason) -> Self {
        match reason {
            CloseReason::TransportClose => Self::TransportClose,
            CloseReason::TransportError => Self::TransportError,
            CloseReason::PingTimeout => Self::PingTimeout,
            CloseReason::ForcedClose => Self::ForcedServerClose,
            CloseReason::ParseError => Self::ParseError,
            CloseReason::SlowConsumer => Self::SlowConsumer,
            CloseReason::ServerShuttingDown => Self::ServerShuttingDown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The budget of an idle connection is 4 KiB with everything; its own state has to leave room for the
    /// application's and for what the runtime adds. The task takes a multiple of 128 bytes, of which about 112 are the
    /// runtime's.
    #[test]
    fn the_state_of_a_connection_is_small() {
        let (task, shared) = (size_of::<Driver>(), size_of::<Connection>());
        assert!(task <= 400, "{task} bytes");
        assert!(shared <= 128, "{shared} bytes");
    }
}
