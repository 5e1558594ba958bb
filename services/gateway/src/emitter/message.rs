//! What an emitter says: which channel means what, and what a message asks for.

use heliograph_domain::{
    id::{SocketId, UserId},
    publication::{Audience, EventName, Publication, Selection},
    room::RoomId,
    text::RawJson,
};
use heliograph_vocabulary::is_taken;
use serde::Deserialize;

use super::msgpack::{Unreadable, Value};

/// Rooms with this beginning are users: `user:ann` is every socket of `ann`.
const USER: &str = "user:";
/// The type of an event's packet (Socket.IO protocol, revision 5).
const EVENT: Value<'static> = Value::Unsigned(2);
/// The request by which an emitter disconnects sockets; others ask for what has no counterpart here.
const DISCONNECT: u8 = 4;

/// What a message asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// To tell clients something.
    Publish(Publication),
    /// To disconnect sockets for good.
    Disconnect(Audience),
}

/// Why nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Unfit {
    Unreadable,
    Binary,
    Namespace,
    Name,
    Target,
    Request,
}

impl Unfit {
    /// What it is called in metrics, and what is said of it.
    pub(super) const fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Unreadable => ("unreadable", "it is not in the format of @socket.io/redis-emitter 5"),
            Self::Binary => ("binary", "binary arguments are not supported"),
            Self::Namespace => ("namespace", "only the namespace / is served"),
            Self::Name => ("name", "the event's name means something else already"),
            Self::Target => ("target", "a room's name is no room, user or socket here"),
            Self::Request => ("request", "of requests, only disconnectSockets is supported"),
        }
    }
}

/// The patterns of the channels that an emitter with this key uses.
pub fn patterns(key: &str) -> Vec<String> {
    // A key may hold what has a meaning in patterns.
    let key: String =
        key.chars().flat_map(|c| [Some('\\').filter(|_| "*?[]\\".contains(c)), Some(c)]).flatten().collect();
    vec![format!("{key}#/*"), format!("{key}-request#/*")]
}

/// Reads a message by its channel.
pub(super) fn read(key: &str, channel: &[u8], payload: &[u8]) -> Result<Asked, Unfit> {
    let channel = std::str::from_utf8(channel).map_err(|_| Unfit::Unreadable)?;
    let rest = channel.strip_prefix(key).ok_or(Unfit::Unreadable)?;
    let (is_request, rest) = match rest.strip_prefix("-request") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    if !rest.starts_with("#/#") {
        return Err(Unfit::Namespace);
    }
    if is_request { request(payload) } else { event(payload).map(Asked::Publish) }
}

fn event(payload: &[u8]) -> Result<Publication, Unfit> {
    let message = Value::read(payload).map_err(|reason| match reason {
        Unreadable::Malformed => Unfit::Unreadable,
        Unreadable::Binary => Unfit::Binary,
    })?;
    let Some([_, packet, options]) = message.list() else { return Err(Unfit::Unreadable) };
    if packet.field("type") != Some(&EVENT) {
        return Err(Unfit::Unreadable);
    }
    let data = packet.field("data").and_then(Value::list).ok_or(Unfit::Unreadable)?;
    let (name, args) = data.split_first().ok_or(Unfit::Unreadable)?;
    let event = name.text().and_then(|name| EventName::parse(name).ok()).ok_or(Unfit::Name)?;
    if is_taken(event.as_str()) {
        return Err(Unfit::Name);
    }
    let names = |field| match options.field(field) {
        None | Some(Value::Nil) => Ok(Vec::new()),
        Some(Value::List(names)) => names.iter().map(|name| name.text().ok_or(Unfit::Target)).collect(),
        Some(_) => Err(Unfit::Unreadable),
    };
    let audience = audience(&names("rooms")?, &names("except")?)?;
    let args = args.iter().map(|arg| RawJson::from_checked(arg.to_json())).collect();
    Ok(Publication { audience, event, args })
}

/// A request, as far as it is looked at.
#[derive(Deserialize)]
struct Request {
    r#type: u8,
    #[serde(default)]
    opts: Targets,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Targets {
    rooms: Vec<String>,
    except: Vec<String>,
}

fn request(payload: &[u8]) -> Result<Asked, Unfit> {
    let Request { r#type, opts } = serde_json::from_slice(payload).map_err(|_| Unfit::Unreadable)?;
    if r#type != DISCONNECT {
        return Err(Unfit::Request);
    }
    let rooms: Vec<_> = opts.rooms.iter().map(String::as_str).collect();
    let except: Vec<_> = opts.except.iter().map(String::as_str).collect();
    Ok(Asked::Disconnect(audience(&rooms, &except)?))
}

/// Without a room, everyone is meant.
fn audience(rooms: &[&str], except: &[&str]) -> Result<Audience, Unfit> {
    Ok(Audience { everyone: rooms.is_empty(), of: selection(rooms)?, except: selection(except)? })
}

/// Rooms, users and sockets: in Socket.IO every socket is in the room that has its id.
fn selection(names: &[&str]) -> Result<Selection, Unfit> {
    let mut selection = Selection::default();
    for name in names {
        if let Some(user) = name.strip_prefix(USER) {
            selection.users.push(UserId::parse(user).map_err(|_| Unfit::Target)?);
            continue;
        }
        if let Ok(socket) = SocketId::parse(name) {
            selection.sockets.push(socket);
        }
        selection.rooms.push(RoomId::parse(name).map_err(|_| Unfit::Target)?);
    }
    Ok(selection)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `["emitter", {type: 2, data: ["news", {a: 1}], nsp: "/"}, {rooms: […], flags: {}, except: []}]`
    fn emitted(room: &str, name: &str) -> Vec<u8> {
        let mut bytes = b"\x93\xa7emitter\x83\xa4type\x02\xa4data\x92".to_vec();
        let text = |bytes: &mut Vec<u8>, text: &str| {
            bytes.push(0xa0 | u8::try_from(text.len()).unwrap());
            bytes.extend(text.bytes());
        };
        text(&mut bytes, name);
        bytes.extend(b"\x81\xa1a\x01\xa3nsp\xa1/\x83\xa5rooms");
        if room.is_empty() {
            bytes.push(0x90);
        } else {
            bytes.push(0x91);
            text(&mut bytes, room);
        }
        bytes.extend(b"\xa5flags\x80\xa6except\x90");
        bytes
    }

    fn published(room: &str) -> Publication {
        match read("socket.io", b"socket.io#/#", &emitted(room, "news")) {
            Ok(Asked::Publish(publication)) => publication,
            other => panic!("{other:?} is no publication"),
        }
    }

    #[test]
    fn an_event_is_for_a_room_a_user_or_everyone() {
        let publication = published("team");
        assert_eq!(publication.event.as_str(), "news");
        assert_eq!(publication.args, [RawJson::from_checked(r#"{"a":1}"#)]);
        assert_eq!(publication.audience.of.rooms, [RoomId::parse("team").unwrap()]);
        assert!(!publication.audience.everyone);
        assert_eq!(published("user:ann").audience.of.users, [UserId::parse("ann").unwrap()]);
        assert!(published("").audience.everyone);
    }

    #[test]
    fn a_room_may_be_named_in_the_channel_as_well() {
        assert!(read("socket.io", b"socket.io#/#team#", &emitted("team", "news")).is_ok());
    }

    #[test]
    fn a_request_disconnects_and_does_nothing_else() {
        let ask = |payload: &str| read("socket.io", b"socket.io-request#/#", payload.as_bytes());
        let Ok(Asked::Disconnect(audience)) =
            ask(r#"{"type":4,"opts":{"rooms":["user:ann"],"except":[]},"close":true}"#)
        else {
            panic!("it was not understood");
        };
        assert_eq!(audience.of.users, [UserId::parse("ann").unwrap()]);
        assert_eq!(ask(r#"{"type":2,"opts":{"rooms":[],"except":[]},"rooms":["a"]}"#), Err(Unfit::Request));
        assert_eq!(ask(r#"{"uid":"emitter","type":6,"data":["a"]}"#), Err(Unfit::Request));
        assert_eq!(ask("{"), Err(Unfit::Unreadable));
    }

    #[test]
    fn what_has_no_counterpart_is_refused() {
        let news = emitted("team", "news");
        assert_eq!(read("socket.io", b"socket.io#/chat#", &news), Err(Unfit::Namespace));
        assert_eq!(read("socket.io", b"other#/#", &news), Err(Unfit::Unreadable));
        assert_eq!(read("socket.io", b"socket.io#/#", &emitted("team", "message:new")), Err(Unfit::Name));
        assert_eq!(read("socket.io", b"socket.io#/#", &emitted("user:", "news")), Err(Unfit::Target));
        assert_eq!(read("socket.io", b"socket.io#/#", b"\x93\xc0\xc0\xc0"), Err(Unfit::Unreadable));
        assert_eq!(read("socket.io", b"socket.io#/#", b"\x91\xc4\x00"), Err(Unfit::Binary));
    }

    #[test]
    fn a_key_means_itself_in_patterns() {
        assert_eq!(patterns("a*b"), [r"a\*b#/*", r"a\*b-request#/*"]);
    }
}
