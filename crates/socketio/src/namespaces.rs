//! Which namespaces a connection has joined, and what that makes of its packets.
//!
//! A namespace is *asked for* from its CONNECT until the application has decided, and then either
//! *joined* or forgotten. A client may send packets right behind its CONNECT; they belong after
//! the decision, so the caller holds them back (by not reading on) and never loses them.

use std::time::Instant;

use crate::{Namespace, Packet};

/// The namespaces of one connection. `S` is what the caller keeps for a joined one.
///
/// One namespace, the usual case, costs one small allocation.
#[derive(Debug)]
pub struct Namespaces<S> {
    entries: Vec<Entry<S>>,
    most: usize,
    /// When the connection is closed if it has joined nothing; none once it has.
    connect_by: Option<Instant>,
}

#[derive(Debug)]
struct Entry<S> {
    namespace: Namespace,
    /// None while it is only asked for.
    joined: Option<S>,
}

/// What to do with a packet.
#[derive(Debug, PartialEq, Eq)]
pub enum Route<'a, S> {
    /// Ask the application whether the client may join; then [`Namespaces::accept`] or
    /// [`Namespaces::refuse`].
    Connect,
    /// Refuse the CONNECT: the connection has joined as many namespaces as it may.
    Full,
    /// Keep the packet and all that follow it until the namespace that was asked for is decided.
    Hold,
    /// An event or acknowledgement for a joined namespace.
    Deliver(&'a S),
    /// The client left; it is no longer joined.
    Left(S),
    /// Close the connection.
    Close(Violation),
}

/// Packets that are well-formed and that the connection's state forbids. The stock server closes
/// the connection on each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Violation {
    /// A CONNECT for a namespace that was joined or asked for before.
    #[error("second CONNECT to a namespace")]
    AlreadyConnected,
    /// Anything but a CONNECT for a namespace that is not joined.
    #[error("packet for a namespace that is not joined")]
    NotConnected,
    /// A CONNECT_ERROR, which only servers send.
    #[error("CONNECT_ERROR from a client")]
    ConnectErrorFromClient,
}

impl<S> Namespaces<S> {
    /// A connection that has joined nothing yet and is to be closed at `connect_by` if that stays
    /// so. It may join `most` namespaces at a time.
    #[must_use]
    pub fn new(connect_by: Instant, most: usize) -> Self {
        Self { entries: Vec::new(), most, connect_by: Some(connect_by) }
    }

    /// Says what to do with a packet of the client, and keeps account of CONNECT and DISCONNECT.
    pub fn route(&mut self, packet: &Packet) -> Route<'_, S> {
        let at = self.position(packet.namespace());
        match packet {
            Packet::ConnectError { .. } => Route::Close(Violation::ConnectErrorFromClient),
            Packet::Connect { namespace, .. } => match at {
                Some(_) => Route::Close(Violation::AlreadyConnected),
                None if self.entries.len() >= self.most => Route::Full,
                None => {
                    // Most connections join one namespace, and a Vec would make room for four.
                    self.entries.reserve_exact(1);
                    self.entries.push(Entry { namespace: namespace.clone(), joined: None });
                    Route::Connect
                }
            },
            Packet::Disconnect { .. } | Packet::Event(_) | Packet::Ack(_) => {
                let Some(at) = at else {
                    return Route::Close(Violation::NotConnected);
                };
                if matches!(packet, Packet::Disconnect { .. }) {
                    return self.take_joined(at).map_or(Route::Hold, Route::Left);
                }
                let joined = self.entries.get(at).and_then(|entry| entry.joined.as_ref());
                joined.map_or(Route::Hold, Route::Deliver)
            }
        }
    }

    /// The application lets the client join. False, and nothing changed, if the namespace is not
    /// asked for (any more).
    #[must_use]
    pub fn accept(&mut self, namespace: &Namespace, socket: S) -> bool {
        let asked = self.entries.iter_mut().find(|entry| entry.namespace == *namespace && entry.joined.is_none());
        let Some(entry) = asked else {
            return false;
        };
        entry.joined = Some(socket);
        self.connect_by = None;
        true
    }

    /// The application does not let the client join.
    pub fn refuse(&mut self, namespace: &Namespace) {
        self.entries.retain(|entry| entry.namespace != *namespace || entry.joined.is_some());
    }

    /// The server ends the client's stay in a namespace. Gives what was kept for it, if it was
    /// joined.
    pub fn leave(&mut self, namespace: &Namespace) -> Option<S> {
        let at = self.position(namespace)?;
        self.take_joined(at)
    }

    /// What is kept for a joined namespace.
    #[must_use]
    pub fn get(&self, namespace: &Namespace) -> Option<&S> {
        let entry = self.entries.get(self.position(namespace)?)?;
        entry.joined.as_ref()
    }

    /// The joined namespaces, in the order in which they were asked for.
    pub fn joined(&self) -> impl Iterator<Item = (&Namespace, &S)> {
        self.entries.iter().filter_map(|entry| Some((&entry.namespace, entry.joined.as_ref()?)))
    }

    /// The connection is over: everything that was kept, for the caller to disconnect.
    pub fn close(&mut self) -> impl Iterator<Item = S> + use<S> {
        self.connect_by = None;
        std::mem::take(&mut self.entries).into_iter().filter_map(|entry| entry.joined)
    }

    /// When to look at [`has_timed_out`](Self::has_timed_out); none once a namespace was joined,
    /// and none while one is asked for.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.connect_by.filter(|_| self.entries.is_empty())
    }

    /// Whether the connection has had its time to join a namespace and has joined none. A client
    /// whose CONNECT is being decided is given the answer first.
    #[must_use]
    pub fn has_timed_out(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|deadline| now >= deadline)
    }

    fn position(&self, namespace: &Namespace) -> Option<usize> {
        self.entries.iter().position(|entry| entry.namespace == *namespace)
    }

    /// Takes an entry out, if it is joined.
    fn take_joined(&mut self, at: usize) -> Option<S> {
        let joined = self.entries.get_mut(at)?.joined.take()?;
        self.entries.remove(at);
        Some(joined)
    }
}
