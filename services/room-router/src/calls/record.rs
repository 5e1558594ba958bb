//! How calls rest in the store: protobuf, like everything else that outlives a process.

use bytes::Bytes;
use heliograph_cluster::store::UserSocket;
use heliograph_domain::{
    command::{CallMedia, SignalKind},
    event::CallEndReason,
    id::{CallId, CommandId, InvalidId, NodeId, SocketId, UserId},
    room::RoomId,
    text::RawJson,
    time::Timestamp,
    user::{User, Vocabulary},
    wire::{WireError, proto},
};
use prost::Message;

use super::{
    call::{Call, Part, Participant, Phase},
    held::HeldSignal,
};

/// What is stored under a call's id.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stored {
    /// The call.
    Call(Box<Call>),
    /// Another name of this call.
    AliasOf(CallId),
}

/// The record is not one of a call.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error(transparent)]
    Protobuf(#[from] prost::DecodeError),
    #[error(transparent)]
    Value(#[from] WireError),
    #[error("an id {0}")]
    Id(#[from] InvalidId),
    #[error("{0} is missing or unknown")]
    Missing(&'static str),
}

#[derive(Clone, PartialEq, Message)]
struct CallRecord {
    /// Set for an alias, which has nothing else.
    #[prost(string, optional, tag = "1")]
    alias_of: Option<String>,
    #[prost(string, tag = "2")]
    id: String,
    #[prost(string, optional, tag = "3")]
    room: Option<String>,
    #[prost(enumeration = "proto::CallMedia", tag = "4")]
    media: i32,
    #[prost(string, optional, tag = "5")]
    caller: Option<String>,
    #[prost(bytes = "bytes", tag = "6")]
    command: Bytes,
    #[prost(uint64, tag = "7")]
    created_at: u64,
    #[prost(enumeration = "PhaseRecord", tag = "8")]
    phase: i32,
    #[prost(uint64, tag = "9")]
    until: u64,
    #[prost(uint64, tag = "10")]
    ended_at: u64,
    #[prost(enumeration = "proto::CallEndReason", tag = "11")]
    end_reason: i32,
    #[prost(message, repeated, tag = "12")]
    participants: Vec<ParticipantRecord>,
    #[prost(uint64, optional, tag = "13")]
    started_at: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
enum PhaseRecord {
    Unspecified = 0,
    Created = 1,
    Ringing = 2,
    Active = 3,
    Ended = 4,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
enum PartRecord {
    Unspecified = 0,
    Invited = 1,
    Joined = 2,
    Declined = 3,
    Missed = 4,
    Left = 5,
}

#[derive(Clone, PartialEq, Message)]
struct ParticipantRecord {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(message, optional, tag = "2")]
    user: Option<proto::User>,
    #[prost(enumeration = "PartRecord", tag = "3")]
    part: i32,
    #[prost(message, optional, tag = "4")]
    media: Option<proto::Media>,
    #[prost(string, optional, tag = "5")]
    peer: Option<String>,
    #[prost(message, optional, tag = "6")]
    device: Option<DeviceRecord>,
    #[prost(uint64, tag = "7")]
    joined_at: u64,
    #[prost(bytes = "bytes", optional, tag = "8")]
    command: Option<Bytes>,
    #[prost(string, optional, tag = "9")]
    known_as: Option<String>,
    #[prost(message, repeated, tag = "10")]
    held: Vec<HeldRecord>,
}

#[derive(Clone, PartialEq, Message)]
struct DeviceRecord {
    #[prost(string, tag = "1")]
    socket: String,
    #[prost(string, tag = "2")]
    gateway: String,
    #[prost(enumeration = "proto::Vocabulary", tag = "3")]
    vocabulary: i32,
}

#[derive(Clone, PartialEq, Message)]
struct HeldRecord {
    #[prost(uint64, tag = "1")]
    at: u64,
    #[prost(message, optional, tag = "2")]
    from: Option<proto::User>,
    #[prost(string, tag = "3")]
    socket: String,
    #[prost(enumeration = "proto::SignalKind", tag = "4")]
    kind: i32,
    #[prost(enumeration = "proto::Vocabulary", tag = "5")]
    vocabulary: i32,
    #[prost(bytes = "bytes", tag = "6")]
    body: Bytes,
}

impl Stored {
    /// The record's bytes.
    pub(crate) fn encode(&self) -> Bytes {
        let record = match self {
            Self::Call(call) => CallRecord::from(&**call),
            Self::AliasOf(id) => CallRecord { alias_of: Some(id.to_string()), ..CallRecord::default() },
        };
        record.encode_to_vec().into()
    }

    /// What is in a record.
    pub(crate) fn decode(record: Bytes) -> Result<Self, Unreadable> {
        let record = CallRecord::decode(record)?;
        match &record.alias_of {
            Some(id) => Ok(Self::AliasOf(CallId::parse(id)?)),
            None => Ok(Self::Call(Box::new(record.try_into()?))),
        }
    }
}

impl From<&Call> for CallRecord {
    fn from(call: &Call) -> Self {
        let (phase, ended) = match &call.phase {
            Phase::Created => (PhaseRecord::Created, None),
            Phase::Ringing => (PhaseRecord::Ringing, None),
            Phase::Active => (PhaseRecord::Active, None),
            Phase::Ended { at, reason } => (PhaseRecord::Ended, Some((*at, *reason))),
        };
        Self {
            alias_of: None,
            id: call.id.to_string(),
            room: call.room.as_ref().map(RoomId::to_string),
            media: proto::CallMedia::from(call.media).into(),
            caller: call.caller.as_ref().map(UserId::to_string),
            command: command_bytes(call.command),
            created_at: call.created_at.as_millis(),
            started_at: call.started_at.map(Timestamp::as_millis),
            phase: phase.into(),
            until: call.until.as_millis(),
            ended_at: ended.map_or(0, |(at, _)| at.as_millis()),
            end_reason: ended.map_or(0, |(_, reason)| proto::CallEndReason::from(reason).into()),
            participants: call.participants.iter().map(ParticipantRecord::from).collect(),
        }
    }
}

impl TryFrom<CallRecord> for Call {
    type Error = Unreadable;

    fn try_from(record: CallRecord) -> Result<Self, Unreadable> {
        let phase = match record.phase() {
            PhaseRecord::Unspecified => return Err(Unreadable::Missing("phase")),
            PhaseRecord::Created => Phase::Created,
            PhaseRecord::Ringing => Phase::Ringing,
            PhaseRecord::Active => Phase::Active,
            PhaseRecord::Ended => Phase::Ended {
                at: Timestamp::from_millis(record.ended_at),
                reason: CallEndReason::try_from(record.end_reason())?,
            },
        };
        Ok(Self {
            id: CallId::parse(&record.id)?,
            room: record.room.as_deref().map(RoomId::parse).transpose()?,
            media: CallMedia::try_from(record.media())?,
            caller: record.caller.as_deref().map(UserId::parse).transpose()?,
            command: command(&record.command)?,
            created_at: Timestamp::from_millis(record.created_at),
            started_at: record.started_at.map(Timestamp::from_millis),
            phase,
            until: Timestamp::from_millis(record.until),
            participants: record.participants.into_iter().map(Participant::try_from).collect::<Result<_, _>>()?,
            notices: Vec::new(),
        })
    }
}

impl From<&Participant> for ParticipantRecord {
    fn from(one: &Participant) -> Self {
        let part = match one.part {
            Part::Invited => PartRecord::Invited,
            Part::Joined => PartRecord::Joined,
            Part::Declined => PartRecord::Declined,
            Part::Missed => PartRecord::Missed,
            Part::Left => PartRecord::Left,
        };
        Self {
            id: one.id.to_string(),
            user: one.user.as_ref().map(proto::User::from),
            part: part.into(),
            media: Some(one.media.into()),
            peer: one.peer.as_ref().map(SocketId::to_string),
            device: one.device.as_ref().map(|device| DeviceRecord {
                socket: device.socket.to_string(),
                gateway: device.gateway.to_string(),
                vocabulary: proto::Vocabulary::from(device.vocabulary).into(),
            }),
            joined_at: one.joined_at.as_millis(),
            command: one.command.map(command_bytes),
            known_as: one.known_as.as_ref().map(CallId::to_string),
            held: one.held.iter().map(HeldRecord::from).collect(),
        }
    }
}

impl TryFrom<ParticipantRecord> for Participant {
    type Error = Unreadable;

    fn try_from(record: ParticipantRecord) -> Result<Self, Unreadable> {
        let part = match record.part() {
            PartRecord::Unspecified => return Err(Unreadable::Missing("part")),
            PartRecord::Invited => Part::Invited,
            PartRecord::Joined => Part::Joined,
            PartRecord::Declined => Part::Declined,
            PartRecord::Missed => Part::Missed,
            PartRecord::Left => Part::Left,
        };
        Ok(Self {
            id: UserId::parse(&record.id)?,
            part,
            user: record.user.map(User::try_from).transpose()?,
            media: record.media.unwrap_or_default().into(),
            peer: record.peer.as_deref().map(SocketId::parse).transpose()?,
            device: record.device.map(UserSocket::try_from).transpose()?,
            joined_at: Timestamp::from_millis(record.joined_at),
            command: record.command.as_ref().map(command).transpose()?,
            known_as: record.known_as.as_deref().map(CallId::parse).transpose()?,
            held: record.held.into_iter().map(HeldSignal::try_from).collect::<Result<_, _>>()?,
        })
    }
}

impl TryFrom<DeviceRecord> for UserSocket {
    type Error = Unreadable;

    fn try_from(record: DeviceRecord) -> Result<Self, Unreadable> {
        Ok(Self {
            vocabulary: Vocabulary::try_from(record.vocabulary())?,
            socket: SocketId::parse(&record.socket)?,
            gateway: NodeId::parse(&record.gateway)?,
        })
    }
}

impl From<&HeldSignal> for HeldRecord {
    fn from(signal: &HeldSignal) -> Self {
        Self {
            at: signal.at.as_millis(),
            from: Some((&signal.from).into()),
            socket: signal.socket.to_string(),
            kind: proto::SignalKind::from(signal.kind).into(),
            vocabulary: proto::Vocabulary::from(signal.vocabulary).into(),
            body: signal.body.as_bytes().clone(),
        }
    }
}

impl TryFrom<HeldRecord> for HeldSignal {
    type Error = Unreadable;

    fn try_from(record: HeldRecord) -> Result<Self, Unreadable> {
        Ok(Self {
            kind: SignalKind::try_from(record.kind())?,
            vocabulary: Vocabulary::try_from(record.vocabulary())?,
            at: Timestamp::from_millis(record.at),
            from: record.from.ok_or(Unreadable::Missing("sender"))?.try_into()?,
            socket: SocketId::parse(&record.socket)?,
            body: RawJson::from_checked(record.body),
        })
    }
}

fn command_bytes(command: CommandId) -> Bytes {
    Bytes::copy_from_slice(&command.to_bytes())
}

fn command(bytes: &Bytes) -> Result<CommandId, Unreadable> {
    let bytes = <[u8; 16]>::try_from(&bytes[..]).map_err(|_| Unreadable::Missing("command"))?;
    Ok(CommandId::from_bytes(bytes))
}
