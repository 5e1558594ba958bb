//! The request that a connection began with.

use std::borrow::Cow;
use std::net::SocketAddr;

use http::header::{self, HeaderName};
use http::request::Parts;

/// The headers that are worth their memory for as long as a connection lives.
const KEPT: [HeaderName; 4] = [header::AUTHORIZATION, header::COOKIE, header::HOST, header::ORIGIN];

/// Path, query, and the headers.
const PARTS: usize = 6;

/// What a client said when it connected: of its HTTP request, that part which decisions rest on.
pub struct Handshake {
    remote: SocketAddr,
    /// Path, query and kept headers, one behind the other: one allocation, because it lives as long as the connection.
    text: Box<str>,
    /// Where each of them ends.
    ends: [u32; PARTS],
}

impl Handshake {
    /// Copies what is needed, so that nothing of the HTTP connection's buffers is kept alive.
    pub(crate) fn new(request: &Parts, remote: SocketAddr) -> Self {
        let header = |name: &HeaderName| request.headers.get(name).and_then(|value| value.to_str().ok());
        let [authorization, cookie, host, origin] = KEPT.each_ref().map(|name| header(name).unwrap_or_default());
        let parts = [request.uri.path(), request.uri.query().unwrap_or_default(), authorization, cookie, host, origin];
        let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum());
        let ends = parts.map(|part| {
            text.push_str(part);
            // HTTP requests are shorter than that.
            u32::try_from(text.len()).unwrap_or(u32::MAX)
        });
        Self { remote, text: text.into(), ends }
    }

    fn part(&self, number: usize) -> &str {
        let at = |number: usize| self.ends.get(number).map_or(0, |end| *end as usize);
        let start = number.checked_sub(1).map_or(0, at);
        self.text.get(start..at(number)).unwrap_or_default()
    }

    /// The path of the request, percent-encoded as it came.
    pub fn path(&self) -> &str {
        self.part(0)
    }

    /// The raw query, without `?`; empty if there was none.
    pub fn query_string(&self) -> &str {
        self.part(1)
    }

    /// The first value of a query parameter, decoded.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        form_urlencoded::parse(self.query_string().as_bytes()).find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The client's address, and its port unless a proxy speaks for it.
    pub fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// One of the headers that are kept (`authorization`, `cookie`, `host`, `origin`), if it came once or more and as
    /// text, which is not empty; the first one.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        let kept = KEPT.iter().position(|kept| kept == name)?;
        Some(self.part(2 + kept)).filter(|value| !value.is_empty())
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
            .field("path", &self.path())
            .field("remote", &self.remote)
            .finish_non_exhaustive()
    }
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
