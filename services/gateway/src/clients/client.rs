//! A client of the cluster: one Socket.IO socket or one mesh WebSocket, with its identity, the rooms it
//! attends, and its rates.

use std::{
    collections::VecDeque,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
};

use futures_util::future::BoxFuture;
use heliograph_domain::{
    command::SessionSecret,
    id::{NodeId, SocketId},
    refusal::{Code, Refusal},
    room::{Media, Position, RoomId, RoomKind},
    user::{Actor, Vocabulary},
};
use heliograph_vocabulary::Dialect;
use heliograph_websocket::CloseCode;
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, futures::Notified},
    time::Instant,
};

use super::{Resumption, Speech, arrive::Arrival, recovery::write_part, timers::TimerKey};
use crate::{
    application::Socket,
    close_codes::ROOM_CLOSED,
    frame::Frame,
    handshake::Handshake,
    identity::Identity,
    outlet::{Class, Sent},
    plain::PlainSocket,
    policy::Rates,
};

/// One client. Lives as long as its socket.
pub(crate) struct Client {
    pub(crate) id: SocketId,
    /// Not set while it is not known: see [`Speech::PROVISIONAL`].
    speech: OnceLock<Speech>,
    /// Proves the right to the session. Without recovery there is one all the same: it says which rooms to leave
    /// when the socket is lost.
    pub(crate) session: SessionSecret,
    /// Whether the client knows that secret and may have its session back.
    recovers: bool,
    pub(crate) connected: Instant,
    state: Mutex<State>,
    /// Held from noting an entry as the client's until it is on its way.
    sequence: Mutex<()>,
    /// How many rooms are attended, so that fan-out need not lock to find out that it is one.
    attended: AtomicU32,
    in_flight: AtomicU32,
    /// Told when a command has ended, or getting known.
    changed: Notify,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) identity: Option<Arc<Identity>>,
    /// The node id under which the cluster knows the client, or is about to.
    pub(crate) node: Option<NodeId>,
    /// The client is being made known under another one.
    settling: bool,
    /// What a mesh client sends and shows.
    pub(crate) media: Option<Media>,
    pub(crate) rooms: Vec<Arc<Attendance>>,
    pub(crate) rates: Rates,
    pub(crate) typing: Vec<(RoomId, TimerKey)>,
    /// Sequenced commands that wait for the answer of the one before, by room. A room is listed while one
    /// of its commands is under way.
    pub(crate) lanes: Vec<(RoomId, VecDeque<BoxFuture<'static, ()>>)>,
    pub(crate) failed_authentications: u8,
    /// Fires when the token ends, or when authentication is overdue.
    pub(crate) timer: Option<TimerKey>,
    /// The socket is gone; nothing may be registered for it any more.
    pub(crate) gone: bool,
}

/// A client's attendance of a room.
#[derive(Debug)]
pub(crate) struct Attendance {
    pub(crate) room: RoomId,
    /// The room's short name in offsets.
    pub(crate) ordinal: u32,
    /// The log that the numbers belong to.
    pub(crate) epoch: u64,
    /// What the client had when it joined.
    pub(crate) base: u64,
    /// The newest entry that was written to the client.
    seq: AtomicU64,
    live: AtomicBool,
}

impl Attendance {
    pub(crate) fn new(room: RoomId, ordinal: u32, base: Position, seq: u64) -> Self {
        Self { room, ordinal, epoch: base.epoch, base: base.seq, seq: AtomicU64::new(seq), live: AtomicBool::new(true) }
    }

    /// The newest entry that the client has.
    pub(crate) fn seq(&self) -> u64 {
        self.seq.load(Ordering::Acquire)
    }

    /// The same, in its log.
    pub(crate) fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.seq() }
    }

    /// Notes that the client gets entry `seq`; false if it has it already, or no longer attends.
    pub(crate) fn advance(&self, seq: u64) -> bool {
        self.is_live() && self.seq.fetch_max(seq, Ordering::AcqRel) < seq
    }

    pub(crate) fn is_live(&self) -> bool {
        self.live.load(Ordering::Acquire)
    }

    pub(crate) fn end(&self) {
        self.live.store(false, Ordering::Release);
    }
}

impl Client {
    /// A client that speaks this, if that is known, and may recover its session by `secret`, if there is one.
    pub(crate) fn new(id: SocketId, speech: Option<Speech>, secret: Option<SessionSecret>) -> Self {
        Self {
            id,
            speech: speech.map_or_else(OnceLock::new, OnceLock::from),
            session: secret.unwrap_or_else(SessionSecret::random),
            recovers: secret.is_some(),
            connected: Instant::now(),
            state: Mutex::new(State::default()),
            sequence: Mutex::default(),
            attended: AtomicU32::new(0),
            in_flight: AtomicU32::new(0),
            changed: Notify::new(),
        }
    }

    /// What the client speaks, as far as that is known.
    pub(crate) fn speech(&self) -> Speech {
        self.speech.get().copied().unwrap_or(Speech::PROVISIONAL)
    }

    pub(crate) fn vocabulary(&self) -> Vocabulary {
        self.speech().vocabulary()
    }

    /// Whether it is not known yet what the client speaks.
    pub(crate) fn is_provisional(&self) -> bool {
        self.speech.get().is_none()
    }

    /// The client has said what it speaks, for good.
    pub(crate) fn speaks(&self, dialect: Dialect) {
        // Events of one client are looked at one after the other: the first has told it.
        let _ = self.speech.set(Speech::SocketIo(dialect));
    }

    /// Works on the client's state. Nothing that blocks may happen inside.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock())
    }

    pub(crate) fn identity(&self) -> Option<Arc<Identity>> {
        self.state.lock().identity.clone()
    }

    /// What the client needs to recover its session; `None` if recovery is off for it.
    pub(crate) fn secret(&self) -> Option<SessionSecret> {
        self.recovers.then_some(self.session)
    }

    /// The client as the cluster knows it; `None` before authentication.
    pub(crate) fn actor(&self) -> Option<Actor> {
        self.actor_of(&self.state.lock())
    }

    fn actor_of(&self, state: &State) -> Option<Actor> {
        let (identity, gateway) = (state.identity.as_ref()?, state.node.as_ref()?);
        Some(Actor {
            user: identity.user.clone(),
            admin: identity.admin,
            socket: self.id.clone(),
            gateway: gateway.clone(),
            vocabulary: self.vocabulary(),
        })
    }

    /// The client as the author of a command; `None` if the cluster has to get to know it first under the id that
    /// `is_current` holds for.
    ///
    /// # Errors
    /// `AUTH_REQUIRED` before authentication.
    pub(super) fn author(&self, is_current: impl FnOnce(&NodeId) -> bool) -> Result<Option<Actor>, Refusal> {
        let state = self.state.lock();
        let actor = self.actor_of(&state).ok_or(Refusal::new(Code::AuthRequired))?;
        Ok(Some(actor).filter(|actor| !state.settling && is_current(&actor.gateway)))
    }

    /// The cluster knows the client under this id.
    pub(super) fn know(&self, node: &NodeId) {
        self.state.lock().node = Some(node.clone());
    }

    /// Whether the client is to be made known anew, and nobody does so yet. Then the caller does.
    pub(super) fn begin_settling(&self, is_current: impl FnOnce(&NodeId) -> bool) -> bool {
        let mut state = self.state.lock();
        let begins = !state.settling && state.node.as_ref().is_some_and(|node| !is_current(node));
        state.settling |= begins;
        begins
    }

    /// The client has been made known, or it is over with it.
    pub(super) fn end_settling(&self) {
        self.state.lock().settling = false;
        self.changed.notify_waiters();
    }

    /// The next end of a command, or of getting known.
    pub(super) fn next_change(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Waits while the client is being made known.
    pub(super) async fn settled(&self) {
        loop {
            let changed = self.changed.notified();
            if !self.state.lock().settling {
                return;
            }
            changed.await;
        }
    }

    /// The client attends a room; false if its socket is gone, so that the attendance must end.
    pub(crate) fn attend(&self, attendance: &Arc<Attendance>) -> bool {
        let mut state = self.state.lock();
        if state.gone {
            return false;
        }
        state.rooms.retain(|other| other.room != attendance.room);
        // Most clients attend one room.
        if state.rooms.is_empty() {
            state.rooms.reserve_exact(1);
        }
        state.rooms.push(Arc::clone(attendance));
        self.attended.store(state.rooms.len() as u32, Ordering::Release);
        true
    }

    /// The client no longer attends a room. Gives the attendance that ended.
    pub(crate) fn unattend(&self, room: &RoomId) -> Option<Arc<Attendance>> {
        let mut state = self.state.lock();
        let at = state.rooms.iter().position(|attendance| attendance.room == *room)?;
        let attendance = state.rooms.remove(at);
        attendance.end();
        self.attended.store(state.rooms.len() as u32, Ordering::Release);
        Some(attendance)
    }

    /// Of the attended rooms of a kind, the one that was joined last.
    pub(crate) fn latest(&self, kind: RoomKind) -> Option<RoomId> {
        let state = self.state.lock();
        state.rooms.iter().rev().map(|attendance| &attendance.room).find(|room| room.kind() == kind).cloned()
    }

    pub(crate) fn attends(&self, room: &RoomId) -> bool {
        self.state.lock().rooms.iter().any(|attendance| attendance.room == *room)
    }

    /// Whether one room is all that the client attends.
    pub(crate) fn attends_one(&self) -> bool {
        self.attended.load(Ordering::Acquire) == 1
    }

    /// Sends an entry of a log unless the client has it or no longer attends. Gives whether it was sent.
    ///
    /// Workers write the entries of different rooms at the same time, and every entry carries an offset. They take turns
    /// here, so that an offset counts exactly what went before it. `send` must not block.
    pub(crate) fn send_entry(&self, attendance: &Attendance, seq: u64, send: impl FnOnce()) -> bool {
        let _turn = self.sequence.lock();
        let due = attendance.advance(seq);
        if due {
            send();
        }
        due
    }

    /// What the client has, in all rooms that have moved since it joined them.
    pub(crate) fn offset(&self) -> String {
        let mut offset = String::new();
        for attendance in &self.state.lock().rooms {
            let seq = attendance.seq();
            if seq > attendance.base {
                write_part(&mut offset, attendance.ordinal, seq);
            }
        }
        offset
    }

    /// The rooms that the client attends.
    pub(crate) fn attendances(&self) -> Vec<Arc<Attendance>> {
        self.state.lock().rooms.clone()
    }

    /// What was written to the client, per room.
    pub(crate) fn positions(&self) -> Vec<(RoomId, Position)> {
        let state = self.state.lock();
        state.rooms.iter().map(|attendance| (attendance.room.clone(), attendance.position())).collect()
    }

    /// Counts a command in; false if there are `max` under way.
    pub(crate) fn begin_command(&self, max: usize) -> bool {
        let limit = u32::try_from(max).unwrap_or(u32::MAX);
        self.in_flight.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| (n < limit).then_some(n + 1)).is_ok()
    }

    /// Counts a command out.
    pub(crate) fn end_command(&self) {
        self.in_flight.fetch_sub(1, Ordering::AcqRel);
        self.changed.notify_waiters();
    }

    /// Waits until a command can be counted in, and counts it in.
    pub(crate) async fn room_for_command(&self, max: usize) {
        loop {
            let changed = self.changed.notified();
            if self.begin_command(max) {
                return;
            }
            changed.await;
        }
    }
}

/// What a Socket.IO socket of the cluster carries.
pub(crate) struct Bound {
    pub(crate) client: Arc<Client>,
    /// Left by the CONNECT packet's handling for what comes right after it.
    pub(crate) entry: Mutex<Option<Box<Entry>>>,
}

/// How a client came in.
pub(crate) enum Entry {
    /// With an identity and a new session.
    New(Arrival),
    /// With its old session.
    Resumed(Resumption),
}

/// A way to a client.
#[derive(Clone)]
pub(crate) enum Recipient {
    /// A Socket.IO socket.
    SocketIo(Arc<Socket>),
    /// A plain WebSocket.
    Plain(Arc<PlainSocket>, Arc<Client>),
}

impl Recipient {
    /// The client; `None` for a socket that was not made by the cluster.
    pub(crate) fn client(&self) -> Option<&Arc<Client>> {
        match self {
            Self::SocketIo(socket) => socket.context::<Bound>().map(|bound| &bound.client),
            Self::Plain(_, client) => Some(client),
        }
    }

    /// The request that the connection began with.
    pub(crate) fn handshake(&self) -> &Handshake {
        match self {
            Self::SocketIo(socket) => socket.handshake(),
            Self::Plain(socket, _) => socket.handshake(),
        }
    }

    pub(crate) fn send(&self, frame: &Frame, class: Class) -> Sent {
        match self {
            Self::SocketIo(socket) => socket.send(frame, class),
            Self::Plain(socket, _) => socket.send(frame, class),
        }
    }

    /// Ends the connection so that the client takes it for a loss and comes back.
    pub(crate) fn cut(&self) {
        match self {
            Self::SocketIo(socket) => socket.connection().close(),
            Self::Plain(socket, _) => socket.close(CloseCode::SERVICE_RESTART, "moved"),
        }
    }

    /// Ends the connection for good; `code` and `reason` are for plain WebSockets.
    pub(crate) fn dismiss(&self, code: CloseCode, reason: &str) {
        match self {
            Self::SocketIo(socket) => socket.disconnect(true),
            Self::Plain(socket, _) => socket.close(code, reason),
        }
    }

    /// Ends the connection for good, as an operator wants it.
    pub(crate) fn remove(&self) {
        self.dismiss(ROOM_CLOSED, "removed by an operator");
    }

    /// Whether both lead to the same socket.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::SocketIo(one), Self::SocketIo(two)) => Arc::ptr_eq(one, two),
            (Self::Plain(one, _), Self::Plain(two, _)) => Arc::ptr_eq(one, two),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::clients::recovery::Offset;

    #[test]
    fn an_offset_counts_exactly_what_went_before_it() {
        let client = Client::new(SocketId::random(), None, None);
        let rooms = [0, 1].map(|ordinal| {
            let room = RoomId::parse(&format!("room-{ordinal}")).unwrap();
            Arc::new(Attendance::new(room, ordinal, Position { epoch: 1, seq: 0 }, 0))
        });
        assert!(rooms.iter().all(|attendance| client.attend(attendance)));
        let wire = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for attendance in &rooms {
                let (client, wire) = (&client, &wire);
                scope.spawn(move || {
                    for seq in 1..=2_000 {
                        assert!(client.send_entry(attendance, seq, || {
                            wire.lock().push((attendance.ordinal, seq, client.offset()));
                        }));
                    }
                });
            }
        });
        let mut went = [0; 2];
        for (ordinal, seq, offset) in wire.into_inner() {
            went[ordinal as usize] = seq;
            let offset = Offset::parse(&offset).unwrap();
            assert_eq!([0, 1].map(|ordinal| offset.seq(ordinal).unwrap_or(0)), went);
        }
    }
}
