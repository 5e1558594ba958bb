//! Sessions in memory.

use std::{collections::HashMap, sync::Arc, time::Duration};

use heliograph_domain::{
    command::{Session, SessionRoom, SessionSecret},
    id::{NodeId, SocketId, UserId},
    room::{Position, RoomId},
    time::Timestamp,
    user::Actor,
};

use super::{
    super::{ResumeOutcome, Sessions, Step},
    clock::Clock,
    nodes::Nodes,
    shards::Shards,
};

pub(super) struct MemorySessions {
    sessions: Shards<SocketId, Box<Held>>,
    clock: Clock,
    nodes: Arc<Nodes>,
}

struct Held {
    session: Session,
    /// Rooms are numbered by how many were joined before, so that no two ever share a number.
    next_ordinal: u32,
    lost: Option<Lost>,
}

#[derive(Clone, Copy)]
struct Lost {
    since: Timestamp,
    until: Timestamp,
}

impl Held {
    fn is_over(&self, now: Timestamp) -> bool {
        self.lost.is_some_and(|lost| lost.until <= now)
    }
}

impl MemorySessions {
    pub(super) fn new(clock: Clock, nodes: Arc<Nodes>) -> Self {
        Self { sessions: Shards::default(), clock, nodes }
    }

    /// The session of a socket, unless its time is over.
    fn held<'a>(&self, sessions: &'a mut HashMap<SocketId, Box<Held>>, socket: &SocketId) -> Option<&'a mut Box<Held>> {
        let now = self.clock.now();
        sessions.get_mut(socket).filter(|held| !held.is_over(now))
    }

    pub(super) fn len(&self) -> usize {
        self.sessions.len()
    }

    pub(super) fn sweep(&self, shard: usize, now: Timestamp) {
        self.sessions.sweep(shard, |held| !held.is_over(now));
    }
}

impl Sessions for MemorySessions {
    fn open<'a>(&'a self, mut session: Session) -> Step<'a, ()> {
        Box::pin(async move {
            session.actor.gateway = self.nodes.kept(&session.actor.gateway);
            let socket = session.actor.socket.clone();
            let mut sessions = self.sessions.lock(&socket);
            let known = self.held(&mut sessions, &socket).filter(|held| held.session.secret == session.secret);
            if let Some(held) = known {
                if held.session.actor.user.id == session.actor.user.id {
                    let gateway = held.session.actor.gateway.clone();
                    held.session.actor = Actor { gateway, ..session.actor };
                }
            } else {
                let next_ordinal = session.rooms.iter().map(|room| room.ordinal + 1).max();
                let held = Held { session, next_ordinal: next_ordinal.unwrap_or(0), lost: None };
                sessions.insert(socket, Box::new(held));
            }
            Ok(())
        })
    }

    fn load<'a>(&'a self, socket: &'a SocketId) -> Step<'a, Option<(Session, Option<Timestamp>)>> {
        Box::pin(async move {
            let mut sessions = self.sessions.lock(socket);
            let held = self.held(&mut sessions, socket);
            Ok(held.map(|held| (held.session.clone(), held.lost.map(|lost| lost.since))))
        })
    }

    fn held_by<'a>(&'a self, socket: &'a SocketId) -> Step<'a, Option<NodeId>> {
        Box::pin(async move {
            let sessions = self.sessions.lock(socket);
            let live = sessions.get(socket).filter(|held| held.lost.is_none());
            Ok(live.map(|held| held.session.actor.gateway.clone()))
        })
    }

    fn add_room<'a>(
        &'a self,
        socket: &'a SocketId,
        room: &'a RoomId,
        position: Position,
        explicit: bool,
    ) -> Step<'a, Option<u32>> {
        Box::pin(async move {
            let mut sessions = self.sessions.lock(socket);
            let Some(held) = self.held(&mut sessions, socket) else {
                return Ok(None);
            };
            let rooms = &mut held.session.rooms;
            if let Some(known) = rooms.iter_mut().find(|known| known.room == *room) {
                known.explicit |= explicit;
                return Ok(Some(known.ordinal));
            }
            let ordinal = held.next_ordinal;
            held.next_ordinal += 1;
            if rooms.len() < 4 {
                rooms.reserve_exact(1);
            }
            rooms.push(SessionRoom { ordinal, room: room.clone(), position, explicit });
            Ok(Some(ordinal))
        })
    }

    fn remove_room<'a>(&'a self, socket: &'a SocketId, room: &'a RoomId) -> Step<'a, ()> {
        Box::pin(async move {
            if let Some(held) = self.held(&mut self.sessions.lock(socket), socket) {
                held.session.rooms.retain(|known| known.room != *room);
            }
            Ok(())
        })
    }

    fn lose<'a>(
        &'a self,
        socket: &'a SocketId,
        gateway: &'a NodeId,
        positions: &'a [(RoomId, Position)],
        now: Timestamp,
        window: Duration,
    ) -> Step<'a, bool> {
        Box::pin(async move {
            let mut sessions = self.sessions.lock(socket);
            let held = self.held(&mut sessions, socket).filter(|held| held.session.actor.gateway == *gateway);
            let Some(held) = held else {
                return Ok(false);
            };
            for (room, position) in positions {
                let mut rooms = held.session.rooms.iter_mut();
                if let Some(known) = rooms.find(|known| known.room == *room) {
                    known.position = *position;
                }
            }
            held.lost.get_or_insert(Lost { since: now, until: now + window });
            Ok(true)
        })
    }

    fn resume<'a>(
        &'a self,
        socket: &'a SocketId,
        secret: SessionSecret,
        user: Option<&'a UserId>,
        gateway: &'a NodeId,
        now: Timestamp,
    ) -> Step<'a, ResumeOutcome> {
        Box::pin(async move {
            let mut sessions = self.sessions.lock(socket);
            let Some(held) = self.held(&mut sessions, socket) else {
                return Ok(ResumeOutcome::Refused);
            };
            let actor = &mut held.session.actor;
            let is_theirs = held.session.secret == secret
                && user.is_none_or(|user| *user == actor.user.id)
                && held.lost.is_none_or(|lost| now < lost.until);
            if !is_theirs {
                return Ok(ResumeOutcome::Refused);
            }
            let previous = std::mem::replace(&mut actor.gateway, self.nodes.kept(gateway));
            held.lost = None;
            Ok(ResumeOutcome::Resumed { session: Box::new(held.session.clone()), previous })
        })
    }

    fn close<'a>(&'a self, socket: &'a SocketId, gateway: Option<&'a NodeId>) -> Step<'a, Option<Session>> {
        Box::pin(async move {
            let mut sessions = self.sessions.lock(socket);
            let is_held = self
                .held(&mut sessions, socket)
                .is_some_and(|held| gateway.is_none_or(|gateway| held.session.actor.gateway == *gateway));
            if !is_held {
                return Ok(None);
            }
            Ok(sessions.remove(socket).map(|held| held.session))
        })
    }
}
