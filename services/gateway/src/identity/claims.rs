//! The claims of a token, and the identity that they make.

use heliograph_domain::{
    id::UserId,
    time::Timestamp,
    user::{Name, User},
};
use serde::{Deserialize, Serialize};

use super::{AuthError, Globs, Identity, name_after};

/// The claims that matter (docs/protocol.md, "Identity"). Others are ignored.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Claims {
    /// The user's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<IdClaim>,
    /// The same, as some issuers name it.
    #[serde(rename = "userId", skip_serializing)]
    pub user_id: Option<IdClaim>,
    /// The same, as others do.
    #[serde(skip_serializing)]
    pub id: Option<IdClaim>,
    /// The user's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The same, as some issuers name it.
    #[serde(rename = "userName", skip_serializing)]
    pub user_name: Option<String>,
    /// The same, as others do.
    #[serde(skip_serializing)]
    pub username: Option<String>,
    /// The same, where there is nothing better.
    #[serde(rename = "firstName", skip_serializing)]
    pub first_name: Option<String>,
    /// URL of the user's picture.
    #[serde(skip_serializing)]
    pub picture: Option<String>,
    /// The same, as some issuers name it.
    #[serde(skip_serializing)]
    pub image: Option<String>,
    /// Whether the user is an anonymous guest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guest: bool,
    /// When the token ends, in seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<f64>,
    /// The session that the token belongs to.
    #[serde(skip_serializing)]
    pub sid: Option<String>,
    /// The token's own id, which stands for the session where there is none.
    #[serde(skip_serializing)]
    pub jti: Option<String>,
    /// The issuer; verified by the library when one is configured.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The audience; verified by the library when one is configured.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    /// Patterns of the rooms that the user may enter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rooms: Option<Vec<String>>,
    /// Whether the user may administer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub admin: bool,
}

/// An id, which some issuers write as a number.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub enum IdClaim {
    /// As text.
    Text(String),
    /// As an integer; becomes its decimal text.
    Number(i64),
}

impl IdClaim {
    fn parse(&self) -> Option<UserId> {
        match self {
            Self::Text(text) => UserId::parse(text).ok(),
            Self::Number(number) => UserId::parse(&number.to_string()).ok(),
        }
    }
}

impl Claims {
    /// The identity; fails without an acceptable id. A name that is not acceptable counts as none.
    pub(super) fn identity(&self) -> Result<Identity, AuthError> {
        let id = [&self.sub, &self.user_id, &self.id]
            .into_iter()
            .flatten()
            .next()
            .and_then(IdClaim::parse)
            .ok_or(AuthError::Failed)?;
        let name = [&self.name, &self.user_name, &self.username, &self.first_name]
            .into_iter()
            .flatten()
            .find_map(|name| Name::parse(name).ok());
        let picture = self.picture.as_deref().or(self.image.as_deref()).map(Into::into);
        let named = name.is_some();
        let name = name.unwrap_or_else(|| name_after(&id));
        Ok(Identity {
            user: User { id, name, picture, guest: self.guest },
            admin: self.admin,
            rooms: self.rooms.as_ref().map(|rooms| Globs::new(rooms.iter().map(String::as_str))),
            expires: self.exp.map(|seconds| Timestamp::from_millis((seconds * 1000.0) as u64)),
            named,
            session: self.sid.as_deref().or(self.jti.as_deref()).map(Into::into),
        })
    }
}
