//! The hub of one process: everything is in its memory.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use heliograph_gateway::application::{Class, DisconnectReason, Frame, Json, Namespace, RecoveryClaim, Socket};
use parking_lot::Mutex;

use crate::history::History;
use crate::hub::{Audience, Hub, Restored, offset, parse_offset};

/// The sessions of all namespaces.
#[derive(Debug)]
pub(crate) struct LocalHub {
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

impl LocalHub {
    /// A hub which keeps lost sessions for `window`, if at all.
    pub(crate) fn new(window: Option<Duration>) -> Self {
        Self { window, state: Mutex::default() }
    }

    fn find(&self, namespace: &Namespace, claim: &RecoveryClaim) -> Option<Restored> {
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

    fn enter(&self, socket: &Arc<Socket>, pid: Option<&str>, restored: Option<&Restored>) {
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

    fn send(&self, namespace: &Namespace, audience: Audience<'_>, name: &str, args: &[Json], attachments: &[Bytes]) {
        let now = Instant::now();
        let mut state = self.state.lock();
        state.last_number += 1;
        let number = state.last_number;
        let plain = Frame::event(namespace.as_str(), name, args, None, attachments);
        let numbered = Frame::event(namespace.as_str(), name, args, Some(&offset(number)), attachments);
        for (sid, session) in &mut state.sessions {
            if session.namespace != *namespace || !audience.includes(sid, |room| session.rooms.contains(room)) {
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

impl Hub for LocalHub {
    fn recovers(&self) -> bool {
        self.window.is_some()
    }

    fn claim<'a>(&'a self, namespace: &'a Namespace, claim: &'a RecoveryClaim) -> BoxFuture<'a, Option<Restored>> {
        ready(self.find(namespace, claim)).boxed()
    }

    fn connected<'a>(
        &'a self,
        socket: &'a Arc<Socket>,
        pid: Option<&'a str>,
        restored: Option<&'a Restored>,
    ) -> BoxFuture<'a, ()> {
        self.enter(socket, pid, restored);
        ready(()).boxed()
    }

    fn disconnected(self: Arc<Self>, socket: &Arc<Socket>, reason: DisconnectReason) {
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

    fn attend<'a>(&'a self, socket: &'a Socket, room: &'a str, attends: bool) -> BoxFuture<'a, ()> {
        if let Some(session) = self.state.lock().sessions.get_mut(socket.id()) {
            if attends {
                session.rooms.insert(room.to_owned());
            } else {
                session.rooms.remove(room);
            }
        }
        ready(()).boxed()
    }

    fn emit<'a>(
        &'a self,
        namespace: &'a Namespace,
        audience: Audience<'a>,
        name: &'a str,
        args: &'a [Json],
        attachments: &'a [Bytes],
    ) -> BoxFuture<'a, ()> {
        self.send(namespace, audience, name, args, attachments);
        ready(()).boxed()
    }
}

impl State {
    fn forget_expired(&mut self, now: Instant, window: Duration) {
        self.sessions.retain(|_, session| session.socket.is_some() || now.duration_since(session.away_since) <= window);
    }
}
