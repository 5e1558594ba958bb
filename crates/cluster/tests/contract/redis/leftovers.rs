//! What stays in Redis. Everything ends there by itself but what somebody still uses.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use heliograph_cluster::{
    partition::Partition,
    store::{Deadline, RecordChange, Scope, Store, UserSocket},
};
use heliograph_domain::{
    command::{Session, SessionSecret, Status},
    id::CallId,
    room::{Position, RoomId},
    user::Actor,
};
use heliograph_servers::Redis;

use super::{connect, options};
use crate::{
    case::{Case, cases},
    scene::{actor, fresh, guest, now},
    servers::Servers,
    suites::retention,
};

pub(crate) const CASES: &[Case<Arc<Servers>>] = cases![
    nothing_is_kept_forever_when_everybody_has_gone,
    who_is_remembered_is_remembered_for_the_retention_age,
    what_was_abandoned_goes_by_itself,
];

/// Keys that begin with a prefix, and how long they live; `None` is forever.
pub(super) fn keys(redis: &Redis, prefix: &str) -> BTreeMap<String, Option<Duration>> {
    let found = redis.command(&["KEYS", &format!("{prefix}:*")]).unwrap();
    let lives = |key: &str| redis.command(&["PTTL", key]).unwrap().parse().ok().map(Duration::from_millis);
    found.lines().map(|key| (key.to_owned(), lives(key))).collect()
}

/// The keys of what is kept forever, without prefix and id.
fn forever(redis: &Redis, prefix: &str) -> Vec<String> {
    keys(redis, prefix).into_iter().filter(|(_, lives)| lives.is_none()).map(|(key, _)| key).collect()
}

/// Everything that a user does but for rooms, which have their own test.
async fn come(store: &Store, actor: &Actor, call: &CallId, room: &RoomId) {
    let (user, Actor { socket, gateway, vocabulary, .. }) = (&actor.user.id, actor.clone());
    let connecting = UserSocket { socket: socket.clone(), gateway, vocabulary };
    assert!(store.presence.connect(&actor.user, connecting, 20, now()).await.unwrap());
    store.presence.announce(user, true).await.unwrap();
    store.presence.set_status(user, Status::Busy, now()).await.unwrap();
    store.presence.add_room(user, room, now()).await.unwrap();
    store.presence.add_call(user, call).await.unwrap();
    let session = Session { actor: actor.clone(), secret: SessionSecret::random(), rooms: Vec::new() };
    store.sessions.open(session).await.unwrap();
    store.sessions.add_room(&socket, room, Position::default(), true).await.unwrap();
    store.limits.take(user, "messages", 1, Duration::from_secs(60), now()).await.unwrap();
}

async fn go(store: &Store, actor: &Actor, call: &CallId, room: &RoomId) {
    let user = &actor.user.id;
    store.sessions.close(&actor.socket, None).await.unwrap();
    store.presence.remove_call(user, call).await.unwrap();
    store.presence.remove_room(user, room).await.unwrap();
    store.presence.disconnect(user, &actor.socket, now()).await.unwrap();
    store.presence.announce(user, false).await.unwrap();
}

async fn nothing_is_kept_forever_when_everybody_has_gone(servers: Arc<Servers>) {
    let redis = servers.redis();
    let options = options(&redis.url());
    let prefix = options.prefix.clone();
    let store = connect(options).await.store();
    let (alice, visitor, call) = (actor("alice"), guest("visitor"), CallId::generate());
    let room = RoomId::parse(&fresh("room")).unwrap();
    let partition = Partition::of(room.as_str());
    let ring = Deadline { key: "ring".to_owned(), at: now() };
    store.calls.save(&call, 0, "ringing".into(), Duration::from_secs(60)).await.unwrap();
    store.deadlines.set(Scope::Rooms, partition, ring.clone()).await.unwrap();
    store.recent.mark(partition, &room, now()).await.unwrap();
    let waiting = RecordChange { name: "alice".to_owned(), record: Some("waits".into()) };
    assert!(store.matching.commit(0, &[waiting]).await.unwrap());
    for actor in [&alice, &visitor] {
        come(&store, actor, &call, &room).await;
    }
    // Whoever is connected is known for as long as they are.
    for part in ["person", "sockets", "rooms", "calls"] {
        let key = format!("{prefix}:{{users:{}}}:{part}:{}", Partition::of(alice.user.id.as_str()), alice.user.id);
        assert!(forever(redis, &prefix).contains(&key), "{key} is not in {:?}", keys(redis, &prefix));
    }
    for actor in [&alice, &visitor] {
        go(&store, actor, &call, &room).await;
    }
    store.deadlines.clear(Scope::Rooms, partition, &ring).await.unwrap();
    assert_eq!(forever(redis, &prefix), Vec::<String>::new());
    assert!(keys(redis, &prefix).keys().all(|key| !key.contains(visitor.user.id.as_str()) || key.contains(":limit:")));
}

async fn who_is_remembered_is_remembered_for_the_retention_age(servers: Arc<Servers>) {
    let redis = servers.redis();
    let options = options(&redis.url());
    let prefix = options.prefix.clone();
    let store = connect(options).await.store();
    let (alice, call, room) = (actor("alice"), CallId::generate(), RoomId::parse(&fresh("room")).unwrap());
    come(&store, &alice, &call, &room).await;
    store.presence.disconnect(&alice.user.id, &alice.socket, now()).await.unwrap();
    let of_alice: Vec<_> = keys(redis, &prefix).into_iter().filter(|(key, _)| key.contains("{users:")).collect();
    let aged = of_alice.iter().filter(|(key, _)| !key.contains(":limit:"));
    assert_eq!(aged.clone().count(), 3, "{of_alice:?}");
    for (key, lives) in aged {
        let lives = lives.unwrap_or_else(|| panic!("{key} lives forever"));
        assert!(lives <= retention().age && lives > retention().age - Duration::from_secs(60), "{key}: {lives:?}");
    }
    // Who comes back is known again for as long as they stay.
    come(&store, &alice, &call, &room).await;
    assert_eq!(forever(redis, &prefix).iter().filter(|key| key.ends_with(alice.user.id.as_str())).count(), 4);
}

async fn what_was_abandoned_goes_by_itself(servers: Arc<Servers>) {
    let redis = servers.redis();
    let options = options(&redis.url());
    let prefix = options.prefix.clone();
    let store = connect(options).await.store();
    let (alice, window) = (actor("alice"), Duration::from_secs(120));
    let session = Session { actor: alice.clone(), secret: SessionSecret::random(), rooms: Vec::new() };
    store.sessions.open(session.clone()).await.unwrap();
    let key = format!("{prefix}:{{session:{}}}", alice.socket);
    let lives = || keys(redis, &prefix)[&key].unwrap();
    let live = lives();
    store.sessions.lose(&alice.socket, &alice.gateway, &[], now(), window).await.unwrap();
    assert!(lives() <= window && live > retention().age, "{live:?}, then {:?}", lives());
    store.sessions.resume(&alice.socket, session.secret, None, &alice.gateway, now()).await.unwrap();
    assert!(lives() > retention().age);
}
