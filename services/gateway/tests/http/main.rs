//! The HTTP API, asked as its clients ask it. Services behind it are small stand-ins.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod across_origins;
mod call_sessions;
mod guests;
mod history;
mod identity;
mod input;
mod pages;
mod presence;
mod reports;
mod rooms;
mod services;
mod stage;
