//! Receives what services send to this gateway: each item once, in the order of its link.

use std::{
    collections::HashMap,
    future::{self, Future},
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::BoxFuture;
use heliograph_cluster::{
    bus::{Bus, BusError, CallerRuns, DeliveryGuarantee, Message, Subject, Subscription},
    directory::{Nodes, Role},
    grpc::LinkClient,
};
use heliograph_domain::{
    delivery::{Outbound, Parcel},
    id::NodeId,
    refusal::{Code, Refusal},
    wire,
};
use heliograph_telemetry::metrics::{self, count};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{self, Instant, MissedTickBehavior},
};

use super::incoming::{Incoming, Taken};

/// Bounds of what is received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkOptions {
    /// Bytes of items of one sender that are kept while an older one is missing.
    pub early_bytes: usize,
    /// How long it is asked before the gateway goes on without what is missing.
    pub patience: Duration,
    /// How often senders say their numbers: [`heliograph_cluster::outward::OutwardOptions::heartbeat`].
    pub heartbeat: Duration,
}

impl Default for LinkOptions {
    fn default() -> Self {
        Self { early_bytes: 1024 * 1024, patience: Duration::from_secs(5), heartbeat: Duration::from_secs(1) }
    }
}

/// How long a sender may take to answer when it is asked for what is missing; then it is asked again.
pub(crate) const ANSWER: Duration = Duration::from_secs(1);

/// From one question to a sender that did not answer to the next.
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// How long after a disturbance the end of a sender that was never heard may hide a loss.
const UNHEARD: Duration = Duration::from_secs(30);

/// Services that are gone of which it is remembered what they have sent: one that was only silent for long must
/// not be taken for a new one, whose first item is number 1.
const REMEMBERED: usize = 1000;

/// Where items go.
pub(crate) trait Sink: Send + Sync + 'static {
    /// Carries an item out. With `leisure`, nothing else waits at the moment.
    fn carry_out(&self, item: Outbound, leisure: bool) -> impl Future<Output = ()> + Send;

    /// Items were lost that nobody can send again.
    fn lost(&self);
}

/// Asks a sender for what is missing.
pub(crate) trait Resend: Send + Sync + 'static {
    /// See [`LinkClient::resend`].
    fn resend(&self, sender: NodeId, gateway: NodeId, from: u64) -> BoxFuture<'static, Result<Parcel, Refusal>>;
}

impl Resend for LinkClient {
    fn resend(&self, sender: NodeId, gateway: NodeId, from: u64) -> BoxFuture<'static, Result<Parcel, Refusal>> {
        let client = self.clone();
        Box::pin(async move { Self::resend(&client, &sender, &gateway, from).await })
    }
}

/// Where this gateway can be reached: a node id that it has, and what comes for that.
pub(crate) struct Address {
    gateway: NodeId,
    subscription: Subscription,
    senders: HashMap<NodeId, Sender>,
}

struct Sender {
    incoming: Incoming,
    /// Whether it is being asked for what is missing.
    asked: bool,
}

impl Address {
    /// Begins to receive what is sent to a node id of this gateway.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if the bus cannot be reached.
    pub(crate) async fn open(bus: &dyn Bus, gateway: NodeId) -> Result<Self, BusError> {
        let subscription = bus.subscribe(Subject::Gateway(gateway.clone()), None).await?;
        Ok(Self { gateway, subscription, senders: HashMap::new() })
    }

    fn early_bytes(&self) -> usize {
        self.senders.values().map(|sender| sender.incoming.early_bytes()).sum()
    }
}

/// What a receiver is told.
pub(crate) enum Errand {
    /// The gateway has another address now. What still comes to those before is received too.
    Move(Address),
    /// Nothing comes to the addresses before any more.
    Settle,
}

/// What a receiver needs beside an address.
pub(crate) struct Surroundings {
    pub(crate) options: LinkOptions,
    pub(crate) delivery: DeliveryGuarantee,
    pub(crate) nodes: watch::Receiver<Nodes>,
    pub(crate) resend: Arc<dyn Resend>,
    pub(crate) metrics: metrics::Links,
}

/// Receives. One task for all senders, so that a room's events keep their order whoever sends them.
pub(crate) struct Receiver<S> {
    around: Surroundings,
    sink: S,
    address: Address,
    /// Addresses that it had before.
    previous: Vec<Address>,
    asking: JoinSet<Answer>,
    /// Services that live, and since when others do not.
    services: HashMap<NodeId, Option<Instant>>,
    disturbed: Option<Instant>,
}

/// What a sender has answered.
struct Answer {
    gateway: NodeId,
    sender: NodeId,
    parcel: Result<Parcel, Refusal>,
}

impl<S: Sink> Receiver<S> {
    pub(crate) fn new(address: Address, around: Surroundings, sink: S) -> Self {
        Self {
            around,
            sink,
            address,
            previous: Vec::new(),
            asking: JoinSet::new(),
            services: HashMap::new(),
            disturbed: None,
        }
    }

    /// Carries out what comes, as `task`, until the bus is gone.
    pub(crate) async fn run(mut self, mut errands: mpsc::Receiver<Errand>, task: CallerRuns) {
        self.address.subscription.run_by_callers(&task);
        let mut ticks = time::interval(self.around.options.heartbeat);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                Some(errand) = errands.recv() => match errand {
                    Errand::Move(address) => {
                        address.subscription.run_by_callers(&task);
                        self.previous.push(std::mem::replace(&mut self.address, address));
                    }
                    Errand::Settle => self.previous.clear(),
                },
                Some(answer) = self.asking.join_next(), if !self.asking.is_empty() => {
                    if let Ok(answer) = answer {
                        self.answered(answer).await;
                    }
                }
                _ = ticks.tick() => self.look_around(),
                (index, message) = next(&mut self.previous) => self.receive(message, Some(index)).await,
                message = self.address.subscription.next() => match message {
                    Some(message) => self.receive(message, None).await,
                    None => return,
                },
            }
        }
    }

    /// Takes a message that has come to the address, or to a `previous` one.
    async fn receive(&mut self, message: Message, previous: Option<usize>) {
        let metrics = &self.around.metrics;
        let parcel = match wire::decode_parcel(message.payload) {
            Ok(parcel) => parcel,
            Err(error) => {
                metrics.unreadable.inc();
                return tracing::warn!(%error, "a parcel cannot be read");
            }
        };
        metrics.parcels.inc();
        let address = previous.and_then(|index| self.previous.get_mut(index)).unwrap_or(&mut self.address);
        let now = Instant::now();
        if !address.senders.contains_key(&parcel.sender) {
            let sender = Sender { incoming: Incoming::new(now), asked: false };
            address.senders.insert(parcel.sender.clone(), sender);
        }
        let Some(sender) = address.senders.get_mut(&parcel.sender) else { return };
        let id = parcel.sender.clone();
        let taken = sender.incoming.take(parcel, self.around.options.early_bytes, now);
        if sender.incoming.missing().is_some() && !sender.asked {
            metrics.gaps.inc();
            let gateway = address.gateway.clone();
            self.ask(&gateway, &id, Duration::ZERO);
        }
        self.hand_on(taken).await;
    }

    /// Asks a sender for what is missing.
    fn ask(&mut self, gateway: &NodeId, id: &NodeId, delay: Duration) {
        let Some(sender) = self.sender(gateway, id) else { return };
        let Some(from) = sender.incoming.missing() else { return };
        sender.asked = true;
        let (resend, gateway, sender) = (Arc::clone(&self.around.resend), gateway.clone(), id.clone());
        self.asking.spawn(async move {
            time::sleep(delay).await;
            let parcel = resend.resend(sender.clone(), gateway.clone(), from).await;
            Answer { gateway, sender, parcel }
        });
    }

    /// Takes what a sender has answered, and asks again if that is not everything.
    async fn answered(&mut self, answer: Answer) {
        let Answer { gateway, sender: id, parcel } = answer;
        let (now, LinkOptions { early_bytes, patience, .. }) = (Instant::now(), self.around.options);
        let Some(sender) = self.sender(&gateway, &id) else { return };
        sender.asked = false;
        let mut delay = Duration::ZERO;
        let (case, taken) = match parcel {
            Ok(parcel) => {
                let taken = sender.incoming.take_again(parcel, early_bytes, now);
                (if taken.lost { "part" } else { "whole" }, taken)
            }
            Err(refusal) if refusal.code == Code::NotFound => ("gone", sender.incoming.go_on(now)),
            Err(_) if sender.incoming.missing_for(now) >= patience => ("unanswered", sender.incoming.go_on(now)),
            Err(_) => {
                delay = ASK_AGAIN;
                ("unanswered", Taken::default())
            }
        };
        count(&self.around.metrics.asked, case);
        self.ask(&gateway, &id, delay);
        self.hand_on(taken).await;
    }

    fn sender(&mut self, gateway: &NodeId, id: &NodeId) -> Option<&mut Sender> {
        let mut addresses = self.previous.iter_mut().chain([&mut self.address]);
        addresses.find(|address| address.gateway == *gateway)?.senders.get_mut(id)
    }

    async fn hand_on(&mut self, taken: Taken) {
        let Taken { ready, repeated, lost } = taken;
        let metrics = &self.around.metrics;
        metrics.items.inc_by(ready.len() as u64);
        metrics.repeats.inc_by(repeated as u64);
        let mut items = ready.into_iter();
        while let Some(item) = items.next() {
            match wire::decode_outbound(item) {
                Ok(item) => {
                    let leisure = items.len() == 0 && self.address.subscription.is_idle();
                    self.sink.carry_out(item, leisure).await;
                }
                Err(error) => {
                    metrics.unreadable.inc();
                    tracing::warn!(%error, "an item cannot be read");
                }
            }
        }
        if lost {
            self.lost();
        }
    }

    fn lost(&self) {
        self.around.metrics.losses.inc();
        self.sink.lost();
    }

    /// Notices what nobody says: that the bus was disturbed, and that senders are gone.
    fn look_around(&mut self) {
        let now = Instant::now();
        let early: usize = self.previous.iter().chain([&self.address]).map(Address::early_bytes).sum();
        self.around.metrics.early_bytes.set(i64::try_from(early).unwrap_or(i64::MAX));
        let DeliveryGuarantee::AtMostOnce { disturbances } = &mut self.around.delivery else { return };
        if disturbances.has_changed().unwrap_or(false) {
            disturbances.mark_unchanged();
            self.disturbed = Some(now);
        }

        let nodes = self.around.nodes.borrow().clone();
        for node in nodes.values().filter(|node| node.role != Role::Gateway) {
            self.services.insert(node.id.clone(), None);
        }
        let gone: Vec<NodeId> = self
            .services
            .iter_mut()
            .filter(|(id, gone)| gone.is_none() && !nodes.contains_key(id))
            .map(|(id, gone)| {
                *gone = Some(now);
                id.clone()
            })
            .collect();
        // What it sent last may have been lost, and it will not say its number any more.
        if gone.iter().any(|id| self.may_have_been_missed(id, now)) {
            self.lost();
        }
        self.forget_the_oldest();
    }

    fn forget_the_oldest(&mut self) {
        let mut gone: Vec<_> = self.services.iter().filter_map(|(id, gone)| Some(((*gone)?, id.clone()))).collect();
        let Some(too_many) = gone.len().checked_sub(REMEMBERED).filter(|count| *count > 0) else { return };
        gone.sort();
        for (_, id) in gone.drain(..too_many) {
            self.services.remove(&id);
            self.address.senders.remove(&id);
        }
    }

    /// Whether the bus was disturbed since a sender has said its number.
    fn may_have_been_missed(&self, id: &NodeId, now: Instant) -> bool {
        let Some(disturbed) = self.disturbed else { return false };
        match self.address.senders.get(id) {
            Some(sender) => sender.incoming.heard() < disturbed + self.around.options.heartbeat,
            None => now < disturbed + UNHEARD,
        }
    }
}

/// The next message for one of these addresses, and which.
async fn next(addresses: &mut [Address]) -> (usize, Message) {
    let poll = |context: &mut Context<'_>| {
        for (index, address) in addresses.iter_mut().enumerate() {
            if let Poll::Ready(Some(message)) = pin!(address.subscription.next()).poll(context) {
                return Poll::Ready((index, message));
            }
        }
        Poll::Pending
    };
    future::poll_fn(poll).await
}
