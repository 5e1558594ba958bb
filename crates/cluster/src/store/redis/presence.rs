//! Presence in Redis.
//!
//! What is known of a user is in four keys: *person* (a hash: status, last seen, announced, guest),
//! *sockets* (a hash), *rooms* (a sorted set by last use) and *calls* (a set). With the other users of
//! their partition they are counted in *online* (a set of users) and noted in *connected* (a sorted set
//! of gateway, socket and user, in that order). All of it lies in one slot, so that a socket is noted
//! at its gateway by the step that connects it.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};
use heliograph_domain::{
    command::Status,
    id::{CallId, NodeId, SocketId, UserId},
    room::RoomId,
    time::Timestamp,
    user::{User, Vocabulary},
};

use super::{
    super::{Presence, PresenceRecord, Retention, Step, StoreError, UserSocket},
    connection::Connection,
    keys::Keys,
    reply::Reply,
    request::{Request, Script, millis},
};
use crate::partition::Partition;

/// A script that changes something of a user.
macro_rules! change {
    ($file:literal) => {
        Script::new(concat!(include_str!("scripts/presence.lua"), include_str!(concat!("scripts/", $file))))
    };
}

static CONNECT: Script = change!("presence_connect.lua");
static DISCONNECT: Script = change!("presence_disconnect.lua");
static SET_STATUS: Script = change!("presence_set_status.lua");
static SET_ACTIVE: Script = change!("presence_set_active.lua");
static SHOW: Script = change!("presence_show.lua");
static ANNOUNCE: Script = change!("presence_announce.lua");
static ADD_ROOM: Script = change!("presence_add_room.lua");
static REMOVE_ROOM: Script = change!("presence_remove_room.lua");
static ADD_CALL: Script = change!("presence_add_call.lua");
static REMOVE_CALL: Script = change!("presence_remove_call.lua");
static TIDY: Script = change!("presence_tidy.lua");
static RECORD: Script = Script::new(include_str!("scripts/presence_record.lua"));
static GATEWAYS: Script = Script::new(include_str!("scripts/presence_gateways.lua"));
static COUNTS: Script = Script::new(include_str!("scripts/presence_counts.lua"));

/// How many partitions are asked at a time what concerns all of them.
const AT_A_TIME: usize = 16;

pub(super) struct RedisPresence {
    pub(super) connection: Connection,
    pub(super) keys: Keys,
    pub(super) retention: Retention,
}

const WHAT: &str = "user";

impl RedisPresence {
    async fn ask(&self, request: Request) -> Result<Reply, StoreError> {
        self.connection.ask(WHAT, request).await
    }

    /// A request to run a script that changes something of a user.
    fn change(&self, script: &'static Script, user: &UserId) -> Request {
        let (keys, partition) = (&self.keys, Partition::of(user.as_str()));
        let of_user = [keys.person(user), keys.sockets(user), keys.rooms(user), keys.calls(user)];
        let [person, sockets, rooms, calls] = &of_user;
        let request = script.on([person, sockets, rooms, calls, &keys.online(partition), &keys.connected(partition)]);
        request.arg(millis(self.retention.age)).arg(user.as_str())
    }
}

fn status(name: &str) -> Option<Status> {
    [Status::Online, Status::Away, Status::Busy, Status::Offline].into_iter().find(|status| status.name() == name)
}

/// A status as it is stored; the default if there is none.
fn chosen_status(name: Option<Reply>) -> Result<Status, StoreError> {
    Ok(name.map(|name| name.parse(|name| status(name).ok_or(()))).transpose()?.unwrap_or_default())
}

/// A socket's place as [`CONNECT`] stores it: its number in the order of connecting, what it speaks, its
/// gateway.
fn place(text: &str) -> Option<(u64, Vocabulary, NodeId)> {
    let mut parts = text.splitn(3, ' ');
    let (number, vocabulary, gateway) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
    let vocabulary = Vocabulary::parse(vocabulary)?;
    Some((number, vocabulary, NodeId::parse(gateway).ok()?))
}

/// What is noted in *connected*: gateway, socket, user.
fn noted(text: &str) -> Option<(SocketId, UserId)> {
    let mut parts = text.splitn(3, '\0').skip(1);
    Some((SocketId::parse(parts.next()?).ok()?, UserId::parse(parts.next()?).ok()?))
}

impl Presence for RedisPresence {
    fn connect<'a>(&'a self, user: &'a User, socket: UserSocket, max_sockets: usize, now: Timestamp) -> Step<'a, bool> {
        Box::pin(async move {
            let request = self.change(&CONNECT, &user.id).arg(socket.socket.as_str()).arg(socket.gateway.as_str());
            let request = request.arg(socket.vocabulary.name()).arg(u8::from(user.guest));
            self.ask(request.arg(max_sockets).arg(now.as_millis())).await?.flag()
        })
    }

    fn disconnect<'a>(&'a self, user: &'a UserId, socket: &'a SocketId, now: Timestamp) -> Step<'a, usize> {
        Box::pin(async move {
            let request = self.change(&DISCONNECT, user).arg(socket.as_str()).arg(now.as_millis());
            self.ask(request).await?.count()
        })
    }

    fn sockets<'a>(&'a self, user: &'a UserId) -> Step<'a, Vec<UserSocket>> {
        Box::pin(async move {
            let mut fields = self.ask(Request::command("HGETALL", &self.keys.sockets(user))).await?.list()?;
            let mut sockets = Vec::new();
            while let Some(socket) = fields.next() {
                let socket = socket.parse(SocketId::parse)?;
                let (number, vocabulary, gateway) = fields.part()?.parse(|text| place(text).ok_or(()))?;
                sockets.push((number, UserSocket { socket, gateway, vocabulary }));
            }
            sockets.sort_unstable_by_key(|(number, _)| *number);
            Ok(sockets.into_iter().map(|(_, socket)| socket).collect())
        })
    }

    fn record<'a>(&'a self, user: &'a UserId) -> Step<'a, PresenceRecord> {
        Box::pin(async move {
            let request = RECORD.on([&self.keys.person(user), &self.keys.sockets(user)]);
            let mut known = self.ask(request).await?.list()?;
            let chosen = known.part()?.optional();
            let seen = known.part()?.optional();
            Ok(PresenceRecord {
                status: chosen_status(chosen)?,
                last_seen: seen.map(|at| at.number().map(Timestamp::from_millis)).transpose()?.unwrap_or_default(),
                announced: known.part()?.optional().is_some(),
                idle: known.part()?.optional().map(Reply::count).transpose()?.unwrap_or_default(),
                shown: chosen_status(known.part()?.optional())?,
                sockets: known.part()?.count()?,
            })
        })
    }

    fn set_status<'a>(&'a self, user: &'a UserId, chosen: Status, now: Timestamp) -> Step<'a, Status> {
        Box::pin(async move {
            let request = self.change(&SET_STATUS, user).arg(chosen.name()).arg(now.as_millis());
            chosen_status(self.ask(request).await?.optional())
        })
    }

    fn set_active<'a>(&'a self, user: &'a UserId, socket: &'a SocketId, active: bool, now: Timestamp) -> Step<'a, ()> {
        Box::pin(async move {
            let request = self.change(&SET_ACTIVE, user).arg(socket.as_str()).arg(u8::from(active));
            self.ask(request.arg(now.as_millis())).await?;
            Ok(())
        })
    }

    fn show<'a>(&'a self, user: &'a UserId, status: Status) -> Step<'a, Status> {
        Box::pin(async move { chosen_status(self.ask(self.change(&SHOW, user).arg(status.name())).await?.optional()) })
    }

    fn announce<'a>(&'a self, user: &'a UserId, online: bool) -> Step<'a, bool> {
        Box::pin(async move { self.ask(self.change(&ANNOUNCE, user).arg(u8::from(online))).await?.flag() })
    }

    fn rooms<'a>(&'a self, user: &'a UserId, limit: usize) -> Step<'a, Vec<RoomId>> {
        Box::pin(async move {
            let Some(last) = limit.checked_sub(1) else { return Ok(Vec::new()) };
            let request = Request::command("ZRANGE", &self.keys.rooms(user)).arg(0).arg(last).arg("REV");
            self.ask(request).await?.list()?.map(|room| room.parse(RoomId::parse)).collect()
        })
    }

    fn add_room<'a>(&'a self, user: &'a UserId, room: &'a RoomId, _now: Timestamp) -> Step<'a, ()> {
        Box::pin(async move {
            self.ask(self.change(&ADD_ROOM, user).arg(room.as_str())).await?;
            Ok(())
        })
    }

    fn remove_room<'a>(&'a self, user: &'a UserId, room: &'a RoomId) -> Step<'a, ()> {
        Box::pin(async move {
            self.ask(self.change(&REMOVE_ROOM, user).arg(room.as_str())).await?;
            Ok(())
        })
    }

    fn calls<'a>(&'a self, user: &'a UserId) -> Step<'a, Vec<CallId>> {
        Box::pin(async move {
            let calls = self.ask(Request::command("SMEMBERS", &self.keys.calls(user))).await?.list()?;
            calls.map(|call| call.parse(CallId::parse)).collect()
        })
    }

    fn add_call<'a>(&'a self, user: &'a UserId, call: &'a CallId) -> Step<'a, ()> {
        Box::pin(async move {
            self.ask(self.change(&ADD_CALL, user).arg(call.as_str())).await?;
            Ok(())
        })
    }

    fn remove_call<'a>(&'a self, user: &'a UserId, call: &'a CallId) -> Step<'a, ()> {
        Box::pin(async move {
            self.ask(self.change(&REMOVE_CALL, user).arg(call.as_str())).await?;
            Ok(())
        })
    }

    fn gateways(&self) -> Step<'_, Vec<NodeId>> {
        Box::pin(async move {
            let ask = |partition| async move {
                let found = self.ask(GATEWAYS.on([&self.keys.connected(partition)])).await?.list()?;
                found.map(|gateway| gateway.parse(NodeId::parse)).collect::<Result<Vec<_>, _>>()
            };
            let mut all = stream::iter(Partition::all()).map(ask).buffer_unordered(AT_A_TIME);
            let mut gateways = BTreeSet::new();
            while let Some(found) = all.try_next().await? {
                gateways.extend(found);
            }
            Ok(gateways.into_iter().collect())
        })
    }

    fn at_gateway<'a>(&'a self, gateway: &'a NodeId, limit: usize) -> Step<'a, Vec<(SocketId, UserId)>> {
        Box::pin(async move {
            let ask = |partition| async move {
                let request = Request::command("ZRANGE", &self.keys.connected(partition));
                let request = request.arg(format!("[{gateway}\0")).arg(format!("({gateway}\x01")).arg("BYLEX");
                let found = self.ask(request.arg("LIMIT").arg(0).arg(limit)).await?.list()?;
                found.map(|note| note.parse(|note| noted(note).ok_or(()))).collect::<Result<Vec<_>, _>>()
            };
            let mut all = stream::iter(Partition::all()).map(ask).buffered(AT_A_TIME);
            let mut sockets = Vec::new();
            while sockets.len() < limit {
                let Some(found) = all.try_next().await? else { break };
                sockets.extend(found);
            }
            sockets.truncate(limit);
            Ok(sockets)
        })
    }

    // Nothing is left over, unless the server has lost a part of what it was given.
    fn tidy<'a>(&'a self, gateway: &'a NodeId, left_over: &'a [(SocketId, UserId)]) -> Step<'a, ()> {
        Box::pin(async move {
            let ask = |(socket, user): &(SocketId, UserId)| {
                self.ask(self.change(&TIDY, user).arg(socket.as_str()).arg(gateway.as_str()))
            };
            let steps: Vec<_> = left_over.iter().map(ask).collect();
            let mut all = stream::iter(steps).buffer_unordered(AT_A_TIME);
            while all.try_next().await?.is_some() {}
            Ok(())
        })
    }

    fn counts(&self) -> Step<'_, (u64, u64)> {
        Box::pin(async move {
            let ask = |partition| async move {
                let keys = [self.keys.online(partition), self.keys.connected(partition)];
                let mut counts = self.ask(COUNTS.on(keys.each_ref())).await?.list()?;
                Ok::<_, StoreError>((counts.part()?.number()?, counts.part()?.number()?))
            };
            let all = stream::iter(Partition::all()).map(ask).buffer_unordered(AT_A_TIME);
            all.try_fold((0, 0), async |(users, sockets), (more, also)| Ok((users + more, sockets + also))).await
        })
    }
}
