//! What an HTTP request asks for, read from its query.

use std::borrow::Cow;

use crate::{ProtocolError, SessionId, Transport};

/// The HTTP method of a request, as far as the protocol tells methods apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Receives packets, opens sessions.
    Get,
    /// Sends packets.
    Post,
    /// Every other method, which the protocol has no use for.
    Other,
}

/// A request that makes sense by itself. Whether its session exists is for its receiver to find
/// out, and whether it fits the session's state is for [`Session`](crate::Session) to judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A new session on this transport.
    Open(Transport),
    /// GET: give me what waits for me.
    Poll(SessionId),
    /// POST: here is a payload.
    Post(SessionId),
    /// A WebSocket for a session that was opened by long-polling.
    Upgrade(SessionId),
}

impl Request {
    /// Reads the query of a request. `websocket` says whether the request asks to become a
    /// WebSocket (RFC 6455, section 4.1).
    ///
    /// The checks come in the stock server's order, so that a request with several faults gets the
    /// same code. Parameters that this server has no use for (`t`, `b64`, the application's own) are
    /// passed over; of a repeated one the last counts. The version is looked at only when a session
    /// is opened, as it can no longer change afterwards.
    ///
    /// # Errors
    /// The [`ProtocolError`] to answer with.
    pub fn parse(query: &str, method: Method, websocket: bool) -> Result<Self, ProtocolError> {
        let mut version = None;
        let mut transport = None;
        let mut sid = None;
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "EIO" => version = Some(value),
                "transport" => transport = Some(value),
                "sid" => sid = Some(value),
                _ => {}
            }
        }

        let transport = match transport {
            Some("polling") => Transport::Polling,
            Some("websocket") => Transport::WebSocket,
            _ => return Err(ProtocolError::UnknownTransport),
        };
        // The two say the same thing twice, and have to agree.
        let agrees = (transport == Transport::WebSocket) == websocket;

        // An empty sid is none, as for the stock server.
        if let Some(sid) = sid.filter(|sid| !sid.is_empty()) {
            let sid = percent_decode(sid);
            let sid = SessionId::new(&sid).map_err(|_| ProtocolError::UnknownSession)?;
            return match (transport, method) {
                _ if !agrees => Err(ProtocolError::BadRequest),
                (Transport::WebSocket, Method::Get) => Ok(Self::Upgrade(sid)),
                (Transport::Polling, Method::Get) => Ok(Self::Poll(sid)),
                (Transport::Polling, Method::Post) => Ok(Self::Post(sid)),
                _ => Err(ProtocolError::BadRequest),
            };
        }
        if method != Method::Get {
            return Err(ProtocolError::BadHandshakeMethod);
        }
        if !agrees {
            return Err(ProtocolError::BadRequest);
        }
        if version != Some("4") {
            return Err(ProtocolError::UnsupportedVersion);
        }
        Ok(Self::Open(transport))
    }
}

/// Undoes percent-encoding. What is not valid in it stays, and then fails as a session id.
fn percent_decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = match (first, tail) {
            (b'%', [high, low, after @ ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| (high << 4 | low, after)),
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((first, tail));
        decoded.push(byte);
        rest = after;
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

fn hex(digit: u8) -> Option<u8> {
    (digit as char).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
