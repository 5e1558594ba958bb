//! `presence.proto`

use std::time::Duration;

use super::{
    PresenceReply, WireError,
    field::{command_id, list, nested, optional_text, required, same_variants, sixteen_bytes, strings, text, texts},
    proto::{self, presence_reply::Result as Reply, presence_request::Command},
};
use crate::{
    command::{DisconnectCause, PresenceCommand, PresenceRequest, Session, SessionRoom, SessionSecret},
    id::UserId,
    outcome::PresenceOutcome,
    room::{Position, RoomId},
};

same_variants!(DisconnectCause, proto::DisconnectCause, "Disconnect.cause": Explicit, Lost);

fn secret_bytes(secret: SessionSecret) -> bytes::Bytes {
    secret.to_bytes().to_vec().into()
}

fn secret(bytes: &bytes::Bytes, field: &'static str) -> Result<SessionSecret, WireError> {
    sixteen_bytes(bytes, field).map(SessionSecret::from_bytes)
}

impl From<&PresenceRequest> for proto::PresenceRequest {
    fn from(request: &PresenceRequest) -> Self {
        Self { id: request.id.to_bytes().to_vec().into(), command: Some((&request.command).into()) }
    }
}

impl TryFrom<proto::PresenceRequest> for PresenceRequest {
    type Error = WireError;

    fn try_from(form: proto::PresenceRequest) -> Result<Self, WireError> {
        Ok(Self {
            id: command_id(&form.id, "PresenceRequest.id")?,
            command: nested(form.command, "PresenceRequest.command")?,
        })
    }
}

impl From<&PresenceCommand> for Command {
    fn from(command: &PresenceCommand) -> Self {
        match command {
            PresenceCommand::Connect { actor, secret } => {
                Self::Connect(proto::Connect { actor: Some(actor.into()), secret: secret_bytes(*secret) })
            }
            PresenceCommand::Resume { socket, secret, user, gateway, holder } => Self::Resume(proto::Resume {
                socket: socket.as_str().to_owned(),
                secret: secret_bytes(*secret),
                user: user.as_ref().map(|user| user.as_str().to_owned()),
                gateway: gateway.as_str().to_owned(),
                holder: holder.as_ref().map(|holder| holder.as_str().to_owned()),
            }),
            PresenceCommand::Disconnect { socket, user, gateway, cause, age, positions } => {
                Self::Disconnect(proto::Disconnect {
                    socket: socket.as_str().to_owned(),
                    user: user.as_str().to_owned(),
                    gateway: gateway.as_str().to_owned(),
                    cause: proto::DisconnectCause::from(*cause).into(),
                    age: u64::try_from(age.as_millis()).unwrap_or(u64::MAX),
                    positions: positions.iter().map(Into::into).collect(),
                })
            }
            PresenceCommand::SetStatus { user, status } => Self::SetStatus(proto::SetStatus {
                user: Some(user.into()),
                status: proto::Status::from(*status).into(),
            }),
            PresenceCommand::Publish(publication) => Self::Publish((&**publication).into()),
            PresenceCommand::SetActive { user, socket, active } => Self::SetActive(proto::SetActive {
                user: Some(user.into()),
                socket: socket.as_str().to_owned(),
                active: *active,
            }),
            PresenceCommand::Appear { user, socket } => {
                Self::Appear(proto::Appear { user: Some(user.into()), socket: socket.as_str().to_owned() })
            }
            PresenceCommand::BlockUser { user, other } => Self::BlockUser(block(user, other)),
            PresenceCommand::UnblockUser { user, other } => Self::UnblockUser(block(user, other)),
        }
    }
}

fn block(user: &UserId, other: &UserId) -> proto::Block {
    proto::Block { user: user.as_str().to_owned(), other: other.as_str().to_owned() }
}

impl TryFrom<Command> for PresenceCommand {
    type Error = WireError;

    fn try_from(form: Command) -> Result<Self, WireError> {
        Ok(match form {
            Command::Connect(form) => Self::Connect {
                actor: nested(form.actor, "Connect.actor")?,
                secret: secret(&form.secret, "Connect.secret")?,
            },
            Command::Resume(form) => Self::Resume {
                socket: text(&form.socket, "Resume.socket")?,
                secret: secret(&form.secret, "Resume.secret")?,
                user: optional_text(form.user, "Resume.user")?,
                gateway: text(&form.gateway, "Resume.gateway")?,
                holder: optional_text(form.holder, "Resume.holder")?,
            },
            Command::Disconnect(form) => Self::Disconnect {
                cause: form.cause().try_into()?,
                age: Duration::from_millis(form.age),
                socket: text(&form.socket, "Disconnect.socket")?,
                user: text(&form.user, "Disconnect.user")?,
                gateway: text(&form.gateway, "Disconnect.gateway")?,
                positions: list(form.positions)?,
            },
            Command::SetStatus(form) => {
                Self::SetStatus { status: form.status().try_into()?, user: nested(form.user, "SetStatus.user")? }
            }
            Command::Publish(form) => Self::Publish(Box::new(form.try_into()?)),
            Command::SetActive(form) => Self::SetActive {
                user: nested(form.user, "SetActive.user")?,
                socket: text(&form.socket, "SetActive.socket")?,
                active: form.active,
            },
            Command::Appear(form) => {
                Self::Appear { user: nested(form.user, "Appear.user")?, socket: text(&form.socket, "Appear.socket")? }
            }
            Command::BlockUser(form) => {
                Self::BlockUser { user: text(&form.user, "Block.user")?, other: text(&form.other, "Block.other")? }
            }
            Command::UnblockUser(form) => {
                Self::UnblockUser { user: text(&form.user, "Block.user")?, other: text(&form.other, "Block.other")? }
            }
        })
    }
}

impl From<&(RoomId, Position)> for proto::RoomPosition {
    fn from((room, position): &(RoomId, Position)) -> Self {
        Self { room: room.as_str().to_owned(), position: Some((*position).into()) }
    }
}

impl TryFrom<proto::RoomPosition> for (RoomId, Position) {
    type Error = WireError;

    fn try_from(form: proto::RoomPosition) -> Result<Self, WireError> {
        Ok((text(&form.room, "RoomPosition.room")?, required(form.position, "RoomPosition.position")?.into()))
    }
}

impl From<&PresenceReply> for proto::PresenceReply {
    fn from(reply: &PresenceReply) -> Self {
        Self {
            result: Some(match reply {
                Err(refusal) => Reply::Refusal(refusal.into()),
                Ok(PresenceOutcome::Done) => Reply::Done(proto::Done {}),
                Ok(PresenceOutcome::Connected { rooms }) => {
                    Reply::Connected(proto::Connected { rooms: strings(rooms) })
                }
                Ok(PresenceOutcome::Resumed { session, previous }) => Reply::Resumed(proto::Resumed {
                    session: Some((&**session).into()),
                    previous: previous.as_str().to_owned(),
                }),
                Ok(PresenceOutcome::NotResumed) => Reply::NotResumed(proto::NotResumed {}),
            }),
        }
    }
}

impl TryFrom<proto::PresenceReply> for PresenceReply {
    type Error = WireError;

    fn try_from(form: proto::PresenceReply) -> Result<Self, WireError> {
        Ok(Ok(match required(form.result, "PresenceReply.result")? {
            Reply::Refusal(refusal) => return Ok(Err(refusal.try_into()?)),
            Reply::Done(proto::Done {}) => PresenceOutcome::Done,
            Reply::Connected(form) => PresenceOutcome::Connected { rooms: texts(&form.rooms, "Connected.rooms")? },
            Reply::Resumed(form) => PresenceOutcome::Resumed {
                session: Box::new(nested(form.session, "Resumed.session")?),
                previous: text(&form.previous, "Resumed.previous")?,
            },
            Reply::NotResumed(proto::NotResumed {}) => PresenceOutcome::NotResumed,
        }))
    }
}

impl From<&Session> for proto::Session {
    fn from(session: &Session) -> Self {
        Self {
            actor: Some((&session.actor).into()),
            secret: secret_bytes(session.secret),
            rooms: session.rooms.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<proto::Session> for Session {
    type Error = WireError;

    fn try_from(form: proto::Session) -> Result<Self, WireError> {
        Ok(Self {
            actor: nested(form.actor, "Session.actor")?,
            secret: secret(&form.secret, "Session.secret")?,
            rooms: list(form.rooms)?,
        })
    }
}

impl From<&SessionRoom> for proto::SessionRoom {
    fn from(room: &SessionRoom) -> Self {
        Self {
            ordinal: room.ordinal,
            room: room.room.as_str().to_owned(),
            position: Some(room.position.into()),
            explicit: room.explicit,
        }
    }
}

impl TryFrom<proto::SessionRoom> for SessionRoom {
    type Error = WireError;

    fn try_from(form: proto::SessionRoom) -> Result<Self, WireError> {
        Ok(Self {
            ordinal: form.ordinal,
            room: text(&form.room, "SessionRoom.room")?,
            position: required(form.position, "SessionRoom.position")?.into(),
            explicit: form.explicit,
        })
    }
}
