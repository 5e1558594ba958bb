//! How matching rests in the store: a protobuf record for each ticket and each invitation.

use std::time::Duration;

use bytes::Bytes;
use heliograph_cluster::store::{self, RecordChange};
use heliograph_domain::{
    id::{CommandId, InvalidId, MatchId, QueueName, UserId},
    matching::{CancelReason, Criteria, Invitation, InviteAnswer, MatchMode, MatchingEvent, QueueState},
    room::RoomId,
    time::Timestamp,
    user::User,
    wire::{WireError, proto},
};
use prost::Message;
use tracing::error;

use super::{
    invite::Invite,
    pool::{Key, Pool},
    ticket::{Changed, LineId, MatchEnd, Past, Stage, Ticket},
};

/// A record is not one of matching.
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
struct Record {
    #[prost(oneof = "About", tags = "1, 2")]
    about: Option<About>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum About {
    #[prost(message, tag = "1")]
    Ticket(TicketRecord),
    #[prost(message, tag = "2")]
    Invite(InviteRecord),
}

#[derive(Clone, PartialEq, Message)]
struct TicketRecord {
    #[prost(message, optional, tag = "1")]
    user: Option<proto::User>,
    #[prost(enumeration = "proto::MatchMode", tag = "2")]
    mode: i32,
    #[prost(string, tag = "3")]
    queue: String,
    #[prost(message, optional, tag = "4")]
    criteria: Option<proto::Criteria>,
    #[prost(uint64, tag = "5")]
    joined_at: u64,
    #[prost(oneof = "StageRecord", tags = "6, 7, 8")]
    stage: Option<StageRecord>,
    #[prost(uint64, tag = "9")]
    until: u64,
    #[prost(uint64, optional, tag = "10")]
    gone_at: Option<u64>,
    #[prost(bytes = "bytes", optional, tag = "11")]
    command: Option<Bytes>,
    #[prost(message, optional, tag = "12")]
    past: Option<PastRecord>,
    #[prost(message, repeated, tag = "13")]
    news: Vec<proto::MatchingEvent>,
    #[prost(message, optional, tag = "14")]
    changed: Option<ChangedRecord>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum StageRecord {
    #[prost(sint64, tag = "6")]
    Waiting(i64),
    #[prost(message, tag = "7")]
    Asked(AskedRecord),
    #[prost(enumeration = "proto::QueueState", tag = "8")]
    Over(i32),
}

#[derive(Clone, PartialEq, Message)]
struct AskedRecord {
    #[prost(string, tag = "1")]
    match_id: String,
    #[prost(string, tag = "2")]
    partner: String,
    #[prost(bool, tag = "3")]
    accepted: bool,
    #[prost(uint64, tag = "4")]
    patience: u64,
    #[prost(bool, tag = "5")]
    later: bool,
}

#[derive(Clone, PartialEq, Message)]
struct PastRecord {
    #[prost(string, tag = "1")]
    match_id: String,
    #[prost(string, tag = "2")]
    partner: String,
    #[prost(bool, optional, tag = "3")]
    answer: Option<bool>,
    /// Set if the match was made.
    #[prost(string, optional, tag = "4")]
    room: Option<String>,
    #[prost(enumeration = "proto::CancelReason", tag = "5")]
    cancelled: i32,
}

#[derive(Clone, PartialEq, Message)]
struct ChangedRecord {
    #[prost(uint64, tag = "1")]
    step: u64,
    #[prost(uint64, tag = "2")]
    at: u64,
}

#[derive(Clone, PartialEq, Message)]
struct InviteRecord {
    #[prost(message, optional, tag = "1")]
    invitation: Option<proto::Invitation>,
    #[prost(string, tag = "2")]
    to: String,
    #[prost(enumeration = "proto::InviteAnswer", optional, tag = "3")]
    answer: Option<i32>,
    #[prost(message, optional, tag = "4")]
    invited: Option<proto::User>,
    #[prost(uint64, tag = "5")]
    until: u64,
    #[prost(message, optional, tag = "6")]
    changed: Option<ChangedRecord>,
}

impl Pool {
    /// What the next step has to store.
    pub(crate) fn changes(&self) -> Vec<RecordChange> {
        let change = |key: &Key| RecordChange { name: name(key), record: self.record(key) };
        self.touched().iter().map(change).collect()
    }

    fn record(&self, key: &Key) -> Option<Bytes> {
        let about = match key {
            Key::Ticket(user) => About::Ticket(self.ticket(user)?.into()),
            Key::Invite(id) => About::Invite(self.invite(id)?.into()),
        };
        Some(Record { about: Some(about) }.encode_to_vec().into())
    }

    /// The pool that was stored.
    /// A record that cannot be read is left out: one must not keep all the others waiting.
    pub(crate) fn decode(stored: store::Pool) -> Self {
        let (mut tickets, mut invites) = (Vec::new(), Vec::new());
        for (name, record) in stored.records {
            match read(record) {
                Ok(Read::Ticket(ticket)) => tickets.push(*ticket),
                Ok(Read::Invite(invite)) => invites.push(*invite),
                Err(error) => error!(name, %error, "a record of matching cannot be read"),
            }
        }
        Self::of(stored.version, tickets, invites)
    }
}

/// What is in a record.
enum Read {
    Ticket(Box<Ticket>),
    Invite(Box<Invite>),
}

fn read(record: Bytes) -> Result<Read, Unreadable> {
    Ok(match Record::decode(record)?.about.ok_or(Unreadable::Missing("record"))? {
        About::Ticket(ticket) => Read::Ticket(Box::new(ticket.try_into()?)),
        About::Invite(invite) => Read::Invite(Box::new(invite.try_into()?)),
    })
}

/// By what name a record is stored.
fn name(key: &Key) -> String {
    match key {
        Key::Ticket(user) => format!("ticket:{user}"),
        Key::Invite(id) => format!("invite:{id}"),
    }
}

impl From<&Ticket> for TicketRecord {
    fn from(ticket: &Ticket) -> Self {
        let stage = match &ticket.stage {
            Stage::Waiting(place) => StageRecord::Waiting(*place),
            Stage::Asked { match_id, partner, accepted, patience, later } => StageRecord::Asked(AskedRecord {
                match_id: match_id.to_string(),
                partner: partner.to_string(),
                accepted: *accepted,
                patience: u64::try_from(patience.as_millis()).unwrap_or(u64::MAX),
                later: *later,
            }),
            Stage::Over(state) => StageRecord::Over(proto::QueueState::from(*state).into()),
        };
        Self {
            user: Some((&ticket.user).into()),
            mode: proto::MatchMode::from(ticket.line.mode).into(),
            queue: ticket.line.queue.to_string(),
            criteria: Some((&ticket.criteria).into()),
            joined_at: ticket.joined_at.as_millis(),
            stage: Some(stage),
            until: ticket.until.as_millis(),
            gone_at: ticket.gone_at.map(Timestamp::as_millis),
            command: ticket.command.map(|command| Bytes::copy_from_slice(&command.to_bytes())),
            past: ticket.past.as_ref().map(Into::into),
            news: ticket.news.iter().map(Into::into).collect(),
            changed: Some(ticket.changed.into()),
        }
    }
}

impl TryFrom<TicketRecord> for Ticket {
    type Error = Unreadable;

    fn try_from(record: TicketRecord) -> Result<Self, Unreadable> {
        let mode = MatchMode::try_from(record.mode())?;
        let stage = match record.stage.ok_or(Unreadable::Missing("stage"))? {
            StageRecord::Waiting(place) => Stage::Waiting(place),
            StageRecord::Asked(asked) => Stage::Asked {
                match_id: MatchId::parse(&asked.match_id)?,
                partner: UserId::parse(&asked.partner)?,
                accepted: asked.accepted,
                patience: Duration::from_millis(asked.patience),
                later: asked.later,
            },
            StageRecord::Over(state) => {
                let state = proto::QueueState::try_from(state).map_err(|_| Unreadable::Missing("stage"))?;
                Stage::Over(QueueState::try_from(state)?)
            }
        };
        let command = record.command.map(|bytes| <[u8; 16]>::try_from(&bytes[..]));
        let command = command.transpose().map_err(|_| Unreadable::Missing("command"))?;
        Ok(Self {
            user: User::try_from(record.user.ok_or(Unreadable::Missing("user"))?)?,
            line: LineId { mode, queue: QueueName::parse(&record.queue)? },
            criteria: Criteria::try_from(record.criteria.unwrap_or_default())?,
            joined_at: Timestamp::from_millis(record.joined_at),
            stage,
            until: Timestamp::from_millis(record.until),
            gone_at: record.gone_at.map(Timestamp::from_millis),
            command: command.map(CommandId::from_bytes),
            past: record.past.map(Past::try_from).transpose()?,
            news: record.news.into_iter().map(MatchingEvent::try_from).collect::<Result<_, _>>()?,
            changed: record.changed.unwrap_or_default().into(),
        })
    }
}

impl From<&Past> for PastRecord {
    fn from(past: &Past) -> Self {
        let (room, cancelled) = match &past.end {
            MatchEnd::Confirmed(room) => (Some(room.to_string()), proto::CancelReason::Unspecified),
            MatchEnd::Cancelled(reason) => (None, (*reason).into()),
        };
        Self {
            match_id: past.match_id.to_string(),
            partner: past.partner.to_string(),
            answer: past.answer,
            room,
            cancelled: cancelled.into(),
        }
    }
}

impl TryFrom<PastRecord> for Past {
    type Error = Unreadable;

    fn try_from(record: PastRecord) -> Result<Self, Unreadable> {
        let end = match &record.room {
            Some(room) => MatchEnd::Confirmed(RoomId::parse(room)?),
            None => MatchEnd::Cancelled(CancelReason::try_from(record.cancelled())?),
        };
        Ok(Self {
            match_id: MatchId::parse(&record.match_id)?,
            partner: UserId::parse(&record.partner)?,
            answer: record.answer,
            end,
        })
    }
}

impl From<Changed> for ChangedRecord {
    fn from(changed: Changed) -> Self {
        Self { step: changed.step, at: changed.at.as_millis() }
    }
}

impl From<ChangedRecord> for Changed {
    fn from(record: ChangedRecord) -> Self {
        Self { step: record.step, at: Timestamp::from_millis(record.at) }
    }
}

impl From<&Invite> for InviteRecord {
    fn from(invite: &Invite) -> Self {
        Self {
            invitation: Some((&invite.invitation()).into()),
            to: invite.to.to_string(),
            answer: invite.answer.map(|answer| proto::InviteAnswer::from(answer).into()),
            invited: invite.invited.as_ref().map(Into::into),
            until: invite.until.as_millis(),
            changed: Some(invite.changed.into()),
        }
    }
}

impl TryFrom<InviteRecord> for Invite {
    type Error = Unreadable;

    fn try_from(record: InviteRecord) -> Result<Self, Unreadable> {
        let answer = record.answer.map(|_| InviteAnswer::try_from(record.answer())).transpose()?;
        let invitation = record.invitation.ok_or(Unreadable::Missing("invitation"))?;
        let Invitation { invite: id, session, from, message, expires_at } = invitation.try_into()?;
        Ok(Self {
            id,
            session,
            from,
            to: UserId::parse(&record.to)?,
            message,
            expires_at,
            answer,
            invited: record.invited.map(User::try_from).transpose()?,
            until: Timestamp::from_millis(record.until),
            changed: record.changed.unwrap_or_default().into(),
        })
    }
}
