//! Serving partitions: order, overlap, bounds, deadlines and handover, with a service that does what it
//! is told.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use heliograph_cluster::{
    bus::{BusError, MemoryBus, Subject},
    clock::Clock,
    directory::{MemoryDirectory, Node, Role},
    partition::Partition,
    serve::{Backends, Handled, Kind, ServeOptions, Service, Timers, serve},
    store::{
        Deadline, Retention, Scope,
        memory::{MemoryOptions, MemoryStore},
    },
};
use heliograph_domain::{id::NodeId, time::Timestamp};
use tokio::{
    sync::{Notify, oneshot},
    task::JoinHandle,
    time,
};
use tokio_util::sync::CancellationToken;

const REPLY_WITHIN: Duration = Duration::from_secs(1);

/// Commands are words: `<key> <what>`. `wait` keeps its key busy until it is let go, `follow` has a
/// consequence, `deadline` sets one in a second, `fail` brings the task down.
#[derive(Default)]
struct Words {
    log: Mutex<Vec<String>>,
    gate: Notify,
    /// How often deadlines fail before they are done.
    failures: Mutex<u32>,
    /// How often the partition of `x` was taken over, and how often that fails before it is done.
    taken_over: Mutex<u32>,
    reluctance: Mutex<u32>,
}

impl Words {
    fn note(&self, what: String) {
        self.log.lock().unwrap().push(what);
    }

    fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }
}

impl Service for Words {
    type Command = (String, String);
    type Key = String;

    const KIND: Kind = Kind::Rooms;

    fn decode(&self, payload: Bytes) -> Result<(String, String), Bytes> {
        let words = std::str::from_utf8(&payload).ok().and_then(|text| text.split_once(' '));
        words.map(|(key, what)| (key.to_owned(), what.to_owned())).ok_or_else(|| Bytes::from_static(b"what?"))
    }

    fn key(&self, (key, _): &(String, String)) -> String {
        key.clone()
    }

    fn handle(self: Arc<Self>, (key, what): (String, String), timers: Timers) -> BoxFuture<'static, Handled> {
        async move {
            match what.as_str() {
                "wait" => self.gate.notified().await,
                "deadline" => {
                    timers.set("x", key.clone(), timers.now() + Duration::from_secs(1)).await.unwrap();
                }
                "fail" => panic!("as asked"),
                _ => {}
            }
            self.note(format!("{key} {what}"));
            let reply = Bytes::from(format!("done {what}"));
            let service = Arc::clone(&self);
            let afterwards = (what == "follow").then(|| async move { service.note(format!("{key} followed")) }.boxed());
            Handled { reply, afterwards }
        }
        .boxed()
    }

    fn key_of(&self, deadline: &Deadline) -> Option<String> {
        (deadline.key != "unreadable").then(|| deadline.key.clone())
    }

    fn fire(self: Arc<Self>, deadline: Deadline, _timers: Timers) -> BoxFuture<'static, bool> {
        async move {
            self.note(format!("{} fired", deadline.key));
            let mut failures = self.failures.lock().unwrap();
            let done = *failures == 0;
            *failures = failures.saturating_sub(1);
            done
        }
        .boxed()
    }

    fn take_over(self: Arc<Self>, partition: Partition) -> BoxFuture<'static, bool> {
        async move {
            if partition != Partition::of("x") {
                return true;
            }
            *self.taken_over.lock().unwrap() += 1;
            let mut reluctance = self.reluctance.lock().unwrap();
            let done = *reluctance == 0;
            *reluctance = reluctance.saturating_sub(1);
            done
        }
        .boxed()
    }

    fn owns(&self, _partitions: usize) {}
}

struct Stage {
    backends: Backends,
    directory: Arc<MemoryDirectory>,
    words: Arc<Words>,
    _memory: MemoryStore,
}

struct Server {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    /// Ends the server without a word; the directory learns of it when the lease is over.
    async fn kill(self) {
        self.task.abort();
        self.task.await.unwrap_err();
    }
}

impl Stage {
    fn new() -> Self {
        let retention = Retention { entries: 10, age: Duration::from_secs(60) };
        let memory = MemoryStore::start(MemoryOptions { retention, outcomes: 10 });
        let directory = Arc::new(MemoryDirectory::new());
        let backends = Backends {
            bus: Arc::new(MemoryBus::new(1024)),
            directory: directory.clone(),
            store: memory.store(),
            clock: Clock::with_timers(Timestamp::from_system(SystemTime::now())),
        };
        Self { backends, directory, words: Arc::default(), _memory: memory }
    }

    /// Starts a server, and returns when it serves.
    async fn serve(&self, name: &str, options: ServeOptions) -> Server {
        let (stop, (ready, is_ready)) = (CancellationToken::new(), oneshot::channel());
        let node = Node {
            id: NodeId::parse(name).unwrap(),
            role: Role::RoomRouter,
            grpc: String::new(),
            home: None,
            version: String::new(),
            started: self.backends.clock.now(),
            draining: false,
        };
        let (words, backends, stopped) = (Arc::clone(&self.words), self.backends.clone(), stop.clone());
        let task = tokio::spawn(async move {
            serve(words, backends, node, options, move || ready.send(()).unwrap(), stopped).await.unwrap();
        });
        is_ready.await.unwrap();
        Server { stop, task }
    }

    /// Sends a command to the partition of `x`, whatever its key.
    fn ask(&self, command: &str) -> BoxFuture<'static, Result<Bytes, BusError>> {
        let (bus, payload) = (Arc::clone(&self.backends.bus), Bytes::copy_from_slice(command.as_bytes()));
        async move { bus.request(Subject::Rooms(Partition::of("x")), payload, REPLY_WITHIN).await }.boxed()
    }

    /// Begins to send a command, and goes on when it is under way.
    async fn begin(&self, command: &'static str) -> JoinHandle<Bytes> {
        let bus = Arc::clone(&self.backends.bus);
        let asked = tokio::spawn(async move {
            let payload = Bytes::from_static(command.as_bytes());
            bus.request(Subject::Rooms(Partition::of("x")), payload, REPLY_WITHIN).await.unwrap()
        });
        time::sleep(Duration::from_millis(1)).await;
        asked
    }
}

#[tokio::test(start_paused = true)]
async fn one_key_is_handled_in_order_and_others_do_not_wait_for_it() {
    let stage = Stage::new();
    let server = stage.serve("a", ServeOptions::default()).await;
    let first = stage.begin("one wait").await;
    let second = stage.begin("one next").await;
    assert_eq!(stage.ask("two now").await.unwrap(), "done now");
    assert_eq!(stage.words.log(), ["two now"]);
    stage.words.gate.notify_one();
    assert_eq!((first.await.unwrap(), second.await.unwrap()), ("done wait".into(), "done next".into()));
    assert_eq!(stage.words.log(), ["one wait", "one next"]);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_answered_too() {
    let stage = Stage::new();
    let server = stage.serve("a", ServeOptions::default()).await;
    assert_eq!(stage.ask("nonsense").await.unwrap(), "what?");
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_follows_comes_after_the_answer() {
    let stage = Stage::new();
    let server = stage.serve("a", ServeOptions::default()).await;
    assert_eq!(stage.ask("one follow").await.unwrap(), "done follow");
    server.stop().await;
    assert_eq!(stage.words.log(), ["one follow", "one followed"]);
}

#[tokio::test(start_paused = true)]
async fn beyond_the_bound_commands_stay_on_the_bus() {
    let stage = Stage::new();
    let server = stage.serve("a", ServeOptions { pending: 2, ..ServeOptions::default() }).await;
    let held = [stage.begin("one wait").await, stage.begin("one wait").await];
    let late = stage.begin("two now").await;
    assert!(stage.words.log().is_empty());
    for _ in 0..2 {
        stage.words.gate.notify_one();
        time::sleep(Duration::from_millis(1)).await;
    }
    join_all(held).await;
    assert_eq!(late.await.unwrap(), "done now");
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_deadline_fires_when_it_is_due_and_once() {
    let stage = Stage::new();
    let server = stage.serve("a", ServeOptions::default()).await;
    stage.ask("one deadline").await.unwrap();
    time::sleep(Duration::from_millis(900)).await;
    assert_eq!(stage.words.log(), ["one deadline"]);
    time::sleep(Duration::from_secs(120)).await;
    assert_eq!(stage.words.log(), ["one fired"]);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_was_not_done_is_tried_again() {
    let stage = Stage::new();
    *stage.words.failures.lock().unwrap() = 2;
    let server = stage.serve("a", ServeOptions::default()).await;
    stage.ask("one deadline").await.unwrap();
    time::sleep(Duration::from_secs(10)).await;
    assert_eq!(stage.words.log(), ["one deadline", "one fired", "one fired", "one fired"]);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_nobody_understands_is_forgotten() {
    let stage = Stage::new();
    let (partition, deadlines) = (Partition::of("x"), &stage.backends.store.deadlines);
    let deadline = Deadline { key: "unreadable".to_owned(), at: stage.backends.clock.now() };
    deadlines.set(Scope::Rooms, partition, deadline).await.unwrap();
    let server = stage.serve("a", ServeOptions::default()).await;
    time::sleep(Duration::from_millis(10)).await;
    assert!(deadlines.earliest(Scope::Rooms, partition, 10).await.unwrap().is_empty());
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn more_deadlines_than_are_read_at_once_all_fire() {
    let stage = Stage::new();
    let server = stage.serve("a", ServeOptions::default()).await;
    for n in 0..200 {
        stage.ask(&format!("key{n} deadline")).await.unwrap();
    }
    stage.words.log();
    time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(stage.words.log().len(), 200);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_deadline_of_another_owner_is_seen_in_time() {
    let stage = Stage::new();
    let server = stage.serve("a", ServeOptions::default()).await;
    time::sleep(Duration::from_secs(1)).await;
    let deadline = Deadline { key: "one".to_owned(), at: stage.backends.clock.now() };
    stage.backends.store.deadlines.set(Scope::Rooms, Partition::of("x"), deadline).await.unwrap();
    time::sleep(ServeOptions::default().refresh).await;
    assert_eq!(stage.words.log(), ["one fired"]);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_task_is_started_again() {
    let stage = Stage::new();
    let server = stage.serve("a", ServeOptions::default()).await;
    assert!(stage.ask("one fail").await.is_err());
    time::sleep(Duration::from_millis(10)).await;
    assert_eq!(stage.ask("one now").await.unwrap(), "done now");
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn servers_share_the_partitions_and_take_over_those_of_one_that_stops() {
    let stage = Stage::new();
    let first = stage.serve("a", ServeOptions::default()).await;
    let second = stage.serve("b", ServeOptions::default()).await;
    let ids = ["a", "b"].map(|name| NodeId::parse(name).unwrap());
    let mut owned: HashMap<&NodeId, u32> = HashMap::new();
    for partition in Partition::all() {
        *owned.entry(partition.owner(&ids).unwrap()).or_default() += 1;
    }
    assert_eq!(owned.len(), 2);
    let everywhere = async || {
        for partition in Partition::all() {
            let payload = Bytes::from_static(b"one now");
            let answer = stage.backends.bus.request(Subject::Rooms(partition), payload, REPLY_WITHIN).await;
            assert_eq!(answer.unwrap(), "done now");
        }
    };
    everywhere().await;
    second.stop().await;
    time::sleep(Duration::from_millis(10)).await;
    everywhere().await;
    first.stop().await;
    assert!(stage.backends.directory.watch().borrow().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_answers_what_it_has_received() {
    let stage = Stage::new();
    let server = stage.serve("a", ServeOptions::default()).await;
    let held = stage.begin("one wait").await;
    let waiting = stage.begin("one next").await;
    server.stop.cancel();
    time::sleep(Duration::from_millis(10)).await;
    assert!(matches!(stage.ask("two now").await, Err(BusError::NoResponders(_))));
    stage.words.gate.notify_one();
    assert_eq!((held.await.unwrap(), waiting.await.unwrap()), ("done wait".into(), "done next".into()));
    server.task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_answers_however_much_it_was_given() {
    let stage = Stage::new();
    let server = stage.serve("a", ServeOptions { pending: 1, ..ServeOptions::default() }).await;
    let held = stage.begin("one wait").await;
    let waiting: Vec<_> = (0..500).map(|_| stage.ask("two now")).collect();
    let waiting = tokio::spawn(join_all(waiting));
    time::sleep(Duration::from_millis(10)).await;
    server.stop.cancel();
    time::sleep(Duration::from_millis(10)).await;
    stage.words.gate.notify_one();
    assert_eq!(held.await.unwrap(), "done wait");
    assert!(waiting.await.unwrap().into_iter().all(|answer| answer.is_ok()));
    server.task.await.unwrap();
}

/// The one of these nodes that owns the partition of `x`, and the others.
fn owner_of_x<'a>(names: &[&'a str]) -> (&'a str, Vec<&'a str>) {
    let ids: Vec<NodeId> = names.iter().map(|name| NodeId::parse(name).unwrap()).collect();
    let owner = Partition::of("x").owner(&ids).unwrap();
    let (owner, others): (Vec<_>, Vec<_>) = names.iter().partition(|name| **name == owner.as_str());
    (owner[0], others)
}

#[tokio::test(start_paused = true)]
async fn a_deadline_is_inherited_from_an_owner_that_is_killed() {
    let stage = Stage::new();
    let (owner, heirs) = owner_of_x(&["a", "b"]);
    let first = stage.serve(owner, ServeOptions::default()).await;
    let second = stage.serve(heirs[0], ServeOptions::default()).await;
    stage.ask("one deadline").await.unwrap();
    first.kill().await;
    stage.backends.directory.deregister(&NodeId::parse(owner).unwrap()).await.unwrap();
    time::sleep(Duration::from_millis(900)).await;
    assert_eq!(stage.words.log(), ["one deadline"]);
    time::sleep(Duration::from_millis(200)).await;
    assert_eq!(stage.words.log(), ["one fired"]);
    second.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_was_due_while_nobody_lived_fires_at_the_start() {
    let stage = Stage::new();
    let first = stage.serve("a", ServeOptions::default()).await;
    stage.ask("one deadline").await.unwrap();
    first.kill().await;
    stage.backends.directory.deregister(&NodeId::parse("a").unwrap()).await.unwrap();
    time::sleep(Duration::from_secs(600)).await;
    let second = stage.serve("b", ServeOptions::default()).await;
    time::sleep(Duration::from_millis(10)).await;
    assert_eq!(stage.words.log(), ["one deadline", "one fired"]);
    second.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_partition_is_taken_over_once_by_each_owner() {
    let stage = Stage::new();
    let (owner, heirs) = owner_of_x(&["a", "b"]);
    let heir = stage.serve(heirs[0], ServeOptions::default()).await;
    time::sleep(Duration::from_secs(100)).await;
    assert_eq!(*stage.words.taken_over.lock().unwrap(), 1);
    let owner = stage.serve(owner, ServeOptions::default()).await;
    time::sleep(Duration::from_secs(100)).await;
    assert_eq!(*stage.words.taken_over.lock().unwrap(), 2);
    owner.stop().await;
    time::sleep(Duration::from_secs(100)).await;
    assert_eq!(*stage.words.taken_over.lock().unwrap(), 3);
    heir.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_taken_over_is_tried_again_beside_the_commands() {
    let stage = Stage::new();
    *stage.words.reluctance.lock().unwrap() = 3;
    let server = stage.serve("a", ServeOptions::default()).await;
    assert_eq!(stage.ask("one now").await.unwrap(), "done now");
    time::sleep(Duration::from_secs(100)).await;
    assert_eq!(*stage.words.taken_over.lock().unwrap(), 4);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_taken_for_dead_registers_again() {
    let stage = Stage::new();
    let server = stage.serve("a", ServeOptions::default()).await;
    for _ in 0..2 {
        stage.directory.lose_all();
        time::sleep(Duration::from_millis(10)).await;
        assert_eq!(stage.ask("one now").await.unwrap(), "done now");
    }
    server.stop().await;
    assert!(stage.backends.directory.watch().borrow().is_empty());
}
