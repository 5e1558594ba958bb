//! The link to one gateway: numbers its items, and lets them out one parcel after the other.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use heliograph_domain::{delivery::Parcel, id::NodeId, wire};
use heliograph_telemetry::metrics;
use parking_lot::Mutex;
use tokio::{runtime::Handle, sync::Notify};
use tracing::{debug, error};

use super::{OutwardOptions, kept::Kept};
use crate::bus::{Bus, BusError, Subject};

/// Most bytes of items in an answer to a gateway that has missed some. Fits into a gRPC message.
const RESEND_BYTES: usize = 1024 * 1024;

/// What all links of a sender share.
pub(super) struct Passage {
    pub(super) bus: Arc<dyn Bus>,
    pub(super) limits: OutwardOptions,
    /// Whether the bus loses nothing.
    pub(super) certain: bool,
    pub(super) metrics: metrics::Outward,
}

pub(super) struct Link {
    passage: Arc<Passage>,
    sender: NodeId,
    number: u64,
    subject: Subject,
    state: Mutex<State>,
    /// Told when fewer items wait.
    room: Notify,
}

struct State {
    /// Number of the first item that waits, or of the one that comes next.
    next: u64,
    waiting: VecDeque<Bytes>,
    waiting_bytes: usize,
    /// Whether a [`Turn`] is out.
    busy: bool,
    kept: Kept,
}

/// The right to publish a parcel, which one at a time has: so parcels go out in the order of their numbers.
/// When it is over, also because whoever has it is dropped in the middle, a task gets it for what waits.
struct Turn<'a>(&'a Arc<Link>);

impl Link {
    pub(super) fn new(sender: NodeId, gateway: &NodeId, number: u64, passage: Arc<Passage>) -> Self {
        let state = State {
            next: 1,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            busy: false,
            kept: Kept::new(passage.limits.kept_bytes),
        };
        let subject = Subject::Gateway(gateway.clone());
        Self { passage, sender, number, subject, state: Mutex::new(state), room: Notify::new() }
    }

    /// Sends an item: at once if the bus is free, else with whatever else is waiting for it.
    pub(super) async fn send(self: &Arc<Self>, item: Bytes) {
        let Some((turn, number)) = self.offer(&item).await else { return };
        turn.publish(number, vec![item]).await;
    }

    /// Says which number comes next, unless items are on their way, which say it themselves.
    pub(super) async fn say_number(self: &Arc<Self>) {
        let next = {
            let mut state = self.state.lock();
            if std::mem::replace(&mut state.busy, true) {
                return;
            }
            state.next
        };
        Turn(self).publish(next, Vec::new()).await;
    }

    /// The newest items from a number on.
    pub(super) fn resend(&self, from: u64) -> Parcel {
        let state = self.state.lock();
        let (first, items) = state.kept.from(from, state.next, RESEND_BYTES);
        self.parcel(first, items)
    }

    /// Lets an item wait, or gives the right to publish it, and its number.
    async fn offer(self: &Arc<Self>, item: &Bytes) -> Option<(Turn<'_>, u64)> {
        loop {
            let room = self.room.notified();
            {
                let mut state = self.state.lock();
                if !state.busy {
                    state.busy = true;
                    return Some((Turn(self), self.number_items(&mut state, std::slice::from_ref(item))));
                }
                if state.waiting_bytes < self.passage.limits.waiting_bytes {
                    state.waiting_bytes += item.len();
                    self.passage.metrics.waiting_bytes.inc_by(item.len() as i64);
                    state.waiting.push_back(item.clone());
                    return None;
                }
            }
            self.passage.metrics.full.inc();
            room.await;
        }
    }

    /// Publishes what waits, as much as one parcel may hold.
    async fn publish_waiting(self: Arc<Self>) {
        let turn = Turn(&self);
        let (first, items) = self.next_items();
        self.room.notify_waiters();
        turn.publish(first, items).await;
    }

    fn next_items(&self) -> (u64, Vec<Bytes>) {
        let mut state = self.state.lock();
        let mut bytes = 0;
        let fits = |item: &&Bytes| {
            bytes += item.len();
            bytes <= self.passage.limits.parcel_bytes
        };
        // A larger item travels alone.
        let count = state.waiting.iter().take_while(fits).count().max(1).min(state.waiting.len());
        let items: Vec<_> = state.waiting.drain(..count).collect();
        let taken: usize = items.iter().map(Bytes::len).sum();
        state.waiting_bytes -= taken;
        self.passage.metrics.waiting_bytes.dec_by(taken as i64);
        (self.number_items(&mut state, &items), items)
    }

    /// Gives these items their numbers. Gives that of the first.
    fn number_items(&self, state: &mut State, items: &[Bytes]) -> u64 {
        let first = state.next;
        state.next += items.len() as u64;
        if !self.passage.certain {
            let grown: i64 = items.iter().map(|item| state.kept.push(item)).sum();
            self.passage.metrics.kept_bytes.inc_by(grown);
        }
        first
    }

    fn parcel(&self, first: u64, items: Vec<Bytes>) -> Parcel {
        Parcel { sender: self.sender.clone(), link: self.number, first, items }
    }
}

impl Turn<'_> {
    async fn publish(self, first: u64, items: Vec<Bytes>) {
        let Self(link) = &self;
        let Passage { bus, metrics, .. } = &*link.passage;
        metrics.parcels.inc();
        metrics.items.inc_by(items.len() as u64);
        let payload = wire::encode_parcel(link.parcel(first, items));
        if let Err(error) = bus.publish(link.subject.clone(), payload).await {
            metrics.refused.inc();
            match error {
                // It will not be taken later either: somebody has to do something.
                BusError::TooLarge { .. } => error!(%error, "a parcel was not taken by the bus"),
                _ => debug!(subject = %link.subject, %error, "a parcel was not taken by the bus"),
            }
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        // Without a runtime the process is about to end.
        let runtime = (!state.waiting.is_empty()).then(Handle::try_current).and_then(Result::ok);
        match runtime {
            Some(runtime) => drop(runtime.spawn(Arc::clone(self.0).publish_waiting())),
            None => state.busy = false,
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        self.passage.metrics.kept_bytes.dec_by(state.kept.bytes() as i64);
        self.passage.metrics.waiting_bytes.dec_by(state.waiting_bytes as i64);
    }
}
