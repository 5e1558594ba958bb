//! The task of a plain WebSocket.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use futures_util::future::BoxFuture;
use heliograph_telemetry::metrics::count;
use heliograph_websocket::{CloseCode, Message, Opcode, encode};

use super::{PlainClosed, PlainEndpoint, PlainSocket};
use crate::connection::Upgraded;
use crate::frame::Frame;
use crate::handshake::Handshake;
use crate::outlet::Fault;
use crate::token;
use crate::transport::permit::Permit;
use crate::transport::timer::{Timer, now};
use crate::transport::wire::{End, Wire};

/// Most messages handled before other connections get their turn.
const TURN: usize = 64;

/// The state of a plain WebSocket that only its own task touches.
pub(crate) struct PlainDriver {
    socket: Arc<PlainSocket>,
    endpoint: Arc<PlainEndpoint>,
    wire: Wire,
    permit: Option<Permit>,
    timer: Timer,
    next_ping: Instant,
    last_heard: Instant,
    /// What the application is doing with the last message. Until it is done no further one is looked at.
    work: Option<BoxFuture<'static, ()>>,
    phase: Phase,
}

enum Phase {
    Open,
    /// What waits is still written, up to this time; then the connection ends as told.
    Finishing(Instant, PlainClosed),
    /// Over. The close frame, if any, was written.
    Ended(PlainClosed),
}

impl PlainDriver {
    /// Begins the life of a socket whose handshake is done.
    pub(crate) fn open(endpoint: &Arc<PlainEndpoint>, handshake: Arc<Handshake>, upgraded: Upgraded) {
        let Upgraded { wire, writer, permit } = upgraded;
        let socket = PlainSocket::new(token::draw().into(), handshake, Arc::clone(&endpoint.outlets));
        let socket = Arc::new(socket);
        socket.outlet().attach(writer);
        endpoint.enter(&socket);
        let start = now();
        let next_ping = start + endpoint.options.ping_interval;
        let mut driver = Self {
            work: endpoint.application.open(&socket),
            socket,
            endpoint: Arc::clone(endpoint),
            wire,
            permit,
            timer: Timer::new(next_ping),
            next_ping,
            last_heard: start,
            phase: Phase::Open,
        };
        endpoint.tasks.spawn(async move {
            let closed = poll_fn(|context| driver.poll(context)).await;
            driver.end(closed).await;
        });
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<PlainClosed> {
        self.socket.outlet().register(context.waker());
        if let (Phase::Open, Some(close)) = (&self.phase, self.socket.closing()) {
            self.finish(close.code, &close.reason, PlainClosed::Server(close.code));
        }
        self.poll_outlet(context);
        let mut turn = TURN;
        while matches!(self.phase, Phase::Open) && self.poll_input(context).is_ready() {
            turn -= 1;
            if turn == 0 {
                context.waker().wake_by_ref();
                break;
            }
        }
        while !matches!(self.phase, Phase::Ended(_)) && self.poll_deadline(context).is_ready() {}
        match &self.phase {
            Phase::Ended(closed) => Poll::Ready(closed.clone()),
            Phase::Open | Phase::Finishing(..) => Poll::Pending,
        }
    }

    /// Closes the socket behind what waits.
    fn finish(&mut self, code: CloseCode, reason: &str, closed: PlainClosed) {
        self.socket.outlet().finish(Some(&encode::close(code, reason).into()));
        self.socket.outlet().wake();
        self.phase = Phase::Finishing(now() + self.endpoint.options.close_timeout, closed);
    }

    /// Closes the socket at once.
    fn abort(&mut self, code: Option<CloseCode>, closed: PlainClosed) {
        let farewell = code.map(|code| Frame::from(encode::close(code, "")));
        self.socket.outlet().close(farewell.as_ref());
        self.phase = Phase::Ended(closed);
    }

    fn poll_outlet(&mut self, context: &mut Context<'_>) {
        match (self.socket.outlet().poll_flush(context), &self.phase) {
            (Poll::Ready(Err(Fault::SlowConsumer)), _) => {
                // A client that reads on learns why; one that does not is gone when its time is over.
                self.finish(CloseCode::TRY_AGAIN_LATER, "slow consumer", PlainClosed::SlowConsumer);
            }
            (Poll::Ready(Err(Fault::Broken)), _) => self.abort(None, PlainClosed::Lost),
            (Poll::Ready(Ok(())), Phase::Finishing(_, closed)) => {
                let closed = closed.clone();
                self.abort(None, closed);
            }
            (Poll::Ready(Ok(())) | Poll::Pending, _) => {}
        }
    }

    /// Ready if something came in.
    fn poll_input(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(work) = &mut self.work {
            ready!(work.as_mut().poll(context));
            self.work = None;
        }
        // A client that does not take what it is sent is not read from either.
        if self.socket.outlet().is_congested() {
            return Poll::Pending;
        }
        let message = match ready!(self.wire.poll_message(context)) {
            Ok(message) => message,
            Err(End::Eof | End::Failed) => {
                self.abort(None, PlainClosed::Lost);
                return Poll::Ready(());
            }
            Err(End::Invalid(error)) => {
                tracing::debug!(%error, "a WebSocket frame cannot be read");
                count(&self.endpoint.outlets.metrics.invalid_input, "websocket");
                let code = error.close_code();
                self.abort(Some(code), PlainClosed::Protocol(code));
                return Poll::Ready(());
            }
        };
        self.last_heard = now();
        let application = &self.endpoint.application;
        match message {
            Message::Text(text) => self.work = application.text(&self.socket, text),
            Message::Binary(data) => self.work = application.binary(&self.socket, data),
            Message::Ping(data) => {
                self.socket.outlet().control(&encode::frame(Opcode::Pong, &data).into());
            }
            Message::Pong(_) => {}
            Message::Close(close) => {
                // The answer repeats the code (RFC 6455, section 5.5.1).
                let code = close.as_ref().map_or(CloseCode::NORMAL, |close| close.code);
                self.abort(Some(code), PlainClosed::Client(close));
            }
        }
        Poll::Ready(())
    }

    /// Ready if a deadline had passed.
    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let silent_at = self.last_heard + self.endpoint.options.silent_timeout;
        let deadline = match self.phase {
            Phase::Open => self.next_ping.min(silent_at),
            Phase::Finishing(until, _) => until,
            Phase::Ended(_) => return Poll::Pending,
        };
        ready!(self.timer.poll(Some(deadline), context));
        let now = now();
        match &self.phase {
            Phase::Finishing(_, closed) => {
                let closed = closed.clone();
                self.abort(None, closed);
            }
            // While the application works nothing is read, so that the silence is not the client's.
            _ if now >= silent_at && self.work.is_none() => {
                self.abort(Some(self.endpoint.options.silent_code), PlainClosed::Silent);
            }
            _ if now >= silent_at => self.last_heard = now,
            _ => {
                self.next_ping = now + self.endpoint.options.ping_interval;
                self.socket.outlet().control(&encode::frame(Opcode::Ping, b"").into());
            }
        }
        Poll::Ready(())
    }

    async fn end(self, closed: PlainClosed) {
        let Self { socket, endpoint, wire, permit, work, .. } = self;
        endpoint.leave(&socket);
        count(&endpoint.outlets.metrics.disconnects, closed.as_str());
        if let Some(work) = work {
            work.await;
        }
        let lost = closed == PlainClosed::Lost;
        endpoint.application.closed(&socket, closed);
        drop(socket);
        if !lost {
            wire.linger(endpoint.linger).await;
        }
        drop(permit);
    }
}
