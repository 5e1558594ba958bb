//! A store that can be away, for tests: a decorator over any other.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use heliograph_domain::{
    command::{Mark, Session, SessionSecret, Status},
    id::{CallId, CommandId, NodeId, SocketId, UserId},
    room::{MediaChange, Position, RoomId},
    time::Timestamp,
    user::User,
};

use super::{
    Append, AppendOutcome, Attend, AttendOutcome, Attendant, Block, Blocks, Calls, Cursor, Deadline, Deadlines,
    Expelled, Health, Idle, Left, Limits, MarkOutcome, Matching, MediaOutcome, Page, PageRange, Pool, Preparation,
    Presence, PresenceRecord, React, ReactOutcome, Recent, RecordChange, ResumeOutcome, Rooms, Scope, Sessions,
    StateChange, StateOutcome, Step, Store, StoreError, SwitchOutcome, Taken, UserSocket, Versioned, View, Write,
    WriteOutcome,
};
use crate::partition::Partition;

/// Decides whether a store answers. Clones decide about the same store.
#[derive(Clone, Debug, Default)]
pub struct Outage {
    begun: Arc<AtomicBool>,
    refused: Arc<AtomicU64>,
}

impl Outage {
    /// The store, as far as it is not away.
    pub fn over(&self, store: Store) -> Store {
        Store {
            rooms: Arc::new(self.on(store.rooms)),
            calls: Arc::new(self.on(store.calls)),
            matching: Arc::new(self.on(store.matching)),
            sessions: Arc::new(self.on(store.sessions)),
            presence: Arc::new(self.on(store.presence)),
            blocks: Arc::new(self.on(store.blocks)),
            limits: Arc::new(self.on(store.limits)),
            deadlines: Arc::new(self.on(store.deadlines)),
            recent: Arc::new(self.on(store.recent)),
            health: Arc::new(self.on(store.health)),
        }
    }

    /// From now on no step is carried out.
    pub fn begin(&self) {
        self.begun.store(true, Ordering::SeqCst);
    }

    /// From now on steps are carried out again.
    pub fn end(&self) {
        self.begun.store(false, Ordering::SeqCst);
    }

    /// How many steps were not carried out so far.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::SeqCst)
    }

    fn on<T: ?Sized>(&self, concern: Arc<T>) -> Interrupted<T> {
        Interrupted { concern, outage: self.clone() }
    }
}

/// One concern of a store that can be away.
struct Interrupted<T: ?Sized> {
    concern: Arc<T>,
    outage: Outage,
}

impl<T: ?Sized> Interrupted<T> {
    fn unless_away<'a, O: Send + 'a>(&'a self, step: impl FnOnce(&'a T) -> Step<'a, O>) -> Step<'a, O> {
        let (step, outage) = (step(&self.concern), &self.outage);
        Box::pin(async move {
            if outage.begun.load(Ordering::SeqCst) {
                outage.refused.fetch_add(1, Ordering::SeqCst);
                return Err(StoreError::Unavailable("for the test".to_owned()));
            }
            step.await
        })
    }
}

/// Passes the steps of a concern on while the store is there.
macro_rules! steps {
    ($concern:ident<$a:lifetime> { $(fn $step:ident($($name:ident: $type:ty),*) -> $answer:ty;)* }) => {
        impl $concern for Interrupted<dyn $concern> {
            $(fn $step<$a>(&$a self, $($name: $type),*) -> Step<$a, $answer> {
                self.unless_away(|concern| concern.$step($($name),*))
            })*
        }
    };
}

steps! { Rooms<'a> {
    fn attend(room: &'a RoomId, step: Attend) -> AttendOutcome;
    fn leave(room: &'a RoomId, command: CommandId, socket: &'a SocketId, user: &'a UserId, end: bool) -> Left;
    fn append(room: &'a RoomId, step: Append) -> AppendOutcome;
    fn react(room: &'a RoomId, step: React) -> ReactOutcome;
    fn write(room: &'a RoomId, step: Write) -> WriteOutcome;
    fn set_state(room: &'a RoomId, user: &'a UserId, change: StateChange) -> StateOutcome;
    fn prepare(room: &'a RoomId, step: Preparation) -> ();
    fn expel(room: &'a RoomId, command: CommandId, user: &'a UserId, ban: bool) -> Expelled;
    fn lift_ban(room: &'a RoomId, user: &'a UserId) -> ();
    fn peers(room: &'a RoomId) -> Vec<Attendant>;
    fn close_idle(room: &'a RoomId, since: Timestamp) -> Idle;
    fn change_media(
        room: &'a RoomId, by: &'a SocketId, target: &'a SocketId, change: MediaChange, as_admin: bool
    ) -> MediaOutcome;
    fn switch_chat(room: &'a RoomId, by: &'a SocketId, enabled: bool, as_admin: bool) -> SwitchOutcome;
    fn view(
        room: &'a RoomId, user: Option<&'a UserId>, socket: Option<&'a SocketId>, addressee: Option<&'a SocketId>
    ) -> View;
    fn mark(room: &'a RoomId, user: &'a UserId, cursor: Cursor, up_to: &'a Mark) -> MarkOutcome;
    fn members(room: &'a RoomId, limit: usize) -> Option<Vec<User>>;
    fn read(room: &'a RoomId, range: PageRange, limit: usize) -> Page;
    fn close(room: &'a RoomId) -> (Vec<Attendant>, Vec<User>);
    fn list(cursor: Option<&'a RoomId>, limit: usize) -> Vec<RoomId>;
} }

steps! { Calls<'a> {
    fn load(call: &'a CallId) -> Option<Versioned>;
    fn save(call: &'a CallId, expected: u64, record: Bytes, ttl: Duration) -> bool;
} }

steps! { Matching<'a> {
    fn load() -> Pool;
    fn version() -> u64;
    fn commit(expected: u64, changes: &'a [RecordChange]) -> bool;
} }

steps! { Sessions<'a> {
    fn open(session: Session) -> ();
    fn load(socket: &'a SocketId) -> Option<(Session, Option<Timestamp>)>;
    fn held_by(socket: &'a SocketId) -> Option<NodeId>;
    fn add_room(socket: &'a SocketId, room: &'a RoomId, position: Position, explicit: bool) -> Option<u32>;
    fn remove_room(socket: &'a SocketId, room: &'a RoomId) -> ();
    fn lose(
        socket: &'a SocketId, gateway: &'a NodeId, positions: &'a [(RoomId, Position)], now: Timestamp, window: Duration
    ) -> bool;
    fn resume(
        socket: &'a SocketId, secret: SessionSecret, user: Option<&'a UserId>, gateway: &'a NodeId, now: Timestamp
    ) -> ResumeOutcome;
    fn close(socket: &'a SocketId, gateway: Option<&'a NodeId>) -> Option<Session>;
} }

steps! { Presence<'a> {
    fn connect(user: &'a User, socket: UserSocket, max_sockets: usize, now: Timestamp) -> bool;
    fn disconnect(user: &'a UserId, socket: &'a SocketId, now: Timestamp) -> usize;
    fn sockets(user: &'a UserId) -> Vec<UserSocket>;
    fn record(user: &'a UserId) -> PresenceRecord;
    fn set_status(user: &'a UserId, status: Status, now: Timestamp) -> Status;
    fn set_active(user: &'a UserId, socket: &'a SocketId, active: bool, now: Timestamp) -> ();
    fn show(user: &'a UserId, status: Status) -> Status;
    fn announce(user: &'a UserId, online: bool) -> bool;
    fn rooms(user: &'a UserId, limit: usize) -> Vec<RoomId>;
    fn add_room(user: &'a UserId, room: &'a RoomId, now: Timestamp) -> ();
    fn remove_room(user: &'a UserId, room: &'a RoomId) -> ();
    fn calls(user: &'a UserId) -> Vec<CallId>;
    fn add_call(user: &'a UserId, call: &'a CallId) -> ();
    fn remove_call(user: &'a UserId, call: &'a CallId) -> ();
    fn gateways() -> Vec<NodeId>;
    fn at_gateway(gateway: &'a NodeId, limit: usize) -> Vec<(SocketId, UserId)>;
    fn tidy(gateway: &'a NodeId, left_over: &'a [(SocketId, UserId)]) -> ();
    fn counts() -> (u64, u64);
} }

steps! { Blocks<'a> {
    fn set(by: &'a UserId, whom: &'a UserId, block: Block) -> bool;
    fn blocks(by: &'a UserId, whom: &'a UserId) -> bool;
    fn list(by: &'a UserId) -> Vec<UserId>;
} }

steps! { Limits<'a> {
    fn take(user: &'a UserId, limit: &'static str, max: u32, window: Duration, now: Timestamp) -> Taken;
} }

steps! { Deadlines<'a> {
    fn set(scope: Scope, partition: Partition, deadline: Deadline) -> ();
    fn clear(scope: Scope, partition: Partition, deadline: &'a Deadline) -> ();
    fn earliest(scope: Scope, partition: Partition, limit: usize) -> Vec<Deadline>;
} }

steps! { Recent<'a> {
    fn mark(partition: Partition, room: &'a RoomId, now: Timestamp) -> ();
    fn rooms(partition: Partition, since: Timestamp, limit: usize) -> Vec<RoomId>;
} }

steps! { Health<'a> {
    fn probe() -> ();
} }
