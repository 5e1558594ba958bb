//! A connection that becomes a WebSocket.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use heliograph_telemetry::metrics::count;
use heliograph_websocket::handshake::{self, HandshakeError};
use heliograph_websocket::{CloseCode, encode};
use http::header::{self, HeaderValue};
use http::request::Parts;
use http::{Response, StatusCode};
use tokio::net::TcpStream;

use super::Context;
use super::http::text;
use crate::connection::{Connection, Driver, Endpoint, Upgraded};
use crate::handshake::Handshake;
use crate::plain::{PlainDriver, PlainEndpoint};
use crate::relay::Candidate;
use crate::transport::permit::Permit;
use crate::transport::wire;

/// What becomes of a TCP connection when the answer with status 101 is written.
pub(super) enum Upgrade {
    /// A new session.
    Session(Arc<Endpoint>, Arc<Handshake>),
    /// Another transport for a session on long-polling.
    Transport(Arc<Endpoint>, Candidate),
    /// Nothing: the session has a WebSocket already. As stock servers do, the refusal is a WebSocket that closes at
    /// once, because browsers' scripts see nothing of an HTTP answer.
    Refused(Arc<Endpoint>),
    /// A plain WebSocket.
    Plain(Arc<PlainEndpoint>, Arc<Handshake>),
}

impl Upgrade {
    /// Hands the stream to its new owner. `leftover` are bytes that came right behind the request.
    pub(super) fn complete(self, stream: TcpStream, leftover: &[u8], permit: Permit) {
        match self {
            Self::Session(endpoint, handshake) => {
                let connection = Connection::new(handshake, Arc::clone(&endpoint.outlets));
                let upgraded = Upgraded::new(stream, endpoint.options.max_payload, leftover, permit);
                Driver::open_websocket(&endpoint, connection, upgraded);
            }
            Self::Transport(endpoint, candidate) => candidate.complete(&endpoint, stream, leftover, permit),
            Self::Refused(endpoint) => {
                let (reader, writer) = stream.into_split();
                // A socket that has just been opened takes a few bytes, or it is broken and nobody reads them.
                let _ = writer.try_write(&encode::close(CloseCode::POLICY_VIOLATION, ""));
                drop(writer);
                let limit = endpoint.options.linger;
                endpoint.tasks.spawn(async move {
                    wire::linger(reader, limit).await;
                    drop(permit);
                });
            }
            Self::Plain(endpoint, handshake) => {
                let upgraded = Upgraded::new(stream, endpoint.options.max_message, leftover, permit);
                PlainDriver::open(&endpoint, handshake, upgraded);
            }
        }
    }
}

/// The answer that turns the connection into a WebSocket (RFC 6455, section 4.2.2).
pub(super) fn switch(request: &Parts) -> Result<Response<Body>, HandshakeError> {
    let accept = handshake::accept(&request.method, &request.headers)?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}

impl Context {
    /// A request on a path of plain WebSockets.
    pub(super) fn plain(
        &self,
        endpoint: Arc<PlainEndpoint>,
        request: &Parts,
        remote: SocketAddr,
        upgrade: &mut Option<Upgrade>,
    ) -> Response<Body> {
        match switch(request) {
            Ok(response) => {
                *upgrade = Some(Upgrade::Plain(endpoint, Arc::new(Handshake::new(request, remote))));
                response
            }
            Err(error) => self.refuse_websocket(error),
        }
    }

    /// The answer to a request that should have been a WebSocket handshake.
    pub(super) fn refuse_websocket(&self, error: HandshakeError) -> Response<Body> {
        count(&self.options.metrics.requests_refused, "websocket handshake");
        let mut response = text(error.status(), error.to_string());
        if error.status() == StatusCode::UPGRADE_REQUIRED {
            response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        response
    }
}
