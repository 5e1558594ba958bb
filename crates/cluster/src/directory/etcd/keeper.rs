//! The task that keeps the lease and follows the nodes.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    mem,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use etcd_client::{Event, KeyValue, WatchResponse};
use heliograph_domain::id::NodeId;
use rand::RngExt;
use tokio::time::{self, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tonic::transport::Endpoint;
use tracing::{debug, info, warn};

use super::{
    Current, EtcdOptions, Keys, Shared, record,
    session::{Credentials, Failure, KeptAlive, Lease, Session, Watch},
};
use crate::{
    connect::Obstacle,
    directory::{Node, Nodes},
};

/// The first pause before the servers are tried again. It doubles from one to the next.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Signs of life within the time of a lease: two may be lost.
const SIGNS: u32 = 3;

/// Why a lease is lost that was not kept alive in time.
const ENDED: &str = "it was not kept alive in time";

/// Gives signs of life for a lease and follows the nodes.
pub(super) struct Keeper {
    pub(super) credentials: Option<Credentials>,
    /// At least one.
    pub(super) endpoints: Vec<Endpoint>,
    /// The endpoint to try next, modulo their number.
    pub(super) next: usize,
    pub(super) keys: Keys,
    pub(super) shared: Arc<Shared>,
    /// It outlives connections.
    pub(super) lease: Option<Lease>,
    pub(super) options: EtcdOptions,
}

/// A connection over which there is a lease and everybody is known.
pub(super) struct Connected {
    session: Session,
    kept: KeptAlive,
    watch: Watch,
}

impl Connected {
    pub(super) fn session(&self) -> &Session {
        &self.session
    }
}

impl Keeper {
    /// Tries each server once.
    pub(super) async fn connect(&mut self) -> Result<Connected, Failure> {
        let mut last = None;
        for _ in 0..self.endpoints.len() {
            let endpoint = self.endpoints[self.next % self.endpoints.len()].clone();
            let failure = match self.connect_to(&endpoint).await {
                Ok(connected) => return Ok(connected),
                Err(failure) => failure,
            };
            debug!(server = %endpoint.uri(), reason = %failure, "no connection to etcd");
            // A server that can be talked to has more to say than one that is not there.
            if last.as_ref().is_none_or(|last: &Failure| last.obstacle == Obstacle::Unreachable) {
                last = Some(failure);
            }
            self.next = self.next.wrapping_add(1);
        }
        Err(last.unwrap_or_else(|| Failure { obstacle: Obstacle::Settings, reason: "no servers".to_owned() }))
    }

    async fn connect_to(&mut self, endpoint: &Endpoint) -> Result<Connected, Failure> {
        let session = Session::open(endpoint, self.credentials.as_ref(), self.options.patience).await?;
        let watch = self.list(&session).await?;
        let kept = self.hold_lease(&session).await?;
        self.options.metrics.connections.inc();
        Ok(Connected { session, kept, watch })
    }

    /// Makes sure of a lease: the one that there was, or a new one.
    async fn hold_lease(&mut self, session: &Session) -> Result<KeptAlive, Failure> {
        loop {
            let lease = match self.lease {
                Some(lease) => lease,
                None => self.grant(session).await?,
            };
            match session.keep_alive(lease).await? {
                Some(kept) => return Ok(kept),
                None => self.lose(ENDED),
            }
        }
    }

    async fn grant(&mut self, session: &Session) -> Result<Lease, Failure> {
        let lease = session.grant(self.options.lease).await?;
        let millis = u64::try_from(lease.ttl.as_millis()).unwrap_or(u64::MAX);
        self.shared.lease.store(millis, Ordering::Relaxed);
        self.lease = Some(lease);
        Ok(lease)
    }

    /// Notes that this process was taken for dead.
    fn lose(&mut self, reason: &str) {
        self.lease = None;
        self.shared.current.send_replace(None);
        let registered = mem::take(&mut *self.shared.registered.lock());
        // A lease under which nothing stood is missed by nobody.
        if !registered.is_empty() {
            warn!(nodes = registered.len(), "the lease at etcd is lost: {reason}");
            self.options.metrics.lost_leases.inc();
            self.shared.losses.send_modify(|count| *count += 1);
        }
    }

    /// Learns who is there, and begins to follow what changes.
    async fn list(&mut self, session: &Session) -> Result<Watch, Failure> {
        let (found, revision) = session.list(&self.keys).await?;
        let nodes: BTreeMap<NodeId, Node> =
            found.iter().filter_map(|kv| self.read(kv)).map(|node| (node.id.clone(), node)).collect();
        let missing = {
            let registered = self.shared.registered.lock();
            registered.iter().any(|(id, own)| own.revision <= revision && !nodes.contains_key(id))
        };
        self.shared.nodes.send_if_modified(|seen| {
            let changed = **seen != nodes;
            if changed {
                *seen = Arc::new(nodes);
            }
            changed
        });
        if missing {
            self.renounce(session, "what this process has registered is gone").await?;
        }
        session.watch(&self.keys, revision + 1).await
    }

    /// Lets go of a lease under which something has been deleted by others.
    async fn renounce(&mut self, session: &Session, reason: &str) -> Result<(), Failure> {
        let lease = self.lease;
        self.lose(reason);
        match lease {
            // Else the rest would stand there for as long as this process lives.
            Some(lease) => session.revoke(lease).await,
            None => Ok(()),
        }
    }

    fn read(&self, kv: &KeyValue) -> Option<Node> {
        let (role, id) = self.keys.owner(kv.key())?;
        let node = record::decode(role, id, kv.value());
        node.inspect_err(|error| warn!(key = %String::from_utf8_lossy(kv.key()), %error, "a node cannot be read")).ok()
    }

    /// Keeps the lease and follows the nodes for as long as the connection is of use.
    async fn follow(&mut self, connected: Connected) -> Result<Infallible, Failure> {
        let Connected { session, mut kept, mut watch } = connected;
        loop {
            let Some(lease) = self.lease else {
                kept = self.hold_lease(&session).await?;
                continue;
            };
            let failed = CancellationToken::new();
            let current = Current { session: session.clone(), lease, failed: failed.clone() };
            self.shared.current.send_replace(Some(current));
            let mut signs = time::interval(lease.ttl / SIGNS);
            signs.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut unanswered = false;
            while self.lease.is_some() {
                tokio::select! {
                    _ = signs.tick() => {
                        if unanswered {
                            return Err(broken(format!("a sign of life is not answered within {:?}", signs.period())));
                        }
                        kept.send().await?;
                        unanswered = true;
                    }
                    alive = kept.answer() => {
                        unanswered = false;
                        if !alive? {
                            self.lose(ENDED);
                        }
                    }
                    response = watch.next() => {
                        let response = response?;
                        if !response.canceled() {
                            self.apply(&session, &response).await?;
                        } else if response.compact_revision() > 0 {
                            debug!("etcd has forgotten what was not seen yet: listed anew");
                            watch = self.list(&session).await?;
                        } else {
                            return Err(broken(format!("the watch is refused: {}", response.cancel_reason())));
                        }
                    }
                    () = failed.cancelled() => return Err(broken("a request has failed".to_owned())),
                }
            }
        }
    }

    /// Carries over to the view what has changed.
    async fn apply(&mut self, session: &Session, response: &WatchResponse) -> Result<(), Failure> {
        let mut nodes = Nodes::clone(&self.shared.nodes.borrow());
        let mut own = None;
        for kv in response.events().iter().filter_map(Event::kv) {
            // What is deleted has no version. The library's `event_type` panics at a type that is new to it.
            if kv.version() == 0 {
                let Some((_, id)) = self.keys.owner(kv.key()) else { continue };
                if self.shared.registered.lock().get(&id).is_some_and(|own| own.revision < kv.mod_revision()) {
                    own = Some(id.clone());
                }
                Arc::make_mut(&mut nodes).remove(&id);
            } else if let Some(node) = self.read(kv) {
                Arc::make_mut(&mut nodes).insert(node.id.clone(), node);
            }
        }
        self.shared.nodes.send_if_modified(|seen| {
            let changed = *seen != nodes;
            *seen = nodes;
            changed
        });
        match own {
            Some(id) => self.renounce(session, &format!("{id} was deleted")).await,
            None => Ok(()),
        }
    }

    /// Follows over this connection and the next ones, for as long as the directory is used.
    pub(super) async fn run(mut self, first: Connected) {
        let mut connected = first;
        loop {
            let Err(failure) = self.follow(connected).await;
            self.shared.current.send_replace(None);
            warn!(reason = %failure, "the connection to etcd is lost");
            self.next = self.next.wrapping_add(1);
            let mut pause = FIRST_PAUSE;
            let mut said = None;
            connected = loop {
                match self.connect().await {
                    Ok(connected) => break connected,
                    // The same again and again is worth one line, though it may be put in other words.
                    Err(failure) if said == Some(failure.obstacle) => {}
                    Err(failure) => {
                        warn!(reason = %failure, "etcd cannot be reached");
                        said = Some(failure.obstacle);
                    }
                }
                // Others have lost the same server.
                let wait = rand::rng().random_range(pause / 2..=pause);
                time::sleep(wait).await;
                pause = (pause * 2).min(self.options.longest_pause);
            };
            info!("connected to etcd again");
        }
    }
}

fn broken(reason: String) -> Failure {
    Failure { obstacle: Obstacle::Unreachable, reason }
}
