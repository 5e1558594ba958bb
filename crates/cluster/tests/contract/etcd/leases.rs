//! Who lives, and who is taken for dead.

use std::{sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use heliograph_cluster::directory::{Directory, EtcdDirectory, Node, Role, etcd::EtcdOptions};
use heliograph_servers::Etcd;
use serde_json::{Value, json};

use super::{connect, options, until};
use crate::{
    case::{Case, cases},
    directory::node,
    relay::Relay,
    scene::eventually,
    servers::Servers,
};

pub(crate) const CASES: &[Case<Arc<Servers>>] = cases![
    processes_see_each_other,
    directories_with_different_prefixes_do_not_see_each_other,
    the_lease_is_what_was_granted,
    the_lease_is_kept_alive,
    the_nodes_of_a_process_that_has_ended_go_with_its_lease,
    a_lease_that_is_gone_is_lost_once_and_replaced,
    a_node_that_somebody_deletes_is_lost_with_all_others_of_its_process,
    a_process_that_is_cut_off_for_too_long_has_lost_its_lease,
    a_process_that_is_cut_off_for_a_moment_has_lost_nothing,
    who_deregisters_has_lost_nothing,
];

/// The shortest that etcd grants.
const SHORT: Duration = Duration::from_secs(2);

fn short_lived(etcd: &Etcd) -> EtcdOptions {
    EtcdOptions { lease: SHORT, ..options(etcd) }
}

fn losses(directory: &EtcdDirectory) -> u64 {
    *directory.losses().borrow()
}

async fn registered(directory: &EtcdDirectory, role: Role) -> Node {
    let node = node(role);
    directory.register(node.clone()).await.unwrap();
    node
}

/// What etcd has under a node's key.
fn stored(etcd: &Etcd, prefix: &str, node: &Node) -> Option<Value> {
    let found = etcd.call("/v3/kv/range", &json!({ "key": key(prefix, node) })).unwrap();
    found["kvs"].get(0).cloned()
}

/// In the form that the JSON gateway takes.
fn key(prefix: &str, node: &Node) -> String {
    BASE64_STANDARD.encode(format!("{prefix}/nodes/{}/{}", node.role.name(), node.id))
}

async fn processes_see_each_other(servers: Arc<Servers>) {
    let options = options(servers.etcd());
    let (one, other) = (connect(options.clone()).await, connect(options).await);
    let gateway = registered(&one, Role::Gateway).await;
    let router = registered(&other, Role::RoomRouter).await;
    for directory in [&one, &other] {
        until(directory, &gateway.id, true).await;
        until(directory, &router.id, true).await;
        assert_eq!(directory.watch().borrow().get(&gateway.id), Some(&gateway));
    }
    one.deregister(&gateway.id).await.unwrap();
    until(&other, &gateway.id, false).await;
}

async fn directories_with_different_prefixes_do_not_see_each_other(servers: Arc<Servers>) {
    let etcd = servers.etcd();
    let (one, other) = (connect(options(etcd)).await, connect(options(etcd)).await);
    let _theirs = registered(&other, Role::Gateway).await;
    let ours = registered(&one, Role::Gateway).await;
    assert!(one.watch().borrow().keys().eq([&ours.id]));
}

async fn the_lease_is_what_was_granted(servers: Arc<Servers>) {
    let etcd = servers.etcd();
    let asked = |lease| EtcdOptions { lease, ..options(etcd) };
    assert_eq!(connect(asked(Duration::from_secs(7))).await.lease(), Duration::from_secs(7));
    assert_eq!(connect(asked(Duration::from_millis(10))).await.lease(), SHORT);
}

async fn the_lease_is_kept_alive(servers: Arc<Servers>) {
    let etcd = servers.etcd();
    let options = short_lived(etcd);
    let directory = connect(EtcdOptions { lease: Duration::from_secs(4), ..options.clone() }).await;
    let node = registered(&directory, Role::Gateway).await;
    let lease = stored(etcd, &options.prefix, &node).unwrap()["lease"].clone();
    let left = || async {
        let answer = etcd.call("/v3/lease/timetolive", &json!({ "ID": lease })).unwrap();
        answer["TTL"].as_str().and_then(|seconds| seconds.parse::<i64>().ok()).unwrap_or_default()
    };
    // It falls, and rises again: twice.
    for _ in 0..2 {
        let high = left().await;
        let low = eventually(|| async { Some(left().await).filter(|left| *left < high) }).await;
        eventually(|| async { Some(left().await).filter(|left| *left > low) }).await;
    }
    assert_eq!(losses(&directory), 0);
}

async fn the_nodes_of_a_process_that_has_ended_go_with_its_lease(servers: Arc<Servers>) {
    let options = short_lived(servers.etcd());
    let (witness, mortal) = (connect(options.clone()).await, connect(options).await);
    let nodes = [registered(&mortal, Role::Gateway).await, registered(&mortal, Role::Presence).await];
    for node in &nodes {
        until(&witness, &node.id, true).await;
    }
    drop(mortal);
    for node in &nodes {
        until(&witness, &node.id, false).await;
    }
}

async fn a_lease_that_is_gone_is_lost_once_and_replaced(servers: Arc<Servers>) {
    let etcd = servers.etcd();
    let options = options(etcd);
    let (witness, victim) = (connect(options.clone()).await, connect(options.clone()).await);
    let mut lost = victim.losses();
    for life in 1..=2_u64 {
        let nodes = [registered(&victim, Role::Gateway).await, registered(&victim, Role::RoomRouter).await];
        let lease = stored(etcd, &options.prefix, &nodes[0]).unwrap()["lease"].clone();
        etcd.call("/v3/lease/revoke", &json!({ "ID": lease })).unwrap();
        lost.wait_for(|losses| *losses == life).await.unwrap();
        for node in &nodes {
            until(&witness, &node.id, false).await;
        }
    }
    let again = registered(&victim, Role::Gateway).await;
    until(&witness, &again.id, true).await;
    assert_eq!(losses(&victim), 2);
    assert_eq!(losses(&witness), 0);
}

async fn a_node_that_somebody_deletes_is_lost_with_all_others_of_its_process(servers: Arc<Servers>) {
    let etcd = servers.etcd();
    let options = options(etcd);
    let (witness, victim) = (connect(options.clone()).await, connect(options.clone()).await);
    let deleted = registered(&victim, Role::Gateway).await;
    let other = registered(&victim, Role::Presence).await;
    until(&witness, &other.id, true).await;
    etcd.call("/v3/kv/deleterange", &json!({ "key": key(&options.prefix, &deleted) })).unwrap();
    victim.losses().wait_for(|losses| *losses == 1).await.unwrap();
    until(&witness, &other.id, false).await;
    let again = registered(&victim, Role::Gateway).await;
    until(&witness, &again.id, true).await;
    assert_eq!(losses(&victim), 1);
}

async fn a_process_that_is_cut_off_for_too_long_has_lost_its_lease(servers: Arc<Servers>) {
    let etcd = servers.etcd();
    let relay = Relay::to(etcd.address()).await;
    let options = short_lived(etcd);
    let witness = connect(options.clone()).await;
    let victim = connect(EtcdOptions { url: format!("etcd://{}", relay.address()), ..options }).await;
    let node = registered(&victim, Role::Gateway).await;
    until(&witness, &node.id, true).await;
    relay.cut();
    until(&witness, &node.id, false).await;
    // It has not heard of that, and does not guess.
    assert_eq!(losses(&victim), 0);
    assert!(victim.watch().borrow().contains_key(&node.id));
    relay.heal();
    victim.losses().wait_for(|losses| *losses == 1).await.unwrap();
    until(&victim, &node.id, false).await;
    let again = registered(&victim, Role::Gateway).await;
    until(&witness, &again.id, true).await;
}

async fn a_process_that_is_cut_off_for_a_moment_has_lost_nothing(servers: Arc<Servers>) {
    let etcd = servers.etcd();
    let relay = Relay::to(etcd.address()).await;
    let options = EtcdOptions { lease: Duration::from_secs(60), ..options(etcd) };
    let witness = connect(options.clone()).await;
    let victim = connect(EtcdOptions { url: format!("etcd://{}", relay.address()), ..options }).await;
    let node = registered(&victim, Role::Gateway).await;
    relay.cut();
    eventually(|| async { victim.probe().await.err() }).await;
    let missed = registered(&witness, Role::Presence).await;
    let gone = registered(&witness, Role::Presence).await;
    witness.deregister(&gone.id).await.unwrap();
    relay.heal();
    until(&victim, &missed.id, true).await;
    assert!(!victim.watch().borrow().contains_key(&gone.id));
    assert!(witness.watch().borrow().contains_key(&node.id));
    assert_eq!(losses(&victim), 0);
}

async fn who_deregisters_has_lost_nothing(servers: Arc<Servers>) {
    let directory = connect(options(servers.etcd())).await;
    for _ in 0..20 {
        let node = registered(&directory, Role::Gateway).await;
        directory.deregister(&node.id).await.unwrap();
        // Under the same id too.
        directory.register(node.clone()).await.unwrap();
        directory.deregister(&node.id).await.unwrap();
    }
    let last = registered(&directory, Role::Gateway).await;
    until(&directory, &last.id, true).await;
    assert_eq!(losses(&directory), 0);
}
