//! Who is connected, in which rooms, and what they have missed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use heliograph_gateway::application::{Class, DisconnectReason, Frame, Json, Namespace, RecoveryClaim, Socket};
use parking_lot::Mutex;

use crate::history::History;

/// The sessions of all namespaces.
#[derive(Debug)]
pub(crate) struct Hub {
    /// How long a lost session is kept; `None` if recovery is off.
    window: Option<Duration>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// By the socket's id, which a restored session keeps.
    sessions: HashMap<String, Session>,
    last_number: u64,
}

#[derive(Debug)]
struct Session {
    namespace: Namespace,
    /// The secret that restores the session; `None` if it cannot be restored.
    pid: Option<String>,
    rooms: HashSet<String>,
    /// `None` while the client is away.
    socket: Option<Arc<Socket>>,
    away_since: Instant,
    history: History,
}

/// A session that a client may have back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Restored {
    /// The socket's id.
    pub(crate) sid: String,
    /// The number of the last event that the client has seen.
    pub(crate) seen: u64,
}

/// Whom an event is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Audience<'a> {
    /// One socket.
    Socket(&'a str),
    /// All sockets of the namespace.
    Everyone,
    /// The members of a room, but for one socket.
    Room {
        /// The room.
        room: &'a str,
        /// The socket that is left out.
        except: &'a str,
    },
}

impl Hub {
    /// A hub which keeps lost sessions for `window`, if at all.
    pub(crate) fn new(window: Option<Duration>) -> Self {
        Self { window, state: Mutex::default() }
    }

    /// True if sessions can be restored.
    pub(crate) fn recovers(&self) -> bool {
        self.window.is_some()
    }

    /// Looks for the session that a client claims, and keeps it until the client is connected.
    pub(crate) fn claim(&self, namespace: &Namespace, claim: &RecoveryClaim) -> Option<Restored> {
        let window = self.window?;
        let seen = parse_offset(claim.offset.as_deref()?)?;
        let now = Instant::now();
        let mut state = self.state.lock();
        state.forget_expired(now, window);
        let (sid, session) = state
            .sessions
            .iter_mut()
            .find(|(_, session)| session.namespace == *namespace && session.pid.as_ref() == Some(&claim.pid))?;
        session.history.knows(seen).then(|| {
            session.away_since = now;
            Restored { sid: sid.clone(), seen }
        })
    }

    /// A client is connected, anew or again. What a returning client has missed is sent. If its old connection still
    /// seems alive, it ends: a session has one socket.
    pub(crate) fn connected(&self, socket: &Arc<Socket>, pid: Option<&str>, restored: Option<&Restored>) {
        let mut state = self.state.lock();
        let session = state.sessions.entry(socket.id().to_owned()).or_insert_with(|| Session {
            namespace: socket.namespace().clone(),
            pid: pid.map(str::to_owned),
            rooms: HashSet::new(),
            socket: None,
            away_since: Instant::now(),
            history: History::default(),
        });
        if let Some(old) = session.socket.replace(Arc::clone(socket)) {
            old.connection().close();
        }
        if let Some(restored) = restored {
            for frame in session.history.after(restored.seen) {
                socket.send(frame, Class::Message);
            }
        }
    }

    /// A socket is gone: its session is kept if it may come back, and was not taken over by another socket.
    pub(crate) fn disconnected(&self, socket: &Arc<Socket>, reason: DisconnectReason) {
        let now = Instant::now();
        let mut state = self.state.lock();
        if let Some(window) = self.window {
            state.forget_expired(now, window);
        }
        let Some(session) = state.sessions.get_mut(socket.id()) else {
            return;
        };
        if !session.socket.as_ref().is_some_and(|current| Arc::ptr_eq(current, socket)) {
            return;
        }
        if reason.is_recoverable() && session.pid.is_some() {
            session.socket = None;
            session.away_since = now;
        } else {
            state.sessions.remove(socket.id());
        }
    }

    /// Adds a socket to a room, or takes it out.
    pub(crate) fn attend(&self, socket: &Socket, room: &str, attends: bool) {
        if let Some(session) = self.state.lock().sessions.get_mut(socket.id()) {
            if attends {
                session.rooms.insert(room.to_owned());
            } else {
                session.rooms.remove(room);
            }
        }
    }

    /// Sends an event to everyone in the audience, and keeps it for those that can be restored.
    pub(crate) fn emit(
        &self,
        namespace: &Namespace,
        audience: Audience<'_>,
        name: &str,
        args: &[Json],
        attachments: &[Bytes],
    ) {
        let now = Instant::now();
        let mut state = self.state.lock();
        state.last_number += 1;
        let number = state.last_number;
        let plain = Frame::event(namespace.as_str(), name, args, None, attachments);
        let numbered = Frame::event(namespace.as_str(), name, args, Some(&offset(number)), attachments);
        for (sid, session) in &mut state.sessions {
            if session.namespace != *namespace || !audience.includes(sid, &session.rooms) {
                continue;
            }
            let frame = match (self.window, &session.pid) {
                (Some(window), Some(_)) => {
                    session.history.push(number, numbered.clone(), now, window);
                    &numbered
                }
                _ => &plain,
            };
            if let Some(socket) = &session.socket {
                socket.send(frame, Class::Message);
            }
        }
    }
}

impl State {
    fn forget_expired(&mut self, now: Instant, window: Duration) {
        self.sessions.retain(|_, session| session.socket.is_some() || now.duration_since(session.away_since) <= window);
    }
}

impl Audience<'_> {
    fn includes(self, sid: &str, rooms: &HashSet<String>) -> bool {
        match self {
            Self::Socket(one) => one == sid,
            Self::Everyone => true,
            Self::Room { room, except } => except != sid && rooms.contains(room),
        }
    }
}

/// The text of an offset.
fn offset(number: u64) -> String {
    format!("e{number}")
}

fn parse_offset(text: &str) -> Option<u64> {
    text.strip_prefix('e')?.parse().ok()
}
