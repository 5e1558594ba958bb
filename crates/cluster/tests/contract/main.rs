//! The contract of each seam, as named cases, and the implementations that have to fulfil it.
//!
//! A case is written against the trait alone, gets an empty instance of its own, and runs beside the
//! others. Here they run on what this process has in memory; `backends` runs the same cases on real
//! servers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a case fails by panicking")]

mod blocks;
mod bus;
mod calls;
mod case;
mod deadlines;
mod directory;
mod housekeeping;
mod limits;
mod matching;
mod presence;
mod recent;
mod rooms;
mod scene;
mod sessions;
mod suites;

use std::{future::ready, process::ExitCode, sync::Arc};

use heliograph_cluster::{
    bus::{Bus, MemoryBus},
    directory::{Directory, MemoryDirectory},
    store::{
        Store,
        memory::{MemoryOptions, MemoryStore},
    },
};
use libtest_mimic::Arguments;

use case::trials;
use suites::{STORE, retention};

fn memory_bus() -> Arc<dyn Bus> {
    Arc::new(MemoryBus::new(1024))
}

fn memory() -> MemoryStore {
    MemoryStore::new(MemoryOptions { retention: retention(), outcomes: 16_384 })
}

fn memory_store() -> Store {
    memory().store()
}

fn memory_directory() -> Arc<dyn Directory> {
    Arc::new(MemoryDirectory::new())
}

fn main() -> ExitCode {
    let mut all = Vec::new();
    all.extend(trials("memory::bus", bus::CASES, || ready(memory_bus())));
    all.extend(trials("memory::directory", directory::CASES, || ready(memory_directory())));
    for (suite, cases) in STORE {
        all.extend(trials(&format!("memory::{suite}"), cases, || ready(memory_store())));
    }
    all.extend(trials("memory::housekeeping", housekeeping::CASES, || ready(memory())));
    libtest_mimic::run(&Arguments::from_args(), all).exit_code()
}
