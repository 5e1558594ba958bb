//! A Redis Cluster in which slots move while they are used.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use heliograph_cluster::store::{Store, Versioned};
use heliograph_domain::id::CallId;
use heliograph_servers::{Redis, RedisCluster};

use super::{connect, options};
use crate::{
    case::{Case, cases},
    scene::eventually,
    servers::Servers,
};

pub(crate) const CASES: &[Case<Arc<Servers>>] = cases![a_slot_that_moves_is_followed];

async fn save(store: &Store, call: &CallId, expected: u64) {
    let record = Bytes::from_static(b"ringing");
    assert!(store.calls.save(call, expected, record, Duration::from_secs(3600)).await.unwrap());
}

async fn a_slot_that_moves_is_followed(_: Arc<Servers>) {
    let cluster = RedisCluster::start().unwrap();
    let options = options(&cluster.url());
    let prefix = options.prefix.clone();
    let store = connect(options).await.store();

    // Two calls of which one is in a slot of the first master.
    let first = &cluster.masters[0];
    let key = |call: &CallId| format!("{prefix}:{{call:{call}}}");
    let slot = |call: &CallId| first.command(&["CLUSTER", "KEYSLOT", &key(call)]).unwrap();
    let is_first = |call: &CallId| slot(call).parse::<u16>().unwrap() < 16_384 / 3;
    let call = std::iter::repeat_with(CallId::generate).find(is_first).unwrap();
    save(&store, &call, 0).await;

    let (from, to) = (&cluster.masters[0], &cluster.masters[2]);
    let id = |master: &Redis| master.command(&["CLUSTER", "MYID"]).unwrap();
    let (slot, from_id, to_id) = (slot(&call), id(from), id(to));
    to.command(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from_id]).unwrap();
    from.command(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to_id]).unwrap();
    // Still there.
    save(&store, &call, 1).await;
    from.command(&["MIGRATE", "127.0.0.1", &to.port().to_string(), &key(&call), "0", "5000"]).unwrap();
    // The old server says where to ask, and stays the slot's.
    save(&store, &call, 2).await;
    for master in &cluster.masters {
        master.command(&["CLUSTER", "SETSLOT", &slot, "NODE", &to_id]).unwrap();
    }
    // The old server says where it has moved.
    save(&store, &call, 3).await;
    let record = Bytes::from_static(b"ringing");
    assert_eq!(store.calls.load(&call).await.unwrap(), Some(Versioned { version: 4, record }));

    // Once that is known, nobody is sent to the old server for it.
    let redirected = || from.command(&["INFO", "errorstats"]).unwrap();
    eventually(|| async {
        let before = redirected();
        store.calls.load(&call).await.unwrap();
        (redirected() == before).then_some(())
    })
    .await;
}
