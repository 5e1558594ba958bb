//! The hub of a node.

use std::collections::hash_map::Entry::Occupied;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use heliograph_cluster::bus::{Subject, Subscription};
use heliograph_cluster::store::{Append, AppendOutcome, Attend, PageRange, ResumeOutcome, StoreError, StoredEntry};
use heliograph_domain::command::{Session, SessionSecret};
use heliograph_domain::id::{CommandId, InvalidId, MessageId, NodeId, SocketId, UserId};
use heliograph_domain::room::{Position, RoomId};
use heliograph_domain::user::{Actor, Name, User, Vocabulary};
use heliograph_gateway::application::{Class, DisconnectReason, Json, Namespace, RecoveryClaim, Socket};
use parking_lot::Mutex;

use super::Backends;
use super::entry::{Entry, Event};
use crate::hub::{Audience, Hub, Restored, parse_offset};

/// Entries read at once.
const PAGE: usize = 200;

/// How often the log is looked at although nobody says that there is more.
const LOOK: Duration = Duration::from_secs(1);

/// The sessions of a cluster, as one node sees them.
pub(crate) struct ClusterHub {
    node: NodeId,
    /// Where all events stand.
    log: RoomId,
    /// The node's own attendance of the log, so that the store knows whom to tell of it.
    attendant: Actor,
    backends: Backends,
    /// How long a lost session is kept; `None` if recovery is off.
    window: Option<Duration>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How far the log was read.
    position: u64,
    /// Those that are connected here, by the socket's id.
    sockets: HashMap<String, Here>,
    /// Sessions that have ended, as long as the store does not know.
    ended: HashSet<String>,
}

/// A socket that is connected here.
struct Here {
    socket: Arc<Socket>,
    recovers: bool,
    /// Its rooms, and from where in the log it has been in them.
    rooms: HashMap<String, u64>,
    /// The log's end when it came.
    since: u64,
    /// The last entry that it need not be sent.
    has: u64,
    /// False while it is sent what it has missed.
    live: bool,
}

impl ClusterHub {
    /// Attends the log. Events are heard of by [`Self::run`].
    pub(crate) async fn open(
        node: NodeId,
        backends: Backends,
        window: Option<Duration>,
    ) -> Result<Arc<Self>, Box<dyn std::error::Error + Send + Sync>> {
        let hub = Self {
            attendant: actor(SocketId::random(), &node)?,
            log: RoomId::parse("conformance")?,
            node,
            backends,
            window,
            state: Mutex::default(),
        };
        let position = hub.attend_log().await?;
        hub.state.lock().position = position.seq;
        Ok(Arc::new(hub))
    }

    /// Sends what the log holds to the sockets that it is for, whenever there is more.
    pub(crate) async fn run(self: Arc<Self>, mut news: Subscription) {
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                news = news.next() => if news.is_none() { return },
                _ = look.tick() => {}
            }
            if let Err(error) = self.advance().await {
                tracing::warn!(%error, "the log cannot be read");
            }
        }
    }

    /// Leaves the log.
    pub(crate) async fn close(&self) {
        let Actor { socket, user, .. } = &self.attendant;
        let left = self.backends.store.rooms.leave(&self.log, CommandId::generate(), socket, &user.id, true).await;
        if let Err(error) = left {
            tracing::warn!(%error, "the log was not left");
        }
    }

    async fn attend_log(&self) -> Result<Position, StoreError> {
        let step = Attend {
            command: CommandId::generate(),
            actor: self.attendant.clone(),
            explicit: true,
            peer: None,
            takeover: false,
            ghosts: Vec::new(),
            since: None,
            missed_limit: 0,
            member_limit: 0,
            max_peers: usize::MAX,
            members_only: false,
            partner: None,
            contents: None,
            new_epoch: rand::random(),
            at: self.backends.clock.now(),
        };
        self.backends.store.rooms.attend(&self.log, step).await?;
        self.head().await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        Ok(self.backends.store.rooms.view(&self.log, None, None, None).await?.position)
    }

    /// Writes an entry and tells the nodes; the entry's number.
    async fn append(&self, entry: &Entry) -> Result<u64, StoreError> {
        let step = Append {
            command: CommandId::generate(),
            author: None,
            socket: None,
            as_admin: true,
            reference: None,
            message: MessageId::generate(),
            event: entry.encode(),
            at: self.backends.clock.now(),
        };
        let mut outcome = self.backends.store.rooms.append(&self.log, step.clone()).await?;
        if outcome == AppendOutcome::NotMember {
            // The store has forgotten everything.
            self.attend_log().await?;
            let again = Append { command: CommandId::generate(), ..step };
            outcome = self.backends.store.rooms.append(&self.log, again).await?;
        }
        let AppendOutcome::Appended(appended) = outcome else {
            return Err(StoreError::Unreadable("log"));
        };
        for node in appended.gateways {
            if let Err(error) = self.backends.bus.publish(Subject::Gateway(node), Bytes::new()).await {
                tracing::debug!(%error, "a node was not told that there is more");
            }
        }
        Ok(appended.position.seq)
    }

    async fn advance(&self) -> Result<(), StoreError> {
        loop {
            let position = self.state.lock().position;
            let page = self.backends.store.rooms.read(&self.log, PageRange::After(position), PAGE).await?;
            let mut state = self.state.lock();
            for stored in &page.entries {
                state.hear(stored, &self.node);
            }
            // A log that is shorter than before is another one.
            state.position = page.entries.last().map_or(page.position.seq.min(position), |last| last.seq);
            if !page.more {
                return Ok(());
            }
        }
    }

    /// A session that a client may have back, and its last event, which must be one of its own.
    async fn find(&self, namespace: &Namespace, claim: &RecoveryClaim) -> Option<Restored> {
        self.window?;
        let seen = parse_offset(claim.offset.as_deref()?)?;
        let (sid, secret) = parse_pid(&claim.pid)?;
        if self.state.lock().ended.contains(sid.as_str()) {
            return None;
        }
        let (session, _) = self.loaded(self.backends.store.sessions.load(&sid).await)??;
        let last = self.backends.store.rooms.read(&self.log, PageRange::After(seen.checked_sub(1)?), 1).await;
        let last = self.loaded(last)?.entries.pop().filter(|stored| stored.seq == seen)?;
        let Entry::Event(event) = Entry::decode(&last.event)? else { return None };
        let rooms = rooms_of(&session);
        let is_theirs = event.namespace == namespace.as_str()
            && event.audience().includes(sid.as_str(), |room| rooms.contains_key(room));
        (session.secret == secret && is_theirs).then(|| Restored { sid: sid.to_string(), seen })
    }

    fn loaded<T>(&self, result: Result<T, StoreError>) -> Option<T> {
        result.inspect_err(|error| tracing::warn!(%error, "a session is not restored")).ok()
    }

    /// Puts the session in the store, or takes it over, and gives its place here.
    async fn enter(&self, socket: &Arc<Socket>, pid: Option<&str>, seen: Option<u64>) -> Option<Here> {
        let head = self.loaded(self.head().await)?.seq;
        let mut here = Here {
            socket: Arc::clone(socket),
            recovers: pid.is_some(),
            rooms: HashMap::new(),
            since: head,
            has: seen.unwrap_or(head),
            live: false,
        };
        let Some((sid, secret)) = pid.and_then(parse_pid) else { return Some(here) };
        let sessions = &self.backends.store.sessions;
        if seen.is_none() {
            let session = Session { actor: actor(sid, &self.node).ok()?, secret, rooms: Vec::new() };
            self.loaded(sessions.open(session).await)?;
            return Some(here);
        }
        let now = self.backends.clock.now();
        let outcome = self.loaded(sessions.resume(&sid, secret, None, &self.node, now).await)?;
        let ResumeOutcome::Resumed { session, .. } = outcome else { return None };
        here.rooms = rooms_of(&session);
        let moved = Entry::Moved { sid: sid.to_string(), node: self.node.to_string() };
        here.since = self.loaded(self.append(&moved).await)?;
        Some(here)
    }

    /// Sends a socket what the log holds beyond what it has, until it is as far as all the others.
    async fn catch_up(&self, sid: &str) -> Result<(), StoreError> {
        loop {
            let Some(has) = self.state.lock().sockets.get(sid).map(|here| here.has) else { return Ok(()) };
            let page = self.backends.store.rooms.read(&self.log, PageRange::After(has), PAGE).await?;
            let mut state = self.state.lock();
            let position = state.position;
            let Some(here) = state.sockets.get_mut(sid) else { return Ok(()) };
            for stored in &page.entries {
                if let Some(Entry::Event(event)) = Entry::decode(&stored.event) {
                    here.send(&event, stored.seq);
                }
                here.has = stored.seq;
            }
            if !page.more && here.has >= position {
                here.live = true;
                return Ok(());
            }
        }
    }

    async fn left(&self, sid: SocketId, reason: DisconnectReason) {
        let (sessions, now) = (&self.backends.store.sessions, self.backends.clock.now());
        let result = match self.window.filter(|_| reason.is_recoverable()) {
            Some(window) => sessions.lose(&sid, &self.node, &[], now, window).await.map(|_| ()),
            None => sessions.close(&sid, Some(&self.node)).await.map(|_| ()),
        };
        if let Err(error) = result {
            tracing::warn!(%error, "the end of a session was not noted");
        }
        self.state.lock().ended.remove(sid.as_str());
    }
}

impl State {
    fn hear(&mut self, stored: &StoredEntry, node: &NodeId) {
        match Entry::decode(&stored.event) {
            Some(Entry::Event(event)) => {
                for here in self.sockets.values_mut().filter(|here| here.live && here.has < stored.seq) {
                    here.send(&event, stored.seq);
                }
            }
            Some(Entry::Moved { sid, node: to }) => {
                if let Occupied(place) = self.sockets.entry(sid)
                    && to != node.as_str()
                    && place.get().since < stored.seq
                {
                    place.remove().socket.connection().close();
                }
            }
            None => tracing::warn!(seq = stored.seq, "an entry of the log cannot be read"),
        }
    }
}

impl Here {
    /// Sends an event if it is for this socket.
    fn send(&self, event: &Event, seq: u64) {
        let attends = |room: &str| self.rooms.get(room).is_some_and(|from| *from < seq);
        if event.namespace == self.socket.namespace().as_str() && event.audience().includes(self.socket.id(), attends) {
            self.socket.send(&event.frame(self.recovers.then_some(seq)), Class::Message);
        }
    }
}

impl Hub for ClusterHub {
    fn recovers(&self) -> bool {
        self.window.is_some()
    }

    fn claim<'a>(&'a self, namespace: &'a Namespace, claim: &'a RecoveryClaim) -> BoxFuture<'a, Option<Restored>> {
        self.find(namespace, claim).boxed()
    }

    fn connected<'a>(
        &'a self,
        socket: &'a Arc<Socket>,
        pid: Option<&'a str>,
        restored: Option<&'a Restored>,
    ) -> BoxFuture<'a, ()> {
        async move {
            let Some(here) = self.enter(socket, pid, restored.map(|restored| restored.seen)).await else {
                // It comes back, and begins anew.
                return socket.connection().close();
            };
            if let Some(old) = self.state.lock().sockets.insert(socket.id().to_owned(), here) {
                old.socket.connection().close();
            }
            if let Err(error) = self.catch_up(socket.id()).await {
                tracing::warn!(%error, "what a client has missed cannot be read");
                socket.connection().close();
            }
        }
        .boxed()
    }

    fn disconnected(self: Arc<Self>, socket: &Arc<Socket>, reason: DisconnectReason) {
        let Ok(sid) = SocketId::parse(socket.id()) else { return };
        let mut state = self.state.lock();
        let is_its_own = match state.sockets.entry(socket.id().to_owned()) {
            Occupied(place) if Arc::ptr_eq(&place.get().socket, socket) => place.remove().recovers,
            _ => false,
        };
        if !is_its_own {
            return;
        }
        if !reason.is_recoverable() {
            state.ended.insert(socket.id().to_owned());
        }
        drop(state);
        tokio::spawn(async move { self.left(sid, reason).await });
    }

    fn attend<'a>(&'a self, socket: &'a Socket, room: &'a str, attends: bool) -> BoxFuture<'a, ()> {
        async move {
            let (Ok(sid), Ok(id)) = (SocketId::parse(socket.id()), RoomId::parse(room)) else { return };
            let sessions = &self.backends.store.sessions;
            let noted = async {
                if !attends {
                    return sessions.remove_room(&sid, &id).await.map(|()| None);
                }
                let head = self.head().await?;
                sessions.add_room(&sid, &id, head, true).await.map(|_| Some(head.seq))
            };
            match (noted.await, self.state.lock().sockets.get_mut(socket.id())) {
                (Ok(Some(from)), Some(here)) => {
                    here.rooms.entry(room.to_owned()).or_insert(from);
                }
                (Ok(None), Some(here)) => {
                    here.rooms.remove(room);
                }
                (Ok(_), None) => {}
                (Err(error), _) => tracing::warn!(%error, "a room was not noted"),
            }
        }
        .boxed()
    }

    fn emit<'a>(
        &'a self,
        namespace: &'a Namespace,
        audience: Audience<'a>,
        name: &'a str,
        args: &'a [Json],
        attachments: &'a [Bytes],
    ) -> BoxFuture<'a, ()> {
        async move {
            let event = Event::new(namespace.as_str(), audience, name, args, attachments);
            if let Err(error) = self.append(&Entry::Event(Box::new(event))).await {
                tracing::warn!(%error, "an event is lost");
            }
        }
        .boxed()
    }
}

/// A socket of this node, whose user is nobody in particular.
fn actor(socket: SocketId, node: &NodeId) -> Result<Actor, InvalidId> {
    let user = User { id: UserId::parse(socket.as_str())?, name: Name::of_guest(0), picture: None, guest: true };
    Ok(Actor { user, admin: false, socket, gateway: node.clone(), vocabulary: Vocabulary::Synapse })
}

fn rooms_of(session: &Session) -> HashMap<String, u64> {
    session.rooms.iter().map(|room| (room.room.to_string(), room.position.seq)).collect()
}

/// A session's name: the id of its socket, and the secret.
fn parse_pid(pid: &str) -> Option<(SocketId, SessionSecret)> {
    let (sid, secret) = pid.split_once('.')?;
    let secret = u128::from_str_radix(secret, 16).ok()?;
    Some((SocketId::parse(sid).ok()?, SessionSecret::from_bytes(secret.to_be_bytes())))
}
