//! The store of a cluster that is one process.
//!
//! Every step locks the one shard in which its room, user, call or session lies, and never waits
//! while it does. Steps decide by the times that they are given; what has expired is no longer seen,
//! whether or not it is still there. A task walks over the shards, one each second, and removes it.
//! Nothing is kept for a room, user or socket that is gone beyond what the traits promise.

mod blocks;
mod calls;
mod clock;
mod deadlines;
mod limits;
mod matching;
mod nodes;
mod ordered;
mod presence;
mod recent;
mod room;
mod rooms;
mod sessions;
mod shards;

use std::{sync::Arc, time::Duration};

use heliograph_domain::time::Timestamp;
use tokio::{task::JoinHandle, time};

use self::{
    blocks::MemoryBlocks, calls::MemoryCalls, clock::Clock, deadlines::MemoryDeadlines, limits::MemoryLimits,
    matching::MemoryMatching, nodes::Nodes, presence::MemoryPresence, recent::MemoryRecent, rooms::MemoryRooms,
    sessions::MemorySessions,
};
use super::{Health, Retention, Step, Store};

/// How often the next shard is swept.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// What a memory store is allowed to keep.
#[derive(Clone, Copy, Debug)]
pub struct MemoryOptions {
    /// How long logs are kept, rooms without attendants, and when a user was last seen.
    pub retention: Retention,
    /// How many outcomes of commands a room remembers at most, within [`super::REMEMBERED`].
    pub outcomes: usize,
}

/// How many things a memory store holds, expired or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Held {
    /// Rooms, those too that only remember outcomes.
    pub rooms: usize,
    /// Calls.
    pub calls: usize,
    /// Records of matching.
    pub matching: usize,
    /// Sessions.
    pub sessions: usize,
    /// Users of whom something is known.
    pub users: usize,
    /// Users who have blocked somebody.
    pub blockers: usize,
    /// Users who have used a limited operation in its window.
    pub limited: usize,
    /// Deadlines.
    pub deadlines: usize,
}

/// A store in this process's memory.
pub struct MemoryStore {
    concerns: Arc<Concerns>,
    sweeper: Option<JoinHandle<()>>,
}

struct Concerns {
    clock: Clock,
    rooms: Arc<MemoryRooms>,
    calls: Arc<MemoryCalls>,
    matching: Arc<MemoryMatching>,
    sessions: Arc<MemorySessions>,
    presence: Arc<MemoryPresence>,
    blocks: Arc<MemoryBlocks>,
    limits: Arc<MemoryLimits>,
    deadlines: Arc<MemoryDeadlines>,
    recent: Arc<MemoryRecent>,
}

impl MemoryStore {
    /// An empty store that removes what has expired only when [`MemoryStore::sweep`] is called.
    pub fn new(options: MemoryOptions) -> Self {
        let clock = Clock::start();
        let nodes = Arc::new(Nodes::default());
        let concerns = Concerns {
            clock,
            rooms: Arc::new(MemoryRooms::new(options, clock, Arc::clone(&nodes))),
            calls: Arc::new(MemoryCalls::new(clock)),
            matching: Arc::default(),
            sessions: Arc::new(MemorySessions::new(clock, Arc::clone(&nodes))),
            presence: Arc::new(MemoryPresence::new(options.retention, clock, nodes)),
            blocks: Arc::new(MemoryBlocks::new(clock)),
            limits: Arc::default(),
            deadlines: Arc::default(),
            recent: Arc::default(),
        };
        Self { concerns: Arc::new(concerns), sweeper: None }
    }

    /// An empty store with a task that removes what has expired. The task ends when this value is
    /// dropped: keep it as long as its [`Store`] is in use. To be called within a tokio runtime.
    pub fn start(options: MemoryOptions) -> Self {
        let mut store = Self::new(options);
        let concerns = Arc::clone(&store.concerns);
        store.sweeper = Some(tokio::spawn(async move {
            let mut ticks = time::interval(SWEEP_EVERY);
            ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
            for shard in (0..shards::COUNT).cycle() {
                ticks.tick().await;
                concerns.sweep(shard, concerns.clock.now());
            }
        }));
        store
    }

    /// The store as services see it.
    pub fn store(&self) -> Store {
        Store {
            rooms: self.concerns.rooms.clone(),
            calls: self.concerns.calls.clone(),
            matching: self.concerns.matching.clone(),
            sessions: self.concerns.sessions.clone(),
            presence: self.concerns.presence.clone(),
            blocks: self.concerns.blocks.clone(),
            limits: self.concerns.limits.clone(),
            deadlines: self.concerns.deadlines.clone(),
            recent: self.concerns.recent.clone(),
            health: self.concerns.clone(),
        }
    }

    /// Removes everything that has expired by `now`.
    pub fn sweep(&self, now: Timestamp) {
        for shard in 0..shards::COUNT {
            self.concerns.sweep(shard, now);
        }
    }

    /// Counts what is held.
    pub fn held(&self) -> Held {
        Held {
            rooms: self.concerns.rooms.len(),
            calls: self.concerns.calls.len(),
            matching: self.concerns.matching.len(),
            sessions: self.concerns.sessions.len(),
            users: self.concerns.presence.len(),
            blockers: self.concerns.blocks.len(),
            limited: self.concerns.limits.len(),
            deadlines: self.concerns.deadlines.len(),
        }
    }
}

impl Drop for MemoryStore {
    fn drop(&mut self) {
        if let Some(sweeper) = &self.sweeper {
            sweeper.abort();
        }
    }
}

impl Health for Concerns {
    fn probe(&self) -> Step<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}

impl Concerns {
    fn sweep(&self, shard: usize, now: Timestamp) {
        self.rooms.sweep(shard, now);
        self.calls.sweep(shard, now);
        self.sessions.sweep(shard, now);
        self.presence.sweep(shard, now);
        self.blocks.sweep(shard, now);
        self.limits.sweep(shard, now);
        self.recent.sweep(now);
    }
}

#[cfg(test)]
mod tests {
    use heliograph_domain::id::CallId;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_has_expired_is_removed_without_being_asked_for() {
        let retention = Retention { entries: 10, age: Duration::from_secs(3600) };
        let memory = MemoryStore::start(MemoryOptions { retention, outcomes: 10 });
        let store = memory.store();
        let ttl = Duration::from_secs(30);
        for _ in 0..100 {
            store.calls.save(&CallId::generate(), 0, "ringing".into(), ttl).await.unwrap();
        }
        assert_eq!(memory.held().calls, 100);
        let emptied = async {
            while memory.held().calls > 0 {
                time::sleep(SWEEP_EVERY).await;
            }
        };
        let round = SWEEP_EVERY * (shards::COUNT as u32 + 1);
        time::timeout(ttl + round, emptied).await.unwrap();
    }
}
