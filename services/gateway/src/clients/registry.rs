//! The sockets of this gateway, by id and by user.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use heliograph_domain::{
    delivery::{Delivery, Target},
    id::{SocketId, UserId},
};
use parking_lot::Mutex;

use super::Recipient;

/// Most deliveries that are kept for a socket between its authentication and its registration.
const ARRIVALS: usize = 256;

/// The sockets of this gateway.
///
/// The cluster knows of a socket a moment before it is registered here: what is addressed to its user
/// in between is kept as an [`Arrivals`] and handed over at registration.
#[derive(Default)]
pub(crate) struct Registry {
    index: Mutex<Index>,
}

#[derive(Default)]
struct Index {
    sockets: HashMap<SocketId, Recipient>,
    users: HashMap<UserId, Vec<Recipient>>,
    arriving: HashMap<UserId, Vec<Arc<Arrivals>>>,
}

/// What came for a socket before it was registered.
pub(crate) struct Arrivals {
    socket: SocketId,
    user: UserId,
    kept: Mutex<Vec<Delivery>>,
}

impl Arrivals {
    fn keep(&self, delivery: &Delivery) {
        if let Target::Audience(audience) = &delivery.target {
            let except = &audience.except;
            if except.sockets.contains(&self.socket) || except.users.contains(&self.user) {
                return;
            }
        }
        let mut kept = self.kept.lock();
        if kept.len() < ARRIVALS {
            kept.push(delivery.clone());
        }
    }
}

impl Registry {
    /// Adds a socket that has no identity yet. Gives the one that had this id before: its session was
    /// taken over.
    pub(crate) fn insert(&self, id: &SocketId, recipient: &Recipient) -> Option<Recipient> {
        let previous = self.index.lock().sockets.insert(id.clone(), recipient.clone());
        previous.filter(|previous| !previous.is(recipient))
    }

    /// Keeps what is addressed to a user from now on for a socket that is about to be bound to them.
    pub(crate) fn expect(&self, socket: &SocketId, user: &UserId) -> Arc<Arrivals> {
        let arrivals = Arc::new(Arrivals { socket: socket.clone(), user: user.clone(), kept: Mutex::new(Vec::new()) });
        self.index.lock().arriving.entry(user.clone()).or_default().push(Arc::clone(&arrivals));
        arrivals
    }

    /// The socket belongs to the user of its [`Arrivals`] from now on. Gives what was kept.
    pub(crate) fn bind(&self, arrivals: &Arc<Arrivals>, recipient: &Recipient) -> Vec<Delivery> {
        let mut index = self.index.lock();
        index.forget(arrivals);
        let of_user = index.users.entry(arrivals.user.clone()).or_insert_with(|| Vec::with_capacity(1));
        of_user.retain(|other| !other.is(recipient));
        of_user.push(recipient.clone());
        drop(index);
        std::mem::take(&mut *arrivals.kept.lock())
    }

    /// The socket is not bound to the user after all.
    pub(crate) fn unexpect(&self, arrivals: &Arc<Arrivals>) {
        self.index.lock().forget(arrivals);
    }

    /// Takes a socket out. Gives whether it was this very one that had the id, and not a successor.
    pub(crate) fn remove(&self, id: &SocketId, user: Option<&UserId>, recipient: &Recipient) -> bool {
        let mut index = self.index.lock();
        if let Some(user) = user
            && let Some(of_user) = index.users.get_mut(user)
        {
            of_user.retain(|other| !other.is(recipient));
            if of_user.is_empty() {
                index.users.remove(user);
            }
        }
        let current = index.sockets.get(id).is_some_and(|current| current.is(recipient));
        if current {
            index.sockets.remove(id);
        }
        current
    }

    /// The socket with this id. Keeps the delivery if the socket is about to be registered.
    pub(crate) fn socket(&self, id: &SocketId, delivery: Option<&Delivery>) -> Option<Recipient> {
        let index = self.index.lock();
        if let Some(delivery) = delivery
            && let Some(arrivals) = index.arriving.values().flatten().find(|arrivals| arrivals.socket == *id)
        {
            arrivals.keep(delivery);
            return None;
        }
        index.sockets.get(id).cloned()
    }

    /// The sockets of a user. Keeps the delivery for those that are about to be registered.
    pub(crate) fn user(&self, id: &UserId, delivery: Option<&Delivery>) -> Vec<Recipient> {
        let index = self.index.lock();
        if let (Some(delivery), Some(arriving)) = (delivery, index.arriving.get(id)) {
            arriving.iter().for_each(|arrivals| arrivals.keep(delivery));
        }
        index.users.get(id).cloned().unwrap_or_default()
    }

    /// How many sockets have an identity.
    pub(crate) fn count(&self) -> usize {
        self.index.lock().users.values().map(Vec::len).sum()
    }

    /// The sockets that have an identity and an id greater than `after`, by id, the first `most` of them.
    pub(crate) fn page(&self, after: &str, most: usize) -> Vec<Recipient> {
        let mut page = BTreeMap::new();
        for recipient in self.index.lock().users.values().flatten() {
            let Some(id) = recipient.client().map(|client| &client.id) else { continue };
            if id.as_str() <= after {
                continue;
            }
            if page.len() < most {
                page.insert(id.clone(), recipient.clone());
            } else if page.last_key_value().is_some_and(|(last, _)| id < last) {
                page.pop_last();
                page.insert(id.clone(), recipient.clone());
            }
        }
        page.into_values().collect()
    }

    /// Every socket that has an identity. Keeps the delivery for those that are about to be registered.
    pub(crate) fn everyone(&self, delivery: Option<&Delivery>) -> Vec<Recipient> {
        let index = self.index.lock();
        if let Some(delivery) = delivery {
            index.arriving.values().flatten().for_each(|arrivals| arrivals.keep(delivery));
        }
        index.users.values().flatten().cloned().collect()
    }
}

impl Index {
    fn forget(&mut self, arrivals: &Arc<Arrivals>) {
        if let Some(arriving) = self.arriving.get_mut(&arrivals.user) {
            arriving.retain(|other| !Arc::ptr_eq(other, arrivals));
            if arriving.is_empty() {
                self.arriving.remove(&arrivals.user);
            }
        }
    }
}
