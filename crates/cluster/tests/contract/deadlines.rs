//! What every store of deadlines has to do.

use std::time::Duration;

use heliograph_cluster::{
    partition::Partition,
    store::{Deadline, Scope, Store},
};
use heliograph_domain::time::Timestamp;

use crate::case::{Case, cases};

pub(crate) const CASES: &[Case<Store>] = cases![
    the_earliest_come_first,
    a_deadline_can_be_moved,
    a_cleared_deadline_is_gone,
    a_deadline_that_was_moved_is_not_cleared_by_its_old_time,
    partitions_and_scopes_do_not_mix,
];

fn deadline(key: &str, seconds: u64) -> Deadline {
    Deadline { key: key.to_owned(), at: Timestamp::from_millis(1_700_000_000_000) + Duration::from_secs(seconds) }
}

async fn set(store: &Store, partition: Partition, deadline: Deadline) {
    store.deadlines.set(Scope::Rooms, partition, deadline).await.unwrap();
}

async fn earliest(store: &Store, partition: Partition) -> Vec<Deadline> {
    store.deadlines.earliest(Scope::Rooms, partition, 10).await.unwrap()
}

async fn the_earliest_come_first(store: Store) {
    let here = Partition::of("here");
    for (key, seconds) in [("c", 30), ("a", 10), ("b", 20)] {
        set(&store, here, deadline(key, seconds)).await;
    }
    let found = store.deadlines.earliest(Scope::Rooms, here, 2).await.unwrap();
    assert_eq!(found, [deadline("a", 10), deadline("b", 20)]);
}

async fn a_deadline_can_be_moved(store: Store) {
    let here = Partition::of("here");
    set(&store, here, deadline("ring", 60)).await;
    set(&store, here, deadline("ring", 5)).await;
    assert_eq!(earliest(&store, here).await, [deadline("ring", 5)]);
}

async fn a_cleared_deadline_is_gone(store: Store) {
    let here = Partition::of("here");
    set(&store, here, deadline("ring", 60)).await;
    store.deadlines.clear(Scope::Rooms, here, &deadline("ring", 60)).await.unwrap();
    store.deadlines.clear(Scope::Rooms, here, &deadline("ring", 60)).await.unwrap();
    assert_eq!(earliest(&store, here).await, []);
}

async fn a_deadline_that_was_moved_is_not_cleared_by_its_old_time(store: Store) {
    let here = Partition::of("here");
    set(&store, here, deadline("ring", 60)).await;
    set(&store, here, deadline("ring", 90)).await;
    store.deadlines.clear(Scope::Rooms, here, &deadline("ring", 60)).await.unwrap();
    assert_eq!(earliest(&store, here).await, [deadline("ring", 90)]);
}

async fn partitions_and_scopes_do_not_mix(store: Store) {
    let (here, there) = (Partition::of("here"), Partition::of("there"));
    assert_ne!(here, there);
    set(&store, here, deadline("ring", 60)).await;
    assert_eq!(earliest(&store, there).await, []);
    let of_users = store.deadlines.earliest(Scope::Presence, here, 10).await.unwrap();
    assert_eq!(of_users, []);
}
