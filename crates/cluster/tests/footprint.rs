//! How much memory the store takes for a socket that is connected, attends a room and does nothing.
//!
//! A program of its own: what it measures is the process.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use std::{
    fs,
    time::{Duration, SystemTime},
};

use heliograph_cluster::store::{
    Attend, Retention, Store, UserSocket,
    memory::{MemoryOptions, MemoryStore},
};
use heliograph_domain::{
    command::{Session, SessionSecret},
    id::{CommandId, NodeId, SocketId, UserId},
    room::{Media, RoomId},
    time::Timestamp,
    user::{Actor, Name, User, Vocabulary},
};

const ROOMS: usize = 20_000;
const BUDGET: usize = 1400;

/// Private memory of this process, in bytes.
fn memory() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// As it arrives from the bus: every id a string of its own.
fn actor(number: usize) -> Actor {
    Actor {
        user: User {
            id: UserId::parse(&format!("user_{number:012}")).unwrap(),
            name: Name::parse(&format!("User number {number}")).unwrap(),
            picture: None,
            guest: false,
        },
        admin: false,
        socket: SocketId::parse(&format!("socket_{number:013}")).unwrap(),
        gateway: NodeId::parse("gateway-01arz3ndektsv4rrffq69g5fav").unwrap(),
        vocabulary: Vocabulary::Synapse,
    }
}

/// What the services do when a socket connects and joins a room of its own.
async fn settle(store: &Store, number: usize, now: Timestamp) {
    let connecting = actor(number);
    let socket = UserSocket {
        socket: connecting.socket.clone(),
        gateway: connecting.gateway.clone(),
        vocabulary: connecting.vocabulary,
    };
    assert!(store.presence.connect(&connecting.user, socket, 20, now).await.unwrap());
    store.presence.announce(&connecting.user.id, true).await.unwrap();
    let session = Session { actor: connecting, secret: SessionSecret::random(), rooms: Vec::new() };
    store.sessions.open(session).await.unwrap();

    let (joining, room) = (actor(number), RoomId::parse(&format!("room_{number:09}")).unwrap());
    let (user, socket) = (joining.user.id.clone(), joining.socket.clone());
    let step = Attend {
        command: CommandId::generate(),
        actor: joining,
        explicit: true,
        peer: Some(Media::default()),
        takeover: false,
        ghosts: Vec::new(),
        since: None,
        missed_limit: 200,
        member_limit: 200,
        max_peers: 32,
        members_only: false,
        partner: None,
        contents: None,
        new_epoch: 1,
        at: now,
    };
    store.rooms.attend(&room, step).await.unwrap();
    store.sessions.add_room(&socket, &room, Default::default(), true).await.unwrap();
    store.presence.add_room(&user, &room, now).await.unwrap();
}

#[tokio::test]
async fn an_idle_room_of_one_socket_stays_within_its_budget() {
    let retention = Retention { entries: 1000, age: Duration::from_secs(7 * 24 * 3600) };
    let memory_store = MemoryStore::new(MemoryOptions { retention, outcomes: 4096 });
    let store = memory_store.store();
    let now = Timestamp::from_system(SystemTime::now());
    // What the first ones bring with them (tables of the runtime, of the shards) belongs to nobody.
    for number in 0..1000 {
        settle(&store, number, now).await;
    }
    memory_store.sweep(now + Duration::from_secs(300));
    let before = memory();
    for number in 1000..1000 + ROOMS {
        settle(&store, number, now).await;
        if number % 1000 == 0 {
            // Outcomes of commands are remembered for two minutes; an idle room has none.
            memory_store.sweep(now + Duration::from_secs(300));
        }
    }
    memory_store.sweep(now + Duration::from_secs(300));
    let each = (memory() - before) / ROOMS;
    println!("{each} bytes for a connected socket in a room of its own");
    assert_eq!(memory_store.held().rooms, 1000 + ROOMS);
    assert!(each <= BUDGET, "{each} bytes for a connected socket in a room of its own");
}
