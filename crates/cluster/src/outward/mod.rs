//! What services tell gateways.
//!
//! From each service to each gateway there is a link: items with the numbers 1, 2, 3 …, which travel in
//! parcels on the bus.
//!
//! - **When idle, nothing waits.** An item is published within the call that sends it. What is sent
//!   while the bus is busy with that goes after it, together, in one parcel.
//! - **What is lost is sent again.** A link keeps its newest items. A gateway that finds a number missing
//!   asks for everything from there on, over gRPC ([`Resending`]).
//! - **Silence shows.** Once a second a link says which number comes next, so that the loss of the last
//!   item before a silence is noticed too.
//!
//! On a bus that loses nothing, nothing is kept and silence says nothing.

mod kept;
mod link;
mod resending;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future;
use heliograph_domain::{
    delivery::{Outbound, Parcel},
    id::NodeId,
    wire,
};
use heliograph_telemetry::metrics;
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::watch,
    time::{self, Instant, MissedTickBehavior},
};
use tokio_util::task::AbortOnDropHandle;

use self::link::{Link, Passage};
use crate::{
    bus::{Bus, DeliveryGuarantee},
    directory::Nodes,
};

pub use resending::Resending;

/// Bounds of what goes to gateways. Bytes are those of encoded items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutwardOptions {
    /// Bytes of sent items that a link keeps for a gateway that has missed some. None are kept on a bus
    /// that loses nothing.
    pub kept_bytes: usize,
    /// Bytes that may wait in a link while the bus is busy. Beyond them senders wait.
    pub waiting_bytes: usize,
    /// Bytes of items that travel in one parcel. A larger item travels alone.
    pub parcel_bytes: usize,
    /// From one word on a link's number to the next.
    pub heartbeat: Duration,
    /// How long a link is kept after its gateway has left the directory.
    pub grace: Duration,
}

impl Default for OutwardOptions {
    fn default() -> Self {
        Self {
            kept_bytes: 1024 * 1024,
            waiting_bytes: 1024 * 1024,
            parcel_bytes: 256 * 1024,
            heartbeat: Duration::from_secs(1),
            grace: Duration::from_secs(60),
        }
    }
}

/// Sends to gateways in the name of one node. Clones have the same links.
#[derive(Clone)]
pub struct Outward(Arc<Shared>);

struct Shared {
    sender: NodeId,
    passage: Arc<Passage>,
    nodes: watch::Receiver<Nodes>,
    options: OutwardOptions,
    links: RwLock<HashMap<NodeId, Arc<Link>>>,
    /// Links that there have been: the number of the newest.
    opened: AtomicU64,
}

impl Outward {
    /// A sender over a bus. `sender` is the node that gateways ask when they have missed something;
    /// `nodes` says which gateways live.
    pub fn new(
        sender: NodeId,
        bus: Arc<dyn Bus>,
        nodes: watch::Receiver<Nodes>,
        options: OutwardOptions,
        metrics: metrics::Outward,
    ) -> Self {
        let certain = matches!(bus.delivery(), DeliveryGuarantee::Certain);
        let kept = if certain { 0 } else { options.kept_bytes };
        let limits = OutwardOptions { kept_bytes: kept, ..options };
        Self(Arc::new(Shared {
            sender,
            passage: Arc::new(Passage { bus, limits, certain, metrics }),
            nodes,
            options,
            links: RwLock::default(),
            opened: AtomicU64::new(0),
        }))
    }

    /// The node in whose name it sends.
    pub fn sender(&self) -> &NodeId {
        &self.0.sender
    }

    /// Sends something to each of these gateways, encoded once, and returns when it is on its way, or
    /// waits in the link for others that are. What one caller sends to one gateway arrives in the order
    /// of sending.
    ///
    /// What the bus loses, gateways notice and ask for. So there is no error that a caller could act on.
    pub async fn send(&self, gateways: &[NodeId], outbound: &Outbound) {
        if gateways.is_empty() {
            return;
        }
        let item = wire::encode_outbound(outbound);
        if let [gateway] = gateways {
            return self.link(gateway).send(item).await;
        }
        // Side by side, so that a gateway whose queue is full does not keep the others waiting.
        let links: Vec<_> = gateways.iter().map(|gateway| self.link(gateway)).collect();
        future::join_all(links.iter().map(|link| link.send(item.clone()))).await;
    }

    /// What the link to a gateway still holds from a number on, as much as one answer may hold; it begins
    /// with a greater number if there is nothing older. `None` without such a link.
    pub fn resend(&self, gateway: &NodeId, from: u64) -> Option<Parcel> {
        let link = self.0.links.read().get(gateway).cloned();
        let parcel = link.map(|link| link.resend(from));
        let case = match &parcel {
            Some(parcel) if parcel.first <= from => "whole",
            Some(_) => "part",
            None => "none",
        };
        metrics::count(&self.0.passage.metrics.resends, case);
        parcel
    }

    /// Looks after the links until the handle is dropped: says their numbers, drops those of gateways that
    /// are gone.
    #[must_use = "links are looked after while the handle lives"]
    pub fn look_after_links(&self) -> AbortOnDropHandle<()> {
        let outward = self.clone();
        AbortOnDropHandle::new(tokio::spawn(async move {
            let period = outward.0.options.heartbeat;
            let mut ticks = time::interval(period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut absent = HashMap::new();
            loop {
                ticks.tick().await;
                let live = outward.live_links(&mut absent);
                if outward.0.passage.certain {
                    continue;
                }
                // A bus that does not take it in that time has no use for the next ones either.
                let beats = future::join_all(live.iter().map(|link| link.say_number()));
                let _ = time::timeout(period, beats).await;
            }
        }))
    }

    /// The links whose gateways live. Others are dropped after their grace.
    fn live_links(&self, absent: &mut HashMap<NodeId, Instant>) -> Vec<Arc<Link>> {
        let nodes = self.0.nodes.borrow().clone();
        absent.retain(|gateway, _| !nodes.contains_key(gateway));
        let mut live = Vec::new();
        for (gateway, link) in &*self.0.links.read() {
            if nodes.contains_key(gateway) {
                live.push(Arc::clone(link));
            } else {
                absent.entry(gateway.clone()).or_insert_with(Instant::now);
            }
        }
        let gone: Vec<_> =
            absent.extract_if(|_, since| since.elapsed() >= self.0.options.grace).map(|(gateway, _)| gateway).collect();
        if !gone.is_empty() {
            let mut links = self.0.links.write();
            gone.iter().for_each(|gateway| drop(links.remove(gateway)));
        }
        live
    }

    fn link(&self, gateway: &NodeId) -> Arc<Link> {
        if let Some(link) = self.0.links.read().get(gateway) {
            return Arc::clone(link);
        }
        let mut links = self.0.links.write();
        let link = links.entry(gateway.clone()).or_insert_with(|| {
            let number = self.0.opened.fetch_add(1, Ordering::Relaxed) + 1;
            Arc::new(Link::new(self.0.sender.clone(), gateway, number, Arc::clone(&self.0.passage)))
        });
        Arc::clone(link)
    }
}
