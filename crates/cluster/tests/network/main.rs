//! gRPC between processes: real connections on free ports, and a directory that says who lives.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation is a failed test")]

mod asking;
mod bounds;
mod certificates;
mod ending;
mod proxy;
mod stage;
mod standard;
