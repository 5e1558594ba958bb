//! The request that a connection began with.

use std::borrow::Cow;
use std::net::SocketAddr;

use http::header::{self, HeaderMap, HeaderName};
use http::request::Parts;

/// The headers that are worth their memory for as long as a connection lives.
const KEPT: [HeaderName; 4] = [header::AUTHORIZATION, header::COOKIE, header::HOST, header::ORIGIN];

/// What a client said when it connected: of its HTTP request, that part which decisions rest on.
pub struct Handshake {
    path: Box<str>,
    query: Box<str>,
    remote: SocketAddr,
    headers: Box<[(HeaderName, Box<str>)]>,
}

impl Handshake {
    /// Copies what is needed, so that nothing of the HTTP connection's buffers is kept alive.
    pub(crate) fn new(request: &Parts, remote: SocketAddr) -> Self {
        Self {
            path: request.uri.path().into(),
            query: request.uri.query().unwrap_or_default().into(),
            remote,
            headers: kept(&request.headers),
        }
    }

    /// The path of the request, percent-encoded as it came.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The raw query, without `?`; empty if there was none.
    pub fn query_string(&self) -> &str {
        &self.query
    }

    /// The first value of a query parameter, decoded.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        form_urlencoded::parse(self.query.as_bytes()).find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The client's address, and its port unless a proxy speaks for it.
    pub fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// One of the headers that are kept (`authorization`, `cookie`, `host`, `origin`), if it came once or more and as
    /// text; the first one.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.iter().find_map(|(key, value)| (key == name).then_some(&**value))
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.header(&header::COOKIE)?
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    }
}

impl std::fmt::Debug for Handshake {
    /// Leaves out what may hold a token: the query and the headers.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Handshake")
            .field("path", &self.path)
            .field("remote", &self.remote)
            .finish_non_exhaustive()
    }
}

fn kept(headers: &HeaderMap) -> Box<[(HeaderName, Box<str>)]> {
    KEPT.into_iter()
        .filter_map(|name| {
            let value = headers.get(&name)?.to_str().ok()?.into();
            Some((name, value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn handshake() -> Handshake {
        let (parts, ()) = http::Request::builder()
            .uri("/ws/a%20b?room=x%20y&token=t&room=z")
            .header("cookie", "a=1; session=two=2")
            .header("accept", "*/*")
            .body(())
            .expect("a request")
            .into_parts();
        Handshake::new(&parts, SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1))
    }

    #[test]
    fn query_parameters_are_decoded_and_the_first_of_a_name_counts() {
        let handshake = handshake();
        assert_eq!(handshake.query("room").as_deref(), Some("x y"));
        assert_eq!(handshake.query("token").as_deref(), Some("t"));
        assert_eq!(handshake.query("absent"), None);
        assert_eq!(handshake.path(), "/ws/a%20b");
    }

    #[test]
    fn cookies_are_found_by_name() {
        let handshake = handshake();
        assert_eq!(handshake.cookie("session"), Some("two=2"));
        assert_eq!(handshake.cookie("b"), None);
        assert_eq!(handshake.header(&header::ACCEPT), None);
    }
}
