//! A map in parts that are locked one by one.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
};

use parking_lot::{Mutex, MutexGuard};

/// How many parts each map has.
pub(super) const COUNT: usize = 64;

/// Capacity that a part may keep whatever it holds.
const SPARE: usize = 64;

/// A map whose parts are locked separately, each entry in the part that its key's hash says.
pub(super) struct Shards<K, V> {
    shards: Box<[Mutex<HashMap<K, V>>]>,
    hasher: RandomState,
}

impl<K, V> Default for Shards<K, V> {
    fn default() -> Self {
        Self { shards: (0..COUNT).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }
}

impl<K: Eq + Hash, V> Shards<K, V> {
    /// Locks the part in which `key` is or would be.
    pub(super) fn lock(&self, key: &K) -> MutexGuard<'_, HashMap<K, V>> {
        let hash = self.hasher.hash_one(key);
        self.shards[hash as usize % COUNT].lock()
    }

    /// Removes the entries of one part that `keep` does not want any more.
    pub(super) fn sweep(&self, shard: usize, mut keep: impl FnMut(&mut V) -> bool) {
        let mut entries = self.shards[shard].lock();
        entries.retain(|_, value| keep(value));
        if entries.capacity() > SPARE + 4 * entries.len() {
            entries.shrink_to_fit();
        }
    }

    /// Shows every entry, part by part.
    pub(super) fn visit(&self, mut see: impl FnMut(&K, &V)) {
        for shard in &self.shards {
            for (key, value) in shard.lock().iter() {
                see(key, value);
            }
        }
    }

    /// The number of entries.
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }
}
