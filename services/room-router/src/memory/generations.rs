//! A map that forgets by itself.

use std::{collections::HashMap, hash::Hash, time::Duration};

use heliograph_domain::time::Timestamp;

/// Keeps what was written to it within the last period, and of what is older at most another period's
/// worth: two maps, of which the older goes when the younger is full or its period is over. So nothing
/// has to be ordered by age, and no entry costs more than its place.
#[derive(Debug)]
pub(super) struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    began: Timestamp,
    period: Duration,
    limit: usize,
}

impl<K: Clone + Eq + Hash, V: Default> Generations<K, V> {
    /// Keeps at most `limit` entries, none of them longer than `age` after it was last written to.
    pub(super) fn new(limit: usize, age: Duration) -> Self {
        let (young, old) = (HashMap::new(), HashMap::new());
        Self { young, old, began: Timestamp::default(), period: age / 2, limit: limit.div_ceil(2) }
    }

    /// What is kept of a key.
    pub(super) fn get(&mut self, key: &K, now: Timestamp) -> Option<&V> {
        self.grow_old(now);
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// What is kept of a key, to be written to.
    pub(super) fn known(&mut self, key: &K, now: Timestamp) -> Option<&mut V> {
        self.get(key, now)?;
        Some(self.entry(key, now))
    }

    /// What is kept of a key, to be written to; the default if there is nothing.
    pub(super) fn entry(&mut self, key: &K, now: Timestamp) -> &mut V {
        self.grow_old(now);
        if !self.young.contains_key(key) {
            if self.young.len() >= self.limit {
                self.turn(now);
            }
            let value = self.old.remove(key).unwrap_or_default();
            self.young.insert(key.clone(), value);
        }
        self.young.entry(key.clone()).or_default()
    }

    /// Forgets a key.
    pub(super) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    /// Forgets every key but these.
    pub(super) fn retain(&mut self, keep: impl Fn(&K) -> bool) {
        self.young.retain(|key, _| keep(key));
        self.old.retain(|key, _| keep(key));
    }

    fn grow_old(&mut self, now: Timestamp) {
        let since = now.since(self.began);
        if since >= self.period * 2 {
            // Nobody has looked for a while: what is young is too old as well.
            self.young.clear();
            self.turn(now);
        } else if since >= self.period {
            // Not from now on: what was written since then would get too old.
            self.turn(self.began + self.period);
        }
    }

    fn turn(&mut self, began: Timestamp) {
        self.old = std::mem::take(&mut self.young);
        self.began = began;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGE: Duration = Duration::from_secs(60);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + seconds * 1000)
    }

    #[test]
    fn an_entry_outlives_its_last_change_by_half_the_age_to_the_whole() {
        let mut kept = Generations::new(100, AGE);
        *kept.entry(&"a", at(0)) = 1;
        assert_eq!(kept.get(&"a", at(29)), Some(&1));
        *kept.entry(&"b", at(29)) = 2;
        assert_eq!((kept.get(&"a", at(59)).copied(), kept.get(&"b", at(59)).copied()), (Some(1), Some(2)));
        // Looking at it does not keep it.
        assert_eq!(kept.get(&"a", at(60)), None);
        assert_eq!(kept.get(&"b", at(60)), None);
    }

    #[test]
    fn an_entry_that_is_written_to_stays() {
        let mut kept = Generations::new(100, AGE);
        for second in (0..300).step_by(25) {
            *kept.entry(&"a", at(second)) += 1;
        }
        assert_eq!(kept.get(&"a", at(299)), Some(&12));
    }

    #[test]
    fn what_nobody_has_looked_at_for_long_is_gone() {
        let mut kept = Generations::new(100, AGE);
        *kept.entry(&"a", at(0)) = 1;
        assert_eq!(kept.get(&"a", at(3600)), None);
        assert_eq!(kept.known(&"a", at(3600)), None);
    }

    #[test]
    fn beyond_the_limit_the_oldest_go() {
        let mut kept = Generations::new(8, AGE);
        for key in 0..100 {
            *kept.entry(&key, at(0)) = key;
            assert!(kept.young.len() + kept.old.len() <= 8);
        }
        let left = (0..100).filter(|key| kept.get(key, at(0)).is_some()).collect::<Vec<_>>();
        assert_eq!(left, [92, 93, 94, 95, 96, 97, 98, 99]);
    }

    #[test]
    fn what_is_removed_is_gone() {
        let mut kept = Generations::new(8, AGE);
        for key in 0..8 {
            *kept.entry(&key, at(0)) = key;
        }
        kept.remove(&7);
        kept.retain(|key| *key > 1);
        assert_eq!((0..8).filter(|key| kept.get(key, at(0)).is_some()).collect::<Vec<_>>(), [2, 3, 4, 5, 6]);
    }
}
