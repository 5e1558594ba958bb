//! The program with real NATS, Redis and etcd: what it says of one that is missing, refuses it or goes away, what it
//! does then, and whom it takes for another process of the cluster.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod check;
mod outages;
mod peers;
mod program;
mod refusals;
mod settings;
mod waiting;
