//! The way of events: one delivery for each gateway that holds a recipient.

use std::collections::BTreeMap;

use futures_util::future;
use heliograph_cluster::store::{StoreError, UserSocket};
use heliograph_domain::{
    delivery::{Delivery, Except, Outbound, Place, Target},
    event::Event,
    id::{NodeId, SocketId, UserId},
    room::RoomId,
    time::Timestamp,
};

use crate::router::Router;

/// What happened in a room, for those who attend it.
pub(crate) struct RoomEvent {
    pub(crate) except: Except,
    pub(crate) at: Timestamp,
    pub(crate) place: Place,
    pub(crate) event: Event,
}

impl Router {
    /// Tells those who attend a room.
    pub(crate) async fn tell_room(&self, gateways: &[NodeId], room: &RoomId, what: RoomEvent) {
        let RoomEvent { except, at, place, event } = what;
        let target = Target::Room { room: room.clone(), except };
        self.deliver(gateways, Delivery { target, at, place, event }).await;
    }

    /// Tells one socket.
    pub(crate) async fn tell_socket(
        &self,
        gateway: &NodeId,
        room: &RoomId,
        socket: &SocketId,
        at: Timestamp,
        event: Event,
    ) {
        let target = Target::Socket { room: Some(room.clone()), socket: socket.clone() };
        self.deliver(std::slice::from_ref(gateway), Delivery { target, at, place: Place::None, event }).await;
    }

    /// Tells all devices of some users.
    ///
    /// # Errors
    ///
    /// It is not known where their devices are.
    pub(crate) async fn tell_users(
        &self,
        room: &RoomId,
        users: &[UserId],
        except: Option<&SocketId>,
        at: Timestamp,
        event: Event,
    ) -> Result<(), StoreError> {
        let found = future::join_all(users.iter().map(|user| self.store.presence.sockets(user))).await;
        let mut by_gateway: BTreeMap<NodeId, Vec<UserId>> = BTreeMap::new();
        for (user, sockets) in users.iter().zip(found) {
            for UserSocket { gateway, .. } in sockets? {
                let there = by_gateway.entry(gateway).or_default();
                if there.last() != Some(user) {
                    there.push(user.clone());
                }
            }
        }
        for (gateway, users) in by_gateway {
            let target = Target::Users { room: Some(room.clone()), users, except: except.cloned() };
            let delivery = Delivery { target, at, place: Place::None, event: event.clone() };
            self.deliver(&[gateway], delivery).await;
        }
        Ok(())
    }

    /// Takes a socket out of a room at its gateway.
    pub(crate) async fn take_out(&self, gateway: &NodeId, room: &RoomId, socket: &SocketId, replaced: bool) {
        let outbound = Outbound::Detach { socket: socket.clone(), room: room.clone(), replaced };
        self.outward.send(std::slice::from_ref(gateway), &outbound).await;
    }

    async fn deliver(&self, gateways: &[NodeId], delivery: Delivery) {
        self.outward.send(gateways, &Outbound::Deliver(Box::new(delivery))).await;
    }
}
