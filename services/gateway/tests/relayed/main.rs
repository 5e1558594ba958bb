//! Sessions whose every request arrives at another server: the tests of a single server, through two.
//!
//! The files are those of `tests/server`; what they call a server is here two servers and a balancer, which sends
//! the handshake to the one and everything else to the other.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod across;
mod balancer;
mod between;
#[allow(dead_code, reason = "some of it serves tests that are not here")]
#[path = "../server/client/mod.rs"]
mod client;
#[allow(dead_code, reason = "the backends are in memory")]
#[path = "../../examples/conformance/cluster/mod.rs"]
mod cluster;
#[path = "../../examples/conformance/contract.rs"]
mod contract;
#[path = "../../examples/conformance/echo.rs"]
mod echo;
#[path = "../../examples/conformance/history.rs"]
mod history;
#[path = "../../examples/conformance/hub.rs"]
mod hub;
#[path = "../../examples/conformance/lane.rs"]
mod lane;
#[path = "../../examples/conformance/local.rs"]
mod local;
mod running;
#[path = "../../examples/conformance/settings.rs"]
mod settings;
#[path = "../server/waiting.rs"]
mod waiting;

#[path = "../server/cors.rs"]
mod cors;
#[path = "../server/engine_handshake.rs"]
mod engine_handshake;
#[path = "../server/heartbeat.rs"]
mod heartbeat;
#[path = "../server/polling.rs"]
mod polling;
#[path = "../server/recovery.rs"]
mod recovery;
#[path = "../server/slow_consumer.rs"]
mod slow_consumer;
#[path = "../server/socket_io.rs"]
mod socket_io;
#[path = "../server/upgrade.rs"]
mod upgrade;
