//! The ports.

use std::{net::IpAddr, time::Duration};

use heliograph_gateway::address::Network;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seconds;

/// In which header proxies say for whom they ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ForwardedHeader {
    /// `X-Forwarded-For`.
    XForwardedFor,
    /// `Forwarded`.
    Forwarded,
}

/// The address that clients connect to.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Public {
    /// Address to listen on.
    #[schemars(with = "String")]
    pub host: IpAddr,
    /// Port for clients, the HTTP API and the call page; also `SOCKET_PORT`, then `PORT`.
    pub port: u16,
    /// Origins whose pages may connect, such as `https://app.example.com`; also `FRONTEND_URL`, separated by commas. The server's own pages always may. Empty: in open mode every origin, else no other.
    pub origins: Vec<String>,
    /// TCP connections at once.
    pub max_connections: usize,
    /// TCP connections at once from one address, or from one IPv6 network of 64 bits; 0 for any number.
    pub connections_per_address: usize,
    /// Proxies in front, as addresses or blocks such as `10.0.0.0/8`: what they say of their clients' addresses is believed, and limits by address hold for those. Empty: nobody is believed.
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<Network>,
    /// The header that they write the address into: `x-forwarded-for`, or the standard `forwarded`. No other is read.
    pub forwarded_header: ForwardedHeader,
    /// New TCP connections that may wait to be accepted; the system may allow fewer (`net.core.somaxconn`). Clients beyond try again for seconds.
    pub backlog: u32,
    /// New TCP connections a second.
    pub accept_per_second: u32,
    /// New TCP connections that may come at once.
    pub accept_burst: u32,
    /// A connection that has not sent a whole request by then is closed.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub request_timeout: Duration,
    /// How long clients that are turned away are told to wait.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub retry_after: Duration,
    /// On SIGTERM, clients are moved away over this period.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub drain_period: Duration,
    /// How long a closed connection may take to read what was sent to it.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub linger: Duration,
}

impl Default for Public {
    fn default() -> Self {
        Self {
            host: IpAddr::from([0, 0, 0, 0]),
            port: 3001,
            origins: Vec::new(),
            max_connections: 100_000,
            connections_per_address: 1_000,
            trusted_proxies: Vec::new(),
            forwarded_header: ForwardedHeader::XForwardedFor,
            backlog: 4_096,
            accept_per_second: 5_000,
            accept_burst: 5_000,
            request_timeout: seconds(10),
            retry_after: seconds(5),
            drain_period: seconds(20),
            linger: seconds(2),
        }
    }
}

/// The address for operators.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Operations {
    /// Address to listen on. Not meant for the internet.
    #[schemars(with = "String")]
    pub host: IpAddr,
    /// Port of `/metrics`, `/healthz`, `/readyz` and `/admin`.
    pub port: u16,
    /// Rooms, users and excepted sockets that a publication may name, each.
    pub publication_targets: usize,
    /// Bytes of a publication's arguments.
    pub publication_bytes: usize,
}

impl Default for Operations {
    fn default() -> Self {
        Self { host: IpAddr::from([127, 0, 0, 1]), port: 9464, publication_targets: 500, publication_bytes: 64 * 1024 }
    }
}
