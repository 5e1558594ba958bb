//! What every store of calls has to do.

use std::time::Duration;

use bytes::Bytes;
use heliograph_cluster::store::{Store, Versioned};
use heliograph_domain::id::CallId;

use crate::{
    case::{Case, cases},
    scene::eventually,
};

pub(crate) const CASES: &[Case<Store>] = cases![
    an_unknown_call_has_no_record,
    a_record_is_kept_with_its_version,
    a_change_of_an_old_version_is_refused,
    a_call_is_created_once,
    of_many_answers_one_wins,
    a_call_is_forgotten_after_its_time,
];

const HOUR: Duration = Duration::from_secs(3600);

async fn save(store: &Store, call: &CallId, expected: u64, record: &'static str) -> bool {
    let record = Bytes::from_static(record.as_bytes());
    store.calls.save(call, expected, record, HOUR).await.unwrap()
}

async fn load(store: &Store, call: &CallId) -> Option<Versioned> {
    store.calls.load(call).await.unwrap()
}

async fn an_unknown_call_has_no_record(store: Store) {
    assert_eq!(load(&store, &CallId::generate()).await, None);
}

async fn a_record_is_kept_with_its_version(store: Store) {
    let call = CallId::generate();
    assert!(save(&store, &call, 0, "ringing").await);
    assert_eq!(load(&store, &call).await, Some(Versioned { version: 1, record: "ringing".into() }));
    assert!(save(&store, &call, 1, "active").await);
    assert_eq!(load(&store, &call).await, Some(Versioned { version: 2, record: "active".into() }));
}

async fn a_change_of_an_old_version_is_refused(store: Store) {
    let call = CallId::generate();
    save(&store, &call, 0, "ringing").await;
    save(&store, &call, 1, "active").await;
    assert!(!save(&store, &call, 1, "rejected").await);
    assert_eq!(load(&store, &call).await.unwrap().record, "active");
}

async fn a_call_is_created_once(store: Store) {
    let call = CallId::generate();
    assert!(save(&store, &call, 0, "mine").await);
    assert!(!save(&store, &call, 0, "yours").await);
    assert!(!save(&store, &CallId::generate(), 1, "changed, but never made").await);
}

async fn of_many_answers_one_wins(store: Store) {
    let call = CallId::generate();
    save(&store, &call, 0, "ringing").await;
    let mut answers = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (store, call) = (store.clone(), call.clone());
        answers.spawn(async move { save(&store, &call, 1, "answered").await });
    }
    let winners = answers.join_all().await.into_iter().filter(|won| *won);
    assert_eq!(winners.count(), 1);
}

async fn a_call_is_forgotten_after_its_time(store: Store) {
    let call = CallId::generate();
    let short = Duration::from_millis(20);
    assert!(store.calls.save(&call, 0, "ringing".into(), short).await.unwrap());
    eventually(|| async { load(&store, &call).await.is_none().then_some(()) }).await;
    assert!(save(&store, &call, 0, "another").await);
}
