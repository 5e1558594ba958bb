//! Who a client is: what a verified token says, and in the development mode what the client says.

mod claims;
mod globs;
mod sources;
mod verifier;

use std::sync::Arc;

use heliograph_domain::{
    id::UserId,
    refusal::Code,
    room::RoomId,
    time::Timestamp,
    user::{Actor, Name, User},
};

pub use self::{
    claims::{Claims, IdClaim},
    globs::Globs,
    sources::{Bearer, TokenSources},
    verifier::{Key, KeyError, Mode, Verifier},
};

/// A client's identity and what it may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user: User,
    /// Whether the user may administer.
    pub admin: bool,
    /// The rooms that the user may enter; `None` for all.
    pub rooms: Option<Globs>,
    /// When the identity ends.
    pub expires: Option<Timestamp>,
    /// Whether the name comes from the token, or from the first claim that was accepted for it.
    pub named: bool,
    /// The session that the token belongs to, as its issuer names it.
    pub session: Option<Arc<str>>,
}

/// Why a client has no identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The token is malformed, wrongly signed, of another issuer, or without subject.
    #[error("Authentication failed")]
    Failed,
    /// The token was right once.
    #[error("Token has expired")]
    Expired,
}

impl AuthError {
    /// The code that clients see.
    pub const fn code(self) -> Code {
        match self {
            Self::Failed => Code::AuthFailed,
            Self::Expired => Code::TokenExpired,
        }
    }
}

impl Identity {
    /// An identity without a token, as only the development mode gives it.
    pub fn claimed(id: UserId, name: Option<Name>) -> Self {
        let named = name.is_some();
        let name = name.unwrap_or_else(|| name_after(&id));
        let user = User { id, name, picture: None, guest: false };
        Self { user, admin: false, rooms: None, expires: None, named, session: None }
    }

    /// A new anonymous guest.
    pub fn guest(name: Option<Name>) -> Self {
        let id = UserId::new_guest();
        let named = name.is_some();
        let name = name.unwrap_or_else(guest_name);
        let user = User { id, name, picture: None, guest: true };
        Self { user, admin: false, rooms: None, expires: None, named, session: None }
    }

    /// The identity of a recovered session whose client has no token, as only the development mode allows.
    pub fn of_session(actor: &Actor) -> Self {
        Self { user: actor.user.clone(), admin: actor.admin, rooms: None, expires: None, named: true, session: None }
    }

    /// Whether the token opens a room.
    pub fn may_enter(&self, room: &RoomId) -> bool {
        self.rooms.as_ref().is_none_or(|globs| globs.matches(room.as_str()))
    }

    /// This identity with the name that its client claims, if it has none of its own.
    #[must_use]
    pub fn or_named(mut self, name: Option<Name>) -> Self {
        if let (false, Some(name)) = (self.named, name) {
            self.user.name = name;
            self.named = true;
        }
        self
    }
}

/// The name of a user whom nobody has named: as much of the id as a name may hold.
fn name_after(id: &UserId) -> Name {
    let short: String = id.as_str().chars().take(32).collect();
    Name::parse(&short).unwrap_or_else(|_| guest_name())
}

fn guest_name() -> Name {
    Name::of_guest(rand::random())
}
