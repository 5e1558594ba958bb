//! A map that keeps the order of insertion and is small while it holds little.

use std::{collections::HashMap, hash::Hash};

/// From this many entries on they are found by an index.
const INDEXED_FROM: usize = 16;

/// A value that carries its key.
pub(super) trait Keyed {
    /// What it is found by. Never changes while the value is in a map.
    type Key: Eq + Hash + Clone;

    fn key(&self) -> &Self::Key;
}

/// Values in the order of their insertion, found by key. Most rooms hold a few sockets and most users
/// a few rooms: those are one exact allocation and looked through.
pub(super) struct Ordered<T: Keyed> {
    /// Each with a number that is higher than that of the one before.
    entries: Vec<(u64, T)>,
    index: Option<Box<Index<T::Key>>>,
}

/// The number of each key. Apart, so that it takes no room in a small map.
struct Index<K> {
    numbers: HashMap<K, u64>,
}

impl<T: Keyed> Default for Ordered<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), index: None }
    }
}

impl<T: Keyed> Ordered<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The values in the order of insertion.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.entries.iter().map(|(_, value)| value)
    }

    pub(super) fn get(&self, key: &T::Key) -> Option<&T> {
        self.place(key).map(|place| &self.entries[place].1)
    }

    pub(super) fn get_mut(&mut self, key: &T::Key) -> Option<&mut T> {
        self.place(key).map(|place| &mut self.entries[place].1)
    }

    /// Puts a value at the end, in place of the one with its key if there is one.
    pub(super) fn push(&mut self, value: T) {
        self.remove(value.key());
        let number = self.entries.last().map_or(0, |(number, _)| number + 1);
        if let Some(index) = &mut self.index {
            index.numbers.insert(value.key().clone(), number);
        }
        if self.entries.len() == self.entries.capacity() {
            // A quarter more, where a Vec would double.
            self.entries.reserve_exact(1 + self.entries.len() / 4);
        }
        self.entries.push((number, value));
        if self.index.is_none() && self.entries.len() >= INDEXED_FROM {
            let entries = self.entries.iter();
            let numbers = entries.map(|(number, value)| (value.key().clone(), *number)).collect();
            self.index = Some(Box::new(Index { numbers }));
        }
    }

    pub(super) fn remove(&mut self, key: &T::Key) -> Option<T> {
        let place = self.place(key)?;
        let (_, value) = self.entries.remove(place);
        // Half-way down, so that coming and going around the border does not rebuild the index.
        if self.entries.len() < INDEXED_FROM / 2 {
            self.index = None;
        } else if let Some(index) = &mut self.index {
            index.numbers.remove(key);
        }
        if self.entries.capacity() > 4 * self.entries.len() {
            self.entries.shrink_to_fit();
        }
        Some(value)
    }

    fn place(&self, key: &T::Key) -> Option<usize> {
        match &self.index {
            Some(index) => {
                let number = index.numbers.get(key)?;
                self.entries.binary_search_by_key(number, |(n, _)| *n).ok()
            }
            None => self.entries.iter().position(|(_, value)| value.key() == key),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Keyed for (u8, u32) {
        type Key = u8;

        fn key(&self) -> &u8 {
            &self.0
        }
    }

    proptest! {
        /// Few keys make it grow and shrink across the border at which the index begins.
        #[test]
        fn it_agrees_with_a_plain_list(
            steps in prop::collection::vec((any::<bool>(), 0_u8..40), 0..400)
        ) {
            let mut ordered = Ordered::default();
            let mut list: Vec<(u8, u32)> = Vec::new();
            for (stamp, (insert, key)) in (0..).zip(steps) {
                if insert {
                    ordered.push((key, stamp));
                    list.retain(|entry| entry.0 != key);
                    list.push((key, stamp));
                } else {
                    let place = list.iter().position(|entry| entry.0 == key);
                    prop_assert_eq!(ordered.remove(&key), place.map(|place| list.remove(place)));
                }
                let listed = list.iter().find(|entry| entry.0 == key);
                prop_assert_eq!(ordered.get(&key), listed);
                prop_assert_eq!(ordered.get_mut(&key).map(|entry| *entry), listed.copied());
            }
            prop_assert_eq!(ordered.is_empty(), list.is_empty());
            prop_assert!(ordered.iter().eq(list.iter()));
        }
    }
}
