//! What waits for a grace, as keys of the store's deadlines.
//!
//! A key is made of fields with line feeds in between: neither ids nor names contain control
//! characters.

use heliograph_domain::{
    id::{SocketId, UserId},
    user::{Name, User},
};

/// Something to be done for a user when a grace is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// A socket whose transport was lost has not come back.
    Lost {
        /// Its user.
        user: UserId,
        /// The socket.
        socket: SocketId,
    },
    /// A socket said goodbye: what has not been done for it yet is to be done.
    Gone {
        /// Its user.
        user: UserId,
        /// The socket.
        socket: SocketId,
    },
    /// A user without sockets is to be announced as offline.
    Offline(User),
    /// A user without sockets leaves their calls.
    Calls(UserId),
}

impl Due {
    /// The key under which this is stored.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Lost { user, socket } => format!("lost\n{user}\n{socket}"),
            Self::Gone { user, socket } => format!("gone\n{user}\n{socket}"),
            Self::Offline(user) => {
                let kind = if user.guest { "guest" } else { "user" };
                format!("offline\n{}\n{}\n{kind}", user.id, user.name)
            }
            Self::Calls(user) => format!("calls\n{user}"),
        }
    }

    /// What is stored under a key; `None` if nobody can tell.
    pub(crate) fn parse(key: &str) -> Option<Self> {
        let fields: Vec<&str> = key.split('\n').collect();
        let user = UserId::parse(fields.get(1)?).ok()?;
        Some(match fields[..] {
            ["lost", _, socket] => Self::Lost { user, socket: SocketId::parse(socket).ok()? },
            ["gone", _, socket] => Self::Gone { user, socket: SocketId::parse(socket).ok()? },
            ["offline", _, name, kind] => {
                // Who goes is known by their id; a picture would be of no use.
                let (name, guest) = (Name::parse(name).ok()?, kind == "guest");
                Self::Offline(User { id: user, name, picture: None, guest })
            }
            ["calls", _] => Self::Calls(user),
            _ => return None,
        })
    }

    /// The user whom it is about.
    pub(crate) fn user(&self) -> &UserId {
        match self {
            Self::Lost { user, .. } | Self::Gone { user, .. } | Self::Calls(user) => user,
            Self::Offline(user) => &user.id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_deadline_comes_back_from_its_key() {
        let user = UserId::parse("a:b/c d").unwrap();
        let socket = SocketId::parse("s:1").unwrap();
        let name = Name::parse("Ann: B").unwrap();
        for due in [
            Due::Lost { user: user.clone(), socket: socket.clone() },
            Due::Gone { user: user.clone(), socket },
            Due::Offline(User { id: user.clone(), name, picture: None, guest: true }),
            Due::Calls(user),
        ] {
            assert_eq!(Due::parse(&due.key()), Some(due));
        }
    }

    #[test]
    fn other_keys_are_not_understood() {
        for key in ["", "lost", "lost\nann", "calls\n", "other\nann", "offline\nann\n\nuser"] {
            assert_eq!(Due::parse(key), None, "{key:?}");
        }
    }
}
