//! What services send to this gateway: deliveries, and orders about single sockets.

use std::sync::Arc;

use heliograph_cluster::bus::{Bus, BusError, Subject, Subscription};
use heliograph_domain::{delivery::Outbound, id::NodeId, wire};

use crate::{
    clients::{Alarm, Clients, Recipient},
    close_codes::{OVERDUE, REPLACED, ROOM_CLOSED, UNAUTHENTICATED},
    synapse,
};

/// Begins to receive what is sent to the gateway under this id.
///
/// # Errors
/// [`BusError::Unavailable`] if the bus cannot be reached.
pub(crate) async fn subscribe(bus: &dyn Bus, node: &NodeId) -> Result<Subscription, BusError> {
    bus.subscribe(Subject::Gateway(node.clone()), None).await
}

/// Carries out what comes, in its order, until the bus is gone.
pub(crate) async fn run(clients: Arc<Clients>, mut subscription: Subscription) {
    while let Some(message) = subscription.next().await {
        let parcel = match wire::decode_parcel(message.payload) {
            Ok(parcel) => parcel,
            Err(error) => {
                clients.metrics.unreadable.inc();
                tracing::warn!(%error, "a parcel cannot be read");
                continue;
            }
        };
        let mut items = parcel.items.into_iter();
        while let Some(item) = items.next() {
            match wire::decode_outbound(item) {
                Ok(outbound) => carry_out(&clients, outbound, items.len() == 0 && subscription.is_idle()).await,
                Err(error) => {
                    clients.metrics.unreadable.inc();
                    tracing::warn!(%error, "a delivery cannot be read");
                }
            }
        }
    }
}

async fn carry_out(clients: &Arc<Clients>, outbound: Outbound, leisure: bool) {
    clients.metrics.deliveries.inc();
    match outbound {
        Outbound::Deliver(delivery) => clients.fan_out.receive(delivery, leisure).await,
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

/// Handles the timers of clients as they fire.
pub(crate) async fn run_alarms(
    clients: Arc<Clients>,
    mut alarms: tokio::sync::mpsc::Receiver<(heliograph_domain::id::SocketId, Alarm)>,
) {
    while let Some((socket, alarm)) = alarms.recv().await {
        let Some(recipient) = clients.registry.socket(&socket, None) else { continue };
        let Some(client) = recipient.client() else { continue };
        match alarm {
            Alarm::TypingEnded(room) => {
                let (clients, client) = (Arc::clone(&clients), Arc::clone(client));
                tokio::spawn(async move { clients.end_typing(&client, &room).await });
            }
            Alarm::TokenExpired => {
                clients.metrics.expired.inc();
                expire(&recipient);
            }
            Alarm::AuthenticationOverdue => recipient.dismiss(OVERDUE, "no identity in time"),
        }
    }
}

/// Tells a client that its token has ended. The transport closes and not the session, so that a stock client
/// reconnects by itself, is refused for its old token, and renews it.
fn expire(recipient: &Recipient) {
    use heliograph_domain::refusal::{Code, Refusal};
    let refusal = Refusal::new(Code::TokenExpired);
    match recipient {
        Recipient::SocketIo(socket) => {
            synapse::emit(socket, "error", &heliograph_vocabulary::synapse::error(None, &refusal));
            socket.connection().close();
        }
        Recipient::Plain(socket, _) => {
            let text = heliograph_vocabulary::mesh::error(None, None, &refusal);
            socket.send(&crate::frame::Frame::text(&text), crate::outlet::Class::Message);
            socket.close(UNAUTHENTICATED, &refusal.message);
        }
    }
}
