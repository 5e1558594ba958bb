//! What every store of matching has to do.

use std::collections::BTreeMap;

use bytes::Bytes;
use heliograph_cluster::store::{RecordChange, Store};

use crate::case::{Case, cases};

pub(crate) const CASES: &[Case<Store>] = cases![
    there_is_nothing_at_first,
    a_step_writes_and_removes_as_a_whole,
    a_step_on_what_is_no_longer_so_changes_nothing,
    a_step_without_changes_counts,
    of_many_steps_at_once_one_is_carried_out,
    thousands_of_records_are_loaded_as_they_were_written,
];

fn put(name: &str, record: &str) -> RecordChange {
    RecordChange { name: name.to_owned(), record: Some(Bytes::from(record.to_owned())) }
}

fn remove(name: &str) -> RecordChange {
    RecordChange { name: name.to_owned(), record: None }
}

async fn commit(store: &Store, expected: u64, changes: &[RecordChange]) -> bool {
    store.matching.commit(expected, changes).await.unwrap()
}

async fn load(store: &Store) -> (u64, BTreeMap<String, Bytes>) {
    let pool = store.matching.load().await.unwrap();
    assert_eq!(store.matching.version().await, Ok(pool.version));
    let count = pool.records.len();
    let records: BTreeMap<_, _> = pool.records.into_iter().collect();
    assert_eq!(records.len(), count, "a record was loaded twice");
    (pool.version, records)
}

fn records<const N: usize>(records: [(&str, &'static str); N]) -> BTreeMap<String, Bytes> {
    records.into_iter().map(|(name, record)| (name.to_owned(), record.into())).collect()
}

async fn there_is_nothing_at_first(store: Store) {
    assert_eq!(load(&store).await, (0, BTreeMap::new()));
}

async fn a_step_writes_and_removes_as_a_whole(store: Store) {
    assert!(commit(&store, 0, &[put("ann", "waits"), put("bob", "waits")]).await);
    assert_eq!(load(&store).await, (1, records([("ann", "waits"), ("bob", "waits")])));
    assert!(commit(&store, 1, &[put("ann", "is asked"), remove("bob"), remove("nobody"), put("cy {}", "waits")]).await);
    assert_eq!(load(&store).await, (2, records([("ann", "is asked"), ("cy {}", "waits")])));
    assert!(commit(&store, 2, &[remove("ann"), remove("cy {}")]).await);
    assert_eq!(load(&store).await, (3, BTreeMap::new()));
}

async fn a_step_on_what_is_no_longer_so_changes_nothing(store: Store) {
    commit(&store, 0, &[put("ann", "waits")]).await;
    assert!(!commit(&store, 0, &[put("ann", "left"), put("bob", "waits")]).await);
    assert!(!commit(&store, 2, &[remove("ann")]).await);
    assert_eq!(load(&store).await, (1, records([("ann", "waits")])));
}

async fn a_step_without_changes_counts(store: Store) {
    assert!(commit(&store, 0, &[]).await);
    assert_eq!(load(&store).await, (1, BTreeMap::new()));
}

async fn of_many_steps_at_once_one_is_carried_out(store: Store) {
    let mut steps = tokio::task::JoinSet::new();
    for number in 0..16 {
        let store = store.clone();
        steps.spawn(async move { commit(&store, 0, &[put("ann", &format!("is asked by {number}"))]).await });
    }
    let carried_out = steps.join_all().await.into_iter().filter(|done| *done);
    assert_eq!(carried_out.count(), 1);
    assert_eq!(load(&store).await.0, 1);
}

async fn thousands_of_records_are_loaded_as_they_were_written(store: Store) {
    let record = "waits ".repeat(50);
    let all: Vec<_> = (0..3000).map(|number| put(&format!("user {number}"), &record)).collect();
    for (step, changes) in all.chunks(500).enumerate() {
        assert!(commit(&store, step as u64, changes).await);
    }
    let (version, loaded) = load(&store).await;
    assert_eq!((version, loaded.len()), (6, 3000));
    assert!(loaded.values().all(|loaded| *loaded == record));
}
