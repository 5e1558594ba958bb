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
use heliograph_cluster::store::{Calls, Limits, Step, Store, StoreError, Taken, Versioned};
use heliograph_domain::{
    command::RoomCommand,
    id::{CallId, UserId},
    refusal::Code,
    time::Timestamp,
};

use crate::{
    calls::{call, initiated},
    stage::{Stage, code},
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
    assert_eq!(code(stage.ask(&bob, "call:c", RoomCommand::EndCall).await), Code::Unavailable);
}
