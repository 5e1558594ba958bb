//! The log: numbers, pages, what a client has missed, and what is kept.

use std::time::Duration;

use heliograph_cluster::store::{Append, AppendOutcome, Attend, Attended, Page, PageRange, Store, StoredEntry};
use heliograph_domain::{command::Since, room::Position, user::Actor};

use crate::{
    case::{Case, cases},
    scene::{Room, actor, joining, now, posting},
    suites::{KEPT_ENTRIES, retention},
};

pub(crate) const CASES: &[Case<Store>] = cases![
    entries_are_numbered_from_one,
    a_room_without_log_reads_as_nothing,
    pages_after_a_number_are_the_next_ones,
    pages_before_a_number_are_the_ones_before,
    a_join_gives_what_is_newer_than_the_client_has,
    of_more_than_the_limit_a_join_gives_the_newest,
    a_join_at_the_end_of_the_log_misses_nothing,
    a_position_of_another_log_is_not_whole,
    a_number_that_was_never_given_is_not_whole,
    the_newest_entries_are_kept,
    what_is_no_longer_kept_makes_a_join_incomplete,
    old_entries_go_when_something_comes,
];

/// A room in which Alice has posted messages `1`, `2`, … so many.
async fn room_with(store: Store, messages: usize) -> (Room, Actor) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.join(&alice).await;
    for number in 1..=messages {
        room.post(&alice, &number.to_string()).await;
    }
    (room, alice)
}

/// The numbers of entries, having checked that each holds its own.
fn numbers(entries: &[StoredEntry]) -> Vec<u64> {
    for entry in entries {
        assert_eq!(entry.event, entry.seq.to_string());
    }
    entries.iter().map(|entry| entry.seq).collect()
}

async fn read(room: &Room, range: PageRange, limit: usize) -> Page {
    room.rooms().read(&room.id, range, limit).await.unwrap()
}

async fn join_since(room: &Room, since: Since, missed_limit: usize) -> Attended {
    let step = joining(&actor("bob"));
    room.enter(Attend { since: Some(since), missed_limit, ..step }).await
}

async fn entries_are_numbered_from_one(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    let epoch = room.join(&alice).await.position.epoch;
    for seq in 1..=3 {
        assert_eq!(room.post(&alice, "hello").await.position, Position { epoch, seq });
    }
}

async fn a_room_without_log_reads_as_nothing(store: Store) {
    let room = Room::new(store);
    assert_eq!(read(&room, PageRange::After(0), 10).await, Page::default());
    assert_eq!(read(&room, PageRange::Before(9), 10).await, Page::default());
    let joined = room.join(&actor("alice")).await;
    let empty = Page { position: joined.position, ..Page::default() };
    assert_eq!(read(&room, PageRange::After(0), 10).await, empty);
}

async fn pages_after_a_number_are_the_next_ones(store: Store) {
    let (room, _) = room_with(store, 10).await;
    for (after, limit, expected, more) in [
        (0, 3, vec![1, 2, 3], true),
        (7, 3, vec![8, 9, 10], false),
        (8, 3, vec![9, 10], false),
        (10, 3, vec![], false),
        (99, 3, vec![], false),
        (u64::MAX, 3, vec![], false),
    ] {
        let page = read(&room, PageRange::After(after), limit).await;
        assert_eq!((numbers(&page.entries), page.more), (expected, more), "after {after}");
        assert_eq!(page.position.seq, 10);
    }
}

async fn pages_before_a_number_are_the_ones_before(store: Store) {
    let (room, _) = room_with(store, 10).await;
    for (before, limit, expected, more) in [
        (u64::MAX, 3, vec![8, 9, 10], true),
        (8, 3, vec![5, 6, 7], true),
        (4, 3, vec![1, 2, 3], false),
        (2, 3, vec![1], false),
        (1, 3, vec![], false),
        (0, 3, vec![], false),
    ] {
        let page = read(&room, PageRange::Before(before), limit).await;
        assert_eq!((numbers(&page.entries), page.more), (expected, more), "before {before}");
    }
}

async fn a_join_gives_what_is_newer_than_the_client_has(store: Store) {
    let (room, _) = room_with(store, 10).await;
    let joined = join_since(&room, Since::Seq(7), 100).await;
    assert_eq!(numbers(&joined.missed), [8, 9, 10]);
    assert!(joined.whole && !joined.more);
    let same = Position { seq: 8, ..joined.position };
    let joined = join_since(&room, Since::Position(same), 100).await;
    assert_eq!(numbers(&joined.missed), [9, 10]);
    assert!(joined.whole && !joined.more);
}

async fn of_more_than_the_limit_a_join_gives_the_newest(store: Store) {
    let (room, _) = room_with(store, 10).await;
    let joined = join_since(&room, Since::Seq(2), 3).await;
    assert_eq!(numbers(&joined.missed), [8, 9, 10]);
    assert!(joined.whole && joined.more);
}

async fn a_join_at_the_end_of_the_log_misses_nothing(store: Store) {
    let (room, alice) = room_with(store, 10).await;
    let joined = join_since(&room, Since::Seq(10), 100).await;
    assert!(joined.missed.is_empty() && joined.whole && !joined.more);
    let without_since = room.join(&alice).await;
    assert!(without_since.missed.is_empty() && without_since.whole && !without_since.more);
}

async fn a_position_of_another_log_is_not_whole(store: Store) {
    let (room, alice) = room_with(store, 10).await;
    let epoch = room.join(&alice).await.position.epoch.wrapping_add(1);
    let joined = join_since(&room, Since::Position(Position { epoch, seq: 7 }), 100).await;
    assert!(joined.missed.is_empty() && !joined.whole && !joined.more);
}

async fn a_number_that_was_never_given_is_not_whole(store: Store) {
    let (room, _) = room_with(store, 10).await;
    let joined = join_since(&room, Since::Seq(11), 100).await;
    assert!(joined.missed.is_empty() && !joined.whole && !joined.more);
}

async fn the_newest_entries_are_kept(store: Store) {
    let (room, _) = room_with(store, KEPT_ENTRIES + 10).await;
    let page = read(&room, PageRange::After(0), 1000).await;
    let expected: Vec<_> = (11..=KEPT_ENTRIES as u64 + 10).collect();
    assert_eq!(numbers(&page.entries), expected);
    assert!(!page.more);
    let first = read(&room, PageRange::Before(12), 10).await;
    assert_eq!((numbers(&first.entries), first.more), (vec![11], false));
}

async fn what_is_no_longer_kept_makes_a_join_incomplete(store: Store) {
    let (room, _) = room_with(store, KEPT_ENTRIES + 10).await;
    let whole = join_since(&room, Since::Seq(10), 1000).await;
    assert_eq!((whole.missed.len(), whole.whole, whole.more), (KEPT_ENTRIES, true, false));
    let broken = join_since(&room, Since::Seq(9), 1000).await;
    assert_eq!((broken.missed.len(), broken.whole, broken.more), (KEPT_ENTRIES, false, false));
}

async fn old_entries_go_when_something_comes(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    let (start, age) = (now(), retention().age);
    room.join(&alice).await;
    for (number, later) in [(1, Duration::ZERO), (2, age / 2), (3, age - Duration::from_millis(1)), (4, age)] {
        let step = Append { at: start + later, ..posting(&alice, &number.to_string()) };
        assert!(matches!(room.append(step).await, AppendOutcome::Appended(_)));
        let oldest = read(&room, PageRange::After(0), 1).await;
        assert_eq!(numbers(&oldest.entries), [if number < 4 { 1 } else { 2 }]);
    }
    let since = Some(Since::Seq(1));
    let joined = room.enter(Attend { since, at: start + age + age / 2, ..joining(&alice) }).await;
    assert_eq!((numbers(&joined.missed), joined.whole), (vec![3, 4], false));
    let joined = room.enter(Attend { since, at: start + 3 * age, ..joining(&alice) }).await;
    assert_eq!((joined.missed, joined.whole, joined.position.seq), (vec![], false, 4));
    assert_eq!(room.post(&alice, "5").await.position.seq, 5);
}
