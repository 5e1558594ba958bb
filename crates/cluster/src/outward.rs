//! What services tell gateways.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future;
use heliograph_domain::{delivery::Outbound, id::NodeId, wire};
use tracing::debug;

use crate::bus::{Bus, Subject};

/// Sends to gateways. Cheap to clone.
#[derive(Clone)]
pub struct Outward {
    bus: Arc<dyn Bus>,
}

impl Outward {
    /// A sender over a bus.
    pub fn new(bus: Arc<dyn Bus>) -> Self {
        Self { bus }
    }

    /// Sends something to each of these gateways, encoded once, and returns when the bus has taken
    /// it. What one caller sends to one gateway arrives in the order of sending.
    ///
    /// Best effort: what the bus loses, gateways notice and ask for. So there is no error that a
    /// caller could act on.
    pub async fn send(&self, gateways: &[NodeId], outbound: &Outbound) {
        if gateways.is_empty() {
            return;
        }
        let payload = wire::encode_outbound(outbound);
        if let [gateway] = gateways {
            return self.publish(gateway, payload).await;
        }
        // Side by side, so that a gateway whose queue is full does not keep the others waiting.
        let publishing = gateways.iter().map(|gateway| self.publish(gateway, payload.clone()));
        future::join_all(publishing).await;
    }

    async fn publish(&self, gateway: &NodeId, payload: Bytes) {
        let subject = Subject::Gateway(gateway.clone());
        if let Err(error) = self.bus.publish(subject, payload).await {
            debug!(%gateway, %error, "a delivery was not taken by the bus");
        }
    }
}
