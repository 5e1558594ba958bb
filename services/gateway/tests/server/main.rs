//! The Socket.IO server over real sockets, against its own conformance example.
//!
//! One file per behaviour. Clients are written out here, so that a test says exactly which bytes are sent.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod client;
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
mod waiting;

mod admission;
mod application;
mod backpressure;
mod cors;
mod drain;
mod engine_handshake;
mod extended;
mod heartbeat;
mod plain;
mod plain_cut_off;
mod polling;
mod recovery;
mod slow_consumer;
mod socket_io;
mod upgrade;
mod websocket;
