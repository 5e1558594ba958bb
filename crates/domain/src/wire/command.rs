//! `command.proto`

use super::{
    WireError,
    field::{
        command_id, content, content_form, json, json_bytes, list, message_text, nested, optional_json, optional_text,
        reference, required, same_variants, strings, text, texts,
    },
    proto::{self, join, mark, room_request, signal},
};
use crate::{
    command::{
        Access, CallPlan, DisconnectCause, Join, Mark, Origin, Post, Prepare, RoomCommand, RoomRequest, Signal,
        SignalTarget, Since,
    },
    user::{Actor, User},
};

same_variants!(Access, proto::Access, "Prepare.access": Open, Members);

impl From<&RoomRequest> for proto::RoomRequest {
    fn from(request: &RoomRequest) -> Self {
        Self {
            id: request.id.to_bytes().to_vec().into(),
            room: request.room.as_str().to_owned(),
            origin: Some((&request.origin).into()),
            command: Some((&request.command).into()),
        }
    }
}

impl TryFrom<proto::RoomRequest> for RoomRequest {
    type Error = WireError;

    fn try_from(form: proto::RoomRequest) -> Result<Self, WireError> {
        Ok(Self {
            id: command_id(&form.id, "RoomRequest.id")?,
            room: text(&form.room, "RoomRequest.room")?,
            origin: nested(form.origin, "RoomRequest.origin")?,
            command: nested(form.command, "RoomRequest.command")?,
        })
    }
}

impl From<&Origin> for room_request::Origin {
    fn from(origin: &Origin) -> Self {
        match origin {
            Origin::Socket(actor) => Self::Socket(actor.into()),
            Origin::User(user) => Self::User(user.into()),
            Origin::System => Self::System(proto::SystemOrigin {}),
        }
    }
}

impl TryFrom<room_request::Origin> for Origin {
    type Error = WireError;

    fn try_from(form: room_request::Origin) -> Result<Self, WireError> {
        Ok(match form {
            room_request::Origin::Socket(actor) => Self::Socket(Actor::try_from(actor)?),
            room_request::Origin::User(user) => Self::User(User::try_from(user)?),
            room_request::Origin::System(proto::SystemOrigin {}) => Self::System,
        })
    }
}

impl From<&RoomCommand> for room_request::Command {
    fn from(command: &RoomCommand) -> Self {
        match command {
            RoomCommand::Join(join) => Self::Join(join.into()),
            RoomCommand::Leave { permanent } => Self::Leave(proto::Leave { permanent: *permanent }),
            RoomCommand::Detach { socket, user, cause } => Self::Detach(proto::Detach {
                socket: socket.as_str().to_owned(),
                user: user.as_str().to_owned(),
                goodbye: *cause == DisconnectCause::Explicit,
            }),
            RoomCommand::Post(post) => Self::Post(proto::Post {
                text: post.text.as_str().to_owned(),
                content: content_form(&post.content),
                attachments: post.attachments.as_ref().map(json_bytes),
                reference: post.reference.as_ref().map(|r| r.as_json().to_owned()),
            }),
            RoomCommand::React { message, emoji, on } => Self::React(proto::React {
                message: message.as_str().to_owned(),
                emoji: emoji.as_str().to_owned(),
                on: *on,
            }),
            RoomCommand::MarkDelivered { up_to } => Self::MarkDelivered(up_to.into()),
            RoomCommand::MarkRead { up_to } => Self::MarkRead(up_to.into()),
            RoomCommand::SetTyping { on } => Self::SetTyping(proto::SetTyping { on: *on }),
            RoomCommand::SwitchChat { enabled } => Self::SwitchChat(proto::SwitchChat { enabled: *enabled }),
            RoomCommand::SetMedia { target, change, body } => Self::SetMedia(proto::SetMedia {
                target: target.as_ref().map(|s| s.as_str().to_owned()),
                change: Some((*change).into()),
                body: body.as_ref().map(json_bytes),
            }),
            RoomCommand::SendEphemeral { to, kind, body } => Self::SendEphemeral(proto::SendEphemeral {
                to: to.as_ref().map(|s| s.as_str().to_owned()),
                kind: proto::EphemeralKind::from(*kind).into(),
                body: json_bytes(body),
            }),
            RoomCommand::Signal(signal) => Self::Signal(signal.into()),
            RoomCommand::CreateCall(plan) => Self::CreateCall(plan.into()),
            RoomCommand::InitiateCall(plan) => Self::InitiateCall(plan.into()),
            RoomCommand::AcceptCall => Self::AcceptCall(proto::AcceptCall {}),
            RoomCommand::RejectCall { reason } => {
                Self::RejectCall(proto::RejectCall { reason: reason.as_ref().map(|text| text.as_str().to_owned()) })
            }
            RoomCommand::EndCall { unanswered } => Self::EndCall(proto::EndCall { unanswered: *unanswered }),
            RoomCommand::DepartCall { user } => Self::DepartCall(proto::DepartCall { user: user.as_str().to_owned() }),
            RoomCommand::GreetSocket { user, socket, gateway } => Self::GreetSocket(proto::GreetSocket {
                user: user.as_str().to_owned(),
                socket: socket.as_str().to_owned(),
                gateway: gateway.as_str().to_owned(),
            }),
            RoomCommand::Close => Self::Close(proto::CloseRoom {}),
            RoomCommand::Matching(command) => Self::Matching(command.into()),
            RoomCommand::ClearHistory => Self::ClearHistory(proto::ClearHistory {}),
            RoomCommand::AppendActivity { kind, body, base_version } => Self::AppendActivity(proto::AppendActivity {
                kind: proto::ActivityKind::from(*kind).into(),
                body: json_bytes(body),
                base_version: *base_version,
            }),
            RoomCommand::SetState(state) => Self::SetRoomState(state.into()),
            RoomCommand::Prepare(prepare) => Self::Prepare(prepare.into()),
            RoomCommand::DeleteMessage { message } => {
                Self::DeleteMessage(proto::DeleteMessage { message: message.as_str().to_owned() })
            }
            RoomCommand::RemoveMember { user, ban } => {
                Self::RemoveMember(proto::RemoveMember { user: user.as_str().to_owned(), ban: *ban })
            }
            RoomCommand::LiftBan { user } => Self::LiftBan(proto::LiftBan { user: user.as_str().to_owned() }),
        }
    }
}

impl TryFrom<room_request::Command> for RoomCommand {
    type Error = WireError;

    fn try_from(form: room_request::Command) -> Result<Self, WireError> {
        use room_request::Command;
        Ok(match form {
            Command::Join(join) => Self::Join(join.into()),
            Command::Leave(proto::Leave { permanent }) => Self::Leave { permanent },
            Command::Detach(form) => Self::Detach {
                socket: text(&form.socket, "Detach.socket")?,
                user: text(&form.user, "Detach.user")?,
                cause: if form.goodbye { DisconnectCause::Explicit } else { DisconnectCause::Lost },
            },
            Command::Post(form) => Self::Post(Post {
                text: message_text(&form.text),
                content: content(form.content)?,
                attachments: optional_json(form.attachments, "Post.attachments")?,
                reference: reference(form.reference),
            }),
            Command::React(form) => Self::React {
                message: text(&form.message, "React.message")?,
                emoji: text(&form.emoji, "React.emoji")?,
                on: form.on,
            },
            Command::MarkDelivered(mark) => Self::MarkDelivered { up_to: mark.try_into()? },
            Command::MarkRead(mark) => Self::MarkRead { up_to: mark.try_into()? },
            Command::SetTyping(proto::SetTyping { on }) => Self::SetTyping { on },
            Command::SwitchChat(proto::SwitchChat { enabled }) => Self::SwitchChat { enabled },
            Command::SetMedia(form) => Self::SetMedia {
                target: optional_text(form.target, "SetMedia.target")?,
                change: required(form.change, "SetMedia.change")?.into(),
                body: optional_json(form.body, "SetMedia.body")?,
            },
            Command::SendEphemeral(form) => Self::SendEphemeral {
                kind: form.kind().try_into()?,
                to: optional_text(form.to, "SendEphemeral.to")?,
                body: json(form.body, "SendEphemeral.body")?,
            },
            Command::Signal(signal) => Self::Signal(signal.try_into()?),
            Command::CreateCall(plan) => Self::CreateCall(plan.try_into()?),
            Command::InitiateCall(plan) => Self::InitiateCall(plan.try_into()?),
            Command::AcceptCall(proto::AcceptCall {}) => Self::AcceptCall,
            Command::RejectCall(proto::RejectCall { reason }) => {
                Self::RejectCall { reason: reason.as_deref().map(message_text) }
            }
            Command::EndCall(proto::EndCall { unanswered }) => Self::EndCall { unanswered },
            Command::DepartCall(form) => Self::DepartCall { user: text(&form.user, "DepartCall.user")? },
            Command::GreetSocket(form) => Self::GreetSocket {
                user: text(&form.user, "GreetSocket.user")?,
                socket: text(&form.socket, "GreetSocket.socket")?,
                gateway: text(&form.gateway, "GreetSocket.gateway")?,
            },
            Command::Close(proto::CloseRoom {}) => Self::Close,
            Command::Matching(command) => Self::Matching(command.try_into()?),
            Command::ClearHistory(proto::ClearHistory {}) => Self::ClearHistory,
            Command::AppendActivity(form) => Self::AppendActivity {
                kind: form.kind().try_into()?,
                body: json(form.body, "AppendActivity.body")?,
                base_version: form.base_version,
            },
            Command::SetRoomState(state) => Self::SetState(state.try_into()?),
            Command::Prepare(prepare) => Self::Prepare(prepare.try_into()?),
            Command::DeleteMessage(form) => {
                Self::DeleteMessage { message: text(&form.message, "DeleteMessage.message")? }
            }
            Command::RemoveMember(form) => {
                Self::RemoveMember { user: text(&form.user, "RemoveMember.user")?, ban: form.ban }
            }
            Command::LiftBan(form) => Self::LiftBan { user: text(&form.user, "LiftBan.user")? },
        })
    }
}

impl From<&Join> for proto::Join {
    fn from(join: &Join) -> Self {
        Self {
            since: join.since.map(|since| match since {
                Since::Seq(seq) => join::Since::Seq(seq),
                Since::Position(position) => join::Since::Position(position.into()),
                Since::Delivered => join::Since::Delivered(proto::SinceDelivered {}),
            }),
            explicit: join.explicit,
            peer: join.peer.map(Into::into),
            takeover: join.takeover,
            contents: join.contents,
        }
    }
}

impl From<proto::Join> for Join {
    fn from(form: proto::Join) -> Self {
        Self {
            since: form.since.map(|since| match since {
                join::Since::Seq(seq) => Since::Seq(seq),
                join::Since::Position(position) => Since::Position(position.into()),
                join::Since::Delivered(proto::SinceDelivered {}) => Since::Delivered,
            }),
            explicit: form.explicit,
            peer: form.peer.map(Into::into),
            takeover: form.takeover,
            contents: form.contents,
        }
    }
}

impl From<&Mark> for proto::Mark {
    fn from(mark: &Mark) -> Self {
        Self {
            up_to: Some(match mark {
                Mark::Newest => mark::UpTo::Newest(proto::NewestEntry {}),
                Mark::Message(message) => mark::UpTo::Message(message.as_str().to_owned()),
                Mark::Seq(seq) => mark::UpTo::Seq(*seq),
            }),
        }
    }
}

impl TryFrom<proto::Mark> for Mark {
    type Error = WireError;

    fn try_from(form: proto::Mark) -> Result<Self, WireError> {
        Ok(match required(form.up_to, "Mark.up_to")? {
            mark::UpTo::Newest(proto::NewestEntry {}) => Self::Newest,
            mark::UpTo::Message(message) => Self::Message(text(&message, "Mark.message")?),
            mark::UpTo::Seq(seq) => Self::Seq(seq),
        })
    }
}

impl From<&Signal> for proto::Signal {
    fn from(signal: &Signal) -> Self {
        Self {
            to: Some(match &signal.to {
                SignalTarget::User(user) => signal::To::User(user.as_str().to_owned()),
                SignalTarget::Socket(socket) => signal::To::Socket(socket.as_str().to_owned()),
                SignalTarget::Others => signal::To::Others(proto::OtherPeers {}),
            }),
            kind: proto::SignalKind::from(signal.kind).into(),
            body: json_bytes(&signal.body),
        }
    }
}

impl TryFrom<proto::Signal> for Signal {
    type Error = WireError;

    fn try_from(form: proto::Signal) -> Result<Self, WireError> {
        Ok(Self {
            kind: form.kind().try_into()?,
            to: match required(form.to, "Signal.to")? {
                signal::To::User(user) => SignalTarget::User(text(&user, "Signal.user")?),
                signal::To::Socket(socket) => SignalTarget::Socket(text(&socket, "Signal.socket")?),
                signal::To::Others(proto::OtherPeers {}) => SignalTarget::Others,
            },
            body: json(form.body, "Signal.body")?,
        })
    }
}

impl From<&Prepare> for proto::Prepare {
    fn from(prepare: &Prepare) -> Self {
        let access = prepare.access.map_or(proto::Access::Unspecified, Into::into);
        Self { access: access.into(), members: prepare.members.iter().map(Into::into).collect() }
    }
}

impl TryFrom<proto::Prepare> for Prepare {
    type Error = WireError;

    fn try_from(form: proto::Prepare) -> Result<Self, WireError> {
        let access = match form.access() {
            proto::Access::Unspecified => None,
            access => Some(access.try_into()?),
        };
        Ok(Self { access, members: list(form.members)? })
    }
}

impl From<&CallPlan> for proto::CallPlan {
    fn from(plan: &CallPlan) -> Self {
        Self {
            media: proto::CallMedia::from(plan.media).into(),
            room: plan.room.as_ref().map(|room| room.as_str().to_owned()),
            participants: strings(&plan.participants),
        }
    }
}

impl TryFrom<proto::CallPlan> for CallPlan {
    type Error = WireError;

    fn try_from(form: proto::CallPlan) -> Result<Self, WireError> {
        Ok(Self {
            media: form.media().try_into()?,
            room: optional_text(form.room, "CallPlan.room")?,
            participants: texts(&form.participants, "CallPlan.participants")?,
        })
    }
}
