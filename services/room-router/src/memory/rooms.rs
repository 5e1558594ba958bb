//! What the store has said of rooms. Only what it has confirmed is remembered: that somebody attends
//! or is a member, never that somebody is not.

use std::time::Duration;

use heliograph_cluster::store::{Attendant, UserSocket, View};
use heliograph_domain::{
    command::SignalTarget,
    id::{NodeId, SocketId, UserId},
    room::RoomId,
    time::Timestamp,
};

use super::{Question, generations::Generations};

/// How many members, attendants and ways are remembered of one room. Those who are active are few.
const OF_A_ROOM: usize = 64;

pub(super) struct Rooms(Generations<RoomId, Known>);

/// What is known of a room.
#[derive(Debug, Default)]
struct Known {
    gateways: Vec<NodeId>,
    members: Vec<UserId>,
    /// In the order in which they were heard of.
    attendants: Vec<Attendant>,
    ways: Vec<((SocketId, SignalTarget), Way)>,
}

/// Which way a signal in a call goes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Way {
    /// The sender, as the others know them.
    pub(crate) peer: SocketId,
    /// The socket that it goes to.
    pub(crate) device: UserSocket,
    /// The room of the call, as the addressee knows it.
    pub(crate) room: RoomId,
}

impl Rooms {
    pub(super) fn new(limit: usize, age: Duration) -> Self {
        Self(Generations::new(limit, age))
    }

    pub(super) fn learn(&mut self, room: &RoomId, question: Question<'_>, view: &View, now: Timestamp) {
        if !view.member && view.attendant.is_none() {
            return;
        }
        let known = self.0.entry(room, now);
        known.gateways.clone_from(&view.gateways);
        if view.member && !known.members.contains(question.user) {
            push(&mut known.members, question.user.clone());
        }
        for attendant in view.attendant.iter().chain(&view.addressee) {
            match known.attendants.iter_mut().find(|one| one.socket == attendant.socket) {
                Some(one) if one == attendant => {}
                Some(one) => *one = attendant.clone(),
                None => push(&mut known.attendants, attendant.clone()),
            }
        }
    }

    pub(super) fn recall(&mut self, room: &RoomId, question: Question<'_>, now: Timestamp) -> Option<View> {
        let known = self.0.get(room, now)?;
        let attendant = |socket: Option<&SocketId>| match socket {
            Some(socket) => known.attendants.iter().find(|one| one.socket == *socket).cloned().map(Some),
            None => Some(None),
        };
        let (attends, addressee) = (attendant(question.socket)?, attendant(question.addressee)?);
        let member = known.members.contains(question.user);
        if !member && attends.is_none() {
            return None;
        }
        Some(View { member, attendant: attends, addressee, gateways: known.gateways.clone(), ..View::default() })
    }

    pub(super) fn peer_of(&mut self, room: &RoomId, user: &UserId, now: Timestamp) -> Option<SocketId> {
        let attendants = &self.0.get(room, now)?.attendants;
        let peer = attendants.iter().rev().find(|one| one.user.id == *user && one.peer.is_some())?;
        Some(peer.socket.clone())
    }

    pub(super) fn gateways(&mut self, room: &RoomId, gateways: &[NodeId], now: Timestamp) {
        if let Some(known) = self.0.known(room, now) {
            known.gateways = gateways.to_vec();
        }
    }

    pub(super) fn left(&mut self, room: &RoomId, socket: &SocketId, no_member: Option<&UserId>, now: Timestamp) {
        if let Some(known) = self.0.known(room, now) {
            known.attendants.retain(|one| one.socket != *socket);
            known.members.retain(|user| no_member != Some(user));
        }
    }

    pub(super) fn forget(&mut self, room: &RoomId) {
        self.0.remove(room);
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&RoomId) -> bool) {
        self.0.retain(keep);
    }

    pub(super) fn learn_way(&mut self, room: &RoomId, from: &SocketId, to: &SignalTarget, way: &Way, now: Timestamp) {
        let ways = &mut self.0.entry(room, now).ways;
        match ways.iter_mut().find(|((sender, addressee), _)| sender == from && addressee == to) {
            Some((_, known)) if known == way => {}
            Some((_, known)) => *known = way.clone(),
            None => push(ways, ((from.clone(), to.clone()), way.clone())),
        }
    }

    pub(super) fn way(&mut self, room: &RoomId, from: &SocketId, to: &SignalTarget, now: Timestamp) -> Option<Way> {
        let ways = &self.0.get(room, now)?.ways;
        let way = ways.iter().find(|((sender, addressee), _)| sender == from && addressee == to);
        way.map(|(_, way)| way.clone())
    }
}

/// Adds to a list of bounded length; the oldest makes way.
fn push<T>(list: &mut Vec<T>, item: T) {
    if list.len() >= OF_A_ROOM {
        list.remove(0);
    }
    list.push(item);
}
