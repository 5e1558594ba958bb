//! The newest items of a link, for a gateway that has missed some.

use std::collections::VecDeque;

use bytes::Bytes;

/// What an item costs beside its bytes.
const OVERHEAD: usize = size_of::<Bytes>() + 32;

/// The newest items that were sent, within a bound of bytes.
pub(super) struct Kept {
    items: VecDeque<Bytes>,
    bytes: usize,
    limit: usize,
}

impl Kept {
    /// Keeps at most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { items: VecDeque::new(), bytes: 0, limit }
    }

    /// Adds the newest item; the oldest go. Gives by how many bytes it has grown.
    pub(super) fn push(&mut self, item: &Bytes) -> i64 {
        let before = self.bytes;
        self.bytes += item.len() + OVERHEAD;
        self.items.push_back(item.clone());
        while self.bytes > self.limit {
            let Some(oldest) = self.items.pop_front() else { break };
            self.bytes -= oldest.len() + OVERHEAD;
        }
        self.bytes as i64 - before as i64
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The items from number `from` on, or from the oldest on if that is newer, where `next` is the number
    /// after the newest. At most `bytes`, but one if there is one. Gives the first one's number.
    pub(super) fn from(&self, from: u64, next: u64, bytes: usize) -> (u64, Vec<Bytes>) {
        let oldest = next - self.items.len() as u64;
        let first = from.clamp(oldest, next);
        let mut room = bytes;
        let fits = |item: &&Bytes| {
            let fits = room == bytes || item.len() <= room;
            room = room.saturating_sub(item.len());
            fits
        };
        let skipped = usize::try_from(first - oldest).unwrap_or(usize::MAX);
        (first, self.items.iter().skip(skipped).take_while(fits).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(limit: usize, items: &[&'static str]) -> Kept {
        let mut kept = Kept::new(limit);
        for item in items {
            kept.push(&Bytes::from_static(item.as_bytes()));
        }
        kept
    }

    #[test]
    fn the_newest_items_stay() {
        let mut kept = kept(2 * (OVERHEAD + 3), &["one", "two"]);
        assert_eq!(kept.push(&"six".into()), 0);
        assert_eq!(kept.from(1, 4, 100), (2, vec!["two".into(), "six".into()]));
        assert_eq!(kept.from(3, 4, 100), (3, vec!["six".into()]));
        assert_eq!(kept.from(9, 4, 100), (4, vec![]));
        assert_eq!(kept.bytes(), 2 * (OVERHEAD + 3));
    }

    #[test]
    fn an_item_beyond_the_bound_is_not_kept_and_leaves_nothing_older() {
        let mut kept = kept(OVERHEAD + 3, &["one"]);
        kept.push(&"seventeen".into());
        assert_eq!((kept.from(1, 3, 100), kept.bytes()), ((3, vec![]), 0));
    }

    #[test]
    fn an_answer_holds_so_many_bytes_but_at_least_one_item() {
        let kept = kept(1000, &["one", "two", "six"]);
        assert_eq!(kept.from(1, 4, 6), (1, vec!["one".into(), "two".into()]));
        assert_eq!(kept.from(1, 4, 1), (1, vec!["one".into()]));
    }
}
