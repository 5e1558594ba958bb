//! Random steps, carried out in memory and in Redis side by side: the answers have to be the same.
//!
//! `HELIOGRAPH_TEST_STEPS` says how many steps, `HELIOGRAPH_TEST_SEED` which ones.

use std::{collections::VecDeque, env, fmt::Debug, sync::Arc, time::Duration};

use bytes::Bytes;
use heliograph_cluster::{
    partition::Partition,
    store::{
        Deadline, RecordChange, Scope, Store, StoreError, UserSocket,
        memory::{MemoryOptions, MemoryStore},
    },
};
use heliograph_domain::{
    command::{Session, SessionRoom, SessionSecret, Status},
    id::{CallId, NodeId, SocketId, UserId},
    room::{Position, RoomId},
    time::Timestamp,
    user::{Actor, Name, User, Vocabulary},
};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use super::{connect, options};
use crate::{
    case::{Case, cases},
    scene::now,
    servers::Servers,
    suites::retention,
};

pub(crate) const CASES: &[Case<Arc<Servers>>] =
    cases![calls_agree, deadlines_agree, limits_agree, matching_agrees, sessions_agree, presence_agrees, marks_agree];

/// Both stores, and what was done to them lately.
struct Pair {
    memory: Store,
    redis: Store,
    random: StdRng,
    seed: u64,
    story: VecDeque<String>,
    now: Timestamp,
}

/// How much of what was done is shown when answers differ.
const SHOWN: usize = 40;

impl Pair {
    async fn new(servers: &Servers) -> Self {
        let seed = env::var("HELIOGRAPH_TEST_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
        Self {
            memory: MemoryStore::new(MemoryOptions { retention: retention(), outcomes: 4096 }).store(),
            redis: connect(options(&servers.redis().url())).await.store(),
            random: StdRng::seed_from_u64(seed),
            seed,
            story: VecDeque::new(),
            now: now(),
        }
    }

    fn steps() -> usize {
        env::var("HELIOGRAPH_TEST_STEPS").map_or(2000, |steps| steps.parse().unwrap())
    }

    fn pick<T: Clone>(&mut self, values: &[T]) -> T {
        values.choose(&mut self.random).unwrap().clone()
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.random.random_ratio(percent, 100)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.random.random_range(0..end)
    }

    /// Time goes on, mostly a little.
    fn tick(&mut self) -> Timestamp {
        let most = if self.chance(5) { 90_000 } else { 500 };
        self.now = self.now + Duration::from_millis(self.below(most));
        self.now
    }

    /// Carries out a step on both.
    async fn same<T: Debug + PartialEq>(&mut self, told: String, step: impl AsyncFn(&Store) -> Result<T, StoreError>) {
        let (memory, redis) = (step(&self.memory).await.unwrap(), step(&self.redis).await);
        self.story.push_back(format!("{told} -> {memory:?}"));
        if self.story.len() > SHOWN {
            self.story.pop_front();
        }
        if redis.as_ref() != Ok(&memory) {
            let story: Vec<_> = self.story.iter().map(String::as_str).collect();
            panic!("seed {}: {redis:?} in Redis, after\n{}", self.seed, story.join("\n"));
        }
    }
}

fn ids<T, E: Debug>(parse: fn(&str) -> Result<T, E>, names: &[&str]) -> Vec<T> {
    names.iter().map(|name| parse(name).unwrap()).collect()
}

/// Ids that could be mistaken for parts of keys and of what is stored.
const NAMES: [&str; 4] = ["a", "b:c", "{d} 1", "%7D é"];

fn users() -> Vec<User> {
    let user = |id| User { id, name: Name::parse("somebody").unwrap(), picture: None, guest: false };
    let mut users: Vec<_> = ids(UserId::parse, &NAMES).into_iter().map(user).collect();
    users[3].guest = true;
    users
}

async fn calls_agree(servers: Arc<Servers>) {
    let mut pair = Pair::new(&servers).await;
    let calls = ids(CallId::parse, &NAMES);
    for _ in 0..Pair::steps() {
        let (call, version) = (pair.pick(&calls), pair.below(6));
        if pair.chance(50) {
            pair.same(format!("load {call}"), async |store| store.calls.load(&call).await).await;
        } else {
            let record = Bytes::from(vec![0xff; version as usize]);
            let told = format!("save {call} {version}");
            let hour = Duration::from_secs(3600);
            pair.same(told, async |store| store.calls.save(&call, version, record.clone(), hour).await).await;
        }
    }
}

async fn deadlines_agree(servers: Arc<Servers>) {
    let mut pair = Pair::new(&servers).await;
    let (partitions, scopes) = (["a", "b"].map(Partition::of), [Scope::Rooms, Scope::Presence]);
    for _ in 0..Pair::steps() {
        let (scope, partition) = (pair.pick(&scopes), pair.pick(&partitions));
        let at = Timestamp::from_millis(1_700_000_000_000 + pair.below(5));
        let deadline = Deadline { key: pair.pick(&NAMES).to_owned(), at };
        match pair.below(3) {
            0 => {
                let told = format!("set {scope:?} {partition} {deadline:?}");
                pair.same(told, async |store| store.deadlines.set(scope, partition, deadline.clone()).await).await;
            }
            1 => {
                let told = format!("clear {scope:?} {partition} {deadline:?}");
                pair.same(told, async |store| store.deadlines.clear(scope, partition, &deadline).await).await;
            }
            _ => {
                let (told, limit) = (format!("earliest {scope:?} {partition}"), pair.below(5) as usize);
                pair.same(told, async |store| store.deadlines.earliest(scope, partition, limit).await).await;
            }
        }
    }
}

async fn limits_agree(servers: Arc<Servers>) {
    let mut pair = Pair::new(&servers).await;
    let users = users();
    for _ in 0..Pair::steps() {
        let (user, limit) = (pair.pick(&users).id, pair.pick(&["messages", "calls"]));
        let (now, most) = (pair.tick(), pair.below(4) as u32);
        let told = format!("take {limit} of {user}, {most} at {now}");
        let window = Duration::from_secs(60);
        pair.same(told, async |store| store.limits.take(&user, limit, most, window, now).await).await;
    }
}

async fn marks_agree(servers: Arc<Servers>) {
    let mut pair = Pair::new(&servers).await;
    let (partitions, rooms) = (["a", "b"].map(Partition::of), ids(RoomId::parse, &NAMES));
    for _ in 0..Pair::steps() {
        let partition = pair.pick(&partitions);
        // Of two marks at the same time none is the newer one.
        let now = pair.tick() + Duration::from_millis(1);
        pair.now = now;
        if pair.chance(50) {
            let room = pair.pick(&rooms);
            let told = format!("mark {room} in {partition} at {now}");
            pair.same(told, async |store| store.recent.mark(partition, &room, now).await).await;
        } else {
            // What is older than a mark is kept may or may not still be seen.
            let since = Timestamp::from_millis(now.as_millis() - pair.below(150_000));
            let (told, limit) = (format!("rooms of {partition} since {since}"), pair.below(4) as usize);
            pair.same(told, async |store| store.recent.rooms(partition, since, limit).await).await;
        }
    }
}

async fn sessions_agree(servers: Arc<Servers>) {
    let mut pair = Pair::new(&servers).await;
    let (users, sockets) = (users(), ids(SocketId::parse, &NAMES));
    let (gateways, rooms) = (ids(NodeId::parse, &["g1", "g 2"]), ids(RoomId::parse, &NAMES));
    let secrets = [1, 2].map(|byte| SessionSecret::from_bytes([byte; 16]));
    // Far longer than the test, and gone by the given time only.
    let window = Duration::from_secs(120);
    for _ in 0..Pair::steps() {
        let (socket, gateway, room) = (pair.pick(&sockets), pair.pick(&gateways), pair.pick(&rooms));
        let (user, secret, now) = (pair.pick(&users), pair.pick(&secrets), pair.tick());
        let position = Position { epoch: u64::MAX - pair.below(2), seq: pair.below(9) };
        let explicit = pair.chance(50);
        match pair.below(10) {
            0 => {
                let vocabulary = Vocabulary::ALL[pair.below(5) as usize];
                let actor = Actor { user, admin: explicit, socket, gateway, vocabulary };
                let room = SessionRoom { ordinal: 3, room, position, explicit };
                let rooms = if pair.chance(50) { vec![room] } else { Vec::new() };
                let session = Session { actor, secret, rooms };
                let told = format!("open {session:?}");
                pair.same(told, async |store| store.sessions.open(session.clone()).await).await;
            }
            1 | 2 => {
                let told = format!("add {room} {position:?} {explicit} to {socket}");
                let add = async |store: &Store| store.sessions.add_room(&socket, &room, position, explicit).await;
                pair.same(told, add).await;
            }
            3 => {
                let told = format!("remove {room} from {socket}");
                pair.same(told, async |store| store.sessions.remove_room(&socket, &room).await).await;
            }
            4 => {
                let told = format!("lose {socket} at {gateway}, {room} {position:?}, {now}");
                let positions = [(room, position)];
                let lose = async |store: &Store| store.sessions.lose(&socket, &gateway, &positions, now, window).await;
                pair.same(told, lose).await;
            }
            5 | 6 => {
                let user = explicit.then_some(&user.id);
                let told = format!("resume {socket} {secret:?} of {user:?} at {gateway}, {now}");
                let resume = async |store: &Store| store.sessions.resume(&socket, secret, user, &gateway, now).await;
                pair.same(told, resume).await;
            }
            7 => {
                let gateway = explicit.then_some(&gateway);
                let told = format!("close {socket} at {gateway:?}");
                pair.same(told, async |store| store.sessions.close(&socket, gateway).await).await;
            }
            8 => pair.same(format!("who holds {socket}"), async |store| store.sessions.held_by(&socket).await).await,
            _ => pair.same(format!("load {socket}"), async |store| store.sessions.load(&socket).await).await,
        }
    }
}

async fn matching_agrees(servers: Arc<Servers>) {
    let mut pair = Pair::new(&servers).await;
    let mut version = 0;
    for _ in 0..Pair::steps() {
        if pair.chance(20) {
            let all = async |store: &Store| {
                let mut pool = store.matching.load().await?;
                pool.records.sort_unstable();
                Ok((pool, store.matching.version().await?))
            };
            pair.same("load".to_owned(), all).await;
            continue;
        }
        let changes = (0..pair.below(4)).map(|_| {
            let record = pair.chance(60).then(|| Bytes::from(pair.below(1000).to_string()));
            RecordChange { name: pair.pick(&NAMES).to_owned(), record }
        });
        let changes: Vec<_> = changes.collect();
        let expected = if pair.chance(80) { version } else { pair.below(version + 2) };
        let commit = async |store: &Store| store.matching.commit(expected, &changes).await;
        pair.same(format!("commit {changes:?} after {expected}"), commit).await;
        version += u64::from(expected == version);
    }
}

async fn presence_agrees(servers: Arc<Servers>) {
    let mut pair = Pair::new(&servers).await;
    let (users, sockets) = (users(), ids(SocketId::parse, &NAMES));
    let (gateways, rooms) = (ids(NodeId::parse, &["g1", "g1 2", "g"]), ids(RoomId::parse, &NAMES));
    let (calls, statuses) = (ids(CallId::parse, &NAMES), [Status::Online, Status::Away, Status::Busy, Status::Offline]);
    for _ in 0..Pair::steps() {
        let (user, socket, gateway) = (pair.pick(&users), pair.pick(&sockets), pair.pick(&gateways));
        let (room, call, status, now) = (pair.pick(&rooms), pair.pick(&calls), pair.pick(&statuses), pair.tick());
        let (id, limit) = (user.id.clone(), pair.below(4) as usize);
        match pair.below(16) {
            0 | 1 => {
                let vocabulary = Vocabulary::ALL[limit];
                let connecting = UserSocket { socket, gateway, vocabulary };
                let told = format!("connect {id} {connecting:?}, {limit} at most, {now}");
                let connect = async |store: &Store| store.presence.connect(&user, connecting.clone(), limit, now).await;
                pair.same(told, connect).await;
            }
            2 | 3 => {
                let told = format!("disconnect {id} {socket}, {now}");
                pair.same(told, async |store| store.presence.disconnect(&id, &socket, now).await).await;
            }
            4 => {
                let told = format!("status of {id} {status:?}, {now}");
                pair.same(told, async |store| store.presence.set_status(&id, status, now).await).await;
            }
            5 => {
                let told = format!("announce {id} {}", limit > 1);
                pair.same(told, async |store| store.presence.announce(&id, limit > 1).await).await;
            }
            6 => {
                let told = format!("add {room} to {id}");
                pair.same(told, async |store| store.presence.add_room(&id, &room, now).await).await;
            }
            7 => {
                let told = format!("remove {room} from {id}");
                pair.same(told, async |store| store.presence.remove_room(&id, &room).await).await;
            }
            8 => {
                let told = format!("add call {call} to {id}");
                pair.same(told, async |store| store.presence.add_call(&id, &call).await).await;
            }
            9 => {
                let told = format!("remove call {call} from {id}");
                pair.same(told, async |store| store.presence.remove_call(&id, &call).await).await;
            }
            10 => {
                let told = format!("rooms of {id}");
                pair.same(told, async |store| store.presence.rooms(&id, limit).await).await;
            }
            11 => {
                let calls = async |store: &Store| {
                    let mut calls = store.presence.calls(&id).await?;
                    calls.sort_unstable();
                    Ok(calls)
                };
                pair.same(format!("calls of {id}"), calls).await;
            }
            12 => pair.same(format!("sockets of {id}"), async |store| store.presence.sockets(&id).await).await,
            13 => pair.same(format!("record of {id}"), async |store| store.presence.record(&id).await).await,
            14 => {
                let told = format!("at {gateway}, {limit} left over");
                let left_over = [(socket, id)];
                let at = async |store: &Store| {
                    store.presence.tidy(&gateway, &left_over).await?;
                    let mut at = store.presence.at_gateway(&gateway, 100).await?;
                    at.sort_unstable();
                    Ok((at, store.presence.at_gateway(&gateway, limit).await?.len()))
                };
                pair.same(told, at).await;
            }
            _ => {
                let all = async |store: &Store| Ok((store.presence.gateways().await?, store.presence.counts().await?));
                pair.same("gateways and counts".to_owned(), all).await;
            }
        }
    }
}
