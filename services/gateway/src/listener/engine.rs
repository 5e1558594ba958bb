//! Requests of Engine.IO.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use heliograph_engineio::{self as engineio, ProtocolError, SessionId, Transport};
use heliograph_telemetry::metrics::count;
use heliograph_websocket::handshake;
use http::header::{self, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};

use super::Context;
use super::http::{Answered, Exchange, text};
use super::upgrade::{Upgrade, switch};
use crate::connection::{Connection, Driver, Endpoint, PollAnswered, Unreadable};
use crate::handshake::Handshake;
use crate::relay::Session;

impl Context {
    pub(super) async fn engine(
        &self,
        endpoint: Arc<Endpoint>,
        request: Request<Incoming>,
        remote: SocketAddr,
        exchange: &Exchange,
    ) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let method = match parts.method {
            Method::GET => engineio::Method::Get,
            Method::POST => engineio::Method::Post,
            _ => engineio::Method::Other,
        };
        let query = parts.uri.query().unwrap_or_default();
        let websocket = handshake::is_upgrade(&parts.headers);
        let parsed = engineio::Request::parse(query, method, websocket);
        let result = match parsed {
            Ok(engineio::Request::Open(transport)) => self.open(&endpoint, transport, &parts, remote, exchange),
            Ok(engineio::Request::Poll(sid)) => self.poll(&endpoint, &sid, exchange).await,
            Ok(engineio::Request::Post(sid)) => self.post(&endpoint, &sid, body).await,
            Ok(engineio::Request::Upgrade(sid)) => self.upgrade(&endpoint, &sid, &parts, exchange).await,
            Err(error) => Err(error),
        };
        result.unwrap_or_else(|error| self.refuse_engine(error))
    }

    /// The protocol's own refusal.
    pub(super) fn refuse_engine(&self, error: ProtocolError) -> Response<Body> {
        count(&self.options.metrics.requests_refused, label(error));
        let mut response = Response::new(Body::from(error.body()));
        *response.status_mut() = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }

    fn open(
        &self,
        endpoint: &Arc<Endpoint>,
        transport: Transport,
        request: &Parts,
        remote: SocketAddr,
        exchange: &Exchange,
    ) -> Result<Response<Body>, ProtocolError> {
        let offered = self.options.transports;
        if !(match transport {
            Transport::Polling => offered.polling,
            Transport::WebSocket => offered.websocket,
        }) {
            return Err(ProtocolError::UnknownTransport);
        }
        if self.draining.is_cancelled() {
            return Ok(self.come_back_later());
        }
        let handshake = Arc::new(Handshake::new(request, remote));
        match transport {
            Transport::Polling => {
                let connection = Connection::new(handshake, Arc::clone(&endpoint.outlets));
                Ok(text(StatusCode::OK, Driver::open_polling(endpoint, connection)))
            }
            Transport::WebSocket => {
                let response = match switch(request) {
                    Ok(response) => response,
                    Err(error) => return Ok(self.refuse_websocket(error)),
                };
                *exchange.upgrade.lock() = Some(Upgrade::Session(Arc::clone(endpoint), handshake));
                Ok(response)
            }
        }
    }

    /// The answer where there is no place at the moment.
    pub(super) fn come_back_later(&self) -> Response<Body> {
        let mut response = text(StatusCode::SERVICE_UNAVAILABLE, Body::empty());
        let seconds = self.options.admission.retry_after.as_secs();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        response
    }

    /// The session of that id, wherever it is at home.
    fn session(&self, endpoint: &Endpoint, sid: &SessionId) -> Result<Session, ProtocolError> {
        let here = endpoint.find(sid).map(Session::Here);
        let away = || Some(Session::Away(self.relays.as_ref()?.find(&endpoint.path, sid)?));
        here.or_else(away).ok_or(ProtocolError::UnknownSession)
    }

    async fn poll(
        &self,
        endpoint: &Endpoint,
        sid: &SessionId,
        exchange: &Exchange,
    ) -> Result<Response<Body>, ProtocolError> {
        let session = self.session(endpoint, sid)?;
        let PollAnswered { body, number } = session.poll().await?;
        *exchange.answered.lock() = number.map(|number| Answered { session, number });
        Ok(text(StatusCode::OK, body))
    }

    async fn post(
        &self,
        endpoint: &Endpoint,
        sid: &SessionId,
        body: Incoming,
    ) -> Result<Response<Body>, ProtocolError> {
        let posting = self.session(endpoint, sid)?.begin_post().await?;
        let (text_body, status) = match self.read(body).await {
            Ok(body) => (String::from_utf8(body).map_err(|_| Unreadable), StatusCode::BAD_REQUEST),
            Err(Unread::TooLong) => (Err(Unreadable), StatusCode::PAYLOAD_TOO_LARGE),
            Err(Unread::Incomplete) => return Ok(text(StatusCode::REQUEST_TIMEOUT, Body::empty())),
        };
        match posting.finish(text_body).await {
            Ok(()) => Ok(text(StatusCode::OK, "ok")),
            Err(error) if status == StatusCode::BAD_REQUEST => Err(error),
            Err(_) => Ok(text(status, Body::empty())),
        }
    }

    /// Reads a body within the limits of size and time. One that is announced to be too long is not read at all.
    async fn read(&self, body: Incoming) -> Result<Vec<u8>, Unread> {
        let limit = self.options.max_payload;
        if body.size_hint().lower() > limit as u64 {
            return Err(Unread::TooLong);
        }
        let reading = Limited::new(body, limit).collect();
        match tokio::time::timeout(self.options.admission.request_timeout, reading).await {
            Ok(Ok(body)) => Ok(body.to_bytes().into()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Unread::TooLong),
            Ok(Err(_)) | Err(_) => Err(Unread::Incomplete),
        }
    }

    async fn upgrade(
        &self,
        endpoint: &Arc<Endpoint>,
        sid: &SessionId,
        request: &Parts,
        exchange: &Exchange,
    ) -> Result<Response<Body>, ProtocolError> {
        if self.draining.is_cancelled() {
            // A stock client that loses the WebSocket while it leaves long-polling for it hears nothing more until
            // its heartbeat is overdue. One that is refused stays with long-polling, wherever its session is.
            return Ok(self.come_back_later());
        }
        let session = self.session(endpoint, sid)?;
        let response = match switch(request) {
            Ok(response) => response,
            Err(error) => return Ok(self.refuse_websocket(error)),
        };
        let upgrade = match session.open_websocket().await {
            Ok(candidate) => Upgrade::Transport(Arc::clone(endpoint), candidate),
            Err(ProtocolError::UnknownSession) => return Err(ProtocolError::UnknownSession),
            Err(error) => {
                count(&self.options.metrics.requests_refused, label(error));
                Upgrade::Refused(Arc::clone(endpoint))
            }
        };
        *exchange.upgrade.lock() = Some(upgrade);
        Ok(response)
    }
}

/// Why a body was not read.
enum Unread {
    TooLong,
    /// It broke off, or took too long.
    Incomplete,
}

/// A metric's label.
fn label(error: ProtocolError) -> &'static str {
    match error {
        ProtocolError::UnknownTransport => "transport unknown",
        ProtocolError::UnknownSession => "session unknown",
        ProtocolError::BadHandshakeMethod => "bad handshake method",
        ProtocolError::BadRequest => "bad request",
        ProtocolError::Forbidden => "forbidden",
        ProtocolError::UnsupportedVersion => "unsupported version",
    }
}
