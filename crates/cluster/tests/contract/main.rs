//! The contract of each seam, as named cases, and the implementations that have to fulfil it.
//!
//! A case is written against the trait alone, gets an empty instance of its own, and runs beside the
//! others. A new implementation is one more entry in `main`; every case runs on it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a case fails by panicking")]

mod bus;
mod calls;
mod case;
mod deadlines;
mod directory;
mod housekeeping;
mod limits;
mod presence;
mod recent;
mod rooms;
mod scene;
mod sessions;

use std::{process::ExitCode, sync::Arc, time::Duration};

use heliograph_cluster::{
    bus::{Bus, MemoryBus},
    directory::{Directory, MemoryDirectory},
    store::{
        Retention, Store,
        memory::{MemoryOptions, MemoryStore},
    },
};
use libtest_mimic::Arguments;

use case::trials;

/// Stores under test keep this many entries of a log.
const KEPT_ENTRIES: usize = 50;

fn memory_bus() -> Arc<dyn Bus> {
    Arc::new(MemoryBus::new(1024))
}

fn retention() -> Retention {
    Retention { entries: KEPT_ENTRIES, age: Duration::from_secs(7 * 24 * 3600) }
}

fn memory() -> MemoryStore {
    MemoryStore::new(MemoryOptions { retention: retention(), outcomes: 4096 })
}

fn memory_store() -> Store {
    memory().store()
}

fn memory_directory() -> Arc<dyn Directory> {
    Arc::new(MemoryDirectory::new())
}

fn main() -> ExitCode {
    let mut all = Vec::new();
    all.extend(trials("memory::bus", bus::CASES, memory_bus));
    all.extend(trials("memory::directory", directory::CASES, memory_directory));
    for (suite, cases) in [
        ("memory::rooms::attendance", rooms::attendance::CASES),
        ("memory::rooms::membership", rooms::membership::CASES),
        ("memory::rooms::roster", rooms::roster::CASES),
        ("memory::rooms::log", rooms::log::CASES),
        ("memory::rooms::messages", rooms::messages::CASES),
        ("memory::rooms::retries", rooms::retries::CASES),
        ("memory::rooms::order", rooms::order::CASES),
        ("memory::rooms::reading", rooms::reading::CASES),
        ("memory::rooms::model", rooms::model::CASES),
        ("memory::calls", calls::CASES),
        ("memory::sessions", sessions::CASES),
        ("memory::presence", presence::CASES),
        ("memory::limits", limits::CASES),
        ("memory::deadlines", deadlines::CASES),
        ("memory::recent", recent::CASES),
    ] {
        all.extend(trials(suite, cases, memory_store));
    }
    all.extend(trials("memory::housekeeping", housekeeping::CASES, memory));
    libtest_mimic::run(&Arguments::from_args(), all).exit_code()
}
