//! One Engine.IO connection and the sockets on it.

mod acks;
mod socket;

use std::sync::Arc;

use parking_lot::Mutex;

pub use self::acks::{AckError, AckId, Acknowledgement};
pub use self::socket::Socket;
use crate::handshake::Handshake;
use crate::outlet::{Outlet, Shared};

/// A client's connection, whatever its transport is at the moment. It outlives a change of transport.
#[derive(Debug)]
pub struct Connection {
    handshake: Arc<Handshake>,
    outlet: Outlet,
    /// What the connection's task is asked to do by others.
    orders: Mutex<Vec<Order>>,
}

/// Something that only the connection's own task may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Take this socket, which was disconnected by the server, off its namespace.
    Leave(Arc<str>),
    /// Disconnect all sockets, then close the connection.
    Disconnect,
    /// Close the connection as if it had been lost.
    Close,
}

impl Connection {
    pub(crate) fn new(handshake: Arc<Handshake>, outlets: Arc<Shared>) -> Self {
        Self {
            handshake,
            outlet: Outlet::new(outlets),
            orders: Mutex::default(),
        }
    }

    /// The request that the connection began with.
    pub fn handshake(&self) -> &Arc<Handshake> {
        &self.handshake
    }

    /// The way to the client.
    pub fn outlet(&self) -> &Outlet {
        &self.outlet
    }

    /// Closes the connection without a DISCONNECT packet: the client takes it for a loss, and comes back.
    pub fn close(&self) {
        self.order(Order::Close);
    }

    pub(crate) fn order(&self, order: Order) {
        self.orders.lock().push(order);
        self.outlet.wake();
    }

    /// Takes the orders given since the last call.
    pub(crate) fn take_orders(&self) -> Vec<Order> {
        std::mem::take(&mut *self.orders.lock())
    }
}
