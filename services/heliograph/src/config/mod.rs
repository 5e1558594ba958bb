//! The configuration: one struct, documented field by field.
//!
//! Sources, from lowest to highest: the defaults here, a TOML file (`--config`), the environment
//! (`HELIOGRAPH_SECTION__KEY`, and the names that deployments of such servers use anyway: `SOCKET_PORT`,
//! `PORT`, `FRONTEND_URL`), flags. An unknown key or a bad value is an error before anything listens.
//!
//! docs/configuration.md and config.example.toml are made from this struct (`cargo xtask docs`).

mod auth;
mod backends;
mod connections;
mod ice;
mod limits;
mod load;
mod log;
mod matching;
mod network;
#[cfg(test)]
mod order;
#[cfg(test)]
mod reference;
mod services;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use self::{
    auth::{Auth, AuthMode},
    backends::{Backend, Emitter, Etcd, Grpc, Nats, Redis},
    connections::{Engine, Mesh, Outbound, SocketTransport, SocketVocabulary},
    ice::Ice,
    limits::{Limits, Rate},
    load::{Overrides, load},
    log::{Log, LogFormat},
    matching::Matching,
    network::{ForwardedHeader, Operations, Public},
    services::{Calls, Cluster, Html, Policy, Presence, PresenceAudience, Reach, Rooms},
};

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Messages between the services: `memory` (this process), `nats://host:4222,…` or `tls://…`.
    #[schemars(with = "String")]
    pub bus: Backend,
    /// Shared state: `memory` (this process), `redis://host:6379`, `rediss://…`, `redis+cluster://a,b,c`, `redis+sentinel://a,b/name`.
    #[schemars(with = "String")]
    pub store: Backend,
    /// Discovery: `memory` (this process), `etcd://host:2379,…`, or `etcds://…` with TLS.
    #[schemars(with = "String")]
    pub directory: Backend,
    /// The address that clients connect to.
    pub public: Public,
    /// The address for operators: metrics, health, administration.
    pub operations: Operations,
    /// Who clients are.
    pub auth: Auth,
    /// Engine.IO and Socket.IO.
    pub engine: Engine,
    /// The mesh vocabulary on `/ws`.
    pub mesh: Mesh,
    /// What may wait for one client.
    pub outbound: Outbound,
    /// Rates and counts. Every refusal is counted in a metric.
    pub limits: Limits,
    /// Rooms and their logs.
    pub rooms: Rooms,
    /// Calls.
    pub calls: Calls,
    /// Queues, proposals and invitations.
    pub matching: Matching,
    /// Who may do what with whom.
    pub policy: Policy,
    /// Presence.
    pub presence: Presence,
    /// How the services talk to each other.
    pub cluster: Cluster,
    /// The NATS servers of `bus`.
    pub nats: Nats,
    /// The Redis servers of `store`.
    pub redis: Redis,
    /// Backends that publish as `@socket.io/redis-emitter` does, over the Redis servers of `store`.
    pub emitter: Emitter,
    /// The etcd servers of `directory`.
    pub etcd: Etcd,
    /// Questions between the processes of a cluster. Not meant for the internet.
    pub grpc: Grpc,
    /// STUN and TURN servers that clients are told.
    pub ice: Ice,
    /// Log lines on standard error.
    pub log: Log,
}

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}
