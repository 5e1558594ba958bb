//! What room-routers do, over backends in memory and on a clock that stands still.
//!
//! Tests send commands as gateways do and look at what every gateway is told, in the words of
//! [`telling`].

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod access;
mod blocks;
mod calls;
mod closing;
mod glare;
mod handover;
mod joining;
mod leaving;
mod matching;
mod messages;
mod outage;
mod questions;
mod receipts;
mod relays;
mod signals;
mod stage;
mod takeover;
mod telling;
mod work;
