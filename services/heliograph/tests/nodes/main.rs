//! Several nodes of each role in this process, over backends in memory: what happens when one of them is taken
//! for dead, dies or stops, as clients see it.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod client;
mod death;
mod drain;
mod nodes;
mod renewal;
