//! What a client speaks.

use heliograph_domain::user::Vocabulary;
use heliograph_vocabulary::Dialect;

/// What a client speaks, which decides its transport too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Speech {
    /// A dialect of Socket.IO.
    SocketIo(Dialect),
    /// JSON messages over a plain WebSocket.
    Mesh,
}

impl Speech {
    /// What a Socket.IO client of the default namespace is taken for until it says something.
    pub(crate) const PROVISIONAL: Self = Self::SocketIo(Dialect::Synapse);

    pub(crate) const fn vocabulary(self) -> Vocabulary {
        match self {
            Self::SocketIo(dialect) => dialect.vocabulary(),
            Self::Mesh => Vocabulary::Mesh,
        }
    }
}
