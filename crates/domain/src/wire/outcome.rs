//! `outcome.proto`

use std::borrow::Cow;

use super::{
    RoomReply, WireError,
    field::{list, nested, optional_text, required, same_variants, strings, text, texts},
    proto::{self, room_reply::Result as Form},
};
use crate::{
    activity::Contents,
    outcome::{CallParticipant, Joined, Missed, RoomOutcome},
    refusal::{Code, Refusal},
    time::Timestamp,
};

same_variants!(
    Code, proto::RefusalCode, "Refusal.code":
    AuthRequired, AuthFailed, TokenExpired, InvalidPayload, NotFound, NotAllowed, NotInRoom,
    Blocked, Conflict, UserNotConnected, ChatDisabled, RoomClosed, RoomFull, RateLimited, TooLarge,
    UnknownEvent, Unavailable,
);

impl From<&RoomReply> for proto::RoomReply {
    fn from(reply: &RoomReply) -> Self {
        Self {
            result: Some(match reply {
                Ok(outcome) => outcome.into(),
                Err(refusal) => Form::Refusal(refusal.into()),
            }),
        }
    }
}

impl TryFrom<proto::RoomReply> for RoomReply {
    type Error = WireError;

    fn try_from(form: proto::RoomReply) -> Result<Self, WireError> {
        Ok(Ok(match required(form.result, "RoomReply.result")? {
            Form::Refusal(refusal) => return Ok(Err(refusal.try_into()?)),
            Form::Done(proto::Done {}) => RoomOutcome::Done,
            Form::Joined(joined) => RoomOutcome::Joined(Box::new(joined.try_into()?)),
            Form::Posted(form) => RoomOutcome::Posted {
                message: text(&form.message, "Posted.message")?,
                seq: form.seq,
                at: Timestamp::from_millis(form.at),
            },
            Form::Appended(form) => {
                RoomOutcome::Appended { seq: form.seq, version: form.version, at: Timestamp::from_millis(form.at) }
            }
            Form::Marked(proto::Marked { count }) => RoomOutcome::Marked { count },
            Form::Reacted(proto::Reacted { at }) => RoomOutcome::Reacted { at: Timestamp::from_millis(at) },
            Form::CallCreated(form) => RoomOutcome::CallCreated {
                call: text(&form.call, "CallCreated.call")?,
                participants: texts(&form.participants, "CallCreated.participants")?,
                created_at: Timestamp::from_millis(form.created_at),
                expires_at: Timestamp::from_millis(form.expires_at),
            },
            Form::CallInitiated(form) => RoomOutcome::CallInitiated {
                ringing: texts(&form.ringing, "CallInitiated.ringing")?,
                unavailable: texts(&form.unavailable, "CallInitiated.unavailable")?,
                skipped: texts(&form.skipped, "CallInitiated.skipped")?,
            },
            Form::CallAccepted(form) => RoomOutcome::CallAccepted { participants: list(form.participants)? },
            Form::Matching(outcome) => RoomOutcome::Matching(outcome.try_into()?),
        }))
    }
}

impl From<&RoomOutcome> for Form {
    fn from(outcome: &RoomOutcome) -> Self {
        match outcome {
            RoomOutcome::Done => Self::Done(proto::Done {}),
            RoomOutcome::Matching(outcome) => Self::Matching(outcome.into()),
            RoomOutcome::Joined(joined) => Self::Joined((&**joined).into()),
            RoomOutcome::Posted { message, seq, at } => {
                Self::Posted(proto::Posted { message: message.as_str().to_owned(), seq: *seq, at: at.as_millis() })
            }
            RoomOutcome::Appended { seq, version, at } => {
                Self::Appended(proto::Appended { seq: *seq, at: at.as_millis(), version: *version })
            }
            RoomOutcome::Marked { count } => Self::Marked(proto::Marked { count: *count }),
            RoomOutcome::Reacted { at } => Self::Reacted(proto::Reacted { at: at.as_millis() }),
            RoomOutcome::CallCreated { call, participants, created_at, expires_at } => {
                Self::CallCreated(proto::CallCreated {
                    call: call.as_str().to_owned(),
                    participants: strings(participants),
                    created_at: created_at.as_millis(),
                    expires_at: expires_at.as_millis(),
                })
            }
            RoomOutcome::CallInitiated { ringing, unavailable, skipped } => Self::CallInitiated(proto::CallInitiated {
                ringing: strings(ringing),
                unavailable: strings(unavailable),
                skipped: strings(skipped),
            }),
            RoomOutcome::CallAccepted { participants } => {
                Self::CallAccepted(proto::CallJoined { participants: participants.iter().map(Into::into).collect() })
            }
        }
    }
}

impl From<&Refusal> for proto::Refusal {
    fn from(refusal: &Refusal) -> Self {
        let usual = refusal.message == refusal.code.default_message();
        Self {
            code: proto::RefusalCode::from(refusal.code).into(),
            message: (!usual).then(|| refusal.message.clone().into_owned()),
            reset_at: refusal.reset_at.map(Timestamp::as_millis),
        }
    }
}

impl TryFrom<proto::Refusal> for Refusal {
    type Error = WireError;

    fn try_from(form: proto::Refusal) -> Result<Self, WireError> {
        let code = Code::try_from(form.code())?;
        Ok(Self {
            code,
            message: form.message.map_or(Cow::Borrowed(code.default_message()), Cow::Owned),
            reset_at: form.reset_at.map(Timestamp::from_millis),
        })
    }
}

impl From<&Joined> for proto::Joined {
    fn from(joined: &Joined) -> Self {
        Self {
            position: Some(joined.position.into()),
            roster: joined.roster,
            ordinal: joined.ordinal,
            members: joined.members.iter().map(Into::into).collect(),
            peers: joined.peers.iter().map(Into::into).collect(),
            host: joined.host.as_ref().map(|host| host.as_str().to_owned()),
            chat_enabled: joined.chat_enabled,
            missed: Some(proto::Missed {
                entries: joined.missed.entries.iter().map(Into::into).collect(),
                whole: joined.missed.whole,
                more: joined.missed.more,
            }),
            contents: joined.contents.as_deref().map(Into::into),
        }
    }
}

impl TryFrom<proto::Joined> for Joined {
    type Error = WireError;

    fn try_from(form: proto::Joined) -> Result<Self, WireError> {
        let missed = required(form.missed, "Joined.missed")?;
        Ok(Self {
            position: required(form.position, "Joined.position")?.into(),
            roster: form.roster,
            ordinal: form.ordinal,
            members: list(form.members)?,
            peers: list(form.peers)?,
            host: optional_text(form.host, "Joined.host")?,
            chat_enabled: form.chat_enabled,
            missed: Missed { entries: list(missed.entries)?, whole: missed.whole, more: missed.more },
            contents: form.contents.map(|contents| Contents::try_from(contents).map(Box::new)).transpose()?,
        })
    }
}

impl From<&CallParticipant> for proto::CallParticipant {
    fn from(participant: &CallParticipant) -> Self {
        Self { user: Some((&participant.user).into()), media: Some(participant.media.into()) }
    }
}

impl TryFrom<proto::CallParticipant> for CallParticipant {
    type Error = WireError;

    fn try_from(form: proto::CallParticipant) -> Result<Self, WireError> {
        Ok(Self {
            user: nested(form.user, "CallParticipant.user")?,
            media: required(form.media, "CallParticipant.media")?.into(),
        })
    }
}
