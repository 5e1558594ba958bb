//! The contract of each seam on real servers, and what only real servers can do to it.
//!
//! Needs the servers' programs, so that it is not among the tests that run by default:
//! `cargo test -p heliograph-cluster --test backends`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a case fails by panicking")]

mod blocks;
mod bus;
mod calls;
mod case;
mod deadlines;
mod directory;
mod etcd;
mod limits;
mod matching;
mod nats;
mod presence;
mod recent;
mod redis;
mod relay;
mod rooms;
mod scene;
mod servers;
mod sessions;
mod suites;

use std::{process::ExitCode, sync::Arc};

use libtest_mimic::Arguments;

use servers::Servers;

fn main() -> ExitCode {
    let servers = Arc::new(Servers::default());
    let mut all = Vec::new();
    all.extend(nats::trials(&servers));
    all.extend(etcd::trials(&servers));
    all.extend(redis::trials(&servers));
    libtest_mimic::run(&Arguments::from_args(), all).exit_code()
}
