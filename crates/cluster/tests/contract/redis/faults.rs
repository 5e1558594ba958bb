//! What happens to steps when Redis is gone, silent, full, or somebody else.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use heliograph_cluster::store::{Store, StoreError, redis::RedisOptions};
use heliograph_domain::{
    id::{CallId, SocketId},
    room::{Position, RoomId},
};
use heliograph_servers::{Redis, RedisSentinel};
use heliograph_telemetry::metrics::Case;
use tokio::task::JoinSet;

use super::{connect, options};
use crate::{
    case::{self, cases},
    scene::eventually,
    servers::Servers,
};

pub(crate) const CASES: &[case::Case<Arc<Servers>>] = cases![
    a_server_that_says_nothing_makes_no_step_hang,
    a_server_that_returns_is_connected_to_once,
    a_short_absence_is_not_noticed,
    many_steps_at_once_are_all_answered_whatever_happens,
    a_server_that_has_forgotten_the_scripts_gets_them_again,
    a_full_server_is_unavailable_and_loses_nothing,
    a_server_that_became_a_replica_is_unavailable,
    what_is_not_ours_is_unreadable,
    sentinels_are_followed_to_the_new_master,
];

const TIMEOUT: Duration = Duration::from_millis(400);

/// How long a step of [`TIMEOUT`] may take on a busy machine.
const SLACK: Duration = Duration::from_secs(5);

fn impatient(redis: &Redis) -> RedisOptions {
    RedisOptions { response_timeout: TIMEOUT, ..options(&redis.url()) }
}

async fn save(store: &Store, call: &CallId) -> Result<bool, StoreError> {
    let record = Bytes::from_static(b"ringing");
    store.calls.save(call, 0, record, Duration::from_secs(3600)).await
}

/// Carries out a step until it succeeds.
async fn recovered(store: &Store) {
    eventually(|| async { save(store, &CallId::generate()).await.ok() }).await;
}

async fn is_unavailable(store: &Store) -> String {
    let started = Instant::now();
    match save(store, &CallId::generate()).await {
        Err(StoreError::Unavailable(reason)) => {
            assert!(started.elapsed() < TIMEOUT + SLACK, "it took {:?}", started.elapsed());
            reason
        }
        other => panic!("not unavailable: {other:?}"),
    }
}

async fn a_server_that_says_nothing_makes_no_step_hang(_: Arc<Servers>) {
    let redis = Redis::start().unwrap();
    let options = impatient(&redis);
    let metrics = options.metrics.clone();
    let store = connect(options).await.store();
    redis.process.pause().unwrap();
    let reason = is_unavailable(&store).await;
    assert!(reason.contains("400ms"), "{reason}");
    is_unavailable(&store).await;
    assert!(store.health.probe().await.is_err());
    redis.process.resume().unwrap();
    recovered(&store).await;
    store.health.probe().await.unwrap();
    let silent = metrics.failures.get_or_create(&Case { case: "silent" }).get();
    assert!(silent >= 1);
}

async fn a_server_that_returns_is_connected_to_once(_: Arc<Servers>) {
    let redis = Redis::start().unwrap();
    let options = impatient(&redis);
    let metrics = options.metrics.clone();
    let store = connect(options).await.store();
    assert_eq!(metrics.connections.get(), 1);
    redis.process.kill();
    let reason = eventually(|| async { save(&store, &CallId::generate()).await.err() }).await.to_string();
    assert!(reason.starts_with("the store is unavailable"), "{reason}");
    // The reason is told, once it is known.
    let reason = || async { save(&store, &CallId::generate()).await.err().map(|error| error.to_string()) };
    eventually(|| async { reason().await.filter(|reason| reason.contains("refused")) }).await;
    redis.process.restart().unwrap();
    let mut steps = JoinSet::new();
    for _ in 0..50 {
        let store = store.clone();
        steps.spawn(async move { recovered(&store).await });
    }
    steps.join_all().await;
    assert_eq!(metrics.connections.get(), 2);
}

async fn a_short_absence_is_not_noticed(_: Arc<Servers>) {
    let redis = Redis::start().unwrap();
    let options = options(&redis.url());
    let metrics = options.metrics.clone();
    let store = connect(options).await.store();
    redis.command(&["CLIENT", "KILL", "TYPE", "normal"]).ok();
    // The connection's end is heard of before the next step, which waits for another connection.
    eventually(|| async { (metrics.connections.get() == 2).then_some(()) }).await;
    assert_eq!(save(&store, &CallId::generate()).await, Ok(true));
}

async fn many_steps_at_once_are_all_answered_whatever_happens(_: Arc<Servers>) {
    let redis = Redis::start().unwrap();
    let options = RedisOptions { in_flight: 8, connections: 2, ..impatient(&redis) };
    let metrics = options.metrics.clone();
    let (store, done, stop) =
        (connect(options).await.store(), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let mut steps = JoinSet::new();
    for _ in 0..100 {
        let (store, done, stop) = (store.clone(), Arc::clone(&done), Arc::clone(&stop));
        steps.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let started = Instant::now();
                match save(&store, &CallId::generate()).await {
                    Ok(saved) => assert!(saved, "a new call was there already"),
                    // Nobody goes on at full speed against a wall.
                    Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
                }
                assert!(started.elapsed() < TIMEOUT + SLACK);
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let more = async || {
        let goal = done.load(Ordering::Relaxed) + 200;
        eventually(|| async { (done.load(Ordering::Relaxed) >= goal).then_some(()) }).await;
    };
    more().await;
    assert!(metrics.under_way.get() <= 100);
    redis.process.kill();
    more().await;
    redis.process.restart().unwrap();
    more().await;
    redis.process.pause().unwrap();
    more().await;
    redis.process.resume().unwrap();
    more().await;
    stop.store(true, Ordering::Relaxed);
    steps.join_all().await;
    recovered(&store).await;
    assert_eq!(metrics.under_way.get(), 0);
    // Two at first, two after each of three ends, and some room for what a busy machine does.
    assert!(metrics.connections.get() <= 16, "{:?}", metrics.connections);
}

async fn a_server_that_has_forgotten_the_scripts_gets_them_again(_: Arc<Servers>) {
    let redis = Redis::start().unwrap();
    let store = connect(options(&redis.url())).await.store();
    for _ in 0..3 {
        assert_eq!(save(&store, &CallId::generate()).await, Ok(true));
        redis.command(&["SCRIPT", "FLUSH"]).unwrap();
    }
}

async fn a_full_server_is_unavailable_and_loses_nothing(_: Arc<Servers>) {
    let redis = Redis::start().unwrap();
    let store = connect(impatient(&redis)).await.store();
    let call = CallId::generate();
    assert_eq!(save(&store, &call).await, Ok(true));
    redis.command(&["CONFIG", "SET", "maxmemory", "1"]).unwrap();
    let reason = is_unavailable(&store).await;
    assert!(reason.contains("OOM"), "{reason}");
    assert!(store.health.probe().await.is_err());
    assert!(store.calls.load(&call).await.unwrap().is_some());
    redis.command(&["CONFIG", "SET", "maxmemory", "0"]).unwrap();
    assert_eq!(save(&store, &CallId::generate()).await, Ok(true));
}

async fn a_server_that_became_a_replica_is_unavailable(_: Arc<Servers>) {
    let redis = Redis::start().unwrap();
    let store = connect(impatient(&redis)).await.store();
    // Of nobody: it keeps what it has and takes nothing.
    redis.command(&["REPLICAOF", "127.0.0.1", "1"]).unwrap();
    is_unavailable(&store).await;
    redis.command(&["REPLICAOF", "NO", "ONE"]).unwrap();
    recovered(&store).await;
}

async fn what_is_not_ours_is_unreadable(_: Arc<Servers>) {
    let redis = Redis::start().unwrap();
    let options = RedisOptions { prefix: "hg".to_owned(), ..options(&redis.url()) };
    let store = connect(options).await.store();
    let call = CallId::generate();
    redis.command(&["SET", &format!("hg:{{call:{call}}}"), "somebody's"]).unwrap();
    let loaded = store.calls.load(&call).await;
    assert!(matches!(loaded, Err(StoreError::Unreadable(_))), "{loaded:?}");
    let saved = save(&store, &call).await;
    assert!(matches!(saved, Err(StoreError::Unreadable(_))), "{saved:?}");

    // Within a value of ours.
    let (socket, room) = (SocketId::random(), RoomId::parse("standup").unwrap());
    let session = format!("hg:{{session:{socket}}}");
    redis.command(&["HSET", &session, "next", "1", "room:standup", "somebody's"]).unwrap();
    let added = store.sessions.add_room(&socket, &room, Position::default(), true).await;
    assert!(matches!(added, Err(StoreError::Unreadable(_))), "{added:?}");
}

async fn sentinels_are_followed_to_the_new_master(_: Arc<Servers>) {
    let servers = RedisSentinel::start().unwrap();
    let options = RedisOptions { response_timeout: TIMEOUT, ..options(&servers.url()) };
    let (call, prefix) = (CallId::generate(), options.prefix.clone());
    let store = connect(options).await.store();
    assert_eq!(save(&store, &call).await, Ok(true));
    let key = format!("{prefix}:{{call:{call}}}");
    let has_it = || servers.replica.command(&["EXISTS", &key]).is_ok_and(|found| found == "1");
    eventually(|| async { has_it().then_some(()) }).await;
    // It does not answer, but its connections stand.
    servers.master.process.pause().unwrap();
    is_unavailable(&store).await;
    recovered(&store).await;
    assert!(store.calls.load(&call).await.unwrap().is_some());
    let role = servers.replica.command(&["ROLE"]).unwrap();
    assert!(role.starts_with("master"), "{role}");
    // The old master comes back and is nobody's master.
    servers.master.process.resume().unwrap();
    recovered(&store).await;
}
