//! Presence in memory.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use heliograph_domain::{
    command::Status,
    id::{CallId, NodeId, SocketId, UserId},
    room::RoomId,
    time::Timestamp,
    user::User,
};

use super::{
    super::{Presence, PresenceRecord, Retention, Step, UserSocket},
    clock::Clock,
    nodes::Nodes,
    ordered::{Keyed, Ordered},
    shards::Shards,
};

pub(super) struct MemoryPresence {
    users: Shards<UserId, Box<Person>>,
    online_users: AtomicU64,
    online_sockets: AtomicU64,
    retention: Retention,
    clock: Clock,
    nodes: Arc<Nodes>,
}

/// What is known of a user.
#[derive(Default)]
struct Person {
    sockets: Vec<UserSocket>,
    /// Memberships, the one that was used last at the end.
    rooms: Ordered<RoomId>,
    calls: Vec<CallId>,
    /// Sockets that the user does not look at.
    idle: Vec<SocketId>,
    status: Status,
    shown: Status,
    last_seen: Timestamp,
    announced: bool,
    guest: bool,
    /// When something last changed.
    touched: Timestamp,
}

impl Keyed for RoomId {
    type Key = Self;

    fn key(&self) -> &Self {
        self
    }
}

impl Person {
    /// Whether more than the last-seen time has to be kept.
    fn is_here(&self) -> bool {
        !self.sockets.is_empty() || !self.rooms.is_empty() || !self.calls.is_empty() || self.announced
    }
}

impl MemoryPresence {
    pub(super) fn new(retention: Retention, clock: Clock, nodes: Arc<Nodes>) -> Self {
        Self {
            users: Shards::default(),
            online_users: AtomicU64::new(0),
            online_sockets: AtomicU64::new(0),
            retention,
            clock,
            nodes,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.users.len()
    }

    pub(super) fn sweep(&self, shard: usize, now: Timestamp) {
        self.users.sweep(shard, |person| !person.sockets.is_empty() || now < person.touched + self.retention.age);
    }

    /// Changes what is known of a user, and forgets what the trait says is to be forgotten.
    fn change<T>(&self, user: &UserId, change: impl FnOnce(&mut Person) -> T) -> T {
        let mut users = self.users.lock(user);
        let person = users.entry(user.clone()).or_default();
        let before = person.sockets.len();
        let result = change(person);
        person.touched = self.clock.now();
        self.count(before, person.sockets.len());
        if !person.is_here() {
            // Guests do not come back as the same user: when they were last here helps nobody.
            if person.guest || person.last_seen == Timestamp::default() {
                users.remove(user);
            } else {
                (person.status, person.shown) = (Status::default(), Status::default());
            }
        }
        result
    }

    fn see<T>(&self, user: &UserId, see: impl FnOnce(&Person) -> T) -> Option<T> {
        self.users.lock(user).get(user).map(|person| see(person))
    }

    fn count(&self, before: usize, after: usize) {
        if before < after {
            self.online_sockets.fetch_add((after - before) as u64, Ordering::Relaxed);
        } else if after < before {
            self.online_sockets.fetch_sub((before - after) as u64, Ordering::Relaxed);
        }
        match (before, after) {
            (0, 1..) => self.online_users.fetch_add(1, Ordering::Relaxed),
            (1.., 0) => self.online_users.fetch_sub(1, Ordering::Relaxed),
            _ => return,
        };
    }
}

impl Presence for MemoryPresence {
    fn connect<'a>(
        &'a self,
        user: &'a User,
        mut socket: UserSocket,
        max_sockets: usize,
        now: Timestamp,
    ) -> Step<'a, bool> {
        Box::pin(async move {
            socket.gateway = self.nodes.kept(&socket.gateway);
            Ok(self.change(&user.id, |person| {
                let known = person.sockets.iter_mut().find(|known| known.socket == socket.socket);
                if let Some(known) = known {
                    *known = socket;
                } else if person.sockets.len() >= max_sockets {
                    return false;
                } else {
                    person.sockets.reserve_exact(1);
                    person.sockets.push(socket);
                }
                person.guest = user.guest;
                person.last_seen = now;
                true
            }))
        })
    }

    fn disconnect<'a>(&'a self, user: &'a UserId, socket: &'a SocketId, now: Timestamp) -> Step<'a, usize> {
        Box::pin(async move {
            Ok(self.change(user, |person| {
                let before = person.sockets.len();
                person.sockets.retain(|known| known.socket != *socket);
                person.idle.retain(|known| known != socket);
                if person.sockets.len() < before {
                    person.last_seen = now;
                }
                person.sockets.len()
            }))
        })
    }

    fn sockets<'a>(&'a self, user: &'a UserId) -> Step<'a, Vec<UserSocket>> {
        Box::pin(async move {
            let sockets = self.see(user, |person| person.sockets.clone());
            Ok(sockets.unwrap_or_default())
        })
    }

    fn record<'a>(&'a self, user: &'a UserId) -> Step<'a, PresenceRecord> {
        Box::pin(async move {
            let record = self.see(user, |person| PresenceRecord {
                status: person.status,
                last_seen: person.last_seen,
                sockets: person.sockets.len(),
                idle: person.idle.len(),
                shown: person.shown,
                announced: person.announced,
            });
            Ok(record.unwrap_or_default())
        })
    }

    fn set_status<'a>(&'a self, user: &'a UserId, status: Status, now: Timestamp) -> Step<'a, Status> {
        Box::pin(async move {
            Ok(self.change(user, |person| {
                if !person.sockets.is_empty() {
                    person.last_seen = now;
                }
                std::mem::replace(&mut person.status, status)
            }))
        })
    }

    fn set_active<'a>(&'a self, user: &'a UserId, socket: &'a SocketId, active: bool, now: Timestamp) -> Step<'a, ()> {
        Box::pin(async move {
            self.change(user, |person| {
                if !person.sockets.iter().any(|known| known.socket == *socket) {
                    return;
                }
                person.last_seen = now;
                person.idle.retain(|known| known != socket);
                if !active {
                    person.idle.push(socket.clone());
                }
            });
            Ok(())
        })
    }

    fn show<'a>(&'a self, user: &'a UserId, status: Status) -> Step<'a, Status> {
        Box::pin(async move { Ok(self.change(user, |person| std::mem::replace(&mut person.shown, status))) })
    }

    fn announce<'a>(&'a self, user: &'a UserId, online: bool) -> Step<'a, bool> {
        Box::pin(
            async move { Ok(self.change(user, |person| std::mem::replace(&mut person.announced, online) != online)) },
        )
    }

    fn rooms<'a>(&'a self, user: &'a UserId, limit: usize) -> Step<'a, Vec<RoomId>> {
        Box::pin(async move {
            let rooms = self.see(user, |person| person.rooms.iter().rev().take(limit).cloned().collect());
            Ok(rooms.unwrap_or_default())
        })
    }

    fn add_room<'a>(&'a self, user: &'a UserId, room: &'a RoomId, _now: Timestamp) -> Step<'a, ()> {
        Box::pin(async move {
            self.change(user, |person| person.rooms.push(room.clone()));
            Ok(())
        })
    }

    fn remove_room<'a>(&'a self, user: &'a UserId, room: &'a RoomId) -> Step<'a, ()> {
        Box::pin(async move {
            self.change(user, |person| person.rooms.remove(room));
            Ok(())
        })
    }

    fn calls<'a>(&'a self, user: &'a UserId) -> Step<'a, Vec<CallId>> {
        Box::pin(async move {
            let calls = self.see(user, |person| person.calls.clone());
            Ok(calls.unwrap_or_default())
        })
    }

    fn add_call<'a>(&'a self, user: &'a UserId, call: &'a CallId) -> Step<'a, ()> {
        Box::pin(async move {
            self.change(user, |person| {
                if !person.calls.contains(call) {
                    person.calls.push(call.clone());
                }
            });
            Ok(())
        })
    }

    fn remove_call<'a>(&'a self, user: &'a UserId, call: &'a CallId) -> Step<'a, ()> {
        Box::pin(async move {
            self.change(user, |person| person.calls.retain(|known| known != call));
            Ok(())
        })
    }

    fn gateways(&self) -> Step<'_, Vec<NodeId>> {
        Box::pin(async move {
            let mut gateways = BTreeSet::new();
            self.users.visit(|_, person| {
                gateways.extend(person.sockets.iter().map(|socket| socket.gateway.clone()));
            });
            Ok(gateways.into_iter().collect())
        })
    }

    // No index: in one process there is no gateway that could end alone, so that nobody asks.
    fn at_gateway<'a>(&'a self, gateway: &'a NodeId, limit: usize) -> Step<'a, Vec<(SocketId, UserId)>> {
        Box::pin(async move {
            let mut found = Vec::new();
            self.users.visit(|user, person| {
                let here = person.sockets.iter().filter(|socket| socket.gateway == *gateway);
                found.extend(here.map(|socket| (socket.socket.clone(), user.clone())));
            });
            found.truncate(limit);
            Ok(found)
        })
    }

    fn tidy<'a>(&'a self, _gateway: &'a NodeId, _left_over: &'a [(SocketId, UserId)]) -> Step<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn counts(&self) -> Step<'_, (u64, u64)> {
        Box::pin(
            async move { Ok((self.online_users.load(Ordering::Relaxed), self.online_sockets.load(Ordering::Relaxed))) },
        )
    }
}
