//! Client connections: transports, vocabularies' own settings, and what may wait for a client.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seconds;

/// A transport of Engine.IO.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SocketTransport {
    /// HTTP long-polling.
    Polling,
    /// WebSocket.
    Websocket,
}

/// A vocabulary of the namespace `/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SocketVocabulary {
    /// Team chat, presence and calls.
    Synapse,
    /// Pairs of guests.
    GuestChat,
    /// One-to-one chat.
    DirectChat,
}

/// Engine.IO and Socket.IO.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Engine {
    /// Transports that clients may use.
    pub transports: Vec<SocketTransport>,
    /// Whether sessions may move from long-polling to WebSocket.
    pub upgrades: bool,
    /// How often the server pings.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub ping_interval: Duration,
    /// How long it waits for the answer.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub ping_timeout: Duration,
    /// Largest message, and largest body of a polling request, in bytes.
    pub max_payload: usize,
    /// Packets in the answer to one poll. Some clients drop a connection that gives them more than 16.
    pub poll_packets: usize,
    /// Binary attachments of one packet.
    pub attachments: usize,
    /// Bytes in all attachments of one packet.
    pub attachment_bytes: usize,
    /// Arguments of one event.
    pub arguments: usize,
    /// Namespaces on one connection.
    pub namespaces: usize,
    /// A connection without a namespace by then is closed.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub connect_timeout: Duration,
    /// A WebSocket that has not taken its polling session over by then is closed.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub upgrade_timeout: Duration,
    /// What clients of the namespace `/` speak that do not say it in `auth.vocabulary` or `?vocabulary=`: `synapse`, `guest-chat` or `direct-chat`. Unset: what their first event belongs to.
    pub default_vocabulary: Option<SocketVocabulary>,
    /// Connection state recovery. A client can decline it with `auth.recovery: false` or `?recovery=off`.
    pub recovery: bool,
    /// How long a lost session can be recovered.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub recovery_window: Duration,
    /// Events that are sent again to a client that comes back, over all its rooms; beyond, it is not recovered.
    pub replay_limit: usize,
}

impl Default for Engine {
    fn default() -> Self {
        Self {
            transports: vec![SocketTransport::Polling, SocketTransport::Websocket],
            upgrades: true,
            ping_interval: seconds(25),
            ping_timeout: seconds(20),
            max_payload: 1_000_000,
            poll_packets: 16,
            attachments: 10,
            attachment_bytes: 4_000_000,
            arguments: 1_000,
            namespaces: 16,
            connect_timeout: seconds(45),
            upgrade_timeout: seconds(10),
            default_vocabulary: None,
            recovery: true,
            recovery_window: seconds(120),
            replay_limit: 1000,
        }
    }
}

/// The mesh vocabulary on `/ws`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Mesh {
    /// How often the server sends WebSocket pings.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub ping_interval: Duration,
    /// A client of which nothing is heard for this long is gone.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub silent_timeout: Duration,
    /// Peers in one room.
    pub max_peers: usize,
}

impl Default for Mesh {
    fn default() -> Self {
        Self { ping_interval: seconds(25), silent_timeout: seconds(45), max_peers: 32 }
    }
}

/// What may wait for one client.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Outbound {
    /// Beyond this many bytes that wait for a client, ephemeral events are dropped.
    pub soft_bytes: usize,
    /// Beyond this many bytes that wait for a client, it is disconnected and can recover.
    pub hard_bytes: usize,
    /// Workers that write events to clients; 0 for one on each processor core.
    pub workers: usize,
    /// Events that may wait for one of the workers that write to clients.
    pub worker_queue: usize,
}

impl Default for Outbound {
    fn default() -> Self {
        Self { soft_bytes: 256 * 1024, hard_bytes: 1024 * 1024, workers: 0, worker_queue: 4096 }
    }
}
