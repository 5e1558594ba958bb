//! Who is connected, in which rooms, and what they have missed: within one process, or across the nodes of a cluster.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use heliograph_gateway::application::{DisconnectReason, Json, Namespace, RecoveryClaim, Socket};

/// The sessions of all namespaces.
pub(crate) trait Hub: Send + Sync {
    /// True if sessions can be restored.
    fn recovers(&self) -> bool;

    /// Looks for the session that a client claims, and keeps it until the client is connected.
    fn claim<'a>(&'a self, namespace: &'a Namespace, claim: &'a RecoveryClaim) -> BoxFuture<'a, Option<Restored>>;

    /// A client is connected, anew or again. What a returning client has missed is sent. If its old connection still
    /// seems alive, it ends: a session has one socket.
    fn connected<'a>(
        &'a self,
        socket: &'a Arc<Socket>,
        pid: Option<&'a str>,
        restored: Option<&'a Restored>,
    ) -> BoxFuture<'a, ()>;

    /// A socket is gone: its session is kept if it may come back, and was not taken over by another socket.
    fn disconnected(self: Arc<Self>, socket: &Arc<Socket>, reason: DisconnectReason);

    /// Adds a socket to a room, or takes it out.
    fn attend<'a>(&'a self, socket: &'a Socket, room: &'a str, attends: bool) -> BoxFuture<'a, ()>;

    /// Sends an event to everyone in the audience, and keeps it for those that can be restored.
    fn emit<'a>(
        &'a self,
        namespace: &'a Namespace,
        audience: Audience<'a>,
        name: &'a str,
        args: &'a [Json],
        attachments: &'a [Bytes],
    ) -> BoxFuture<'a, ()>;
}

/// A session that a client may have back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Restored {
    /// The socket's id.
    pub(crate) sid: String,
    /// The number of the last event that the client has seen.
    pub(crate) seen: u64,
}

/// Whom an event is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Audience<'a> {
    /// One socket.
    Socket(&'a str),
    /// All sockets of the namespace.
    Everyone,
    /// The members of a room, but for one socket.
    Room {
        /// The room.
        room: &'a str,
        /// The socket that is left out.
        except: &'a str,
    },
}

impl Audience<'_> {
    /// True if the socket of that id is meant, which attends the rooms that `attends` says.
    pub(crate) fn includes(self, sid: &str, attends: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Socket(one) => one == sid,
            Self::Everyone => true,
            Self::Room { room, except } => except != sid && attends(room),
        }
    }
}

/// The text of an offset.
pub(crate) fn offset(number: u64) -> String {
    format!("e{number}")
}

/// The number of the event that an offset names.
pub(crate) fn parse_offset(text: &str) -> Option<u64> {
    text.strip_prefix('e')?.parse().ok()
}
