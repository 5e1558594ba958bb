//! What the scripts of a room answer, as each says in its head.

use bytes::{Buf, Bytes};
use heliograph_domain::{
    id::{MessageId, NodeId, SocketId},
    room::{Media, Peer, Position, RoomId},
    time::Timestamp,
    user::{User, Vocabulary},
    wire::proto,
};
use prost::Message;

use super::super::{
    super::{
        AppendOutcome, Appended, AttendOutcome, Attendant, Attended, Expelled, Idle, Left, MarkOutcome, Marks,
        MediaOutcome, Page, ReactOutcome, StateOutcome, StoreError, StoredContents, StoredDocument, StoredEntry,
        SwitchOutcome, View, WriteOutcome,
    },
    reply::{Parts, Reply},
};

type Read<T> = Result<T, StoreError>;

const UNREADABLE: StoreError = StoreError::Unreadable("room");

pub(super) fn attend(reply: Reply) -> Read<(AttendOutcome, Vec<RoomId>)> {
    let mut parts = reply.list()?;
    match parts.part()?.text()?.as_str() {
        "full" => return Ok((AttendOutcome::Full, Vec::new())),
        "not_admitted" => return Ok((AttendOutcome::NotAdmitted, Vec::new())),
        _ => {}
    }
    let (joined, announced) = (is_true(parts.part()?), is_true(parts.part()?));
    let (roster, removed) = (parts.part()?.number()?, parts.part()?.list()?);
    let position = Position { epoch: parts.part()?.number()?, seq: parts.part()?.number()? };
    let (members, peers) = (users(parts.part()?)?, peers(parts.part()?)?);
    let host = parts.part()?.optional().map(socket).transpose()?;
    let chat_enabled = !is_true(parts.part()?);
    let missed = entries(parts.part()?.number()?, parts.part()?)?;
    let (whole, more) = (is_true(parts.part()?), is_true(parts.part()?));
    let gateways = gateways(parts.part()?)?;
    let listed = parts.part()?.list()?.map(|room| room.parse(RoomId::parse)).collect::<Read<_>>()?;
    let partnered = is_true(parts.part()?);
    let contents = parts.part()?.optional().map(contents).transpose()?.map(Box::new);
    let removed = removed.map(|ended| removed_of(ended, &gateways)).collect::<Read<_>>()?;
    let attended = Attended {
        position,
        roster,
        joined,
        announced,
        removed,
        members,
        peers,
        host,
        chat_enabled,
        missed,
        whole,
        more,
        partnered,
        contents,
        gateways,
    };
    Ok((AttendOutcome::Attending(Box::new(attended)), listed))
}

pub(super) fn leave(reply: Reply) -> Read<Left> {
    let mut parts = reply.list()?;
    let left = match parts.part()?.optional() {
        Some(ended) => taken_out(&mut ended.list()?)?.1,
        None => Left::default(),
    };
    let (roster, membership_ended) = (parts.part()?.number()?, is_true(parts.part()?));
    let gateways = gateways(parts.part()?)?;
    Ok(Left { roster, membership_ended, deserted: is_true(parts.part()?), gateways, ..left })
}

pub(super) fn expel(reply: Reply) -> Read<Expelled> {
    let mut parts = reply.list()?;
    let removed = parts.part()?.list()?;
    let (membership_ended, deserted) = (is_true(parts.part()?), is_true(parts.part()?));
    let gateways = gateways(parts.part()?)?;
    let removed = removed.map(|ended| removed_of(ended, &gateways)).collect::<Read<_>>()?;
    Ok(Expelled { removed, membership_ended, deserted, gateways })
}

/// An attendance that ended, with the roster's version after that.
fn removed_of(ended: Reply, gateways: &[NodeId]) -> Read<(Attendant, Left)> {
    let mut parts = ended.list()?;
    let (attendant, mut left) = taken_out(&mut parts)?;
    left.roster = parts.part()?.number()?;
    left.gateways = gateways.to_vec();
    Ok((attendant, left))
}

pub(super) fn write(reply: Reply) -> Read<WriteOutcome> {
    let mut parts = reply.list()?;
    let text = parts.part()?.text()?;
    let mut lines = text.split('\n');
    match lines.next() {
        Some("not_member") => return Ok(WriteOutcome::NotMember),
        Some("no_such_message") => return Ok(WriteOutcome::NoSuchMessage),
        Some("written") => {}
        _ => return Err(UNREADABLE),
    }
    let position = Position { epoch: line(&mut lines, str::parse)?, seq: line(&mut lines, str::parse)? };
    let at = Timestamp::from_millis(line(&mut lines, str::parse)?);
    let version = line(&mut lines, |digits| if digits.is_empty() { Ok(None) } else { digits.parse().map(Some) })?;
    Ok(WriteOutcome::Written { position, version, at, gateways: gateways(parts.part()?)? })
}

pub(super) fn set_state(reply: Reply) -> Read<StateOutcome> {
    let mut parts = reply.list()?;
    Ok(match parts.part()?.text()?.as_str() {
        "set" => StateOutcome::Set { roster: parts.part()?.number()?, gateways: gateways(parts.part()?)? },
        "not_member" => StateOutcome::NotMember,
        _ => return Err(UNREADABLE),
    })
}

pub(super) fn close_idle(reply: Reply) -> Read<Idle> {
    let mut parts = reply.list()?;
    Ok(match parts.part()?.text()?.as_str() {
        "gone" => Idle::Gone,
        "attended" => Idle::Attended,
        "since" => Idle::Since(Timestamp::from_millis(parts.part()?.number()?)),
        "closed" => Idle::Closed(users(parts.part()?)?),
        _ => return Err(UNREADABLE),
    })
}

/// Attendants: socket, attending and what is kept of the user of each.
pub(super) fn attendants(reply: Reply) -> Read<Vec<Attendant>> {
    let mut parts = reply.list()?;
    let mut found = Vec::new();
    while let Some(socket) = parts.next() {
        let (attending, user) = (attending(parts.part()?)?, person(parts.part()?)?.user);
        found.push(attending.attendant(self::socket(socket)?, user));
    }
    Ok(found)
}

fn contents(reply: Reply) -> Read<StoredContents> {
    let mut parts = reply.list()?;
    let messages = numbered(parts.part()?)?;
    let mut document = || -> Read<_> {
        let snapshot = parts.part()?.optional().map(Reply::bytes).transpose()?;
        let version = parts.part()?.number()?;
        Ok(StoredDocument { snapshot, version, changes: numbered(parts.part()?)?, whole: is_true(parts.part()?) })
    };
    let (code, whiteboard) = (document()?, document()?);
    let recording = is_true(parts.part()?);
    Ok(StoredContents { messages, code, whiteboard, recording, attendants: attendants(parts.part()?)? })
}

/// Entries with their numbers, the newest first.
fn numbered(reply: Reply) -> Read<Vec<StoredEntry>> {
    let mut parts = reply.list()?;
    let mut entries = Vec::new();
    while let Some(seq) = parts.next() {
        let (seq, version) = (seq.number()?, version(parts.part()?)?);
        let at = Timestamp::from_millis(parts.part()?.number()?);
        entries.push(StoredEntry { seq, at, event: parts.part()?.bytes()?, version });
    }
    entries.reverse();
    Ok(entries)
}

/// The number of a code change, of what an entry is.
fn version(what: Reply) -> Read<Option<u64>> {
    let what = what.bytes()?;
    match what.strip_prefix(b"\n") {
        None | Some(b"\n") => Ok(None),
        Some(digits) => {
            let digits = std::str::from_utf8(digits).ok();
            digits.and_then(|digits| digits.parse().ok()).map(Some).ok_or(UNREADABLE)
        }
    }
}

pub(super) fn append(reply: Reply) -> Read<AppendOutcome> {
    let mut parts = reply.list()?;
    let text = parts.part()?.text()?;
    let mut lines = text.split('\n');
    let mut kind = lines.next();
    let is_repeated = kind == Some("repeated");
    if is_repeated {
        kind = lines.next();
    }
    match kind {
        Some("not_member") => return Ok(AppendOutcome::NotMember),
        Some("chat_disabled") => return Ok(AppendOutcome::ChatDisabled),
        Some("appended") => {}
        _ => return Err(UNREADABLE),
    }
    let message = line(&mut lines, MessageId::parse)?;
    let position = Position { epoch: line(&mut lines, str::parse)?, seq: line(&mut lines, str::parse)? };
    let at = Timestamp::from_millis(line(&mut lines, str::parse)?);
    if is_repeated {
        return Ok(AppendOutcome::Repeated { message, seq: position.seq, at });
    }
    Ok(AppendOutcome::Appended(Appended { message, position, at, gateways: gateways(parts.part()?)? }))
}

pub(super) fn react(reply: Reply) -> Read<ReactOutcome> {
    let mut parts = reply.list()?;
    let text = parts.part()?.text()?;
    let mut lines = text.split('\n');
    match lines.next() {
        Some("not_member") => return Ok(ReactOutcome::NotMember),
        Some("no_such_message") => return Ok(ReactOutcome::NoSuchMessage),
        Some("unchanged") => return Ok(ReactOutcome::Unchanged),
        Some("changed") => {}
        _ => return Err(UNREADABLE),
    }
    let position = Position { epoch: line(&mut lines, str::parse)?, seq: line(&mut lines, str::parse)? };
    let at = Timestamp::from_millis(line(&mut lines, str::parse)?);
    Ok(ReactOutcome::Changed { position, at, gateways: gateways(parts.part()?)? })
}

pub(super) fn change_media(reply: Reply) -> Read<MediaOutcome> {
    let mut parts = reply.list()?;
    Ok(match parts.part()?.text()?.as_str() {
        "changed" => MediaOutcome::Changed {
            media: media(parts.part()?.number()?),
            roster: parts.part()?.number()?,
            gateways: gateways(parts.part()?)?,
        },
        "not_peer" => MediaOutcome::NotPeer,
        "no_such_peer" => MediaOutcome::NoSuchPeer,
        "not_host" => MediaOutcome::NotHost,
        _ => return Err(UNREADABLE),
    })
}

pub(super) fn switch_chat(reply: Reply) -> Read<SwitchOutcome> {
    let mut parts = reply.list()?;
    Ok(match parts.part()?.text()?.as_str() {
        "switched" => SwitchOutcome::Switched { roster: parts.part()?.number()?, gateways: gateways(parts.part()?)? },
        "not_attending" => SwitchOutcome::NotAttending,
        "not_host" => SwitchOutcome::NotHost,
        _ => return Err(UNREADABLE),
    })
}

pub(super) fn view(reply: Reply, socket: Option<&SocketId>, addressee: Option<&SocketId>) -> Read<View> {
    let Some(reply) = reply.optional() else { return Ok(View::default()) };
    let mut parts = reply.list()?;
    let member = is_true(parts.part()?);
    let kept = parts.part()?.optional().map(person).transpose()?;
    let mut attendant = |socket: Option<&SocketId>| -> Read<_> {
        let (attending, owner) = (parts.part()?.optional(), parts.part()?.optional());
        let (Some(socket), Some(attending), Some(owner)) = (socket, attending, owner) else { return Ok(None) };
        Ok(Some(self::attending(attending)?.attendant(socket.clone(), person(owner)?.user)))
    };
    let (attendant, addressee) = (attendant(socket)?, attendant(addressee)?);
    let gateways = gateways(parts.part()?)?;
    let position = Position { epoch: parts.part()?.number()?, seq: parts.part()?.number()? };
    let (read, marks) = match kept.filter(|_| member) {
        Some(person) if person.asked => (position.seq, person.marks),
        Some(person) => (person.marks.read, person.marks),
        None => Default::default(),
    };
    Ok(View { member, attendant, addressee, gateways, position, roster: parts.part()?.number()?, read, marks })
}

pub(super) fn mark(reply: Reply) -> Read<MarkOutcome> {
    let mut parts = reply.list()?;
    Ok(match parts.part()?.text()?.as_str() {
        "moved" => MarkOutcome::Moved { from: parts.part()?.number()?, to: parts.part()?.number()? },
        "unchanged" => MarkOutcome::Unchanged,
        "no_such_message" => MarkOutcome::NoSuchMessage,
        "not_member" => MarkOutcome::NotMember,
        _ => return Err(UNREADABLE),
    })
}

pub(super) fn read(reply: Reply) -> Read<Page> {
    let Some(reply) = reply.optional() else { return Ok(Page::default()) };
    let mut parts = reply.list()?;
    let entries = entries(parts.part()?.number()?, parts.part()?)?;
    let more = is_true(parts.part()?);
    Ok(Page { entries, more, position: Position { epoch: parts.part()?.number()?, seq: parts.part()?.number()? } })
}

pub(super) fn close(reply: Reply) -> Read<(Vec<Attendant>, Vec<User>)> {
    let mut parts = reply.list()?;
    let (mut attendances, members, mut people) = (parts.part()?.list()?, parts.part()?.list()?, parts.part()?.list()?);
    let mut users = std::collections::HashMap::new();
    while let Some(user) = people.next() {
        users.insert(user.bytes()?, person(people.part()?)?.user);
    }
    let mut attendants = Vec::new();
    while let Some(socket) = attendances.next() {
        let (socket, attending) = (self::socket(socket)?, attending(attendances.part()?)?);
        let user = users.get(attending.user.as_bytes()).ok_or(UNREADABLE)?.clone();
        attendants.push((attending.turn, attending.attendant(socket, user)));
    }
    attendants.sort_unstable_by_key(|(turn, _)| *turn);
    let members = members.map(|user| users.get(&user.bytes()?).cloned().ok_or(UNREADABLE));
    Ok((attendants.into_iter().map(|(_, attendant)| attendant).collect(), members.collect::<Read<_>>()?))
}

/// Users, of what is kept of each.
pub(super) fn users(reply: Reply) -> Read<Vec<User>> {
    reply.list()?.map(|kept| Ok(person(kept)?.user)).collect()
}

/// Media as scripts know it.
pub(super) fn bits(media: Media) -> u64 {
    let flags = [media.audio, media.video, media.screen, media.hand, media.speaking];
    flags.into_iter().rev().fold(0, |bits, flag| bits << 1 | u64::from(flag))
}

fn media(bits: u64) -> Media {
    let [audio, video, screen, hand, speaking] = [1, 2, 4, 8, 16].map(|flag| bits & flag != 0);
    Media { audio, video, screen, hand, speaking }
}

/// Lua's false is nothing.
fn is_true(reply: Reply) -> bool {
    reply.optional().is_some()
}

fn socket(reply: Reply) -> Read<SocketId> {
    reply.parse(SocketId::parse)
}

fn gateways(reply: Reply) -> Read<Vec<NodeId>> {
    reply.parse(|lines| lines.split_terminator('\n').map(NodeId::parse).collect())
}

/// The next of the lines.
fn line<'a, T, E>(lines: &mut impl Iterator<Item = &'a str>, parse: impl FnOnce(&'a str) -> Result<T, E>) -> Read<T> {
    lines.next().and_then(|line| parse(line).ok()).ok_or(UNREADABLE)
}

/// Entries, the first of which has this number.
fn entries(first: u64, reply: Reply) -> Read<Vec<StoredEntry>> {
    let mut parts = reply.list()?;
    let mut entries = Vec::new();
    for seq in first.. {
        let Some(what) = parts.next() else { break };
        let (version, at) = (version(what)?, Timestamp::from_millis(parts.part()?.number()?));
        entries.push(StoredEntry { seq, at, event: parts.part()?.bytes()?, version });
    }
    Ok(entries)
}

fn peers(reply: Reply) -> Read<Vec<Peer>> {
    let mut parts = reply.list()?;
    let mut peers = Vec::new();
    while let Some(socket) = parts.next() {
        let (attending, user) = (attending(parts.part()?)?, person(parts.part()?)?.user);
        let socket = self::socket(socket)?;
        let Some((media, joined_at)) = attending.peer else { return Err(UNREADABLE) };
        peers.push(Peer { socket, user, media, joined_at });
    }
    Ok(peers)
}

/// An attendance that has ended, as `take_out` gives it.
fn taken_out(parts: &mut Parts) -> Read<(Attendant, Left)> {
    let (socket, attending, user) = (socket(parts.part()?)?, attending(parts.part()?)?, parts.part()?.bytes()?);
    let attendant = attending.attendant(socket, self::user(user)?);
    let announced = is_true(parts.part()?);
    let new_host = parts.part()?.optional().map(self::socket).transpose()?;
    let left = Left { attendant: Some(attendant.clone()), announced, new_host, ..Left::default() };
    Ok((attendant, left))
}

/// What is kept of a user in a room.
struct Person {
    /// Whether a socket of theirs is here that asked for the room itself.
    asked: bool,
    marks: Marks,
    user: User,
}

fn person(reply: Reply) -> Read<Person> {
    let mut kept = reply.bytes()?;
    let mut number = || {
        let end = kept.iter().position(|byte| *byte == b' ').ok_or(UNREADABLE)?;
        let digits = kept.split_to(end);
        kept.advance(1);
        std::str::from_utf8(&digits).ok().and_then(|digits| digits.parse::<u64>().ok()).ok_or(UNREADABLE)
    };
    let (_sockets, explicit, _guest) = (number()?, number()?, number()?);
    let marks = Marks { read: number()?, delivered: number()? };
    Ok(Person { asked: explicit > 0, marks, user: user(kept)? })
}

fn user(encoded: Bytes) -> Read<User> {
    let form = proto::User::decode(encoded).map_err(|_| UNREADABLE)?;
    form.try_into().map_err(|_| UNREADABLE)
}

/// What is kept of a socket in a room.
struct Attending {
    turn: u64,
    vocabulary: Vocabulary,
    peer: Option<(Media, Timestamp)>,
    gateway: NodeId,
    user: String,
}

impl Attending {
    fn attendant(self, socket: SocketId, user: User) -> Attendant {
        let Self { vocabulary, gateway, peer, .. } = self;
        Attendant { socket, user, gateway, vocabulary, peer: peer.map(|(media, _)| media) }
    }
}

fn attending(reply: Reply) -> Read<Attending> {
    reply.parse(|text| {
        let mut lines = text.split('\n');
        let user = lines.next().ok_or(UNREADABLE)?.to_owned();
        let turn = line(&mut lines, str::parse)?;
        let _explicit = lines.next();
        let vocabulary = lines.next().and_then(Vocabulary::parse).ok_or(UNREADABLE)?;
        let (bits, joined_at) = (lines.next().ok_or(UNREADABLE)?, lines.next().ok_or(UNREADABLE)?);
        let peer = if bits.is_empty() {
            None
        } else {
            let (bits, joined_at) = (bits.parse().map_err(|_| UNREADABLE)?, joined_at.parse().map_err(|_| UNREADABLE)?);
            Some((media(bits), Timestamp::from_millis(joined_at)))
        };
        let gateway = line(&mut lines, NodeId::parse)?;
        Ok::<_, StoreError>(Attending { turn, vocabulary, peer, gateway, user })
    })
}
