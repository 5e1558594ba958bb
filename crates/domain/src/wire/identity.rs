//! `identity.proto`

use super::{
    WireError,
    field::{nested, same_variants, text},
    proto,
};
use crate::{
    command::Status,
    user::{Actor, User, Vocabulary},
};

same_variants!(Vocabulary, proto::Vocabulary, "Vocabulary": Synapse, Mesh, GuestChat, DirectChat, Collaboration);
same_variants!(Status, proto::Status, "Status": Online, Away, Busy, Offline);

impl From<&User> for proto::User {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.as_str().to_owned(),
            name: user.name.as_str().to_owned(),
            picture: user.picture.as_deref().map(str::to_owned),
            guest: user.guest,
        }
    }
}

impl TryFrom<proto::User> for User {
    type Error = WireError;

    fn try_from(form: proto::User) -> Result<Self, WireError> {
        Ok(Self {
            id: text(&form.id, "User.id")?,
            name: text(&form.name, "User.name")?,
            picture: form.picture.map(Into::into),
            guest: form.guest,
        })
    }
}

impl From<&Actor> for proto::Actor {
    fn from(actor: &Actor) -> Self {
        Self {
            user: Some((&actor.user).into()),
            admin: actor.admin,
            socket: actor.socket.as_str().to_owned(),
            gateway: actor.gateway.as_str().to_owned(),
            vocabulary: proto::Vocabulary::from(actor.vocabulary).into(),
        }
    }
}

impl TryFrom<proto::Actor> for Actor {
    type Error = WireError;

    fn try_from(form: proto::Actor) -> Result<Self, WireError> {
        Ok(Self {
            admin: form.admin,
            socket: text(&form.socket, "Actor.socket")?,
            gateway: text(&form.gateway, "Actor.gateway")?,
            vocabulary: form.vocabulary().try_into()?,
            user: nested(form.user, "Actor.user")?,
        })
    }
}
