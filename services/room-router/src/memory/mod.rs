//! What a router remembers of its rooms. Nothing that has to be right rests on it:
//!
//! - `marks`: which rooms the store knows to have been written to lately, so that it is told seldom;
//! - `rooms`: what the store said of rooms when it was last asked, for what is worth telling even
//!   while the store is away;
//! - `generations`: how both forget.
//!
//! Spread over shards, so that rooms seldom wait for each other.

mod generations;
mod marks;
mod rooms;

use std::time::Duration;

use bytes::Bytes;
use heliograph_cluster::{
    partition::Partition,
    store::{Attendant, View},
};
use heliograph_domain::{
    id::{NodeId, SocketId, UserId},
    room::RoomId,
    time::Timestamp,
};
use parking_lot::Mutex;

use self::{marks::Marks, rooms::Rooms};
use crate::options::Options;

/// A partition is in the shard of its number modulo this one.
const SHARDS: usize = 16;

/// How long the store is not asked for what can be told without it, after it did not answer.
const AWAY: Duration = Duration::from_secs(1);

/// See the module's description.
pub(crate) struct Memory {
    shards: [Mutex<Shard>; SHARDS],
}

struct Shard {
    marks: Marks,
    rooms: Rooms,
    /// Until when the store is taken to be away.
    away: Timestamp,
}

/// What is asked of a room for something that is not stored.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    /// Whose membership.
    pub(crate) user: &'a UserId,
    /// Whose attendance.
    pub(crate) socket: Option<&'a SocketId>,
    /// Whose attendance, too.
    pub(crate) addressee: Option<&'a SocketId>,
}

impl Memory {
    pub(crate) fn new(options: &Options) -> Self {
        let shard = |_| {
            let rooms = Rooms::new(options.known_rooms.div_ceil(SHARDS), options.known_age);
            let marks = Marks::new(options.marked_rooms.div_ceil(SHARDS));
            Mutex::new(Shard { marks, rooms, away: Timestamp::default() })
        };
        Self { shards: std::array::from_fn(shard) }
    }

    fn with<T>(&self, room: &RoomId, work: impl FnOnce(&mut Shard) -> T) -> T {
        self.in_partition(Partition::of(room.as_str()), work)
    }

    fn in_partition<T>(&self, partition: Partition, work: impl FnOnce(&mut Shard) -> T) -> T {
        work(&mut self.shards[usize::from(partition.number()) % SHARDS].lock())
    }

    /// Forgets the rooms of a partition: another router has handled them in the meantime.
    pub(crate) fn forget(&self, partition: Partition) {
        let other = |room: &RoomId| Partition::of(room.as_str()) != partition;
        self.in_partition(partition, |shard| {
            shard.marks.retain(other);
            shard.rooms.retain(other);
        });
    }

    /// Whether a room needs a mark before it is written to.
    pub(crate) fn wants_mark(&self, room: &RoomId, now: Timestamp) -> bool {
        self.with(room, |shard| shard.marks.wants(room, now))
    }

    /// A room was marked.
    pub(crate) fn marked(&self, room: &RoomId, now: Timestamp) {
        self.with(room, |shard| shard.marks.set(room, now));
    }

    /// A room could not be marked: none of its partition's neighbours is tried for a moment.
    pub(crate) fn not_marked(&self, room: &RoomId, now: Timestamp) {
        self.with(room, |shard| shard.marks.pause(now));
    }

    /// Whether the store did not answer a moment ago.
    pub(crate) fn store_is_away(&self, room: &RoomId, now: Timestamp) -> bool {
        self.with(room, |shard| now < shard.away)
    }

    /// The store did not answer.
    pub(crate) fn store_went_away(&self, room: &RoomId, now: Timestamp) {
        self.with(room, |shard| shard.away = now + AWAY);
    }

    /// Notes what the store has said of a room.
    pub(crate) fn learn(&self, room: &RoomId, question: Question<'_>, view: &View, now: Timestamp) {
        self.with(room, |shard| shard.rooms.learn(room, question, view, now));
    }

    /// What the store would say, as far as is known that it has said so. `None` if it is not.
    pub(crate) fn recall(&self, room: &RoomId, question: Question<'_>, now: Timestamp) -> Option<View> {
        self.with(room, |shard| shard.rooms.recall(room, question, now))
    }

    /// The socket of a user that is known as a peer of the room, the one that was heard of last.
    pub(crate) fn peer_of(&self, room: &RoomId, user: &UserId, now: Timestamp) -> Option<SocketId> {
        self.with(room, |shard| shard.rooms.peer_of(room, user, now))
    }

    /// A socket attends, and its user is a member.
    pub(crate) fn attends(&self, room: &RoomId, attendant: Attendant, gateways: &[NodeId], now: Timestamp) {
        self.with(room, |shard| shard.rooms.attends(room, attendant, gateways, now));
    }

    /// A member has written to the room.
    pub(crate) fn posted(&self, room: &RoomId, member: &UserId, gateways: &[NodeId], now: Timestamp) {
        self.with(room, |shard| shard.rooms.posted(room, member, gateways, now));
    }

    /// The sockets that are known as peers of the room.
    pub(crate) fn peers_of(&self, room: &RoomId, now: Timestamp) -> Vec<Attendant> {
        self.with(room, |shard| shard.rooms.peers_of(room, now))
    }

    /// Attendances have ended.
    pub(crate) fn gateways(&self, room: &RoomId, gateways: &[NodeId], now: Timestamp) {
        self.with(room, |shard| shard.rooms.gateways(room, gateways, now));
    }

    /// A socket attends no longer, and its user may be no member.
    pub(crate) fn left(&self, room: &RoomId, socket: &SocketId, no_member: Option<&UserId>, now: Timestamp) {
        self.with(room, |shard| shard.rooms.left(room, socket, no_member, now));
    }

    /// The room is closed.
    pub(crate) fn forget_room(&self, room: &RoomId) {
        self.with(room, |shard| shard.rooms.forget(room));
    }

    /// Notes the record of a call, which only the owner of the room's partition changes. Without one, what is known
    /// is forgotten.
    pub(crate) fn learn_call(&self, room: &RoomId, record: Option<&Bytes>, now: Timestamp) {
        self.with(room, |shard| shard.rooms.learn_call(room, record, now));
    }

    /// The record of the call as it was last read or written.
    pub(crate) fn call(&self, room: &RoomId, now: Timestamp) -> Option<Bytes> {
        self.with(room, |shard| shard.rooms.call(room, now))
    }
}
