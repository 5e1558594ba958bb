//! `event.proto`

use super::{
    WireError,
    field::{
        content, content_form, json, json_bytes, message_text, nested, optional_json, optional_text, reference,
        required, same_variants, text,
    },
    proto::{self, event::Event as Form},
    publication::arguments,
};
use crate::{
    delivery::LogEntry,
    event::{CallEndReason, CloseReason, Event, LeaveReason, Message, Unavailable},
    room::Peer,
    time::Timestamp,
    user::User,
};

same_variants!(LeaveReason, proto::LeaveReason, "MemberLeft.reason": Left, Disconnected, Removed);
same_variants!(CloseReason, proto::CloseReason, "RoomClosed.reason": System, CallEnded, ClosedByUser, Expired);
same_variants!(
    Unavailable, proto::UnavailableReason, "CallParticipantUnavailable.reason":
    Offline, Busy,
);
same_variants!(
    CallEndReason, proto::CallEndReason, "CallEnded.reason":
    UserEnded, Rejected, NoAnswer, ParticipantsLeft, RoomClosed,
);

impl From<&LogEntry> for proto::LogEntry {
    fn from(entry: &LogEntry) -> Self {
        Self { seq: entry.seq, at: entry.at.as_millis(), event: Some((&entry.event).into()) }
    }
}

impl TryFrom<proto::LogEntry> for LogEntry {
    type Error = WireError;

    fn try_from(form: proto::LogEntry) -> Result<Self, WireError> {
        Ok(Self { seq: form.seq, at: Timestamp::from_millis(form.at), event: nested(form.event, "LogEntry.event")? })
    }
}

impl From<&Event> for proto::Event {
    fn from(event: &Event) -> Self {
        Self { event: Some(event.into()) }
    }
}

impl TryFrom<proto::Event> for Event {
    type Error = WireError;

    fn try_from(form: proto::Event) -> Result<Self, WireError> {
        nested(form.event, "Event.event")
    }
}

impl From<&Event> for Form {
    fn from(event: &Event) -> Self {
        match event {
            Event::Matching(event) => Self::Matching(event.into()),
            Event::MemberJoined { user, socket, announced, peer } => Self::MemberJoined(proto::MemberJoined {
                user: Some(user.into()),
                socket: socket.as_str().to_owned(),
                announced: *announced,
                peer: peer.as_ref().map(Into::into),
            }),
            Event::MemberLeft { user, socket, announced, peer, reason } => Self::MemberLeft(proto::MemberLeft {
                user: Some(user.into()),
                socket: socket.as_str().to_owned(),
                announced: *announced,
                peer: *peer,
                reason: proto::LeaveReason::from(*reason).into(),
            }),
            Event::RoomClosed { reason, by } => Self::RoomClosed(proto::RoomClosed {
                reason: proto::CloseReason::from(*reason).into(),
                by: by.as_ref().map(Into::into),
            }),
            Event::MessagePosted(message) => Self::MessagePosted(message.into()),
            Event::MessageDelivered { message, author, to } => Self::MessageDelivered(proto::MessageDelivered {
                message: message.as_str().to_owned(),
                author: author.as_str().to_owned(),
                to: to.as_str().to_owned(),
            }),
            Event::MessageRead { message, reader } => Self::MessageRead(proto::MessageRead {
                message: message.as_str().to_owned(),
                reader: reader.as_str().to_owned(),
            }),
            Event::ReactionChanged { message, user, emoji, on } => Self::ReactionChanged(proto::ReactionChanged {
                message: message.as_str().to_owned(),
                user: Some(user.into()),
                emoji: emoji.as_str().to_owned(),
                on: *on,
            }),
            Event::HistoryCleared { by } => Self::HistoryCleared(proto::HistoryCleared { by: Some(by.into()) }),
            Event::MessageDeleted { message } => {
                Self::MessageDeleted(proto::MessageDeleted { message: message.as_str().to_owned() })
            }
            Event::ActivityAppended { kind, by, socket, version, base_version, body } => {
                Self::ActivityAppended(proto::ActivityAppended {
                    kind: proto::ActivityKind::from(*kind).into(),
                    by: Some(by.into()),
                    socket: socket.as_str().to_owned(),
                    version: *version,
                    base_version: *base_version,
                    body: json_bytes(body),
                })
            }
            Event::RecordingSwitched { on, by, socket, body } => Self::RecordingSwitched(proto::RecordingSwitched {
                on: *on,
                by: Some(by.into()),
                socket: socket.as_str().to_owned(),
                body: body.as_ref().map(json_bytes),
            }),
            Event::TypingChanged { user, on } => {
                Self::TypingChanged(proto::TypingChanged { user: Some(user.into()), on: *on })
            }
            Event::ChatSwitched { enabled, by, socket } => Self::ChatSwitched(proto::ChatSwitched {
                enabled: *enabled,
                by: Some(by.into()),
                socket: socket.as_str().to_owned(),
            }),
            Event::HostChanged { host } => Self::HostChanged(proto::HostChanged { host: host.as_str().to_owned() }),
            Event::EphemeralSent { from, socket, kind, body } => Self::EphemeralSent(proto::EphemeralSent {
                from: Some(from.into()),
                socket: socket.as_str().to_owned(),
                kind: proto::EphemeralKind::from(*kind).into(),
                body: json_bytes(body),
            }),
            Event::MediaChanged { by, socket, peer, change, media, body } => Self::MediaChanged(proto::MediaChanged {
                by: Some(by.into()),
                socket: socket.as_str().to_owned(),
                peer: peer.as_str().to_owned(),
                change: Some((*change).into()),
                media: Some((*media).into()),
                body: body.as_ref().map(json_bytes),
            }),
            Event::SignalRelayed { from, socket, kind, vocabulary, body } => {
                Self::SignalRelayed(proto::SignalRelayed {
                    from: Some(from.into()),
                    socket: socket.as_str().to_owned(),
                    kind: proto::SignalKind::from(*kind).into(),
                    vocabulary: proto::Vocabulary::from(*vocabulary).into(),
                    body: json_bytes(body),
                })
            }
            Event::CallRinging { call, room, from, media } => Self::CallRinging(proto::CallRinging {
                call: call.as_str().to_owned(),
                room: room.as_ref().map(|room| room.as_str().to_owned()),
                from: Some(from.into()),
                media: proto::CallMedia::from(*media).into(),
            }),
            Event::CallParticipantUnavailable { call, user, reason } => {
                Self::CallParticipantUnavailable(proto::CallParticipantUnavailable {
                    call: call.as_str().to_owned(),
                    user: user.as_str().to_owned(),
                    reason: proto::UnavailableReason::from(*reason).into(),
                })
            }
            Event::CallAccepted { call, by } => {
                Self::CallAccepted(proto::CallAccepted { call: call.as_str().to_owned(), by: Some(by.into()) })
            }
            Event::CallRejected { call, by, reason } => Self::CallRejected(proto::CallRejected {
                call: call.as_str().to_owned(),
                by: Some(by.into()),
                reason: reason.as_ref().map(|text| text.as_str().to_owned()),
            }),
            Event::CallAnsweredElsewhere { call, accepted } => {
                Self::CallAnsweredElsewhere(proto::CallAnsweredElsewhere {
                    call: call.as_str().to_owned(),
                    accepted: *accepted,
                })
            }
            Event::CallParticipantJoined { call, peer } => Self::CallParticipantJoined(proto::CallParticipantJoined {
                call: call.as_str().to_owned(),
                peer: Some(peer.into()),
            }),
            Event::CallParticipantLeft { call, user, socket } => {
                Self::CallParticipantLeft(proto::CallParticipantLeft {
                    call: call.as_str().to_owned(),
                    user: Some(user.into()),
                    socket: socket.as_ref().map(|socket| socket.as_str().to_owned()),
                })
            }
            Event::CallEnded { call, by, reason, from } => Self::CallEnded(proto::CallEnded {
                call: call.as_str().to_owned(),
                by: by.as_ref().map(|by| by.as_str().to_owned()),
                reason: proto::CallEndReason::from(*reason).into(),
                from: from.as_ref().map(Into::into),
            }),
            Event::UserOnline { user } => Self::UserOnline(proto::UserOnline { user: Some(user.into()) }),
            Event::UserOffline { user, last_seen } => {
                Self::UserOffline(proto::UserOffline { user: Some(user.into()), last_seen: last_seen.as_millis() })
            }
            Event::PresenceChanged { user, status, last_seen } => Self::PresenceChanged(proto::PresenceChanged {
                user: Some(user.into()),
                status: proto::Status::from(*status).into(),
                last_seen: last_seen.as_millis(),
            }),
            Event::Published { event, args } => Self::Published(proto::Published {
                event: event.as_str().to_owned(),
                args: args.iter().map(json_bytes).collect(),
            }),
        }
    }
}

impl TryFrom<Form> for Event {
    type Error = WireError;

    fn try_from(form: Form) -> Result<Self, WireError> {
        Ok(match form {
            Form::MemberJoined(form) => Self::MemberJoined {
                user: nested(form.user, "MemberJoined.user")?,
                socket: text(&form.socket, "MemberJoined.socket")?,
                announced: form.announced,
                peer: form.peer.map(Peer::try_from).transpose()?,
            },
            Form::MemberLeft(form) => Self::MemberLeft {
                reason: form.reason().try_into()?,
                user: nested(form.user, "MemberLeft.user")?,
                socket: text(&form.socket, "MemberLeft.socket")?,
                announced: form.announced,
                peer: form.peer,
            },
            Form::RoomClosed(form) => {
                Self::RoomClosed { reason: form.reason().try_into()?, by: form.by.map(User::try_from).transpose()? }
            }
            Form::MessagePosted(form) => Self::MessagePosted(form.try_into()?),
            Form::MessageDelivered(form) => Self::MessageDelivered {
                message: text(&form.message, "MessageDelivered.message")?,
                author: text(&form.author, "MessageDelivered.author")?,
                to: text(&form.to, "MessageDelivered.to")?,
            },
            Form::MessageRead(form) => Self::MessageRead {
                message: text(&form.message, "MessageRead.message")?,
                reader: text(&form.reader, "MessageRead.reader")?,
            },
            Form::ReactionChanged(form) => Self::ReactionChanged {
                message: text(&form.message, "ReactionChanged.message")?,
                user: nested(form.user, "ReactionChanged.user")?,
                emoji: text(&form.emoji, "ReactionChanged.emoji")?,
                on: form.on,
            },
            Form::HistoryCleared(form) => Self::HistoryCleared { by: nested(form.by, "HistoryCleared.by")? },
            Form::MessageDeleted(form) => {
                Self::MessageDeleted { message: text(&form.message, "MessageDeleted.message")? }
            }
            Form::ActivityAppended(form) => Self::ActivityAppended {
                kind: form.kind().try_into()?,
                by: nested(form.by, "ActivityAppended.by")?,
                socket: text(&form.socket, "ActivityAppended.socket")?,
                version: form.version,
                base_version: form.base_version,
                body: json(form.body, "ActivityAppended.body")?,
            },
            Form::RecordingSwitched(form) => Self::RecordingSwitched {
                on: form.on,
                by: nested(form.by, "RecordingSwitched.by")?,
                socket: text(&form.socket, "RecordingSwitched.socket")?,
                body: optional_json(form.body, "RecordingSwitched.body")?,
            },
            Form::TypingChanged(form) => {
                Self::TypingChanged { user: nested(form.user, "TypingChanged.user")?, on: form.on }
            }
            Form::ChatSwitched(form) => Self::ChatSwitched {
                enabled: form.enabled,
                by: nested(form.by, "ChatSwitched.by")?,
                socket: text(&form.socket, "ChatSwitched.socket")?,
            },
            Form::HostChanged(form) => Self::HostChanged { host: text(&form.host, "HostChanged.host")? },
            Form::EphemeralSent(form) => Self::EphemeralSent {
                kind: form.kind().try_into()?,
                from: nested(form.from, "EphemeralSent.from")?,
                socket: text(&form.socket, "EphemeralSent.socket")?,
                body: json(form.body, "EphemeralSent.body")?,
            },
            Form::MediaChanged(form) => Self::MediaChanged {
                by: nested(form.by, "MediaChanged.by")?,
                socket: text(&form.socket, "MediaChanged.socket")?,
                peer: text(&form.peer, "MediaChanged.peer")?,
                change: required(form.change, "MediaChanged.change")?.into(),
                media: required(form.media, "MediaChanged.media")?.into(),
                body: optional_json(form.body, "MediaChanged.body")?,
            },
            Form::SignalRelayed(form) => Self::SignalRelayed {
                kind: form.kind().try_into()?,
                vocabulary: form.vocabulary().try_into()?,
                from: nested(form.from, "SignalRelayed.from")?,
                socket: text(&form.socket, "SignalRelayed.socket")?,
                body: json(form.body, "SignalRelayed.body")?,
            },
            Form::CallRinging(form) => Self::CallRinging {
                media: form.media().try_into()?,
                call: text(&form.call, "CallRinging.call")?,
                room: optional_text(form.room, "CallRinging.room")?,
                from: nested(form.from, "CallRinging.from")?,
            },
            Form::CallParticipantUnavailable(form) => Self::CallParticipantUnavailable {
                reason: form.reason().try_into()?,
                call: text(&form.call, "CallParticipantUnavailable.call")?,
                user: text(&form.user, "CallParticipantUnavailable.user")?,
            },
            Form::CallAccepted(form) => Self::CallAccepted {
                call: text(&form.call, "CallAccepted.call")?,
                by: nested(form.by, "CallAccepted.by")?,
            },
            Form::CallRejected(form) => Self::CallRejected {
                call: text(&form.call, "CallRejected.call")?,
                by: nested(form.by, "CallRejected.by")?,
                reason: form.reason.as_deref().map(message_text),
            },
            Form::CallAnsweredElsewhere(form) => Self::CallAnsweredElsewhere {
                call: text(&form.call, "CallAnsweredElsewhere.call")?,
                accepted: form.accepted,
            },
            Form::CallParticipantJoined(form) => Self::CallParticipantJoined {
                call: text(&form.call, "CallParticipantJoined.call")?,
                peer: nested(form.peer, "CallParticipantJoined.peer")?,
            },
            Form::CallParticipantLeft(form) => Self::CallParticipantLeft {
                call: text(&form.call, "CallParticipantLeft.call")?,
                user: nested(form.user, "CallParticipantLeft.user")?,
                socket: optional_text(form.socket, "CallParticipantLeft.socket")?,
            },
            Form::CallEnded(form) => Self::CallEnded {
                reason: form.reason().try_into()?,
                call: text(&form.call, "CallEnded.call")?,
                by: optional_text(form.by, "CallEnded.by")?,
                from: form.from.map(TryInto::try_into).transpose()?,
            },
            Form::UserOnline(form) => Self::UserOnline { user: nested(form.user, "UserOnline.user")? },
            Form::UserOffline(form) => Self::UserOffline {
                user: nested(form.user, "UserOffline.user")?,
                last_seen: Timestamp::from_millis(form.last_seen),
            },
            Form::PresenceChanged(form) => Self::PresenceChanged {
                status: form.status().try_into()?,
                user: nested(form.user, "PresenceChanged.user")?,
                last_seen: Timestamp::from_millis(form.last_seen),
            },
            Form::Matching(event) => Self::Matching(event.try_into()?),
            Form::Published(form) => Self::Published {
                event: text(&form.event, "Published.event")?,
                args: arguments(form.args, "Published.args")?,
            },
        })
    }
}

impl From<&Message> for proto::MessagePosted {
    fn from(message: &Message) -> Self {
        Self {
            id: message.id.as_str().to_owned(),
            author: Some((&message.author).into()),
            socket: message.socket.as_ref().map(|s| s.as_str().to_owned()),
            peer: message.peer,
            text: message.text.as_str().to_owned(),
            content: content_form(&message.content),
            attachments: message.attachments.as_ref().map(json_bytes),
            reference: message.reference.as_ref().map(|r| r.as_json().to_owned()),
        }
    }
}

impl TryFrom<proto::MessagePosted> for Message {
    type Error = WireError;

    fn try_from(form: proto::MessagePosted) -> Result<Self, WireError> {
        Ok(Self {
            id: text(&form.id, "MessagePosted.id")?,
            author: nested(form.author, "MessagePosted.author")?,
            socket: optional_text(form.socket, "MessagePosted.socket")?,
            peer: form.peer,
            text: message_text(&form.text),
            content: content(form.content)?,
            attachments: optional_json(form.attachments, "MessagePosted.attachments")?,
            reference: reference(form.reference),
        })
    }
}
