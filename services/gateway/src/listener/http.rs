//! The requests of one TCP connection.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};
use heliograph_telemetry::metrics::count;
use http::header::{self, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tower::ServiceExt;

use super::Context;
use super::origins::Verdict;
use super::patience::Patience;
use super::routes::Route;
use super::upgrade::Upgrade;
use crate::relay::Session;
use crate::transport::permit::{Full, Permit, Seat};
use crate::transport::wire;

/// How long a client that has its answer takes at most to poll again.
const POLLS_AGAIN: Duration = Duration::from_secs(3);

/// What the requests of one connection leave behind for its end.
#[derive(Default)]
pub(super) struct Exchange {
    /// The connection becomes a WebSocket.
    pub(super) upgrade: Mutex<Option<Upgrade>>,
    /// The place of the client to whom the WebSocket will belong, if a proxy asked for it.
    pub(super) seat: Mutex<Option<Seat>>,
    /// A poll was answered last.
    pub(super) answered: Mutex<Option<Answered>>,
}

/// A poll's answer that was handed to the connection.
pub(super) struct Answered {
    pub(super) session: Session,
    pub(super) number: u32,
}

impl Context {
    /// Serves a connection until it ends or becomes a WebSocket.
    pub(super) async fn serve(self: Arc<Self>, stream: TcpStream, remote: SocketAddr, permit: Permit) {
        // A connection that says nothing costs no more than this wait.
        let patience = self.options.admission.request_timeout;
        // Peeking, because a socket may be reported as readable when it is not.
        match tokio::time::timeout(patience, stream.peek(&mut [0])).await {
            Ok(Ok(1..)) => {}
            Ok(Ok(0) | Err(_)) => return,
            Err(_) => {
                self.options.metrics.half_open_closed.inc();
                return;
            }
        }
        // Boxed, because the connection that it may become should not have to carry its size.
        Box::pin(self.serve_http(stream, remote, permit)).await;
    }

    async fn serve_http(self: Arc<Self>, stream: TcpStream, remote: SocketAddr, mut permit: Permit) {
        let exchange = Arc::new(Exchange::default());
        let service = {
            let (context, exchange) = (Arc::clone(&self), Arc::clone(&exchange));
            service_fn(move |request| -> BoxFuture<'static, Result<Response<Body>, Infallible>> {
                // The client has asked again, so that what it was answered before has reached it.
                exchange.answered.lock().take();
                let (context, exchange) = (Arc::clone(&context), Arc::clone(&exchange));
                let mut answer = async move { Ok(context.respond(request, remote, &exchange).await) }.boxed();
                // Begun at once: hyper drops an answer that it has not looked at when the client hangs up right behind
                // its request, and a session has to know of a poll that was given up.
                match (&mut answer).now_or_never() {
                    Some(answer) => future::ready(answer).boxed(),
                    None => answer,
                }
            })
        };
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.options.admission.request_timeout)
            .serve_connection(Patience::new(TokioIo::new(stream), self.options.admission.request_timeout), service);
        let mut closing = Box::pin(self.closing.cancelled());
        let mut told = false;
        let result = poll_fn(|context| {
            if !told && closing.poll_unpin(context).is_ready() {
                told = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
            connection.poll_without_shutdown(context)
        })
        .await;
        let parts = connection.into_parts();
        if result.is_err() || parts.io.is_broken() {
            if result.is_err_and(|error| error.is_timeout()) {
                self.options.metrics.half_open_closed.inc();
            }
            // What was answered last may not have arrived. Or it has: balancers reset a connection of theirs as soon
            // as they have the whole answer. A client that has it polls again, which makes this no loss.
            let answered = exchange.answered.lock().take();
            if let Some(Answered { session, number }) = answered {
                drop((parts, permit));
                tokio::time::sleep(POLLS_AGAIN).await;
                session.lose_poll(number);
            }
            return;
        }
        let mut stream = parts.io.into_inner().into_inner();
        let upgrade = exchange.upgrade.lock().take();
        if let Some(seat) = exchange.seat.lock().take() {
            permit.keep(seat);
        }
        match upgrade {
            Some(upgrade) => upgrade.complete(stream, &parts.read_buf, permit),
            None => {
                // What the client still sends, such as the rest of a body that was refused, must not reset the
                // connection before it has read the answer.
                if stream.shutdown().await.is_ok() {
                    wire::linger(stream, self.options.linger).await;
                }
            }
        }
    }

    /// Answers one request, of the peer or of a client for whom it asks.
    async fn respond(
        self: &Arc<Self>,
        request: Request<Incoming>,
        peer: SocketAddr,
        exchange: &Exchange,
    ) -> Response<Body> {
        let client = self.options.proxies.client(peer, request.headers());
        let seat = match self.options.proxies.is_trusted(peer.ip()) {
            true => Some(self.admission.seat(client.ip())),
            false => None,
        };
        let seat = match seat.transpose() {
            Ok(seat) => seat,
            Err(Full(reason)) => {
                count(&self.options.metrics.tcp_refused, reason);
                return self.come_back_later();
            }
        };
        let response = self.answer(request, client, exchange).await;
        if exchange.upgrade.lock().is_some() {
            *exchange.seat.lock() = seat;
        }
        response
    }

    async fn answer(
        self: &Arc<Self>,
        request: Request<Incoming>,
        remote: SocketAddr,
        exchange: &Exchange,
    ) -> Response<Body> {
        let route = self.routes.find(request.uri().path());
        if let Route::Other(router) = route {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(remote));
            return router.oneshot(request).await.unwrap_or_else(|never| match never {});
        }
        let verdict = self.options.origins.judge(request.headers());
        if verdict == Verdict::Refused {
            return self.refuse_engine(heliograph_engineio::ProtocolError::Forbidden);
        }
        if request.method() == Method::OPTIONS {
            return verdict.preflight(request.headers());
        }
        let mut response = match route {
            Route::Engine(endpoint) => self.engine(endpoint, request, remote, exchange).await,
            Route::Plain(endpoint) => {
                let (parts, _) = request.into_parts();
                self.plain(endpoint, &parts, remote, &mut exchange.upgrade.lock())
            }
            Route::Other(_) => text(StatusCode::NOT_FOUND, String::new()),
        };
        verdict.apply(response.headers_mut());
        response
    }
}

/// An answer in plain text.
pub(super) fn text(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
    response
}
