//! What a router stored and did not send, its successor sends.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{
    FutureExt,
    future::{self, BoxFuture},
};
use heliograph_cluster::{
    bus::{Bus, BusError, DeliveryGuarantee, QueueGroup, Subject, Subscription},
    partition::Partition,
    serve::Backends,
    store::{Recent, Step, Store, faulty::Outage},
};
use heliograph_domain::{
    command::{DisconnectCause, Origin, RoomCommand},
    id::CommandId,
    room::RoomId,
    time::Timestamp,
};
use heliograph_room_router::Options;

use crate::{
    calls::{call, initiated},
    stage::{Stage, node},
};

/// A bus on which nothing that is published arrives while the switch is on.
struct Mute {
    bus: Arc<dyn Bus>,
    muted: Arc<AtomicBool>,
}

impl Bus for Mute {
    fn publish(&self, subject: Subject, payload: Bytes) -> BoxFuture<'_, Result<(), BusError>> {
        if self.muted.load(Ordering::Relaxed) {
            return future::ready(Ok(())).boxed();
        }
        self.bus.publish(subject, payload)
    }

    fn request(&self, subject: Subject, payload: Bytes, timeout: Duration) -> BoxFuture<'_, Result<Bytes, BusError>> {
        self.bus.request(subject, payload, timeout)
    }

    fn subscribe(&self, subject: Subject, group: Option<QueueGroup>) -> BoxFuture<'_, Result<Subscription, BusError>> {
        self.bus.subscribe(subject, group)
    }

    fn delivery(&self) -> DeliveryGuarantee {
        self.bus.delivery()
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), BusError>> {
        self.bus.probe()
    }
}

/// A stage, and a switch that silences its first router.
async fn stage() -> (Stage, Arc<AtomicBool>) {
    let muted = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&muted);
    let veil = |backends: Backends| Backends { bus: Arc::new(Mute { bus: backends.bus, muted }), ..backends };
    (Stage::behind(|_| {}, veil).await, switch)
}

/// Counts marks.
struct Counted {
    recent: Arc<dyn Recent>,
    marks: Arc<AtomicU32>,
}

impl Recent for Counted {
    fn mark<'a>(&'a self, partition: Partition, room: &'a RoomId, now: Timestamp) -> Step<'a, ()> {
        self.marks.fetch_add(1, Ordering::Relaxed);
        self.recent.mark(partition, room, now)
    }

    fn rooms<'a>(&'a self, partition: Partition, since: Timestamp, limit: usize) -> Step<'a, Vec<RoomId>> {
        self.recent.rooms(partition, since, limit)
    }
}

#[tokio::test(start_paused = true)]
async fn gateways_of_a_quiet_room_hear_of_a_message_that_was_stored_and_not_sent() {
    let (mut stage, muted) = stage().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    for actor in [&ann, &bob] {
        stage.join(actor, "team").await;
    }
    stage.clear();
    muted.store(true, Ordering::Relaxed);
    stage.post(&ann, "team", "hello").await.unwrap();
    stage.replace_killed().await;
    for gateway in ["g1", "g2"] {
        assert_eq!(stage.heard(gateway), ["team stands at #1"]);
    }
}

#[tokio::test(start_paused = true)]
async fn of_rooms_that_nobody_wrote_to_lately_nothing_is_said() {
    let (mut stage, _) = stage().await;
    let ann = stage.synapse("ann1", "g1").await;
    stage.join(&ann, "old").await;
    stage.pass(Duration::from_secs(181)).await;
    stage.join(&ann, "new").await;
    stage.clear();
    stage.replace_killed().await;
    assert_eq!(stage.heard("g1"), ["new stands at #0"]);
}

#[tokio::test(start_paused = true)]
async fn of_more_rooms_than_may_be_told_the_last_written_to_are_told() {
    let (mut stage, _) = stage().await;
    let ann = stage.synapse("ann1", "g1").await;
    // Rooms of one partition: the bound counts for each.
    let partition = Partition::of("r");
    let rooms = (0..).map(|n| format!("r{n}")).filter(|room| Partition::of(room) == partition);
    let rooms: Vec<_> = rooms.take(5).collect();
    for room in &rooms {
        stage.join(&ann, room).await;
        stage.pass(Duration::from_secs(1)).await;
    }
    stage.clear();
    stage.kill().await;
    stage.replace(Options { takeover_rooms: 2, ..Options::default() }).await;
    let mut heard = stage.heard("g1");
    heard.sort();
    let mut expected: Vec<_> = rooms[3..].iter().map(|room| format!("{room} stands at #0")).collect();
    expected.sort();
    assert_eq!(heard, expected);
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_away_at_a_takeover_it_is_asked_again() {
    let outage = Outage::default();
    let mut stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    stage.join(&ann, "team").await;
    stage.clear();
    stage.kill().await;
    stage.backends.store = outage.over(stage.store());
    outage.begin();
    stage.replace(Options::default()).await;
    stage.pass(Duration::from_secs(60)).await;
    assert!(stage.heard("g1").is_empty() && outage.refused() > 256);
    outage.end();
    stage.pass(Duration::from_secs(2)).await;
    assert_eq!(stage.heard("g1"), ["team stands at #0"]);
}

#[tokio::test(start_paused = true)]
async fn the_writes_of_a_while_have_one_mark() {
    let marks = Arc::new(AtomicU32::new(0));
    let veil = |store: Store| {
        let recent = Arc::new(Counted { recent: Arc::clone(&store.recent), marks: Arc::clone(&marks) });
        Store { recent, ..store }
    };
    let stage = Stage::over(|_| {}, veil).await;
    let ann = stage.synapse("ann1", "g1").await;
    stage.join(&ann, "team").await;
    for _ in 0..100 {
        stage.post(&ann, "team", "hello").await.unwrap();
        stage.pass(Duration::from_millis(600)).await;
    }
    // A minute: one mark stands for 15 to 30 seconds.
    assert!((2..=5).contains(&marks.load(Ordering::Relaxed)), "{marks:?}");
}

#[tokio::test(start_paused = true)]
async fn a_message_does_not_need_its_mark() {
    let outage = Outage::default();
    let veil = |store: Store| Store { recent: outage.over(store.clone()).recent, ..store };
    let stage = Stage::over(|_| {}, veil).await;
    let ann = stage.synapse("ann1", "g1").await;
    outage.begin();
    stage.join(&ann, "team").await;
    for _ in 0..100 {
        stage.post(&ann, "team", "hello").await.unwrap();
    }
    // It was not tried for each of them.
    assert_eq!((stage.metrics.rooms.mark_failures.get(), outage.refused()), (1, 1));
    outage.end();
    stage.pass(Duration::from_secs(2)).await;
    stage.post(&ann, "team", "hello").await.unwrap();
    let marked = stage.store().recent.rooms(Partition::of("team"), Timestamp::default(), 10).await.unwrap();
    assert_eq!(marked.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_call_that_was_stored_and_not_told_is_told_by_the_next_router() {
    let (mut stage, muted) = stage().await;
    let (ann, _bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    initiated(stage.ask(&ann, "call:c", call(&["bob"])).await);
    stage.clear();
    muted.store(true, Ordering::Relaxed);
    stage.ask(&ann, "call:c", RoomCommand::EndCall { unanswered: false }).await.unwrap();
    stage.replace_killed().await;
    assert_eq!(stage.heard("g2"), ["bob: c ended: user-ended"]);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_call_is_told_again_with_the_command_that_comes_again() {
    let (mut stage, muted) = stage().await;
    let (ann, _bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    initiated(stage.ask(&ann, "call:c", call(&["bob"])).await);
    stage.clear();
    let id = CommandId::generate();
    for mute in [true, false] {
        muted.store(mute, Ordering::Relaxed);
        stage
            .send(id, Origin::Socket(ann.clone()), "call:c", RoomCommand::EndCall { unanswered: false })
            .await
            .unwrap();
    }
    assert_eq!(stage.heard("g2"), ["bob: c ended by ann: user-ended"]);
    // Somebody else's attempt to end it is none of that.
    stage.ask(&ann, "call:c", RoomCommand::EndCall { unanswered: false }).await.unwrap();
    assert!(stage.heard("g2").is_empty());
}

#[tokio::test(start_paused = true)]
async fn that_nobody_answered_is_told_even_if_the_store_went_away_in_between() {
    let outage = Outage::default();
    // Where devices are is not known when they are to be told.
    let veil = |store: Store| Store { presence: outage.over(store.clone()).presence, ..store };
    let mut stage = Stage::over(|_| {}, veil).await;
    let (ann, _bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    initiated(stage.ask(&ann, "call:c", call(&["bob"])).await);
    stage.clear();
    stage.pass(Duration::from_secs(59)).await;
    outage.begin();
    stage.pass(Duration::from_secs(30)).await;
    assert!(stage.heard("g2").is_empty());
    outage.end();
    stage.pass(Duration::from_secs(2)).await;
    assert_eq!(stage.heard("g2"), ["bob: c ended: no-answer"]);
    stage.pass(Duration::from_secs(120)).await;
    assert!(stage.heard("g2").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_typist_whose_gateway_has_died_types_no_more() {
    let (mut stage, _) = stage().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    for actor in [&ann, &bob] {
        stage.join(actor, "team").await;
    }
    stage.ask(&ann, "team", RoomCommand::SetTyping { on: true }).await.unwrap();
    stage.clear();
    stage.backends.directory.deregister(&node("g1")).await.unwrap();
    stage.lose(&ann).await;
    let (socket, user) = (ann.socket.clone(), ann.user.id.clone());
    stage.system("team", RoomCommand::Detach { socket, user, cause: DisconnectCause::Lost }).await.unwrap();
    assert_eq!(
        stage.heard("g2"),
        ["team but ann1: member ann1 disconnected, so did ann", "team but ann: ann stops typing"]
    );
}
