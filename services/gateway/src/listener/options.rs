//! How a server is set up.

use std::sync::Arc;
use std::time::Duration;

use heliograph_engineio::{SessionOptions, payload};

use super::origins::Origins;
use super::proxies::Proxies;
use crate::connection::ConnectionOptions;
use crate::outlet::Bounds;
use crate::transport::Metrics;

/// How much a Socket.IO packet may hold.
pub use heliograph_socketio::Limits as PacketLimits;

/// Settings of a [`Server`](super::Server). The defaults are those of the protocol's stock server where it has them.
#[derive(Clone, Debug)]
pub struct Options {
    /// Time between a client's sign of life and the next ping.
    pub ping_interval: Duration,
    /// Time that a client has to answer a ping.
    pub ping_timeout: Duration,
    /// Most bytes in the body of a POST or in a WebSocket message.
    pub max_payload: usize,
    /// Time that a Socket.IO client has to enter its first namespace.
    pub connect_timeout: Duration,
    /// Time that a WebSocket has to take a polling session over.
    pub upgrade_timeout: Duration,
    /// The transports that sessions may begin on.
    pub transports: Transports,
    /// Whether a polling session may move to a WebSocket.
    pub allow_upgrades: bool,
    /// Most packets in the answer to a poll. Some clients drop a connection that gives them more than 16.
    pub poll_packets: usize,
    /// Most namespaces on one connection.
    pub max_namespaces: usize,
    /// How much a Socket.IO packet may hold.
    pub packet_limits: PacketLimits,
    /// Pages that may connect from a browser.
    pub origins: Origins,
    /// Proxies in front, whose word about clients' addresses counts.
    pub proxies: Proxies,
    /// How many connections are let in, and how fast.
    pub admission: AdmissionOptions,
    /// How much may wait for a slow client.
    pub outbound: Bounds,
    /// Most requests and WebSockets at a time that are relayed to other servers, where their sessions are at home.
    pub relays: usize,
    /// How long a stop may take: connections are closed one after the other over this time.
    pub drain_period: Duration,
    /// How long a closed socket waits for the client to close its side.
    pub linger: Duration,
    /// What is counted.
    pub metrics: Metrics,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            max_payload: 1_000_000,
            connect_timeout: Duration::from_secs(45),
            upgrade_timeout: Duration::from_secs(10),
            transports: Transports::default(),
            allow_upgrades: true,
            poll_packets: payload::Limits::default().packets,
            max_namespaces: 16,
            packet_limits: PacketLimits::default(),
            origins: Origins::default(),
            proxies: Proxies::default(),
            admission: AdmissionOptions::default(),
            outbound: Bounds::default(),
            relays: 16_384,
            drain_period: Duration::from_secs(20),
            linger: Duration::from_secs(2),
            metrics: Metrics::default(),
        }
    }
}

impl Options {
    /// Bytes that a message between servers may have which carries a request or an answer. An answer to a poll may be
    /// one frame, which may be as long as what waits for a client, and longer in text form.
    pub(crate) fn largest_relayed(&self) -> usize {
        2 * self.max_payload.max(self.outbound.hard) + 64 * 1024
    }

    /// What each Engine.IO connection has to know of this.
    pub(crate) fn for_connections(&self) -> ConnectionOptions {
        let session = SessionOptions {
            ping_interval: self.ping_interval,
            ping_timeout: self.ping_timeout,
            allow_upgrades: self.allow_upgrades && self.transports.websocket,
            upgrade_timeout: self.upgrade_timeout,
            ..SessionOptions::default()
        };
        ConnectionOptions {
            session: Arc::new(session),
            max_payload: self.max_payload,
            poll_limits: payload::Limits { bytes: self.max_payload, packets: self.poll_packets },
            packet_limits: self.packet_limits.into(),
            connect_timeout: self.connect_timeout,
            max_namespaces: self.max_namespaces,
            linger: self.linger,
        }
    }
}

/// The transports that a session may begin on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transports {
    /// HTTP long-polling.
    pub polling: bool,
    /// WebSocket. Without it there are no upgrades either.
    pub websocket: bool,
}

impl Default for Transports {
    /// Both.
    fn default() -> Self {
        Self { polling: true, websocket: true }
    }
}

/// Which TCP connections are let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdmissionOptions {
    /// Most TCP connections at a time.
    pub max_connections: usize,
    /// Most for one address, or for one IPv6 network of 64 bits; `None` for no limit.
    pub max_per_address: Option<usize>,
    /// Most new connections a second; more wait in the listener's queue.
    pub accept_rate: u32,
    /// New connections that may come at once before the rate applies.
    pub accept_burst: u32,
    /// Time for a connection to say a whole request, from its beginning or from the last answer.
    pub request_timeout: Duration,
    /// What refused clients are told to wait.
    pub retry_after: Duration,
}

impl Default for AdmissionOptions {
    fn default() -> Self {
        Self {
            max_connections: 100_000,
            max_per_address: None,
            accept_rate: 2_000,
            accept_burst: 2_000,
            request_timeout: Duration::from_secs(30),
            retry_after: Duration::from_secs(5),
        }
    }
}
