//! Proxies in front of the server, and the clients for whom they speak.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use http::header::{self, HeaderName};

use crate::address::Network;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The header in which proxies say for whom they ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, a list of addresses.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Whose word about clients' addresses counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    /// Where the proxies are. None: every connection is a client's own.
    pub trusted: Vec<Network>,
    /// What they set. Only one header, because a proxy passes on what it does not know, and with it whatever the
    /// client has written there.
    pub header: ForwardedHeader,
}

impl Proxies {
    /// Whether connections from this address are a proxy's.
    pub(crate) fn is_trusted(&self, peer: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(peer))
    }

    /// Who asks: the peer, or the client for whom a proxy does. Each proxy writes its peer behind what is there already,
    /// so that what comes before the first address that is no proxy's is the client's own word.
    pub(crate) fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        if !self.is_trusted(peer.ip()) {
            return peer;
        }
        let mut client = peer.ip();
        for hop in self.hops(headers) {
            // What cannot be read names nobody: the proxy that wrote it is as much as is known.
            let Some(address) = hop else { break };
            client = address;
            if !self.is_trusted(address) {
                break;
            }
        }
        SocketAddr::new(client, 0)
    }

    /// For whom each proxy asked, the nearest first.
    fn hops<'a>(&self, headers: &'a HeaderMap) -> impl Iterator<Item = Option<IpAddr>> + use<'a> {
        let (name, read): (_, fn(&str) -> Option<IpAddr>) = match self.header {
            ForwardedHeader::XForwardedFor => (X_FORWARDED_FOR, node),
            ForwardedHeader::Forwarded => (header::FORWARDED, forwarded_for),
        };
        let lines: Vec<_> = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or_default()).collect();
        lines.into_iter().rev().flat_map(|line| line.rsplit(',')).map(move |hop| read(hop.trim()))
    }
}

/// The client of one element of `Forwarded`, such as `for="[2001:db8::1]:4711";proto=https`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
    node(value.trim_matches('"'))
}

/// An address, with or without a port.
fn node(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(header: ForwardedHeader) -> Proxies {
        Proxies { trusted: vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()], header }
    }

    /// Who asks according to `proxies`, when `peer` sends these lines of a header.
    fn client(proxies: &Proxies, peer: &str, name: &'static str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, line.parse().unwrap());
        }
        proxies.client(peer.parse().unwrap(), &headers).ip().to_string()
    }

    #[test]
    fn only_a_trusted_peer_is_believed() {
        let spoofed = ["1.1.1.1"];
        let trusting = proxies(ForwardedHeader::XForwardedFor);
        assert_eq!(client(&trusting, "8.8.8.8:1", "x-forwarded-for", &spoofed), "8.8.8.8");
        assert_eq!(client(&trusting, "10.0.0.1:1", "x-forwarded-for", &spoofed), "1.1.1.1");
        assert_eq!(client(&trusting, "[::ffff:10.0.0.1]:1", "x-forwarded-for", &spoofed), "1.1.1.1");
        assert_eq!(client(&trusting, "10.0.0.1:1", "forwarded", &["for=1.1.1.1"]), "10.0.0.1");
        assert_eq!(client(&Proxies::default(), "10.0.0.1:1", "x-forwarded-for", &spoofed), "10.0.0.1");
    }

    #[test]
    fn the_last_address_that_is_no_proxys_is_the_clients() {
        let trusting = proxies(ForwardedHeader::XForwardedFor);
        for (lines, who) in [
            (&["6.6.6.6, 1.1.1.1"][..], "1.1.1.1"),
            (&["6.6.6.6, 1.1.1.1, 10.9.9.9, fd00::7"][..], "1.1.1.1"),
            (&["6.6.6.6", "1.1.1.1,10.9.9.9"][..], "1.1.1.1"),
            (&["10.9.9.9"][..], "10.9.9.9"),
            (&["1.1.1.1:4711"][..], "1.1.1.1"),
            (&["[2001:db8::1]:4711"][..], "2001:db8::1"),
            (&["2001:db8::1"][..], "2001:db8::1"),
            (&["1.1.1.1, unknown"][..], "10.0.0.1"),
            (&["1.1.1.1, unknown, 10.9.9.9"][..], "10.9.9.9"),
            (&[""][..], "10.0.0.1"),
            (&[][..], "10.0.0.1"),
        ] {
            assert_eq!(client(&trusting, "10.0.0.1:1", "x-forwarded-for", lines), who, "{lines:?}");
        }
    }

    #[test]
    fn the_standard_header_is_read_too() {
        let trusting = proxies(ForwardedHeader::Forwarded);
        for (line, who) in [
            ("for=1.1.1.1", "1.1.1.1"),
            ("For=\"[2001:db8::1]:4711\";proto=https;by=10.0.0.1", "2001:db8::1"),
            ("for=6.6.6.6, proto=http; for=1.1.1.1;by=10.0.0.2", "1.1.1.1"),
            ("for=_hidden", "10.0.0.1"),
            ("for=1.1.1.1, for=unknown", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
        ] {
            assert_eq!(client(&trusting, "10.0.0.1:1", "forwarded", &[line]), who, "{line}");
        }
        assert_eq!(client(&trusting, "10.0.0.1:1", "x-forwarded-for", &["1.1.1.1"]), "10.0.0.1");
    }
}
