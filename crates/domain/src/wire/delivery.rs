//! `delivery.proto`

use super::{
    WireError,
    field::{command_id, nested, optional_text, required, strings, text, texts},
    proto::{self, delivery, outbound, room_target},
};
use crate::{
    delivery::{Delivery, Except, Outbound, Place, Target},
    time::Timestamp,
};

impl From<&Outbound> for proto::Outbound {
    fn from(outbound: &Outbound) -> Self {
        use outbound::Outbound as Form;
        Self {
            outbound: Some(match outbound {
                Outbound::Deliver(delivery) => Form::Deliver((&**delivery).into()),
                Outbound::Detach { socket, room, replaced } => Form::Detach(proto::DetachSocket {
                    socket: socket.as_str().to_owned(),
                    room: room.as_str().to_owned(),
                    replaced: *replaced,
                }),
                Outbound::Evict { socket } => Form::Evict(proto::EvictSocket { socket: socket.as_str().to_owned() }),
                Outbound::Disconnect { user } => {
                    Form::Disconnect(proto::DisconnectUser { user: user.as_str().to_owned() })
                }
                Outbound::Standing(standing) => Form::Standing(standing.into()),
            }),
        }
    }
}

impl TryFrom<proto::Outbound> for Outbound {
    type Error = WireError;

    fn try_from(form: proto::Outbound) -> Result<Self, WireError> {
        use outbound::Outbound as Form;
        Ok(match required(form.outbound, "Outbound.outbound")? {
            Form::Deliver(delivery) => Self::Deliver(Box::new(delivery.try_into()?)),
            Form::Detach(form) => Self::Detach {
                socket: text(&form.socket, "DetachSocket.socket")?,
                room: text(&form.room, "DetachSocket.room")?,
                replaced: form.replaced,
            },
            Form::Evict(form) => Self::Evict { socket: text(&form.socket, "EvictSocket.socket")? },
            Form::Disconnect(form) => Self::Disconnect { user: text(&form.user, "DisconnectUser.user")? },
            Form::Standing(form) => Self::Standing(form.try_into()?),
        })
    }
}

impl From<&Delivery> for proto::Delivery {
    fn from(delivery: &Delivery) -> Self {
        Self {
            target: Some((&delivery.target).into()),
            at: delivery.at.as_millis(),
            place: match delivery.place {
                Place::Log { epoch, seq } => Some(delivery::Place::Log(proto::LogPlace { epoch, seq })),
                Place::Roster(version) => Some(delivery::Place::Roster(version)),
                Place::Publication(id) => Some(delivery::Place::Publication(id.to_bytes().to_vec().into())),
                Place::None => None,
            },
            event: Some((&delivery.event).into()),
        }
    }
}

impl TryFrom<proto::Delivery> for Delivery {
    type Error = WireError;

    fn try_from(form: proto::Delivery) -> Result<Self, WireError> {
        Ok(Self {
            target: nested(form.target, "Delivery.target")?,
            at: Timestamp::from_millis(form.at),
            place: match form.place {
                Some(delivery::Place::Log(proto::LogPlace { epoch, seq })) => Place::Log { epoch, seq },
                Some(delivery::Place::Roster(version)) => Place::Roster(version),
                Some(delivery::Place::Publication(id)) => Place::Publication(command_id(&id, "Delivery.publication")?),
                None => Place::None,
            },
            event: nested(form.event, "Delivery.event")?,
        })
    }
}

impl From<&Target> for delivery::Target {
    fn from(target: &Target) -> Self {
        match target {
            Target::Room { room, except } => Self::Room(proto::RoomTarget {
                room: room.as_str().to_owned(),
                except: match except {
                    Except::Nobody => None,
                    Except::Socket(socket) => Some(room_target::Except::ExceptSocket(socket.as_str().to_owned())),
                    Except::User(user) => Some(room_target::Except::ExceptUser(user.as_str().to_owned())),
                },
            }),
            Target::Rooms { rooms, users, except } => Self::Rooms(proto::RoomsTarget {
                rooms: strings(rooms),
                users: strings(users),
                except_user: except.as_str().to_owned(),
            }),
            Target::Users { room, users, except } => Self::Users(proto::UsersTarget {
                room: room.as_ref().map(|room| room.as_str().to_owned()),
                users: strings(users),
                except_socket: except.as_ref().map(|socket| socket.as_str().to_owned()),
            }),
            Target::Socket { room, socket } => Self::Socket(proto::SocketTarget {
                room: room.as_ref().map(|room| room.as_str().to_owned()),
                socket: socket.as_str().to_owned(),
            }),
            Target::Everyone { except } => {
                Self::Everyone(proto::EveryoneTarget { except_user: except.as_str().to_owned() })
            }
            Target::Audience(audience) => Self::Audience((&**audience).into()),
        }
    }
}

impl TryFrom<delivery::Target> for Target {
    type Error = WireError;

    fn try_from(form: delivery::Target) -> Result<Self, WireError> {
        use delivery::Target as Form;
        Ok(match form {
            Form::Room(form) => Self::Room {
                room: text(&form.room, "RoomTarget.room")?,
                except: match form.except {
                    None => Except::Nobody,
                    Some(room_target::Except::ExceptSocket(socket)) => {
                        Except::Socket(text(&socket, "RoomTarget.except_socket")?)
                    }
                    Some(room_target::Except::ExceptUser(user)) => Except::User(text(&user, "RoomTarget.except_user")?),
                },
            },
            Form::Rooms(form) => Self::Rooms {
                rooms: texts(&form.rooms, "RoomsTarget.rooms")?,
                users: texts(&form.users, "RoomsTarget.users")?,
                except: text(&form.except_user, "RoomsTarget.except_user")?,
            },
            Form::Users(form) => Self::Users {
                room: optional_text(form.room, "UsersTarget.room")?,
                users: texts(&form.users, "UsersTarget.users")?,
                except: optional_text(form.except_socket, "UsersTarget.except_socket")?,
            },
            Form::Socket(form) => Self::Socket {
                room: optional_text(form.room, "SocketTarget.room")?,
                socket: text(&form.socket, "SocketTarget.socket")?,
            },
            Form::Everyone(form) => Self::Everyone { except: text(&form.except_user, "EveryoneTarget.except_user")? },
            Form::Audience(form) => Self::Audience(Box::new(form.try_into()?)),
        })
    }
}
