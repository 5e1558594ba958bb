//! What every store of marks on rooms has to do.

use std::time::Duration;

use heliograph_cluster::{
    partition::Partition,
    store::{RECENT, Store},
};
use heliograph_domain::{room::RoomId, time::Timestamp};

use crate::{
    case::{Case, cases},
    scene::{fresh, now},
};

pub(crate) const CASES: &[Case<Store>] =
    cases![the_newest_mark_comes_first, old_marks_and_other_partitions_are_not_shown];

fn room() -> RoomId {
    RoomId::parse(&fresh("room")).unwrap()
}

async fn mark(store: &Store, partition: Partition, room: &RoomId, at: Timestamp) {
    store.recent.mark(partition, room, at).await.unwrap();
}

async fn the_newest_mark_comes_first(store: Store) {
    let (here, now, rooms) = (Partition::of("here"), now(), [room(), room(), room()]);
    for (room, seconds) in rooms.iter().zip([0, 1, 2]) {
        mark(&store, here, room, now + Duration::from_secs(seconds)).await;
    }
    mark(&store, here, &rooms[0], now + Duration::from_secs(3)).await;
    let found = store.recent.rooms(here, now, 10).await.unwrap();
    assert_eq!(found, [rooms[0].clone(), rooms[2].clone(), rooms[1].clone()]);
    assert_eq!(store.recent.rooms(here, now, 2).await.unwrap(), found[..2]);
}

async fn old_marks_and_other_partitions_are_not_shown(store: Store) {
    let (here, there, now) = (Partition::of("here"), Partition::of("there"), now());
    let (old, new) = (room(), room());
    mark(&store, here, &old, now).await;
    mark(&store, here, &new, now + RECENT).await;
    let since = now + Duration::from_secs(1);
    assert_eq!(store.recent.rooms(here, since, 10).await.unwrap(), [new]);
    assert_eq!(store.recent.rooms(there, since, 10).await.unwrap(), []);
}
