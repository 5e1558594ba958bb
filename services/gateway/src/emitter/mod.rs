//! Backends that speak as `@socket.io/redis-emitter` does: over Redis's own publishing.
//!
//! Every gateway hears all of it and tells its own sockets, as the servers do for which that format was made: so
//! each socket hears an event once, in the order in which it was published, and nobody has to agree with anybody. It
//! is told at most once: what is published while a gateway is not connected is not heard there.
//!
//! - `msgpack`: the encoding;
//! - `message`: what is asked for.

mod message;
mod msgpack;

use std::{collections::HashSet, sync::Arc};

use heliograph_cluster::store::redis::{Heard, Listener};
use heliograph_domain::{
    delivery::{Delivery, Place, Target},
    event::Event,
    publication::Publication,
};
use heliograph_telemetry::metrics::count;

pub use self::message::patterns;
use self::message::{Asked, Unfit};
use crate::clients::{Clients, Recipient};

/// What emitters publish.
pub struct Emitter {
    key: String,
    listener: Listener,
}

impl Emitter {
    /// Emitters that use this key, heard by a listener to [`patterns`] of it.
    pub fn new(key: String, listener: Listener) -> Self {
        Self { key, listener }
    }

    /// Does what is asked for, one after the other.
    pub(crate) async fn run(mut self, clients: Arc<Clients>) {
        let mut said = HashSet::new();
        while let Some(Heard { channel, payload }) = self.listener.next().await {
            let case = match message::read(&self.key, &channel, &payload) {
                Ok(Asked::Publish(publication)) => {
                    publish(&clients, publication).await;
                    "event"
                }
                Ok(Asked::Disconnect(audience)) => {
                    clients.fan_out.chosen(&audience).iter().for_each(Recipient::remove);
                    "disconnect"
                }
                Err(unfit) => refuse(unfit, &mut said),
            };
            count(&clients.metrics.emitted, case);
        }
    }
}

/// Each reason is said once, and counted each time.
fn refuse(unfit: Unfit, said: &mut HashSet<Unfit>) -> &'static str {
    let (case, reason) = unfit.name();
    if said.insert(unfit) {
        tracing::warn!(reason, "what a Socket.IO Redis emitter asks for is not done; more of this is only counted");
    }
    case
}

async fn publish(clients: &Clients, Publication { audience, event, args }: Publication) {
    let delivery = Delivery {
        target: Target::Audience(Box::new(audience)),
        at: clients.clock.now(),
        place: Place::None,
        event: Event::Published { event, args },
    };
    clients.fan_out.receive(Box::new(delivery), false).await;
}
