//! The opening handshake, the server's side (RFC 6455, section 4.2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use sha1::{Digest, Sha1};

/// Joined to the client's key before hashing (section 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Why a request cannot become a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The method is not GET.
    #[error("a WebSocket handshake is a GET request")]
    Method,
    /// `Upgrade: websocket` or `Connection: Upgrade` is missing.
    #[error("the request asks for no WebSocket upgrade")]
    NotUpgrade,
    /// `Sec-WebSocket-Version` is not 13.
    #[error("the WebSocket version must be 13")]
    Version,
    /// `Sec-WebSocket-Key` is missing, repeated, or not 16 bytes in base64.
    #[error("the WebSocket key is missing or malformed")]
    Key,
}

impl HandshakeError {
    /// The HTTP status of the refusal; 426 goes with `Sec-WebSocket-Version: 13`.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotUpgrade | Self::Version => StatusCode::UPGRADE_REQUIRED,
            Self::Key => StatusCode::BAD_REQUEST,
        }
    }
}

/// True if the request's headers ask for a WebSocket, well-formed or not.
pub fn is_upgrade(headers: &HeaderMap) -> bool {
    has_token(headers, header::UPGRADE, "websocket") && has_token(headers, header::CONNECTION, "upgrade")
}

/// Judges the request; the value of `Sec-WebSocket-Accept` for the answer with status 101.
///
/// # Errors
/// The first rule of section 4.2.1 that the request breaks.
pub fn accept(method: &Method, headers: &HeaderMap) -> Result<HeaderValue, HandshakeError> {
    if method != Method::GET {
        return Err(HandshakeError::Method);
    }
    if !is_upgrade(headers) {
        return Err(HandshakeError::NotUpgrade);
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).map(HeaderValue::as_bytes) != Some(b"13") {
        return Err(HandshakeError::Version);
    }
    let mut keys = headers.get_all(header::SEC_WEBSOCKET_KEY).iter();
    let (Some(key), None) = (keys.next(), keys.next()) else {
        return Err(HandshakeError::Key);
    };
    match STANDARD.decode(key.as_bytes()) {
        Ok(nonce) if nonce.len() == 16 => accept_key(key.as_bytes()),
        _ => Err(HandshakeError::Key),
    }
}

fn accept_key(key: &[u8]) -> Result<HeaderValue, HandshakeError> {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    HeaderValue::try_from(STANDARD.encode(digest)).map_err(|_| HandshakeError::Key)
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| item.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    const GOOD: [(&str, &str); 4] = [
        ("upgrade", "websocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    #[test]
    fn the_answer_is_that_of_the_rfc() {
        // RFC 6455, section 1.3.
        let answer = accept(&Method::GET, &headers(&GOOD));
        assert_eq!(answer, Ok(HeaderValue::from_static("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")));
    }

    #[test]
    fn each_broken_rule_has_its_error() {
        let without = |name: &str| {
            let kept: Vec<_> = GOOD.into_iter().filter(|(key, _)| *key != name).collect();
            accept(&Method::GET, &headers(&kept))
        };
        assert_eq!(accept(&Method::POST, &headers(&GOOD)), Err(HandshakeError::Method));
        assert_eq!(without("upgrade"), Err(HandshakeError::NotUpgrade));
        assert_eq!(without("connection"), Err(HandshakeError::NotUpgrade));
        assert_eq!(without("sec-websocket-version"), Err(HandshakeError::Version));
        assert_eq!(without("sec-websocket-key"), Err(HandshakeError::Key));
        let mut short = headers(&GOOD);
        short.insert(header::SEC_WEBSOCKET_KEY, HeaderValue::from_static("c2hvcnQ="));
        assert_eq!(accept(&Method::GET, &short), Err(HandshakeError::Key));
        let mut twice = headers(&GOOD);
        twice.append(header::SEC_WEBSOCKET_KEY, HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ=="));
        assert_eq!(accept(&Method::GET, &twice), Err(HandshakeError::Key));
    }
}
