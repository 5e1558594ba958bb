//! One Engine.IO connection and the Socket.IO sockets on it.
//!
//! Every connection has one task, the `Driver`, which alone knows its state: the Engine.IO session, the transports,
//! the namespaces. It outlives a change of transport. Others reach it in two ways: what they send goes into the
//! [`Outlet`], what they want done is an `Order`.
//!
//! - `driver`: the task's loop: orders, what waits to be written, input, deadlines, in this order;
//! - `link`: frames of a WebSocket, in use or being tried;
//! - `requests`: what HTTP requests ask;
//! - `polls`: polls and posts, as the task sees them;
//! - `perform`: what the session wants done;
//! - `namespaces`: packets, and what the application makes of them.

mod acks;
mod driver;
mod endpoint;
mod link;
mod namespaces;
mod orders;
mod perform;
mod polls;
mod requests;
mod socket;

use std::sync::Arc;

use parking_lot::Mutex;

pub use self::acks::{AckError, Acknowledgement};
pub(crate) use self::driver::Driver;
pub(crate) use self::endpoint::{ConnectionOptions, Endpoint, Protocol};
pub(crate) use self::link::Upgraded;
use self::orders::Orders;
pub(crate) use self::orders::{Order, PollAnswered, Unreadable};
pub(crate) use self::requests::{Candidate, Posting};
pub use self::socket::Socket;
use crate::handshake::Handshake;
use crate::outlet::{Outlet, Shared};

/// A client's connection, whatever its transport is at the moment.
#[derive(Debug)]
pub struct Connection {
    handshake: Arc<Handshake>,
    outlet: Outlet,
    orders: Mutex<Orders>,
}

impl Connection {
    pub(crate) fn new(handshake: Arc<Handshake>, outlets: Arc<Shared>) -> Self {
        Self { handshake, outlet: Outlet::new(outlets), orders: Mutex::default() }
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

    /// Hands an order to the connection's task. It is dropped if the connection is over.
    pub(crate) fn order(&self, order: Order) {
        if self.orders.lock().push(order) {
            self.outlet.wake();
        }
    }
}
