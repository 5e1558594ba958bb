//! Gateways that have died: their sockets are lost, and nobody else says so.
//!
//! - A gateway is dead if the directory had it and has it no more. Node ids are not used twice, and the
//!   directory takes a node out only at its own wish or when its lease is over.
//! - It is dead, too, if the store knows sockets of it and the directory has not had it for a whole lease
//!   and answers: it died while this service was not there to see it. That takes so long because a gateway
//!   that has just registered may have sockets before the news of it is here.
//! - Of all presence services the one reaps that owns the partition of the gateway's id. It says of each
//!   socket what the gateway would have said, to the owner of the user's partition. All of that may happen
//!   twice: another service may begin anew.
//! - By then the sockets are gone for as long as the lease has lasted, and the graces count from there.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    future,
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt, stream};
use heliograph_cluster::{
    directory::{Directory, Nodes, Role},
    partition::Partition,
};
use heliograph_domain::{
    command::{DisconnectCause, PresenceCommand, PresenceRequest},
    id::{CommandId, NodeId, SocketId, UserId},
};
use rand::RngExt;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::people::People;

/// Sockets that are read at a time.
const PAGE: usize = 4096;

/// How long to wait before something that failed is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// How long after the grace a dead gateway is looked at again: a room may not have answered.
const STILL_KNOWN: Duration = Duration::from_secs(5);

/// For how long a gateway has to be missed, whatever the lease.
const SHORTEST_LEASE: Duration = Duration::from_secs(1);

/// How long the dead are remembered of whom the store knows nothing.
const REMEMBERED: Duration = Duration::from_secs(60);

/// Looks for gateways that have died, and ends their sockets.
pub(crate) struct Reaper {
    people: Arc<People>,
    directory: Arc<dyn Directory>,
    node: NodeId,
    /// Gateways that the directory has, and whether they drain.
    living: BTreeMap<NodeId, bool>,
    /// Gateways that only the store knows, and since when they are missed.
    missed: HashMap<NodeId, Instant>,
    dead: HashMap<NodeId, Death>,
    /// One for each socket that may be under way.
    turns: Arc<Semaphore>,
    reaping: JoinSet<NodeId>,
    under_way: HashSet<NodeId>,
}

/// A death that was noticed.
#[derive(Clone, Copy)]
struct Death {
    noticed: Instant,
    /// How long its sockets had been lost by then.
    age: Duration,
}

impl Reaper {
    pub(crate) fn new(people: Arc<People>, directory: Arc<dyn Directory>, node: NodeId) -> Self {
        let turns = Arc::new(Semaphore::new(people.options.reap_at_once));
        Self {
            people,
            directory,
            node,
            living: BTreeMap::new(),
            missed: HashMap::new(),
            dead: HashMap::new(),
            turns,
            reaping: JoinSet::new(),
            under_way: HashSet::new(),
        }
    }

    /// Reaps until `stop`.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut nodes = self.people.nodes.clone();
        self.follow(&nodes.borrow_and_update().clone());
        let mut survey_at = Instant::now();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                changed = nodes.changed() => match changed {
                    Ok(()) => self.follow(&nodes.borrow_and_update().clone()),
                    // The directory is gone for good, and with it the knowledge of who dies.
                    Err(_) => future::pending().await,
                },
                () = time::sleep_until(survey_at) => survey_at = Instant::now() + self.survey().await,
                Some(reaped) = self.reaping.join_next() => {
                    if let Ok(gateway) = &reaped {
                        self.under_way.remove(gateway);
                    } else {
                        // Whose task has failed is not known: each of the dead is looked at again.
                        self.under_way.clear();
                    }
                    survey_at = survey_at.min(Instant::now() + self.look_again());
                }
            }
        }
    }

    /// Takes note of who lives. Who has been there before and is not now has died.
    fn follow(&mut self, nodes: &Nodes) {
        let gateways = nodes.values().filter(|node| node.role == Role::Gateway);
        let living = gateways.map(|node| (node.id.clone(), node.draining)).collect();
        let before = std::mem::replace(&mut self.living, living);
        for (gateway, draining) in before {
            if !self.living.contains_key(&gateway) {
                // One that drains goes by itself, and leaves the directory when its sockets are gone.
                let age = if draining { Duration::ZERO } else { self.directory.lease() };
                info!(%gateway, draining, "a gateway has left the directory");
                self.dead.insert(gateway, Death { noticed: Instant::now(), age });
            }
        }
        self.missed.retain(|gateway, _| !self.living.contains_key(gateway));
        let dead: Vec<_> = self.dead.keys().cloned().collect();
        for gateway in dead {
            self.reap(&gateway, nodes);
        }
    }

    /// Compares the gateways that the store knows with those that live. Gives when to do so again.
    async fn survey(&mut self) -> Duration {
        let known = match self.people.store.presence.gateways().await {
            Ok(known) => BTreeSet::from_iter(known),
            Err(error) => {
                self.people.noted(Err::<(), _>(error), "survey");
                return AGAIN;
            }
        };
        self.dead.retain(|gateway, death| known.contains(gateway) || death.noticed.elapsed() < REMEMBERED);
        self.missed.retain(|gateway, _| known.contains(gateway));
        let is_missing = |gateway: &&NodeId| !self.living.contains_key(*gateway) && !self.dead.contains_key(*gateway);
        let missing: Vec<NodeId> = known.iter().filter(is_missing).cloned().collect();
        if !missing.is_empty() {
            self.miss(missing).await;
        }
        let nodes = self.people.nodes.borrow().clone();
        let dead: Vec<_> = self.dead.keys().filter(|gateway| known.contains(*gateway)).cloned().collect();
        for gateway in &dead {
            self.reap(gateway, &nodes);
        }
        // Not all services at once.
        let mut next = self.people.options.reap_interval.mul_f64(rand::rng().random_range(0.8..1.2));
        if !self.missed.is_empty() {
            next = next.min(self.lease());
        }
        if !dead.is_empty() {
            next = next.min(self.look_again());
        }
        next
    }

    /// Notes that gateways are missing, and which of them for long enough.
    async fn miss(&mut self, missing: Vec<NodeId>) {
        let lease = self.lease();
        let nodes = self.people.nodes.clone();
        // Without an answer of the directory its view says nothing about who has come since; and a view that
        // does not even have this service is too old.
        if self.directory.probe().await.is_err() || !nodes.borrow().contains_key(&self.node) {
            self.missed.clear();
            return;
        }
        for gateway in missing {
            if nodes.borrow().contains_key(&gateway) {
                continue;
            }
            let since = *self.missed.entry(gateway.clone()).or_insert_with(Instant::now);
            if since.elapsed() >= lease {
                info!(%gateway, "a gateway of which sockets are known is not there");
                self.missed.remove(&gateway);
                self.dead.insert(gateway, Death { noticed: Instant::now(), age: since.elapsed() });
            }
        }
    }

    /// After which time nothing should be known any more of a gateway that has just been reaped.
    fn look_again(&self) -> Duration {
        STILL_KNOWN + self.people.options.loss_grace.saturating_sub(self.directory.lease())
    }

    fn lease(&self) -> Duration {
        self.directory.lease().max(SHORTEST_LEASE)
    }

    /// Begins to end the sockets of a dead gateway, if that is this service's business.
    fn reap(&mut self, gateway: &NodeId, nodes: &Nodes) {
        let services = nodes.values().filter(|node| node.role == Role::Presence && !node.draining);
        let owner = Partition::of(gateway.as_str()).owner(services.map(|node| &node.id));
        if owner != Some(&self.node) || self.under_way.contains(gateway) {
            return;
        }
        let Some(death) = self.dead.get(gateway).copied() else { return };
        self.under_way.insert(gateway.clone());
        let (people, turns, gateway) = (Arc::clone(&self.people), Arc::clone(&self.turns), gateway.clone());
        self.reaping.spawn(async move {
            people.end_all(&gateway, death, &turns).await;
            gateway
        });
    }
}

impl People {
    /// Says of every socket of a gateway that it is lost, and returns when all of them have been told of.
    async fn end_all(self: &Arc<Self>, gateway: &NodeId, death: Death, turns: &Arc<Semaphore>) {
        let mut told: HashSet<SocketId> = HashSet::new();
        let mut limit = PAGE;
        loop {
            let page = match self.store.presence.at_gateway(gateway, limit).await {
                Ok(page) => page,
                Err(error) => {
                    self.noted(Err::<(), _>(error), "reap");
                    time::sleep(AGAIN).await;
                    continue;
                }
            };
            let (known, whole) = (page.len(), page.len() < limit);
            let left: Vec<_> = page.iter().filter(|(socket, _)| !told.contains(socket)).cloned().collect();
            if left.is_empty() && whole {
                self.noted(self.store.presence.tidy(gateway, &page).await, "reap");
                break;
            }
            if left.is_empty() {
                // They wait for their grace and hide the others.
                limit *= 2;
                continue;
            }
            let count = left.len();
            let telling = left.into_iter().map(|(socket, user)| self.end_one(gateway, death, turns, socket, user));
            let answered: Vec<_> =
                stream::iter(telling).buffer_unordered(PAGE).filter_map(future::ready).collect().await;
            if answered.len() < count {
                let unanswered = count - answered.len();
                let error = format!("{unanswered} of {known} sockets of {gateway}, which is dead, could not be ended");
                self.noted(Err::<(), _>(error), "reap");
                time::sleep(AGAIN).await;
            }
            told.extend(answered);
        }
        if !told.is_empty() {
            info!(%gateway, sockets = told.len(), took = ?death.noticed.elapsed(), "the sockets of a dead gateway are lost");
        }
    }

    /// Says that a socket is lost. Gives it if presence has answered.
    async fn end_one(
        &self,
        gateway: &NodeId,
        death: Death,
        turns: &Semaphore,
        socket: SocketId,
        user: UserId,
    ) -> Option<SocketId> {
        let _turn = turns.acquire().await.ok()?;
        let command = PresenceCommand::Disconnect {
            socket: socket.clone(),
            user,
            gateway: gateway.clone(),
            cause: DisconnectCause::Lost,
            age: death.age + death.noticed.elapsed(),
            positions: Vec::new(),
        };
        let answer = self.commands.presence(&PresenceRequest { id: CommandId::generate(), command }).await;
        self.metrics.reaped.inc();
        answer.is_ok().then_some(socket)
    }
}
