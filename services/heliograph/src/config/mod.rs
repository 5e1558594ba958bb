//! The configuration: one struct, documented field by field.
//!
//! Sources, from lowest to highest: the defaults here, a TOML file (`--config`), the environment
//! (`HELIOGRAPH_SECTION__KEY`, and the names that deployments of such servers use anyway: `SOCKET_PORT`,
//! `PORT`, `FRONTEND_URL`), flags. An unknown key or a bad value is an error before anything listens.
//!
//! docs/configuration.md and config.example.toml are made from this struct (`cargo xtask docs`).

mod auth;
mod connections;
mod ice;
mod limits;
mod load;
mod log;
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
    connections::{Engine, Mesh, Outbound, SocketTransport},
    ice::Ice,
    limits::{Limits, Rate},
    load::{Overrides, load},
    log::{Log, LogFormat},
    network::{Operations, Public},
    services::{Calls, Cluster, Html, Presence, PresenceAudience, Reach, Rooms},
};

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Messages between the services: `memory` (this process).
    pub bus: Backend,
    /// Shared state: `memory` (this process).
    pub store: Backend,
    /// Discovery: `memory` (this process).
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
    /// Presence.
    pub presence: Presence,
    /// How the services talk to each other.
    pub cluster: Cluster,
    /// STUN and TURN servers that clients are told.
    pub ice: Ice,
    /// Log lines on standard error.
    pub log: Log,
}

/// A backend by URL. Within one process there is `memory` only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Backend {
    /// Within this process, gone with it.
    #[default]
    Memory,
}

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}
