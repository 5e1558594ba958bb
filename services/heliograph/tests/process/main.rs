//! The program as whoever starts it sees it: what it prints, how it refuses to start, how it stops.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod bad_starts;
mod half_open;
mod operations;
mod program;
mod public_keys;
mod start;
mod stop;
mod tools;
