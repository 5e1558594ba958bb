//! Sessions in Redis: a hash each, of what never changes of it (encoded), what does, and a field for
//! each of its rooms.

use std::time::Duration;

use heliograph_domain::{
    command::{Session, SessionRoom, SessionSecret},
    id::{NodeId, SocketId, UserId},
    room::{Position, RoomId},
    time::Timestamp,
    wire,
};

use super::{
    super::{ResumeOutcome, Sessions, Step, StoreError},
    ABANDONED,
    connection::Connection,
    keys::Keys,
    reply::{Parts, Reply},
    request::{Request, Script, millis},
};

static OPEN: Script = Script::new(include_str!("scripts/session_open.lua"));
static ADD_ROOM: Script = Script::new(include_str!("scripts/session_add_room.lua"));
static LOSE: Script = Script::new(include_str!("scripts/session_lose.lua"));
static RESUME: Script = Script::new(include_str!("scripts/session_resume.lua"));
static CLOSE: Script = Script::new(include_str!("scripts/session_close.lua"));

/// What is read, in the words of errors.
const WHAT: &str = "session";

/// What the fields of rooms begin with.
const ROOM: &str = "room:";

pub(super) struct RedisSessions {
    pub(super) connection: Connection,
    pub(super) keys: Keys,
}

fn field(room: &RoomId) -> String {
    format!("{ROOM}{room}")
}

/// A room's field holds its ordinal, epoch, sequence number, and whether the client asked for it.
fn form(room: &SessionRoom) -> String {
    let Position { epoch, seq } = room.position;
    format!("{} {epoch} {seq} {}", room.ordinal, u8::from(room.explicit))
}

fn parsed(room: &str, form: &str) -> Option<SessionRoom> {
    let mut parts = form.split(' ');
    let ordinal = parts.next()?.parse().ok()?;
    let position = Position { epoch: parts.next()?.parse().ok()?, seq: parts.next()?.parse().ok()? };
    let explicit = parts.next()? == "1";
    Some(SessionRoom { ordinal, room: RoomId::parse(room).ok()?, position, explicit })
}

/// The session in a list of fields and values, and since when it is lost.
fn session(mut fields: Parts) -> Result<(Session, Option<Timestamp>), StoreError> {
    let (mut begun, mut gateway, mut lost, mut rooms) = (None, None, None, Vec::new());
    while let Some(field) = fields.next() {
        let (field, value) = (field.text()?, fields.part()?);
        match field.as_str() {
            "begun" => begun = Some(value.bytes()?),
            "gateway" => gateway = Some(value.parse(NodeId::parse)?),
            "lost" => lost = Some(Timestamp::from_millis(value.number()?)),
            other => {
                if let Some(room) = other.strip_prefix(ROOM) {
                    rooms.push(value.parse(|form| parsed(room, form).ok_or(()))?);
                }
            }
        }
    }
    let (Some(begun), Some(gateway)) = (begun, gateway) else { return Err(StoreError::Unreadable(WHAT)) };
    let mut session = wire::decode_session(begun).map_err(|_| StoreError::Unreadable(WHAT))?;
    rooms.sort_unstable_by_key(|room: &SessionRoom| room.ordinal);
    session.actor.gateway = gateway;
    session.rooms = rooms;
    Ok((session, lost))
}

impl RedisSessions {
    async fn ask(&self, request: Request) -> Result<Reply, StoreError> {
        self.connection.ask(WHAT, request).await
    }
}

impl Sessions for RedisSessions {
    fn open<'a>(&'a self, session: Session) -> Step<'a, ()> {
        Box::pin(async move {
            let next = session.rooms.iter().map(|room| room.ordinal + 1).max().unwrap_or(0);
            let mut request = OPEN.on([&self.keys.session(&session.actor.socket)]).arg(millis(ABANDONED));
            request = request.arg("secret").arg(&session.secret.to_bytes()[..]);
            request = request.arg("user").arg(session.actor.user.id.as_str());
            request = request.arg("gateway").arg(session.actor.gateway.as_str()).arg("next").arg(next);
            for room in &session.rooms {
                request = request.arg(field(&room.room)).arg(form(room));
            }
            let begun = wire::encode_session(&Session { rooms: Vec::new(), ..session });
            self.ask(request.arg("begun").arg(&begun[..])).await?;
            Ok(())
        })
    }

    fn load<'a>(&'a self, socket: &'a SocketId) -> Step<'a, Option<(Session, Option<Timestamp>)>> {
        Box::pin(async move {
            let fields = self.ask(Request::command("HGETALL", &self.keys.session(socket))).await?.list()?;
            if fields.is_empty() { Ok(None) } else { session(fields).map(Some) }
        })
    }

    fn held_by<'a>(&'a self, socket: &'a SocketId) -> Step<'a, Option<NodeId>> {
        Box::pin(async move {
            let request = Request::command("HMGET", &self.keys.session(socket)).arg("gateway").arg("lost");
            let mut fields = self.ask(request).await?.list()?;
            let (gateway, lost) = (fields.part()?.optional(), fields.part()?.optional());
            gateway.filter(|_| lost.is_none()).map(|gateway| gateway.parse(NodeId::parse)).transpose()
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
            let request = ADD_ROOM.on([&self.keys.session(socket)]).arg(field(room));
            let request = request.arg(position.epoch).arg(position.seq).arg(u8::from(explicit));
            let ordinal = self.ask(request).await?.optional();
            ordinal.map(|ordinal| ordinal.parse(str::parse)).transpose()
        })
    }

    fn remove_room<'a>(&'a self, socket: &'a SocketId, room: &'a RoomId) -> Step<'a, ()> {
        Box::pin(async move {
            self.ask(Request::command("HDEL", &self.keys.session(socket)).arg(field(room))).await?;
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
            let mut request = LOSE.on([&self.keys.session(socket)]).arg(gateway.as_str());
            request = request.arg(now.as_millis()).arg((now + window).as_millis()).arg(millis(window));
            for (room, position) in positions {
                request = request.arg(field(room)).arg(position.epoch).arg(position.seq);
            }
            self.ask(request).await?.flag()
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
            let request = RESUME.on([&self.keys.session(socket)]).arg(&secret.to_bytes()[..]);
            let request = request.arg(gateway.as_str()).arg(now.as_millis()).arg(millis(ABANDONED));
            let request = request.arg(user.map(UserId::as_str));
            let Some(resumed) = self.ask(request).await?.optional() else {
                return Ok(ResumeOutcome::Refused);
            };
            let mut parts = resumed.list()?;
            let previous = parts.part()?.parse(NodeId::parse)?;
            let (session, _) = session(parts.part()?.list()?)?;
            Ok(ResumeOutcome::Resumed { session: Box::new(session), previous })
        })
    }

    fn close<'a>(&'a self, socket: &'a SocketId, gateway: Option<&'a NodeId>) -> Step<'a, Option<Session>> {
        Box::pin(async move {
            let request = CLOSE.on([&self.keys.session(socket)]).arg(gateway.map(NodeId::as_str));
            let closed = self.ask(request).await?.optional();
            closed.map(|fields| Ok(session(fields.list()?)?.0)).transpose()
        })
    }
}
