//! One change of matching: on what is known, stored if nobody else did meanwhile, then told.
//!
//! What is known is the pool as this router stored or loaded it last. A step that another router has made
//! since is noticed when the next one is stored, or before an answer is given that changes nothing; then
//! the pool is loaded again. Every change is told before the next one is made, so that a router which
//! loads the pool knows what may not have been told: the newest step alone.

use std::{collections::BTreeSet, time::Duration};

use futures_util::{StreamExt, TryStreamExt, future, stream};
use heliograph_cluster::{
    partition::Partition,
    serve::Timers,
    store::{RECENT, StoreError},
};
use heliograph_domain::{
    event::Event,
    id::{MatchId, UserId},
    matching::{InviteAnswer, MatchingEvent, QueueView},
    refusal::{Code, Refusal},
    room::RoomId,
    time::Timestamp,
};
use tokio::sync::MutexGuard;

use super::{
    pool::{Key, Pool},
    positions::Positions,
    ticket::Ticket,
};
use crate::{failure::Outcome, router::Router};

/// How often a change is tried against those of another router.
const ATTEMPTS: usize = 16;
/// Users who are told side by side.
const TOLD_AT_ONCE: usize = 32;
/// Pairs that are looked at side by side for a block.
const LOOKED_AT_ONCE: usize = 16;
/// What is done at a time of what is due.
const DUE_AT_ONCE: usize = 256;

/// The deadline at which something is due.
const DUE: &str = "matching";
/// The deadline at which people are told their positions.
const POSITIONS: &str = "matching:positions";

/// Whether a deadline is one of matching.
pub(crate) fn is_deadline(key: &str) -> bool {
    matches!(key, DUE | POSITIONS)
}

/// What a router knows of matching.
#[derive(Default)]
pub(crate) struct Known {
    /// `None` if it has to be loaded.
    pool: Option<Pool>,
    /// Records of whose last change somebody may not have heard.
    untold: BTreeSet<Key>,
    /// For when the deadline is set, as far as this router knows.
    armed: Option<Timestamp>,
    positions: Positions,
}

impl Router {
    /// Changes the pool, and tells what comes of it. `change` may run more than once; `answer` sees what has
    /// become of it.
    ///
    /// # Errors
    ///
    /// What `change` refuses.
    pub(super) async fn change_pool<T: Send, A>(
        &self,
        timers: &Timers,
        now: Timestamp,
        mut change: impl FnMut(&mut Pool) -> Result<T, Refusal> + Send,
        answer: impl FnOnce(T, &Pool) -> A + Send,
    ) -> Outcome<A> {
        let mut known = self.matching.lock().await;
        for _ in 0..ATTEMPTS {
            let mut pool = self.up_to_date(&mut known, now).await?;
            let changed = change(&mut pool);
            if changed.is_ok() {
                self.bring_together(&mut pool, now).await?;
            }
            if pool.touched().is_empty() {
                self.arm(&mut known, &pool, timers, now).await?;
                if self.store.matching.version().await? != pool.version {
                    continue;
                }
                let outcome = changed.map(|changed| answer(changed, &pool));
                known.pool = Some(pool);
                return Ok(outcome?);
            }
            // What was refused half-way goes with the pool that has it.
            let changed = changed?;
            if self.store_pool(&mut known, &mut pool, timers, now).await? {
                let answer = answer(changed, &pool);
                known.pool = Some(pool);
                self.tell_untold(&mut known).await?;
                return Ok(answer);
            }
        }
        Err(Code::Unavailable.into())
    }

    /// Takes the pool out, after everybody has heard of its last change. It is put back when a change has
    /// succeeded; otherwise it is loaded the next time.
    async fn up_to_date(&self, known: &mut MutexGuard<'_, Known>, now: Timestamp) -> Outcome<Pool> {
        if known.pool.is_none() {
            let pool = Pool::decode(self.store.matching.load().await?);
            known.untold.extend(pool.changed_by(pool.version, now - RECENT));
            known.armed = None;
            known.pool = Some(pool);
        }
        self.tell_untold(known).await?;
        Ok(known.pool.take().ok_or(Refusal::new(Code::Unavailable))?)
    }

    /// Stores what has changed. Gives whether nobody else did before.
    async fn store_pool(
        &self,
        known: &mut MutexGuard<'_, Known>,
        pool: &mut Pool,
        timers: &Timers,
        now: Timestamp,
    ) -> Outcome<bool> {
        // Set before: a deadline too many does no harm.
        self.arm(known, pool, timers, now).await?;
        let version = pool.version + 1;
        if !self.store.matching.commit(pool.version, &pool.changes()).await? {
            return Ok(false);
        }
        known.untold = pool.touched_by(version);
        pool.stored(version);
        self.observe_matching(pool, &known.untold);
        if known.positions.moved(pool.take_moved()) {
            let at = now + Positions::PERIOD;
            let set = timers.set(RoomId::matching().as_str(), POSITIONS.to_owned(), at).await;
            known.positions.armed = set.is_ok();
            self.note(set, "positions");
        }
        Ok(true)
    }

    /// Sets the deadline for what is due next, unless it is set for that or for earlier.
    async fn arm(
        &self,
        known: &mut MutexGuard<'_, Known>,
        pool: &Pool,
        timers: &Timers,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(due) = pool.next_due() else { return Ok(()) };
        if known.armed.is_none_or(|armed| due < armed || armed <= now) {
            // What is overdue gets a deadline that differs from the one which is being carried out.
            let at = due.max(now + Duration::from_millis(1));
            timers.set(RoomId::matching().as_str(), DUE.to_owned(), at).await?;
            known.armed = Some(at);
        }
        Ok(())
    }

    /// Brings those who have come, or come back, together with those who wait.
    async fn bring_together(&self, pool: &mut Pool, now: Timestamp) -> Result<(), StoreError> {
        for user in pool.take_seeking() {
            let candidates = pool.candidates(&user, self.options.matching.looks);
            for some in candidates.chunks(LOOKED_AT_ONCE) {
                let blocked = some.iter().map(|other| self.blocked(&user, other));
                let blocked = future::try_join_all(blocked).await?;
                let other = some.iter().zip(blocked).find(|(_, blocked)| !blocked);
                if let Some((other, _)) = other {
                    pool.pair(&user, other, &MatchId::generate(), now, &self.options.matching);
                    break;
                }
            }
        }
        Ok(())
    }

    /// Tells what may not have been told.
    async fn tell_untold(&self, known: &mut MutexGuard<'_, Known>) -> Outcome<()> {
        let Some(pool) = &known.pool else { return Ok(()) };
        for key in &known.untold {
            self.open_rooms(pool, key).await?;
        }
        let tell = |key: &Key| {
            let told = match key {
                Key::Ticket(user) => pool.ticket(user).map(|ticket| {
                    let news = ticket.news.iter().cloned();
                    (ticket.changed.at, user.clone(), news.collect())
                }),
                Key::Invite(id) => pool.invite(id).map(|invite| {
                    let (user, event) = invite.news();
                    (invite.changed.at, user, vec![event])
                }),
            };
            async move {
                let Some((at, user, events)) = told else { return Ok(()) };
                self.tell_in_order(&user, events, at).await
            }
        };
        let telling: Vec<_> = known.untold.iter().map(tell).collect();
        stream::iter(telling).buffer_unordered(TOLD_AT_ONCE).try_collect::<()>().await?;
        known.untold.clear();
        Ok(())
    }

    pub(super) async fn tell_in_order(
        &self,
        user: &UserId,
        events: Vec<MatchingEvent>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        for event in events {
            let users = std::slice::from_ref(user);
            match self.tell_users(&RoomId::matching(), users, None, at, Event::Matching(event)).await {
                // What is known of one user must not keep all the others waiting.
                Err(error @ StoreError::Unreadable(_)) => self.store_failed(&error, "matching"),
                told => told?,
            }
        }
        Ok(())
    }

    /// Makes the room of a match that was made, and who accepted an invitation a member of the session's.
    async fn open_rooms(&self, pool: &Pool, key: &Key) -> Result<(), StoreError> {
        let now = self.clock.now();
        match key {
            Key::Ticket(user) => {
                let made = pool.ticket(user).and_then(Ticket::made).filter(|made| !made.initiator);
                if let Some(made) = made {
                    self.open_for(&made.room, made.participants.clone(), now).await?;
                }
            }
            Key::Invite(id) => {
                let accepted = pool.invite(id).filter(|invite| invite.answer == Some(InviteAnswer::Accepted));
                if let Some((invite, member)) = accepted.and_then(|invite| Some((invite, invite.invited.clone()?))) {
                    self.admit(&invite.session, member, now).await?;
                }
            }
        }
        Ok(())
    }

    /// Does what is due.
    pub(crate) async fn fire_matching(&self, key: &str, timers: &Timers) -> Outcome<()> {
        let now = timers.now();
        if key == POSITIONS {
            return self.tell_positions(timers, now).await;
        }
        let returned = self.returned(now).await?;
        let options = &self.options.matching;
        let expire = |pool: &mut Pool| {
            for key in pool.due(now, DUE_AT_ONCE) {
                match pool.gone(&key, now) {
                    Some(user) if returned.contains(&user) => pool.come_back(&user),
                    Some(user) => pool.depart(&user, now, options),
                    None => pool.expire(&key, now, options),
                }
            }
            Ok(())
        };
        // The deadline that is being carried out goes, whatever it was.
        self.matching.lock().await.armed = None;
        self.change_pool(timers, now, expire, |(), _| ()).await
    }

    /// Who is about to lose the place, and has a socket again that keeps it.
    async fn returned(&self, now: Timestamp) -> Outcome<BTreeSet<UserId>> {
        let gone: Vec<UserId> = {
            let mut known = self.matching.lock().await;
            let pool = self.up_to_date(&mut known, now).await?;
            let gone = pool.due(now, DUE_AT_ONCE).iter().filter_map(|key| pool.gone(key, now)).collect();
            known.pool = Some(pool);
            gone
        };
        let mut returned = BTreeSet::new();
        for user in gone {
            if self.keeps_place(&user, None).await? {
                returned.insert(user);
            }
        }
        Ok(returned)
    }

    /// Tells those whose position is another than they know.
    async fn tell_positions(&self, timers: &Timers, now: Timestamp) -> Outcome<()> {
        let mut known = self.matching.lock().await;
        let pool = self.up_to_date(&mut known, now).await?;
        let told = known.positions.due(&pool, now, self.options.matching.positions);
        known.positions.armed = false;
        known.pool = Some(pool);
        if known.positions.is_waiting() {
            let at = now + Positions::PERIOD;
            timers.set(RoomId::matching().as_str(), POSITIONS.to_owned(), at).await?;
            known.positions.armed = true;
        }
        let telling = told.into_iter().map(|(user, status)| async move {
            self.tell_in_order(&user, vec![MatchingEvent::QueuePositionChanged(status)], now).await
        });
        stream::iter(telling).buffer_unordered(TOLD_AT_ONCE).try_collect::<()>().await?;
        Ok(())
    }

    /// How the queues stand in which somebody waits or is asked. Whoever knows the newest step need not load it.
    pub(crate) async fn queues(&self) -> Result<Vec<QueueView>, StoreError> {
        let version = self.store.matching.version().await?;
        if let Some(pool) = &self.matching.lock().await.pool
            && pool.version == version
        {
            return Ok(pool.views());
        }
        Ok(Pool::decode(self.store.matching.load().await?).views())
    }

    /// Forgets what is known if another router has had the partition, and tells what that one may not have told.
    /// Gives whether it could.
    pub(crate) async fn take_over_matching(&self, partition: Partition) -> bool {
        if Partition::of(RoomId::matching().as_str()) != partition {
            return true;
        }
        let mut known = self.matching.lock().await;
        *known = Known::default();
        match self.up_to_date(&mut known, self.clock.now()).await {
            Ok(pool) => {
                self.observe_waiting(&pool);
                known.pool = Some(pool);
                true
            }
            Err(error) => {
                tracing::warn!(%error, "matching could not be taken over");
                false
            }
        }
    }
}
