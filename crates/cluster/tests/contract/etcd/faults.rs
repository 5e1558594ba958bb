//! What happens to the view when etcd is gone, restarted, compacted, or empty.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use heliograph_cluster::directory::{Directory, DirectoryError, EtcdDirectory, Role, etcd::EtcdOptions};
use heliograph_servers::{Etcd, EtcdOptions as ServerOptions};
use serde_json::json;
use tokio::{task::JoinSet, time};

use super::{connect, options, until};
use crate::{
    case::{Case, cases},
    directory::node,
    relay::Relay,
    scene::eventually,
    servers::Servers,
};

pub(crate) const CASES: &[Case<Arc<Servers>>] = cases![
    while_no_server_answers_nothing_changes,
    a_restart_under_load_loses_nothing,
    what_was_compacted_away_is_not_missed,
    a_server_that_has_forgotten_everything_is_told_again,
    a_token_that_is_no_longer_valid_is_replaced,
    a_silent_server_makes_nobody_wait_longer_than_agreed,
    servers_of_the_list_that_are_gone_are_passed_over,
    another_server_of_the_list_takes_over_the_lease,
];

fn losses(directory: &EtcdDirectory) -> u64 {
    *directory.losses().borrow()
}

/// Restarts a server while this test's other tasks go on.
async fn restart(etcd: &Arc<Etcd>) {
    let etcd = Arc::clone(etcd);
    tokio::task::spawn_blocking(move || etcd.process.restart().unwrap()).await.unwrap();
}

async fn disconnected(directory: &EtcdDirectory) {
    eventually(|| async { directory.probe().await.err() }).await;
}

async fn while_no_server_answers_nothing_changes(_: Arc<Servers>) {
    let etcd = Arc::new(Etcd::start().unwrap());
    let options = EtcdOptions { lease: Duration::from_secs(2), patience: Duration::from_millis(500), ..options(&etcd) };
    let survivor = connect(options.clone()).await;
    let mortal = connect(options.clone()).await;
    let (living, dying) = (node(Role::Gateway), node(Role::RoomRouter));
    survivor.register(living.clone()).await.unwrap();
    mortal.register(dying.clone()).await.unwrap();
    until(&survivor, &dying.id, true).await;

    etcd.process.kill();
    disconnected(&survivor).await;
    drop(mortal);
    let refused = survivor.register(node(Role::Gateway)).await;
    assert!(matches!(refused, Err(DirectoryError::Unavailable(_))), "{refused:?}");
    // That nothing happens takes time to see: more than the lease.
    time::sleep(survivor.lease() + Duration::from_secs(1)).await;
    assert!(survivor.watch().borrow().keys().eq([&living.id, &dying.id]));
    assert_eq!(losses(&survivor), 0);

    restart(&etcd).await;
    // Now the dead are known to be dead, and only they.
    until(&survivor, &dying.id, false).await;
    let witness = connect(options).await;
    assert!(witness.watch().borrow().keys().eq([&living.id]));
    assert_eq!(losses(&survivor), 0);
}

async fn a_restart_under_load_loses_nothing(_: Arc<Servers>) {
    const PROCESSES: usize = 6;
    let etcd = Arc::new(Etcd::start().unwrap());
    let options = EtcdOptions { lease: Duration::from_secs(30), ..options(&etcd) };
    let witness = connect(options.clone()).await;
    let done = Arc::new(AtomicBool::new(false));
    let mut processes = JoinSet::new();
    for _ in 0..PROCESSES {
        let (directory, done) = (connect(options.clone()).await, Arc::clone(&done));
        processes.spawn(async move {
            while !done.load(Ordering::Relaxed) {
                let passing = node(Role::Presence);
                eventually(|| async { directory.register(passing.clone()).await.ok() }).await;
                eventually(|| async { directory.deregister(&passing.id).await.ok() }).await;
            }
            let last = node(Role::Gateway);
            eventually(|| async { directory.register(last.clone()).await.ok() }).await;
            (directory, last)
        });
    }
    for _ in 0..2 {
        restart(&etcd).await;
        // The load goes on before the next blow falls.
        let seen = node(Role::RoomRouter);
        eventually(|| async { witness.register(seen.clone()).await.ok() }).await;
        eventually(|| async { witness.deregister(&seen.id).await.ok() }).await;
    }
    done.store(true, Ordering::Relaxed);
    let ended = processes.join_all().await;
    for (directory, last) in &ended {
        until(&witness, &last.id, true).await;
        assert_eq!(losses(directory), 0);
    }
    witness.watch().wait_for(|nodes| nodes.len() == PROCESSES).await.unwrap();
}

async fn what_was_compacted_away_is_not_missed(servers: Arc<Servers>) {
    let etcd = servers.etcd();
    let relay = Relay::to(etcd.address()).await;
    let options = EtcdOptions { lease: Duration::from_secs(60), ..options(etcd) };
    let actor = connect(options.clone()).await;
    let watcher = connect(EtcdOptions { url: format!("etcd://{}", relay.address()), ..options }).await;
    let own = node(Role::Gateway);
    watcher.register(own.clone()).await.unwrap();
    for cut in [false, true] {
        let (gone, stays) = (node(Role::Presence), node(Role::RoomRouter));
        actor.register(gone.clone()).await.unwrap();
        until(&watcher, &gone.id, true).await;
        if cut {
            relay.cut();
            disconnected(&watcher).await;
        }
        actor.deregister(&gone.id).await.unwrap();
        actor.register(stays.clone()).await.unwrap();
        let state = etcd.call("/v3/kv/range", &json!({ "key": "eA==" })).unwrap();
        etcd.call("/v3/kv/compaction", &json!({ "revision": state["header"]["revision"], "physical": true })).unwrap();
        relay.heal();
        until(&watcher, &stays.id, true).await;
        assert!(!watcher.watch().borrow().contains_key(&gone.id));
    }
    assert!(watcher.watch().borrow().contains_key(&own.id));
    assert_eq!(losses(&watcher), 0);
}

async fn a_server_that_has_forgotten_everything_is_told_again(_: Arc<Servers>) {
    let etcd = Arc::new(Etcd::start().unwrap());
    let directory = connect(options(&etcd)).await;
    let before = node(Role::Gateway);
    directory.register(before.clone()).await.unwrap();
    etcd.process.kill();
    fs::remove_dir_all(etcd.process.directory().join("data")).unwrap();
    restart(&etcd).await;
    directory.losses().wait_for(|losses| *losses == 1).await.unwrap();
    until(&directory, &before.id, false).await;
    let after = node(Role::Gateway);
    eventually(|| async { directory.register(after.clone()).await.ok() }).await;
    assert!(directory.watch().borrow().keys().eq([&after.id]));
    assert_eq!(losses(&directory), 1);
}

async fn a_token_that_is_no_longer_valid_is_replaced(_: Arc<Servers>) {
    let etcd = ServerOptions::default().password("secret").start().unwrap();
    let directory = connect(options(&etcd)).await;
    let before = node(Role::Gateway);
    directory.register(before.clone()).await.unwrap();
    // All tokens end with that.
    etcd.call("/v3/auth/disable", &json!({})).unwrap();
    etcd.call("/v3/auth/enable", &json!({})).unwrap();
    let after = node(Role::Presence);
    directory.register(after.clone()).await.unwrap();
    assert!(directory.watch().borrow().keys().eq([&before.id, &after.id]));
    assert_eq!(losses(&directory), 0);
}

async fn a_silent_server_makes_nobody_wait_longer_than_agreed(_: Arc<Servers>) {
    const AGREED: Duration = Duration::from_millis(300);
    let etcd = Etcd::start().unwrap();
    let options = EtcdOptions { patience: AGREED, connect_timeout: AGREED, ..options(&etcd) };
    let directory = connect(options).await;
    etcd.process.pause().unwrap();
    let started = Instant::now();
    assert!(directory.register(node(Role::Gateway)).await.is_err());
    assert!(directory.probe().await.is_err());
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    etcd.process.resume().unwrap();
    let again = node(Role::Gateway);
    eventually(|| async { directory.register(again.clone()).await.ok() }).await;
}

async fn servers_of_the_list_that_are_gone_are_passed_over(servers: Arc<Servers>) {
    let etcd = servers.etcd();
    // It takes connections and says nothing.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let url = format!("etcd://{gone},{},{}", silent.local_addr().unwrap(), etcd.address());
    let options = EtcdOptions { url, patience: Duration::from_millis(500), ..options(etcd) };
    for _ in 0..3 {
        connect(options.clone()).await.probe().await.unwrap();
    }
}

async fn another_server_of_the_list_takes_over_the_lease(servers: Arc<Servers>) {
    let etcd = servers.etcd();
    let relays = [Relay::to(etcd.address()).await, Relay::to(etcd.address()).await];
    let url = format!("etcd://{},{}", relays[0].address(), relays[1].address());
    let directory = connect(EtcdOptions { url, ..options(etcd) }).await;
    let first = node(Role::Gateway);
    directory.register(first.clone()).await.unwrap();
    for (cut, healed) in [(0, 1), (1, 0), (0, 1)] {
        relays[healed].heal();
        relays[cut].cut();
        let another = node(Role::Presence);
        eventually(|| async { directory.register(another.clone()).await.ok() }).await;
    }
    assert!(directory.watch().borrow().contains_key(&first.id));
    assert_eq!(losses(&directory), 0);
}
