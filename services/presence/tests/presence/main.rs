//! What presence does, over backends in memory and on a clock that stands still.
//!
//! Rooms are played by the test: it attends them in the store as a room-router does, and notes what
//! presence asks of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod blocks;
mod coming;
mod going;
mod publishing;
mod questions;
mod reaping;
mod recovering;
mod stage;
mod status;
