//! The store is away.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt, future};
use heliograph_cluster::store::{Calls, Limits, Step, Store, StoreError, Taken, Versioned, faulty::Outage};
use heliograph_domain::{
    activity::EphemeralKind,
    command::{RoomCommand, Signal, SignalKind, SignalTarget},
    id::{CallId, UserId},
    refusal::Code,
    text::RawJson,
    time::Timestamp,
    user::Vocabulary,
};
use tokio::time;

use crate::{
    calls::{call, initiated},
    stage::{Stage, actor, code, socket, user},
};

fn away<'a, T: Send + 'a>() -> Step<'a, T> {
    future::ready(Err(StoreError::Unavailable("for the test".to_owned()))).boxed()
}

/// Limits that cannot be asked while the switch is on.
struct Faulty {
    limits: Arc<dyn Limits>,
    away: Arc<AtomicBool>,
}

impl Limits for Faulty {
    fn take<'a>(
        &'a self,
        user: &'a UserId,
        limit: &'static str,
        max: u32,
        window: Duration,
        now: Timestamp,
    ) -> Step<'a, Taken> {
        if self.away.load(Ordering::Relaxed) { away() } else { self.limits.take(user, limit, max, window, now) }
    }
}

/// Calls that somebody else changes so often just before they are saved.
struct Contended {
    calls: Arc<dyn Calls>,
    conflicts: Arc<AtomicU32>,
}

impl Calls for Contended {
    fn load<'a>(&'a self, call: &'a CallId) -> Step<'a, Option<Versioned>> {
        self.calls.load(call)
    }

    fn save<'a>(&'a self, call: &'a CallId, expected: u64, record: Bytes, ttl: Duration) -> Step<'a, bool> {
        let conflict = |left: u32| left.checked_sub(1);
        if expected > 0 && self.conflicts.fetch_update(Ordering::Relaxed, Ordering::Relaxed, conflict).is_ok() {
            return future::ready(Ok(false)).boxed();
        }
        self.calls.save(call, expected, record, ttl)
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_away_commands_are_refused_and_may_be_tried_again() {
    let switch = Arc::new(AtomicBool::new(false));
    let veil = |store: Store| {
        let limits = Arc::new(Faulty { limits: Arc::clone(&store.limits), away: Arc::clone(&switch) });
        Store { limits, ..store }
    };
    let mut stage = Stage::over(|_| {}, veil).await;
    let ann = stage.synapse("ann1", "g1").await;
    stage.join(&ann, "team").await;
    stage.clear();
    switch.store(true, Ordering::Relaxed);
    let refusal = stage.post(&ann, "team", "hello").await.unwrap_err();
    assert_eq!((refusal.code, refusal.retryable()), (Code::Unavailable, true));
    assert!(stage.heard("g1").is_empty() && stage.metrics.rooms.store_failures.get() > 0);
    // What needs less of the store goes on.
    stage.ask(&ann, "team", RoomCommand::SetTyping { on: true }).await.unwrap();
    switch.store(false, Ordering::Relaxed);
    stage.post(&ann, "team", "hello").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_change_of_a_call_that_others_get_ahead_of_is_made_anew() {
    let conflicts = Arc::new(AtomicU32::new(0));
    let veil = |store: Store| {
        let calls = Arc::new(Contended { calls: Arc::clone(&store.calls), conflicts: Arc::clone(&conflicts) });
        Store { calls, ..store }
    };
    let mut stage = Stage::over(|_| {}, veil).await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    conflicts.store(3, Ordering::Relaxed);
    initiated(stage.ask(&ann, "call:c", call(&["bob"])).await);
    stage.clear();
    conflicts.store(3, Ordering::Relaxed);
    stage.ask(&bob, "call:c", RoomCommand::AcceptCall).await.unwrap();
    assert_eq!(stage.heard("g1"), ["ann: c accepted by bob"]);
    conflicts.store(u32::MAX, Ordering::Relaxed);
    assert_eq!(code(stage.ask(&bob, "call:c", RoomCommand::EndCall { unanswered: false }).await), Code::Unavailable);
}

/// How long the router remembers who is where.
const KNOWN: Duration = Duration::from_secs(600);

/// Two synapse clients and two mesh clients who have joined a room and done nothing else, a store that has gone away
/// since, and a switch for that.
async fn away_from_the_store() -> (Stage, Outage) {
    let outage = Outage::default();
    let mut stage = Stage::over(|options| options.known_age = KNOWN, |store| outage.over(store)).await;
    for (id, gateway) in [("ann1", "g1"), ("bob1", "g2")] {
        let actor = stage.synapse(id, gateway).await;
        stage.join(&actor, "team").await;
    }
    for (id, gateway) in [("cat1", "g1"), ("dan1", "g2")] {
        let actor = stage.mesh(id, gateway).await;
        stage.join(&actor, "team").await;
    }
    stage.clear();
    outage.begin();
    (stage, outage)
}

fn json() -> RawJson {
    RawJson::from_checked(r#"{"x":1}"#)
}

fn signal_to(peer: &str) -> RoomCommand {
    let to = SignalTarget::Socket(socket(peer));
    RoomCommand::Signal(Signal { to, kind: SignalKind::Candidate, body: json() })
}

#[tokio::test(start_paused = true)]
async fn what_is_not_stored_flows_while_the_store_is_away() {
    let (mut stage, outage) = away_from_the_store().await;
    let ann = actor("ann1", "g1", Vocabulary::Synapse);
    let cat = actor("cat1", "g1", Vocabulary::Mesh);
    for _ in 0..20 {
        stage.ask(&ann, "team", RoomCommand::SetTyping { on: false }).await.unwrap();
        assert_eq!(stage.heard("g2"), ["team but ann: ann stops typing"]);
    }
    // It is not asked each time.
    assert!(outage.refused() < 5, "{}", outage.refused());
    stage
        .ask(&cat, "team", RoomCommand::SendEphemeral { to: None, kind: EphemeralKind::Data, body: json() })
        .await
        .unwrap();
    assert_eq!(stage.heard("g2").len(), 1);
    stage
        .ask(
            &cat,
            "team",
            RoomCommand::SendEphemeral { to: Some(socket("dan1")), kind: EphemeralKind::Data, body: json() },
        )
        .await
        .unwrap();
    stage.ask(&cat, "team", signal_to("dan1")).await.unwrap();
    assert_eq!(stage.heard("g2").len(), 2);
    assert_eq!(stage.metrics.rooms.from_memory.get(), 23);
}

#[tokio::test(start_paused = true)]
async fn of_whom_the_store_has_not_said_that_they_are_there_nothing_is_told() {
    let (mut stage, outage) = away_from_the_store().await;
    let eve = actor("eve1", "g1", Vocabulary::Synapse);
    let typing = || RoomCommand::SetTyping { on: true };
    assert_eq!(code(stage.ask(&eve, "team", typing()).await), Code::Unavailable);
    let ann = actor("ann1", "g1", Vocabulary::Synapse);
    assert_eq!(code(stage.ask(&ann, "other", typing()).await), Code::Unavailable);
    assert!(stage.heard("g2").is_empty());
    outage.end();
    assert_eq!(code(stage.ask(&eve, "team", typing()).await), Code::NotInRoom);
}

#[tokio::test(start_paused = true)]
async fn messages_wait_for_the_store_within_their_deadline() {
    let (mut stage, outage) = away_from_the_store().await;
    let ann = actor("ann1", "g1", Vocabulary::Synapse);
    let refusal = stage.post(&ann, "team", "too early").await.unwrap_err();
    assert_eq!((refusal.code, refusal.retryable()), (Code::Unavailable, true));
    let back = async {
        time::sleep(Duration::from_millis(500)).await;
        outage.end();
    };
    let (posted, ()) = future::join(stage.post(&ann, "team", "in time"), back).await;
    posted.unwrap();
    assert_eq!(stage.heard("g2").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_known_before_the_store_went_away_is_not_known_for_ever() {
    let (stage, _outage) = away_from_the_store().await;
    let ann = actor("ann1", "g1", Vocabulary::Synapse);
    let typing = || RoomCommand::SetTyping { on: true };
    stage.pass(Duration::from_secs(290)).await;
    stage.ask(&ann, "team", typing()).await.unwrap();
    stage.pass(Duration::from_secs(320)).await;
    assert_eq!(code(stage.ask(&ann, "team", typing()).await), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn who_has_left_is_not_known_any_more() {
    let (mut stage, outage) = away_from_the_store().await;
    let (cat, dan) = (actor("cat1", "g1", Vocabulary::Mesh), actor("dan1", "g2", Vocabulary::Mesh));
    outage.end();
    stage.pass(Duration::from_secs(2)).await;
    stage.ask(&dan, "team", RoomCommand::Leave { permanent: false }).await.unwrap();
    stage.clear();
    outage.begin();
    assert_eq!(code(stage.ask(&cat, "team", signal_to("dan1")).await), Code::Unavailable);
    assert_eq!(code(stage.ask(&dan, "team", signal_to("cat1")).await), Code::Unavailable);
    assert!(stage.heard("g1").is_empty() && stage.heard("g2").is_empty());
}

/// Ann and Bob in a call that Cat has declined, none of whom has sent a signal yet, and the switch.
async fn call_away_from_the_store() -> (Stage, Outage) {
    let outage = Outage::default();
    let mut stage = Stage::over(|_| {}, |store| outage.over(store)).await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    let cat = stage.synapse("cat1", "g2").await;
    initiated(stage.ask(&ann, "call:c", call(&["bob", "cat"])).await);
    stage.ask(&bob, "call:c", RoomCommand::AcceptCall).await.unwrap();
    stage.ask(&cat, "call:c", RoomCommand::RejectCall { reason: None }).await.unwrap();
    stage.clear();
    outage.begin();
    (stage, outage)
}

fn signal_to_user(to: &str) -> RoomCommand {
    let to = SignalTarget::User(user(to));
    RoomCommand::Signal(Signal { to, kind: SignalKind::Candidate, body: json() })
}

#[tokio::test(start_paused = true)]
async fn signals_of_a_call_flow_between_those_who_are_in_it() {
    let (mut stage, outage) = call_away_from_the_store().await;
    let (ann, bob) = (actor("ann1", "g1", Vocabulary::Synapse), actor("bob1", "g2", Vocabulary::Synapse));
    stage.ask(&ann, "call:c", signal_to_user("bob")).await.unwrap();
    assert_eq!(stage.heard("g2").len(), 1);
    stage.ask(&bob, "call:c", signal_to_user("ann")).await.unwrap();
    assert_eq!(stage.heard("g1").len(), 1);
    assert_eq!(stage.metrics.rooms.from_memory.get(), 2);
    outage.end();
    stage.pass(Duration::from_secs(2)).await;
    stage.ask(&ann, "call:c", RoomCommand::EndCall { unanswered: false }).await.unwrap();
    stage.clear();
    outage.begin();
    assert!(stage.ask(&ann, "call:c", signal_to_user("bob")).await.is_err());
    assert!(stage.heard("g2").is_empty());
}

#[tokio::test(start_paused = true)]
async fn signals_of_whoever_is_not_in_the_call_are_refused_without_the_store_too() {
    let (mut stage, _outage) = call_away_from_the_store().await;
    for stranger in ["cat1", "eve1"] {
        let stranger = actor(stranger, "g1", Vocabulary::Synapse);
        assert_eq!(code(stage.ask(&stranger, "call:c", signal_to_user("bob")).await), Code::NotAllowed);
    }
    let ann = actor("ann1", "g1", Vocabulary::Synapse);
    assert_eq!(code(stage.ask(&ann, "call:c", signal_to_user("cat")).await), Code::NotAllowed);
    assert_eq!(code(stage.ask(&ann, "call:other", signal_to_user("bob")).await), Code::Unavailable);
    assert!(stage.heard("g1").is_empty() && stage.heard("g2").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_back_is_noticed_while_signals_go_on() {
    let (stage, outage) = call_away_from_the_store().await;
    let ann = actor("ann1", "g1", Vocabulary::Synapse);
    stage.ask(&ann, "call:c", signal_to_user("bob")).await.unwrap();
    outage.end();
    for _ in 0..20 {
        stage.ask(&ann, "call:c", signal_to_user("bob")).await.unwrap();
        stage.pass(Duration::from_millis(100)).await;
    }
    let from_memory = stage.metrics.rooms.from_memory.get();
    assert!(from_memory <= 12, "{from_memory} of 21");
}

#[tokio::test(start_paused = true)]
async fn who_writes_is_known_though_they_joined_long_ago() {
    let (mut stage, outage) = away_from_the_store().await;
    outage.end();
    let ann = actor("ann1", "g1", Vocabulary::Synapse);
    for _ in 0..4 {
        stage.pass(KNOWN / 4).await;
        stage.post(&ann, "team", "still here").await.unwrap();
    }
    stage.clear();
    outage.begin();
    stage.ask(&ann, "team", RoomCommand::SetTyping { on: true }).await.unwrap();
    assert_eq!(stage.heard("g2").len(), 1);
}
