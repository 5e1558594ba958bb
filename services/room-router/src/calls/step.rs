//! One change of a call: load, change, save if nobody else did meanwhile, tell.

use std::{collections::BTreeSet, time::Duration};

use bytes::Bytes;
use heliograph_cluster::{
    serve::Timers,
    store::{Deadline, StoreError},
};
use heliograph_domain::{
    event::{CallEndReason, CloseReason},
    id::{CallId, UserId},
    refusal::{Code, Refusal},
    room::RoomId,
    time::Timestamp,
};
use heliograph_telemetry::metrics::count;
use tracing::error;

use super::{
    call::{Call, Notice, Phase},
    record::Stored,
};
use crate::{failure::Outcome, router::Router};

/// How often a change is tried against others that get ahead of it.
pub(super) const ATTEMPTS: usize = 16;

/// The deadline of a call.
fn deadline_key(call: &CallId) -> String {
    format!("call:{call}")
}

/// The call whose deadline has this key.
pub(crate) fn deadline_call(key: &str) -> Option<CallId> {
    CallId::parse(key.strip_prefix("call:")?).ok()
}

/// A call, and the version of its record.
pub(super) struct Loaded {
    pub(super) call: Call,
    pub(super) version: u64,
}

impl Router {
    /// The call of this name.
    pub(super) async fn load_call(&self, id: &CallId) -> Result<Option<Loaded>, StoreError> {
        let mut id = id.clone();
        // An alias names a call that survived; nothing becomes an alias afterwards.
        for _ in 0..2 {
            let Some(found) = self.store.calls.load(&id).await? else { return Ok(None) };
            match Stored::decode(found.record.clone()) {
                Ok(Stored::Call(call)) => {
                    self.remember_call(&call, &found.record);
                    return Ok(Some(Loaded { call: *call, version: found.version }));
                }
                Ok(Stored::AliasOf(other)) => id = other,
                Err(error) => {
                    error!(call = id.as_str(), %error, "a call cannot be read");
                    return Err(StoreError::Unreadable("call"));
                }
            }
        }
        Ok(None)
    }

    /// Remembers a call as it stands, for signals while the store is away. Not one with several names: the owners
    /// of all their partitions change it.
    fn remember_call(&self, call: &Call, record: &Bytes) {
        let is_ours_alone = call.participants.iter().all(|one| one.known_as.is_none());
        self.memory.learn_call(&RoomId::of_call(&call.id), is_ours_alone.then_some(record), self.clock.now());
    }

    /// The call of this name as it stands.
    pub(crate) async fn call(&self, id: &CallId) -> Result<Option<Call>, StoreError> {
        Ok(self.load_call(id).await?.map(|loaded| loaded.call))
    }

    /// Changes a call that exists, and tells what comes of it. `change` may run more than once.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is none, and what `change` refuses.
    pub(super) async fn change_call<T>(
        &self,
        id: &CallId,
        timers: &Timers,
        now: Timestamp,
        mut change: impl FnMut(&mut Call) -> Result<T, Refusal> + Send,
    ) -> Outcome<T> {
        for _ in 0..ATTEMPTS {
            let Loaded { mut call, version } = self.load_call(id).await?.ok_or(Refusal::new(Code::NotFound))?;
            let before = call.clone();
            let answer = change(&mut call)?;
            let notices = call.take_notices();
            if call == before || self.save_call(Some(&before), &call, version, timers).await? {
                self.tell_call(&call, notices, now).await?;
                // Only now: a deadline that is still there makes sure that it is told.
                if let Some(at) = before.deadline().filter(|_| call.deadline().is_none()) {
                    self.note(self.clear_deadline(&call.id, at, timers).await, "call");
                }
                if call.is_over() && !before.is_over() {
                    self.close_call_rooms(&call, now).await;
                }
                return Ok(answer);
            }
        }
        Err(Code::Unavailable.into())
    }

    /// Stores a new call, and tells what comes of it. Gives whether there was none of its name.
    pub(super) async fn begin_call(&self, call: &mut Call, timers: &Timers, now: Timestamp) -> Outcome<bool> {
        if !self.save_call(None, call, 0, timers).await? {
            return Ok(false);
        }
        let notices = call.take_notices();
        self.tell_call(call, notices, now).await?;
        Ok(true)
    }

    /// Replaces the record of a call. What has to outlive this process, should it fail in between, is
    /// set before: a deadline or an index entry too many does no harm.
    pub(super) async fn save_call(
        &self,
        before: Option<&Call>,
        after: &Call,
        version: u64,
        timers: &Timers,
    ) -> Result<bool, StoreError> {
        let concerned: BTreeSet<&UserId> = before.into_iter().flat_map(Call::current).collect();
        let concerns: BTreeSet<&UserId> = after.current().collect();
        for user in concerns.difference(&concerned) {
            self.store.presence.add_call(user, &after.id).await?;
        }
        self.set_deadline(after, timers).await?;
        let room = RoomId::of_call(&after.id);
        self.mark(&room, timers.now()).await;
        let record = Stored::Call(Box::new(after.clone())).encode();
        // What fails may have been done all the same.
        self.memory.learn_call(&room, None, timers.now());
        if !self.store.calls.save(&after.id, version, record.clone(), self.kept(after)).await? {
            return Ok(false);
        }
        self.remember_call(after, &record);
        for user in concerned.difference(&concerns) {
            self.note(self.store.presence.remove_call(user, &after.id).await, "call");
        }
        self.observe(before.map(|call| &call.phase), &after.phase);
        Ok(true)
    }

    pub(super) async fn set_deadline(&self, call: &Call, timers: &Timers) -> Result<(), StoreError> {
        let Some(at) = call.deadline() else { return Ok(()) };
        timers.set(RoomId::of_call(&call.id).as_str(), deadline_key(&call.id), at).await
    }

    pub(super) async fn clear_deadline(&self, call: &CallId, at: Timestamp, timers: &Timers) -> Result<(), StoreError> {
        let deadline = Deadline { key: deadline_key(call), at };
        timers.clear(RoomId::of_call(call).as_str(), &deadline).await
    }

    /// Tells notices in their order.
    pub(super) async fn tell_call(&self, call: &Call, notices: Vec<Notice>, at: Timestamp) -> Result<(), StoreError> {
        debug_assert!(call.notices.is_empty());
        for Notice { call, to, except, event } in notices {
            self.tell_users(&RoomId::of_call(&call), &to, except.as_ref(), at, event).await?;
        }
        Ok(())
    }

    /// Tells of the end of a call that another router may have ended and not told, and closes its rooms.
    pub(crate) async fn tell_call_again(&self, id: &CallId) -> Result<(), StoreError> {
        let Some(Loaded { mut call, .. }) = self.load_call(id).await? else { return Ok(()) };
        if !call.is_over() {
            return Ok(());
        }
        let now = self.clock.now();
        call.tell_again();
        let notices = call.take_notices();
        self.tell_call(&call, notices, now).await?;
        self.close_call_rooms(&call, now).await;
        Ok(())
    }

    /// Closes the room of a call that is over, under each of its names, after everybody has heard why.
    async fn close_call_rooms(&self, call: &Call, now: Timestamp) {
        for id in call.ids() {
            let closed = self.close_room(&RoomId::of_call(&id), CloseReason::CallEnded, None, now).await;
            self.note(closed, "call");
        }
    }

    fn kept(&self, call: &Call) -> Duration {
        match call.phase {
            // Longer than it may wait: it ends by its deadline, not by being forgotten.
            Phase::Created => self.options.unused_call + self.options.ended_call,
            Phase::Ringing | Phase::Active => self.options.quiet_call,
            Phase::Ended { .. } => self.options.ended_call,
        }
    }

    fn observe(&self, before: Option<&Phase>, after: &Phase) {
        if before == Some(after) {
            return;
        }
        let case = match after {
            Phase::Created => return,
            Phase::Ringing => "ringing",
            Phase::Active => "accepted",
            Phase::Ended { reason, .. } => CallEndReason::name(*reason),
        };
        count(&self.metrics.calls, case);
    }
}
