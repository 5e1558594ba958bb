//! What the store has said of rooms and calls. Only what it has confirmed is remembered: that somebody attends
//! or is a member, never that somebody is not; of a call its last record.

use std::time::Duration;

use bytes::Bytes;
use heliograph_cluster::store::{Attendant, View};
use heliograph_domain::{
    id::{NodeId, SocketId, UserId},
    room::RoomId,
    time::Timestamp,
};

use super::{Question, generations::Generations};

/// How many members and attendants are remembered of one room: those who came or did something last.
const OF_A_ROOM: usize = 256;

/// The largest record of a call that is remembered. Larger ones have signals in them that wait for a participant.
const CALL_BYTES: usize = 16 * 1024;

pub(super) struct Rooms(Generations<RoomId, Known>);

/// What is known of a room.
#[derive(Debug, Default)]
struct Known {
    gateways: Vec<NodeId>,
    members: Vec<UserId>,
    /// In the order in which they were heard of.
    attendants: Vec<Attendant>,
    /// The record of the call that the room belongs to.
    call: Option<Bytes>,
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
        if view.member {
            known.add_member(question.user);
        }
        for attendant in view.attendant.iter().chain(&view.addressee) {
            known.add_attendant(attendant);
        }
    }

    pub(super) fn attends(&mut self, room: &RoomId, mut attendant: Attendant, gateways: &[NodeId], now: Timestamp) {
        let known = self.0.entry(room, now);
        known.gateways = gateways.to_vec();
        known.add_member(&attendant.user.id);
        // A peer that attends once more without asking for that stays one.
        let before = known.attendants.iter().find(|one| one.socket == attendant.socket);
        attendant.peer = attendant.peer.or(before.and_then(|one| one.peer));
        known.add_attendant(&attendant);
    }

    pub(super) fn posted(&mut self, room: &RoomId, member: &UserId, gateways: &[NodeId], now: Timestamp) {
        let known = self.0.entry(room, now);
        if known.gateways != gateways {
            known.gateways = gateways.to_vec();
        }
        known.add_member(member);
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

    pub(super) fn peers_of(&mut self, room: &RoomId, now: Timestamp) -> Vec<Attendant> {
        let attendants = self.0.get(room, now).map(|known| known.attendants.iter()).into_iter().flatten();
        attendants.filter(|one| one.peer.is_some()).cloned().collect()
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

    pub(super) fn learn_call(&mut self, room: &RoomId, record: Option<&Bytes>, now: Timestamp) {
        match record.filter(|record| record.len() <= CALL_BYTES) {
            Some(record) => self.0.entry(room, now).call = Some(record.clone()),
            None => {
                if let Some(known) = self.0.known(room, now) {
                    known.call = None;
                }
            }
        }
    }

    pub(super) fn call(&mut self, room: &RoomId, now: Timestamp) -> Option<Bytes> {
        self.0.get(room, now)?.call.clone()
    }
}

impl Known {
    fn add_member(&mut self, user: &UserId) {
        if !self.members.contains(user) {
            push(&mut self.members, user.clone());
        }
    }

    fn add_attendant(&mut self, attendant: &Attendant) {
        match self.attendants.iter_mut().find(|one| one.socket == attendant.socket) {
            Some(one) if one == attendant => {}
            Some(one) => *one = attendant.clone(),
            None => push(&mut self.attendants, attendant.clone()),
        }
    }
}

/// Adds to a list of bounded length; the oldest makes way.
fn push<T>(list: &mut Vec<T>, item: T) {
    if list.len() >= OF_A_ROOM {
        list.remove(0);
    }
    list.push(item);
}
