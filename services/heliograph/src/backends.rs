//! What the services talk to, chosen from the configuration: here and nowhere else.

use std::sync::Arc;

use heliograph_cluster::{
    bus::MemoryBus,
    clock::Clock,
    directory::MemoryDirectory,
    serve::Backends,
    store::{
        Retention,
        memory::{MemoryOptions, MemoryStore},
    },
};

use crate::config::{Backend, Config};

/// The backends, and what has to live as long as they are used.
pub(crate) struct Chosen {
    /// What services are given.
    pub backends: Backends,
    /// Keeps the memory store's housekeeping going.
    _store: MemoryStore,
}

/// The backends that the configuration names.
pub(crate) fn choose(config: &Config) -> Chosen {
    // One kind of backend so far: another makes these patterns incomplete.
    let (Backend::Memory, Backend::Memory, Backend::Memory) = (config.bus, config.store, config.directory);
    let retention = Retention { entries: config.rooms.log_entries, age: config.rooms.log_age };
    let store = MemoryStore::start(MemoryOptions { retention, outcomes: config.rooms.remembered_commands });
    let backends = Backends {
        bus: Arc::new(MemoryBus::new(config.cluster.bus_queue)),
        directory: Arc::new(MemoryDirectory::new()),
        store: store.store(),
        clock: Clock::system(),
    };
    Chosen { backends, _store: store }
}
