//! What services send to this gateway: deliveries, and orders about single sockets.
//!
//! - `incoming`: the numbers of one sender: each item once, in order;
//! - `receiver`: listens to the bus, and asks senders for what is missing.

mod incoming;
mod receiver;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use heliograph_domain::delivery::Outbound;

pub use self::receiver::LinkOptions;
pub(crate) use self::receiver::{ANSWER, Address, Errand, Receiver, Sink, Surroundings};
use crate::{
    clients::{Clients, Meeting},
    close_codes::{REPLACED, ROOM_CLOSED},
};

/// The clients of this gateway, as what is sent to them.
pub(crate) struct ToClients(pub(crate) Arc<Clients>);

impl Sink for ToClients {
    async fn carry_out(&self, item: Outbound, leisure: bool) {
        let clients = &self.0;
        match item {
            Outbound::Deliver(delivery) => {
                clients.metrics.deliveries.inc();
                let meeting = Meeting::of(&delivery);
                clients.fan_out.receive(delivery, leisure).await;
                if let Some(meeting) = meeting {
                    clients.meet(meeting);
                }
            }
            Outbound::Standing(standing) => clients.fan_out.compare(standing).await,
            Outbound::Detach { socket, room, replaced } => {
                let Some(recipient) = clients.registry.socket(&socket, None) else { return };
                if let Some(client) = recipient.client() {
                    clients.forget_room(client, &room);
                }
                if replaced {
                    recipient.dismiss(REPLACED, "replaced by another tab");
                }
            }
            Outbound::Evict { socket } => {
                if let Some(recipient) = clients.registry.socket(&socket, None) {
                    recipient.cut();
                }
            }
            Outbound::Disconnect { user } => {
                for recipient in clients.registry.user(&user, None) {
                    recipient.dismiss(ROOM_CLOSED, "removed by an operator");
                }
            }
        }
    }

    fn lost(&self) {
        tracing::warn!("something that was sent to this gateway is lost; its rooms are compared");
        self.0.fan_out.doubts().look_at_all();
    }
}
