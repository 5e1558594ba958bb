//! From a room's event to the sockets that attend the room here.
//!
//! - Rooms are spread over shards. A shard's worker takes its rooms' deliveries one after the other, so
//!   that every socket hears a room's events in one order.
//! - **Joins are barriers.** From before the join command leaves until its answer is there, the room's
//!   deliveries are kept for the joiner (`Ticket`). The answer names the log's end at the moment of the
//!   join: what is older is dropped, what is newer is handed over.
//! - **Gaps heal.** The index knows the next number of each attended room. When one is skipped, the missing
//!   entries are read from the log before anything newer is handed out (`catch_up`). Whoever has missed what
//!   nobody can give them begins again (`part`).
//! - **Writes go out directly.** One frame is built per vocabulary and written to each member's socket by
//!   the worker itself, outside of any lock on the index (`deliver`, `forms`).

mod audience;
mod catch_up;
mod deliver;
mod doubts;
mod forms;
mod member;
mod part;
mod room;
#[cfg(test)]
mod tests;
mod ticket;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::future::BoxFuture;
use heliograph_domain::{
    delivery::{Delivery, Except, LogEntry, Place, Target},
    id::SocketId,
    refusal::Refusal,
    room::{Position, RoomId, Standing},
};
use heliograph_telemetry::{metrics::Gateway as Metrics, trouble::Trouble};
use parking_lot::Mutex;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

pub use self::catch_up::CatchUpOptions;
use self::{
    audience::Publications,
    catch_up::Look,
    member::{Joining, Member},
    part::Partings,
    room::LocalRoom,
};
pub(crate) use self::{doubts::Doubts, forms::Forms, ticket::Ticket};
use crate::clients::{Attendance, Registry};

/// Answers questions about rooms.
pub(crate) trait History: Send + Sync + 'static {
    /// Entries after `after`, oldest first, and the log's end.
    fn after(&self, room: RoomId, after: u64) -> BoxFuture<'static, Result<(Vec<LogEntry>, Position), Refusal>>;

    /// Where some rooms stand, in their order.
    fn standings(&self, rooms: Vec<RoomId>) -> BoxFuture<'static, Result<Vec<Standing>, Refusal>>;
}

/// Settings of the fan-out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FanOutOptions {
    /// Workers that write to sockets.
    pub(crate) workers: usize,
    /// Deliveries that may wait for one worker.
    pub(crate) queue: usize,
    /// Deliveries that are kept for a join that is not answered yet.
    pub(crate) join_buffer: usize,
    /// Publications that are remembered, so that a repetition is told to nobody.
    pub(crate) publications: usize,
    /// How what was missed is caught up with.
    pub(crate) catch_up: CatchUpOptions,
}

/// Who attends which room here.
pub(crate) struct FanOut {
    shards: Box<[Shard]>,
    history: Arc<dyn History>,
    /// Of logs, to fill gaps, and of where rooms stand.
    reading: Trouble,
    metrics: Metrics,
    join_buffer: usize,
    registry: Arc<Registry>,
    doubts: Doubts,
    partings: Partings,
    publications: Publications,
    /// Logs that may be read side by side.
    reads: Semaphore,
}

struct Shard {
    rooms: Mutex<HashMap<RoomId, LocalRoom>>,
    queue: mpsc::Sender<Work>,
    /// Work that is queued or under way. Only who finds none may go ahead of the queue.
    pending: AtomicUsize,
}

/// What a shard's worker does.
enum Work {
    Deliver(Box<Delivery>),
    /// The log had these entries after a gap; it was read because it was known to have them up to this one.
    Healed(RoomId, u64, (Vec<LogEntry>, Position)),
    /// Something of a room may have been missed.
    Look(Box<Look>),
}

/// Members up to which a room's event is written by the task that received it.
const SMALL_ROOM: usize = 16;

impl FanOut {
    /// An index with its workers, which end with `shutdown`.
    pub(crate) fn start(
        options: FanOutOptions,
        history: Arc<dyn History>,
        metrics: Metrics,
        registry: Arc<Registry>,
        shutdown: &CancellationToken,
    ) -> Arc<Self> {
        let FanOutOptions { workers, queue, join_buffer, publications, catch_up } = options;
        let (shards, queues): (Vec<_>, Vec<_>) = (0..workers.max(1))
            .map(|_| {
                let (sender, receiver) = mpsc::channel(queue);
                (Shard { rooms: Mutex::new(HashMap::new()), queue: sender, pending: AtomicUsize::new(0) }, receiver)
            })
            .unzip();
        let fan_out = Arc::new(Self {
            shards: shards.into(),
            history,
            reading: Trouble::new("what was missed cannot be read yet", "what was missed can be read again"),
            join_buffer,
            registry,
            doubts: Doubts::new(catch_up.doubts, metrics.links.clone()),
            partings: Partings::default(),
            publications: Publications::new(publications),
            reads: Semaphore::new(catch_up.reads.max(1)),
            metrics,
        });
        for (number, mut receiver) in queues.into_iter().enumerate() {
            let fan_out = Arc::clone(&fan_out);
            let work = async move {
                while let Some(work) = receiver.recv().await {
                    match work {
                        Work::Deliver(delivery) => fan_out.deliver(number, &delivery),
                        Work::Healed(room, up_to, page) => fan_out.healed(number, &room, up_to, page),
                        Work::Look(look) => fan_out.looked(number, *look),
                    }
                    fan_out.metrics.queued.dec();
                    fan_out.shards[number].pending.fetch_sub(1, Ordering::Release);
                }
            };
            let shutdown = shutdown.clone();
            tokio::spawn(async move { shutdown.run_until_cancelled(work).await });
        }
        let (catching_up, shutdown) = (Arc::clone(&fan_out), shutdown.clone());
        tokio::spawn(async move {
            let resolving = catching_up.resolve_doubts();
            let parting = catching_up.partings.run(catch_up.closes_per_second);
            shutdown.run_until_cancelled(async { tokio::join!(resolving, parting) }).await
        });
        fan_out
    }

    /// What may have been missed, for those who notice it.
    pub(crate) fn doubts(&self) -> &Doubts {
        &self.doubts
    }

    /// Hands a delivery to the worker that keeps its order: events about one room, whoever they are for,
    /// stay in order with each other. For the one task that receives deliveries.
    ///
    /// While that task has `leisure` and nothing is queued, what goes to a few sockets is written at once: waking
    /// the worker would cost more than that.
    pub(crate) async fn receive(self: &Arc<Self>, delivery: Box<Delivery>, leisure: bool) {
        let shard = match &delivery.target {
            Target::Room { room, .. }
            | Target::Users { room: Some(room), .. }
            | Target::Socket { room: Some(room), .. } => self.shard_number(room),
            // What is published to a room comes in order with what happens there.
            Target::Audience(audience) => audience.of.rooms.first().map_or(0, |room| self.shard_number(room)),
            Target::Users { .. } | Target::Socket { .. } | Target::Rooms { .. } | Target::Everyone { .. } => 0,
        };
        if leisure && self.shards[shard].pending.load(Ordering::Acquire) == 0 && self.is_small(&delivery.target) {
            return self.deliver(shard, &delivery);
        }
        self.enqueue(shard, Work::Deliver(delivery)).await;
    }

    async fn enqueue(&self, shard: usize, work: Work) {
        self.metrics.queued.inc();
        self.shards[shard].pending.fetch_add(1, Ordering::AcqRel);
        // A closed queue means that the gateway has stopped.
        let _ = self.shards[shard].queue.send(work).await;
    }

    fn is_small(&self, target: &Target) -> bool {
        match target {
            Target::Room { room, .. } => self.members(room).len() <= SMALL_ROOM,
            Target::Users { users, .. } => users.len() <= SMALL_ROOM,
            Target::Socket { .. } => true,
            Target::Rooms { .. } | Target::Everyone { .. } | Target::Audience(_) => false,
        }
    }

    fn shard_number(&self, room: &RoomId) -> usize {
        usize::from(heliograph_cluster::partition::Partition::of(room.as_str()).number()) % self.shards.len()
    }

    fn shard(&self, room: &RoomId) -> &Shard {
        &self.shards[self.shard_number(room)]
    }

    /// Keeps the room's deliveries from now on for a join that is about to be asked for.
    pub(crate) fn begin_join(self: &Arc<Self>, room: &RoomId) -> Ticket {
        let joining = Arc::new(Joining::new(self.join_buffer));
        let mut rooms = self.shard(room).rooms.lock();
        if !rooms.contains_key(room) {
            self.metrics.rooms.inc();
        }
        rooms.entry(room.clone()).or_default().joining.push(Arc::clone(&joining));
        Ticket { fan_out: Arc::clone(self), room: room.clone(), joining, done: false }
    }

    fn members(&self, room: &RoomId) -> Arc<Vec<Member>> {
        let rooms = self.shard(room).rooms.lock();
        rooms.get(room).map(|room| Arc::clone(&room.members)).unwrap_or_default()
    }

    /// Reads a room's log after an entry.
    pub(crate) async fn read(&self, room: &RoomId, after: u64) -> Result<(Vec<LogEntry>, Position), Refusal> {
        self.history.after(room.clone(), after).await
    }

    /// Takes a socket out of a room.
    pub(crate) fn leave(&self, attendance: &Attendance, socket: &SocketId) {
        attendance.end();
        let mut rooms = self.shard(&attendance.room).rooms.lock();
        if let Some(room) = rooms.get_mut(&attendance.room) {
            room.remove(|member| {
                member.recipient.client().is_some_and(|client| client.id == *socket)
                    && std::ptr::eq(&*member.attendance, attendance)
            });
            self.forget_if_empty(&mut rooms, &attendance.room);
        }
    }

    fn forget_if_empty(&self, rooms: &mut HashMap<RoomId, LocalRoom>, room: &RoomId) {
        if rooms.get(room).is_some_and(LocalRoom::is_empty) {
            rooms.remove(room);
            self.metrics.rooms.dec();
        }
    }
}

/// An entry of the log as the delivery that it was, or should have been.
pub(crate) fn log_delivery(room: &RoomId, epoch: u64, entry: LogEntry) -> Delivery {
    Delivery {
        target: Target::Room { room: room.clone(), except: Except::of(&entry.event) },
        at: entry.at,
        place: Place::Log { epoch, seq: entry.seq },
        event: entry.event,
    }
}
