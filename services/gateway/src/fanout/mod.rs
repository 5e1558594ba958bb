//! From a room's event to the sockets that attend the room here.
//!
//! - Rooms are spread over shards. A shard's worker takes its rooms' deliveries one after the other, so
//!   that every socket hears a room's events in one order.
//! - **Joins are barriers.** From before the join command leaves until its answer is there, the room's
//!   deliveries are kept for the joiner ([`Ticket`]). The answer names the log's end at the moment of the
//!   join: what is older is dropped, what is newer is handed over.
//! - **Gaps heal.** The index knows the next number of each attended room. When one is skipped, the missing
//!   entries are read from the log before anything newer is handed out.
//! - **Writes go out directly.** One frame is built per vocabulary and written to each member's socket by
//!   the worker itself, outside of any lock on the index.

mod forms;
mod room;

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::future::BoxFuture;
use heliograph_domain::{
    delivery::{Delivery, LogEntry, Place, Target},
    event::Event,
    id::{SocketId, UserId},
    outcome::Joined,
    refusal::{Code, Refusal},
    room::{Position, RoomId, Standing},
    user::Vocabulary,
};
use heliograph_telemetry::metrics::Gateway as Metrics;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub(crate) use self::forms::Forms;
use self::room::{Arrival, Joining, LocalRoom, Member};
use crate::{
    clients::{Attendance, Recipient, Registry},
    close_codes::ROOM_CLOSED,
};

/// Reads a room's log, to fill a gap.
pub(crate) trait History: Send + Sync + 'static {
    /// Entries after `after`, oldest first, and the log's end.
    fn after(&self, room: RoomId, after: u64) -> BoxFuture<'static, Result<(Vec<LogEntry>, Position), Refusal>>;
}

/// Who attends which room here.
pub(crate) struct FanOut {
    shards: Box<[Shard]>,
    history: Arc<dyn History>,
    metrics: Metrics,
    join_buffer: usize,
    registry: Arc<Registry>,
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
    /// The log had these entries after a gap; `None` if it could not be read.
    Healed(RoomId, Option<(Vec<LogEntry>, Position)>),
    /// A room stands there: something of it may have been missed.
    Compare(Standing),
}

/// Members up to which a room's event is written by the task that received it.
const SMALL_ROOM: usize = 16;

/// How long to wait before the log is asked again when it could not be read.
const HEAL_AGAIN: std::time::Duration = std::time::Duration::from_millis(250);

impl FanOut {
    /// An index with `shards` workers, each with a queue of `queue` deliveries. The workers end with
    /// `shutdown`.
    pub(crate) fn start(
        shards: usize,
        queue: usize,
        join_buffer: usize,
        history: Arc<dyn History>,
        metrics: Metrics,
        registry: Arc<Registry>,
        shutdown: &CancellationToken,
    ) -> Arc<Self> {
        let (shards, queues): (Vec<_>, Vec<_>) = (0..shards.max(1))
            .map(|_| {
                let (sender, receiver) = mpsc::channel(queue);
                (Shard { rooms: Mutex::new(HashMap::new()), queue: sender, pending: AtomicUsize::new(0) }, receiver)
            })
            .unzip();
        let fan_out = Arc::new(Self { shards: shards.into(), history, metrics, join_buffer, registry });
        for (number, mut receiver) in queues.into_iter().enumerate() {
            let fan_out = Arc::clone(&fan_out);
            let work = async move {
                while let Some(work) = receiver.recv().await {
                    match work {
                        Work::Deliver(delivery) => fan_out.deliver(number, &delivery),
                        Work::Healed(room, page) => fan_out.healed(number, room, page),
                        Work::Compare(standing) => fan_out.catch_up(number, &standing),
                    }
                    fan_out.metrics.queued.dec();
                    fan_out.shards[number].pending.fetch_sub(1, Ordering::Release);
                }
            };
            let shutdown = shutdown.clone();
            tokio::spawn(async move { shutdown.run_until_cancelled(work).await });
        }
        fan_out
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
            Target::Users { .. } | Target::Socket { .. } | Target::Rooms { .. } | Target::Everyone { .. } => 0,
        };
        if leisure && self.shards[shard].pending.load(Ordering::Acquire) == 0 && self.is_small(&delivery.target) {
            return self.deliver(shard, &delivery);
        }
        self.enqueue(shard, Work::Deliver(delivery)).await;
    }

    /// Reads what is missing of a room that stands there.
    pub(crate) async fn compare(&self, standing: Standing) {
        self.enqueue(self.shard_number(&standing.room), Work::Compare(standing)).await;
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
            Target::Rooms { .. } | Target::Everyone { .. } => false,
        }
    }

    fn deliver(self: &Arc<Self>, shard: usize, delivery: &Delivery) {
        match &delivery.target {
            Target::Room { room, .. } => self.to_room(shard, room, delivery),
            _ => self.to_sockets(delivery),
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

    fn to_room(self: &Arc<Self>, shard: usize, room_id: &RoomId, delivery: &Delivery) {
        let members = {
            let mut rooms = self.shards[shard].rooms.lock();
            let Some(room) = rooms.get_mut(room_id) else { return };
            room.keep_for_joiners(delivery);
            if room.members.is_empty() {
                return;
            }
            match room.arrive(delivery) {
                Arrival::New => Arc::clone(&room.members),
                Arrival::Old => {
                    self.metrics.duplicates.inc();
                    return;
                }
                Arrival::Gap { after } => {
                    self.metrics.gaps.inc();
                    self.heal(room_id.clone(), after, std::time::Duration::ZERO);
                    return;
                }
                Arrival::Healing => return,
            }
        };
        self.write(delivery, &members);
        if matches!(delivery.event, Event::RoomClosed { .. }) {
            for member in &*members {
                self.dismiss(&member.recipient, room_id);
            }
        }
    }

    /// Events that are addressed to users or sockets, wherever they are.
    fn to_sockets(&self, delivery: &Delivery) {
        let recipients = match &delivery.target {
            Target::Users { users, except, .. } => {
                let sockets = users.iter().flat_map(|user| self.registry.user(user, Some(delivery)));
                sockets.filter(|recipient| except.is_none() || id(recipient) != except.as_ref()).collect()
            }
            Target::Socket { socket, .. } => self.registry.socket(socket, Some(delivery)).into_iter().collect(),
            Target::Rooms { rooms, except } => {
                let members = rooms.iter().map(|room| self.members(room)).collect::<Vec<_>>();
                let mut told = HashSet::new();
                let members = members.iter().flat_map(|members| members.iter());
                let others = members.map(|member| &member.recipient).filter(|recipient| !is_of(recipient, except));
                others.filter(|recipient| told.insert(id(recipient))).cloned().collect()
            }
            Target::Everyone { except } => {
                let mut everyone = self.registry.everyone();
                everyone.retain(|recipient| !is_of(recipient, except));
                everyone
            }
            Target::Room { .. } => Vec::new(),
        };
        let mut forms = Forms::new(delivery);
        for recipient in &recipients {
            forms.send(recipient, None);
        }
        self.metrics.fan_out.inc_by(recipients.len() as u64);
        if let (Event::CallEnded { .. }, Target::Users { room: Some(room), .. }) = (&delivery.event, &delivery.target) {
            for recipient in &recipients {
                self.dismiss(recipient, room);
            }
        }
    }

    /// A room is over for a socket. A mesh client is in one room only and goes with it.
    fn dismiss(&self, recipient: &Recipient, room: &RoomId) {
        let Some(client) = recipient.client() else { return };
        if let Some(attendance) = client.unattend(room) {
            self.leave(&attendance, &client.id);
            if client.vocabulary == Vocabulary::Mesh {
                recipient.dismiss(ROOM_CLOSED, "room closed");
            }
        }
    }

    fn write(&self, delivery: &Delivery, members: &[Member]) {
        let seq = match delivery.place {
            Place::Log { seq, .. } => Some(seq),
            Place::Roster(_) | Place::None => None,
        };
        let mut forms = Forms::new(delivery);
        let mut written = 0;
        for member in members {
            let (recipient, attendance) = (&member.recipient, &*member.attendance);
            if !member.hears(delivery) {
                continue;
            }
            let sent = match seq {
                Some(seq) => forms.send_entry(recipient, attendance, seq),
                None if attendance.is_live() => {
                    forms.send(recipient, Some(attendance));
                    true
                }
                None => false,
            };
            written += u64::from(sent);
        }
        self.metrics.fan_out.inc_by(written);
    }

    /// Reads the log after a gap; the worker goes on with what comes back.
    fn heal(self: &Arc<Self>, room: RoomId, after: u64, delay: std::time::Duration) {
        let fan_out = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            let page = fan_out.history.after(room.clone(), after).await;
            if let Err(refusal) = &page {
                tracing::warn!(room = room.as_str(), %refusal, "the log could not be read to fill a gap");
            }
            let shard = fan_out.shard_number(&room);
            fan_out.enqueue(shard, Work::Healed(room, page.ok())).await;
        });
    }

    fn catch_up(self: &Arc<Self>, shard: usize, standing: &Standing) {
        let mut rooms = self.shards[shard].rooms.lock();
        let behind = rooms.get_mut(&standing.room).and_then(|room| room.stands_at(standing.position));
        drop(rooms);
        if let Some(after) = behind {
            self.metrics.gaps.inc();
            self.heal(standing.room.clone(), after, std::time::Duration::ZERO);
        }
    }

    fn healed(self: &Arc<Self>, shard: usize, room_id: RoomId, page: Option<(Vec<LogEntry>, Position)>) {
        let (entries, members) = {
            let mut rooms = self.shards[shard].rooms.lock();
            let Some(room) = rooms.get_mut(&room_id) else { return };
            let Some((entries, end)) = page else {
                if let Some(after) = room.last_seq() {
                    self.heal(room_id, after, HEAL_AGAIN);
                }
                return;
            };
            let entries = room.heal(entries, end);
            if let Some(after) = room.still_missing() {
                self.heal(room_id.clone(), after, std::time::Duration::ZERO);
            }
            (entries, Arc::clone(&room.members))
        };
        for (entry, epoch) in entries {
            let delivery = log_delivery(&room_id, epoch, entry);
            self.write(&delivery, &members);
        }
    }
}

/// An entry of the log as the delivery that it was, or should have been.
pub(crate) fn log_delivery(room: &RoomId, epoch: u64, entry: LogEntry) -> Delivery {
    Delivery {
        target: Target::Room { room: room.clone(), except: heliograph_domain::delivery::Except::Nobody },
        at: entry.at,
        place: Place::Log { epoch, seq: entry.seq },
        event: entry.event,
    }
}

/// A join under way. Dropped without [`Ticket::finish`], the join has not happened.
pub(crate) struct Ticket {
    fan_out: Arc<FanOut>,
    room: RoomId,
    joining: Arc<Joining>,
    done: bool,
}

impl Ticket {
    /// The room.
    pub(crate) fn room(&self) -> &RoomId {
        &self.room
    }

    /// The join was answered: `answer` is called first, with the attendance, to tell the client; then the
    /// client hears what came since, and from then on everything. `seq` is what the client has by then.
    ///
    /// # Errors
    /// `UNAVAILABLE` if more came meanwhile than could be kept.
    pub(crate) fn finish(
        mut self,
        recipient: &Recipient,
        joined: &Joined,
        attendance: &Arc<Attendance>,
        answer: impl FnOnce(),
    ) -> Result<(), Refusal> {
        self.done = true;
        let shard = self.fan_out.shard(&self.room);
        let mut rooms = shard.rooms.lock();
        let Some(room) = rooms.get_mut(&self.room) else { return Err(Refusal::new(Code::Unavailable)) };
        room.joining.retain(|joining| !Arc::ptr_eq(joining, &self.joining));
        let Some(kept) = self.joining.take() else {
            self.fan_out.forget_if_empty(&mut rooms, &self.room);
            return Err(Refusal::new(Code::Unavailable));
        };
        answer();
        let member = Member { recipient: recipient.clone(), attendance: Arc::clone(attendance), roster: joined.roster };
        let mut gap = None;
        let first = room.begin_at(joined.position, joined.roster);
        for delivery in kept {
            // With others in the room its deliveries have been counted already; alone, they are counted now.
            let arrival = if first { room.arrive(&delivery) } else { Arrival::New };
            if let Arrival::Gap { after } = arrival {
                gap = Some(after);
            }
            if !member.hears(&delivery) {
                continue;
            }
            let mut forms = Forms::new(&delivery);
            match delivery.place {
                Place::Log { epoch, seq } => {
                    let newer = epoch == joined.position.epoch && seq > joined.position.seq;
                    if newer && arrival == Arrival::New {
                        forms.send_entry(recipient, attendance, seq);
                    }
                }
                Place::Roster(_) | Place::None => forms.send(recipient, Some(attendance)),
            }
        }
        room.add(member);
        drop(rooms);
        if let Some(after) = gap {
            self.fan_out.heal(self.room.clone(), after, std::time::Duration::ZERO);
        }
        Ok(())
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let mut rooms = self.fan_out.shard(&self.room).rooms.lock();
        if let Some(room) = rooms.get_mut(&self.room) {
            room.joining.retain(|joining| !Arc::ptr_eq(joining, &self.joining));
            self.fan_out.forget_if_empty(&mut rooms, &self.room);
        }
    }
}

fn id(recipient: &Recipient) -> Option<&SocketId> {
    recipient.client().map(|client| &client.id)
}

fn is_of(recipient: &Recipient, user: &UserId) -> bool {
    let identity = recipient.client().and_then(|client| client.identity());
    identity.is_some_and(|identity| identity.user.id == *user)
}
