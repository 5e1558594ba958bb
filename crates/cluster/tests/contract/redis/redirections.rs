//! A Redis Cluster in which slots move, and masters go, while they are used.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use heliograph_cluster::store::{Store, StoreError, Versioned, redis::RedisOptions};
use heliograph_domain::id::CallId;
use heliograph_servers::{Redis, RedisCluster, RedisOptions as Server};

use super::{connect, options};
use crate::{
    case::{Case, cases},
    scene::eventually,
    servers::Servers,
};

pub(crate) const CASES: &[Case<Arc<Servers>>] =
    cases![a_slot_that_moves_is_followed, a_replica_that_takes_over_is_followed];

async fn save(store: &Store, call: &CallId, expected: u64) {
    let record = Bytes::from_static(b"ringing");
    assert!(store.calls.save(call, expected, record, Duration::from_secs(3600)).await.unwrap());
}

/// A call in a slot of the first master.
fn call_of_first(cluster: &RedisCluster, prefix: &str) -> CallId {
    let is_of_first = |call: &CallId| slot(&cluster.masters[0], prefix, call).parse::<u16>().unwrap() < 16_384 / 3;
    std::iter::repeat_with(CallId::generate).find(is_of_first).unwrap()
}

fn key(prefix: &str, call: &CallId) -> String {
    format!("{prefix}:{{call:{call}}}")
}

fn slot(server: &Redis, prefix: &str, call: &CallId) -> String {
    server.command(&["CLUSTER", "KEYSLOT", &key(prefix, call)]).unwrap()
}

fn id(server: &Redis) -> String {
    server.command(&["CLUSTER", "MYID"]).unwrap()
}

async fn a_slot_that_moves_is_followed(_: Arc<Servers>) {
    let cluster = RedisCluster::start().unwrap();
    let options = options(&cluster.url());
    let prefix = options.prefix.clone();
    let store = connect(options).await.store();

    let call = call_of_first(&cluster, &prefix);
    save(&store, &call, 0).await;

    let (from, to) = (&cluster.masters[0], &cluster.masters[2]);
    let (slot, from_id, to_id) = (slot(from, &prefix, &call), id(from), id(to));
    to.command(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from_id]).unwrap();
    from.command(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to_id]).unwrap();
    // Still there.
    save(&store, &call, 1).await;
    from.command(&["MIGRATE", "127.0.0.1", &to.port().to_string(), &key(&prefix, &call), "0", "5000"]).unwrap();
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

/// A server that has all that the first master has.
async fn replica_of_first(cluster: &RedisCluster) -> Redis {
    let master = &cluster.masters[0];
    let replica = Server::default().line("cluster-enabled yes").line("cluster-config-file nodes.conf").start().unwrap();
    let cluster_port = master.command(&["CONFIG", "GET", "cluster-port"]).unwrap();
    let cluster_port = cluster_port.lines().last().unwrap();
    replica.command(&["CLUSTER", "MEET", "127.0.0.1", &master.port().to_string(), cluster_port]).unwrap();
    let master_id = id(master);
    eventually(|| async { replica.command(&["CLUSTER", "REPLICATE", &master_id]).ok() }).await;
    let is_linked = || replica.command(&["INFO", "replication"]).unwrap().contains("master_link_status:up");
    eventually(|| async { is_linked().then_some(()) }).await;
    replica
}

async fn a_replica_that_takes_over_is_followed(_: Arc<Servers>) {
    let cluster = RedisCluster::start().unwrap();
    let replica = replica_of_first(&cluster).await;
    let options = RedisOptions { response_timeout: Duration::from_millis(400), ..options(&cluster.url()) };
    let prefix = options.prefix.clone();
    let store = connect(options).await.store();
    let call = call_of_first(&cluster, &prefix);
    save(&store, &call, 0).await;
    let has_it = || replica.command(&["CLUSTER", "COUNTKEYSINSLOT", &slot(&replica, &prefix, &call)]).unwrap() == "1";
    eventually(|| async { has_it().then_some(()) }).await;

    cluster.masters[0].process.pause().unwrap();
    assert!(matches!(store.calls.load(&call).await, Err(StoreError::Unavailable(_))));
    replica.command(&["CLUSTER", "FAILOVER", "TAKEOVER"]).unwrap();
    let found = eventually(|| async { store.calls.load(&call).await.ok() }).await;
    assert!(found.is_some());
    save(&store, &call, 1).await;
}
