//! What the memory store keeps, and what not. The other stores leave this to their server.

use std::time::Duration;

use heliograph_cluster::{
    partition::Partition,
    store::{
        AppendOutcome, Block, Deadline, PageRange, REMEMBERED, RecordChange, Scope, UserSocket,
        memory::{Held, MemoryOptions, MemoryStore},
    },
};
use heliograph_domain::{
    command::{Session, SessionSecret, Status},
    id::CallId,
    room::Position,
    user::Actor,
};

use crate::{
    case::{Case, cases},
    scene::{self, Room, actor, guest, joining, joining_as_peer, now, posting},
    suites::retention,
};

pub(crate) const CASES: &[Case<MemoryStore>] = cases![
    nothing_is_left_when_everybody_has_gone,
    a_live_session_stays_and_a_lost_one_goes,
    a_room_that_nobody_attends_goes_with_its_log,
    a_room_that_is_written_to_is_not_abandoned,
    a_room_that_somebody_attends_loses_only_old_entries,
    an_outcome_is_forgotten_after_its_time,
    a_room_remembers_so_many_outcomes_and_no_more,
];

/// Longer than anything is remembered but what retention says.
const SOON: Duration = Duration::from_secs(600);

async fn connect(memory: &MemoryStore, actor: &Actor, call: &CallId) {
    let (store, user) = (memory.store(), &actor.user.id);
    let Actor { socket, gateway, vocabulary, .. } = actor.clone();
    let socket = UserSocket { socket, gateway, vocabulary };
    store.presence.connect(&actor.user, socket, 20, now()).await.unwrap();
    store.presence.announce(user, true).await.unwrap();
    store.presence.set_status(user, Status::Busy, now()).await.unwrap();
    store.presence.add_call(user, call).await.unwrap();
    let session = Session { actor: actor.clone(), secret: SessionSecret::random(), rooms: Vec::new() };
    store.sessions.open(session).await.unwrap();
    store.limits.take(user, "messages", 1, Duration::from_secs(60), now()).await.unwrap();
    store.limits.take(user, "messages", 1, Duration::from_secs(60), now()).await.unwrap();
    let block = Block { on: true, most: 1, age: Duration::from_secs(60), at: now() };
    store.blocks.set(user, &scene::user("somebody").id, block).await.unwrap();
}

async fn enter(room: &Room, actor: &Actor) {
    room.join_as_peer(actor).await;
    let store = &room.store;
    store.sessions.add_room(&actor.socket, &room.id, Position::default(), true).await.unwrap();
    store.presence.add_room(&actor.user.id, &room.id, now()).await.unwrap();
    room.append(posting(actor, "hello")).await;
}

async fn go(room: &Room, actor: &Actor, call: &CallId) {
    let (store, user) = (&room.store, &actor.user.id);
    room.quit(actor).await;
    store.presence.remove_room(user, &room.id).await.unwrap();
    store.sessions.close(&actor.socket, None).await.unwrap();
    store.presence.remove_call(user, call).await.unwrap();
    store.presence.disconnect(user, &actor.socket, now()).await.unwrap();
    store.presence.announce(user, false).await.unwrap();
}

async fn nothing_is_left_when_everybody_has_gone(memory: MemoryStore) {
    let store = memory.store();
    let (alice, visitor, call) = (actor("alice"), guest("visitor"), CallId::generate());
    let (with_log, without_log) = (Room::new(store.clone()), Room::new(store.clone()));
    let ring = Deadline { key: "ring".to_owned(), at: now() };
    let partition = Partition::of(call.as_str());
    store.calls.save(&call, 0, "ringing".into(), Duration::from_secs(60)).await.unwrap();
    store.deadlines.set(Scope::Rooms, partition, ring.clone()).await.unwrap();
    let waiting = RecordChange { name: "alice".to_owned(), record: Some("waits".into()) };
    assert!(store.matching.commit(0, std::slice::from_ref(&waiting)).await.unwrap());
    for actor in [&alice, &visitor] {
        connect(&memory, actor, &call).await;
        enter(&with_log, actor).await;
        without_log.join(actor).await;
    }
    let everything =
        Held { rooms: 2, calls: 1, matching: 1, sessions: 2, users: 2, blockers: 2, limited: 2, deadlines: 1 };
    assert_eq!(memory.held(), everything);

    for actor in [&alice, &visitor] {
        go(&with_log, actor, &call).await;
        without_log.quit(actor).await;
    }
    store.rooms.close(&with_log.id).await.unwrap();
    assert!(store.matching.commit(1, &[RecordChange { record: None, ..waiting }]).await.unwrap());
    store.deadlines.clear(Scope::Rooms, partition, &ring).await.unwrap();
    memory.sweep(now() + SOON);
    let last_seen_of_alice = Held { users: 1, ..Held::default() };
    assert_eq!(memory.held(), last_seen_of_alice);
    memory.sweep(now() + retention().age + SOON);
    assert_eq!(memory.held(), Held::default());
    assert_eq!(store.presence.counts().await.unwrap(), (0, 0));
}

async fn a_live_session_stays_and_a_lost_one_goes(memory: MemoryStore) {
    let store = memory.store();
    let (live, lost) = (actor("alice"), actor("bob"));
    for actor in [&live, &lost] {
        let session = Session { actor: actor.clone(), secret: SessionSecret::random(), rooms: Vec::new() };
        store.sessions.open(session).await.unwrap();
    }
    let window = Duration::from_secs(120);
    store.sessions.lose(&lost.socket, &lost.gateway, &[], now(), window).await.unwrap();
    memory.sweep(now() + Duration::from_secs(60));
    assert_eq!(memory.held().sessions, 2);
    memory.sweep(now() + retention().age);
    assert_eq!(memory.held().sessions, 1);
    assert!(store.sessions.load(&live.socket).await.unwrap().is_some());
}

async fn a_room_that_nobody_attends_goes_with_its_log(memory: MemoryStore) {
    let (room, alice) = (Room::new(memory.store()), actor("alice"));
    room.join(&alice).await;
    room.post(&alice, "hello").await;
    room.leave(&alice).await;
    memory.sweep(now() + (retention().age - SOON));
    assert_eq!(memory.held().rooms, 1);
    memory.sweep(now() + retention().age + SOON);
    assert_eq!(memory.held().rooms, 0);
}

async fn a_room_that_is_written_to_is_not_abandoned(memory: MemoryStore) {
    let (room, alice) = (Room::new(memory.store()), actor("alice"));
    room.join(&alice).await;
    room.leave(&alice).await;
    tokio::time::pause();
    tokio::time::advance(retention().age - SOON).await;
    room.post(&alice, "from elsewhere").await;
    memory.sweep(now() + retention().age + SOON);
    assert_eq!(memory.held().rooms, 1);
    memory.sweep(now() + 2 * retention().age);
    assert_eq!(memory.held().rooms, 0);
}

async fn a_room_that_somebody_attends_loses_only_old_entries(memory: MemoryStore) {
    let (room, alice) = (Room::new(memory.store()), actor("alice"));
    room.join(&alice).await;
    let posted = room.post(&alice, "hello").await;
    memory.sweep(now() + retention().age + SOON);
    let page = room.rooms().read(&room.id, PageRange::After(0), 100).await.unwrap();
    assert_eq!((page.entries, page.position), (vec![], posted.position));
    assert_eq!(room.post(&alice, "again").await.position.seq, 2);
}

async fn an_outcome_is_forgotten_after_its_time(memory: MemoryStore) {
    let (room, alice) = (Room::new(memory.store()), actor("alice"));
    room.join(&alice).await;
    let step = posting(&alice, "hello");
    let first = room.append(step.clone()).await;
    memory.sweep(now() + (REMEMBERED - Duration::from_secs(10)));
    assert_eq!(room.append(step.clone()).await, first);
    memory.sweep(now() + REMEMBERED + Duration::from_secs(10));
    let AppendOutcome::Appended(anew) = room.append(step).await else {
        panic!("a member may post");
    };
    assert_eq!(anew.position.seq, 2);
}

/// Has a store of its own: what counts is its configuration.
async fn a_room_remembers_so_many_outcomes_and_no_more(_: MemoryStore) {
    let memory = MemoryStore::new(MemoryOptions { retention: retention(), outcomes: 2 });
    let (room, alice) = (Room::new(memory.store()), actor("alice"));
    room.enter(joining(&alice)).await;
    let steps = [(); 3].map(|()| posting(&alice, "hello"));
    for step in &steps {
        room.append(step.clone()).await;
    }
    room.append(steps[2].clone()).await;
    assert_eq!(room.enter(joining_as_peer(&alice)).await.position.seq, 3);
    room.append(steps[0].clone()).await;
    assert_eq!(room.enter(joining(&alice)).await.position.seq, 4);
}
