//! The directory over etcd.
//!
//! - All that a process registers stands under one lease. One task gives signs of life for it and
//!   follows what changes (`keeper`), over one connection at a time (`session`).
//! - A lease is lost when etcd says so, and not before: while no server answers, nobody is taken for
//!   dead and the view stays as it was.
//! - After every new connection the nodes are listed anew and watched from there on. So it does not
//!   matter how much was changed and forgotten in between.
//!
//! Keys are `<prefix>/nodes/<role>/<node-id>` (`record`).

mod keeper;
mod options;
mod record;
mod session;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use heliograph_domain::id::NodeId;
use parking_lot::Mutex;
use rand::RngExt;
use tokio::{sync::watch, time};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{Directory, DirectoryError, Node, Nodes, Role};
use crate::connect::{ConnectError, Obstacle};
use keeper::Keeper;
pub use options::EtcdOptions;
use options::failure;
use record::Keys;
use session::{Failure, Lease, Session};

/// The first version that is still looked after.
const OLDEST: (u64, u64) = (3, 4);

/// Between two attempts to do something.
const PAUSE: Duration = Duration::from_millis(50);

/// The nodes of a cluster, in etcd.
pub struct EtcdDirectory {
    shared: Arc<Shared>,
    keys: Keys,
    patience: Duration,
    _keeper: AbortOnDropHandle<()>,
}

/// What the keeper and the callers share.
struct Shared {
    nodes: watch::Sender<Nodes>,
    losses: watch::Sender<u64>,
    /// Present while there is a connection, and a lease that etcd has confirmed over it.
    current: watch::Sender<Option<Current>>,
    /// What this process has registered, and the revision of that.
    registered: Mutex<BTreeMap<NodeId, Registration>>,
    /// The time for which leases are granted, in milliseconds.
    lease: AtomicU64,
}

#[derive(Clone)]
struct Current {
    session: Session,
    lease: Lease,
    /// Whoever finds that the connection is of no use says so here.
    failed: CancellationToken,
}

struct Registration {
    role: Role,
    revision: i64,
}

impl EtcdDirectory {
    /// Connects to the first server that answers, and returns when it is known who is there. From then
    /// on the connection is made anew whenever it is lost, to another server if there is one.
    ///
    /// # Errors
    /// What is in the way, in one line.
    pub async fn connect(options: EtcdOptions) -> Result<Self, ConnectError> {
        let address = options.address()?;
        let shown = address.shown();
        let keys = Keys::new(&options.prefix);
        let shared = Arc::new(Shared {
            nodes: watch::Sender::default(),
            losses: watch::Sender::default(),
            current: watch::Sender::default(),
            registered: Mutex::default(),
            lease: AtomicU64::default(),
        });
        let endpoints = options.endpoints(&address).await?;
        let mut keeper = Keeper {
            credentials: options.credentials(&address)?,
            // Processes that are started with the same list do not all begin with the same server.
            next: rand::rng().random_range(0..endpoints.len()),
            endpoints,
            keys: keys.clone(),
            shared: Arc::clone(&shared),
            lease: None,
            options: options.clone(),
        };
        let connected = keeper.connect().await.map_err(|error| {
            let uncertified = address.scheme == "etcds" && options.cert_file.is_none();
            refused(&shown, error, uncertified)
        })?;
        // Servers may keep their version to themselves.
        if let Ok(version) = connected.session().version().await
            && !suits(&version)
        {
            let reason = format!("version {version} is too old, {}.{} or later is needed", OLDEST.0, OLDEST.1);
            return Err(failure(&shown, Obstacle::Unsuitable, reason));
        }
        let keeper = AbortOnDropHandle::new(tokio::spawn(keeper.run(connected)));
        // The keeper takes the connection into use. If it is lost before that, there will be another.
        let mut current = shared.current.subscribe();
        let _ = time::timeout(options.patience, current.wait_for(Option::is_some)).await;
        Ok(Self { shared, keys, patience: options.patience, _keeper: keeper })
    }

    /// Does something over the connection that there is, or the next one if it fails over this.
    async fn attempt<T, F>(&self, work: impl Fn(Current) -> F) -> Result<T, DirectoryError>
    where
        F: Future<Output = Result<Option<T>, Failure>>,
    {
        let mut current = self.shared.current.subscribe();
        let mut reason = "not connected to etcd".to_owned();
        let attempts = async {
            loop {
                let usable = current.wait_for(|current| current.as_ref().is_some_and(|c| !c.failed.is_cancelled()));
                let Some(usable) = usable.await.ok().and_then(|usable| usable.clone()) else {
                    // The sender is as old as `self`.
                    return std::future::pending().await;
                };
                match work(usable.clone()).await {
                    Ok(Some(done)) => return Ok(done),
                    Ok(None) => reason = "the lease is lost".to_owned(),
                    Err(failure) if failure.obstacle == Obstacle::Unsuitable => return Err(failure.reason),
                    Err(failure) => reason = failure.reason,
                }
                // The lease is gone, the token has expired, the server is silent: a new connection deals
                // with each of them.
                usable.failed.cancel();
                time::sleep(PAUSE).await;
            }
        };
        let done = time::timeout(self.patience, attempts).await;
        done.unwrap_or_else(|_| Err(format!("{reason}; tried for {:?}", self.patience)))
            .map_err(DirectoryError::Unavailable)
    }
}

impl Directory for EtcdDirectory {
    fn register(&self, node: Node) -> BoxFuture<'_, Result<(), DirectoryError>> {
        async move {
            let (key, value) = (self.keys.key(node.role, &node.id), record::encode(&node));
            self.attempt(|current| {
                let (id, role) = (node.id.clone(), node.role);
                let (key, value) = (key.clone(), value.clone());
                async move {
                    let Some(revision) = current.session.put(key, value, current.lease).await? else {
                        return Ok(None);
                    };
                    self.shared.registered.lock().insert(id, Registration { role, revision });
                    Ok(Some(()))
                }
            })
            .await?;
            let mut nodes = self.shared.nodes.subscribe();
            let seen = nodes.wait_for(|nodes| nodes.get(&node.id) == Some(&node));
            if time::timeout(self.patience, seen).await.is_err() {
                self.shared.registered.lock().remove(&node.id);
                return Err(DirectoryError::Unavailable("etcd does not show what was registered".to_owned()));
            }
            Ok(())
        }
        .boxed()
    }

    fn deregister<'a>(&'a self, node: &'a NodeId) -> BoxFuture<'a, Result<(), DirectoryError>> {
        async move {
            let registered = self.shared.registered.lock().remove(node).map(|registration| registration.role);
            let role = registered.or_else(|| self.shared.nodes.borrow().get(node).map(|node| node.role));
            let Some(role) = role else { return Ok(()) };
            let key = self.keys.key(role, node);
            self.attempt(|current| {
                let key = key.clone();
                async move { current.session.delete(key).await.map(Some) }
            })
            .await
        }
        .boxed()
    }

    fn watch(&self) -> watch::Receiver<Nodes> {
        self.shared.nodes.subscribe()
    }

    fn losses(&self) -> watch::Receiver<u64> {
        self.shared.losses.subscribe()
    }

    fn lease(&self) -> Duration {
        Duration::from_millis(self.shared.lease.load(Ordering::Relaxed))
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), DirectoryError>> {
        let current = self.shared.current.borrow().clone();
        async move {
            let unavailable = DirectoryError::Unavailable;
            let current = current.ok_or_else(|| unavailable("not connected to etcd".to_owned()))?;
            current.session.probe(&self.keys).await.map_err(|failure| unavailable(failure.reason))
        }
        .boxed()
    }
}

/// Whether a server of this version will do.
fn suits(version: &str) -> bool {
    let mut parts = version.split('.').map_while(|part| part.parse().ok());
    parts.next().zip(parts.next()).is_none_or(|version: (u64, u64)| version >= OLDEST)
}

/// `uncertified`: the server may have hung up because it has not seen a certificate.
fn refused(servers: &str, error: Failure, uncertified: bool) -> ConnectError {
    let hint = match error.obstacle {
        Obstacle::Credentials => "check user and password",
        Obstacle::Encryption => "check the certificates, and whether the server encrypts",
        Obstacle::Unsuitable => "may this user read and write below the prefix?",
        Obstacle::Unreachable if uncertified => {
            "is a server running there, and does it ask for a client's certificate?"
        }
        Obstacle::Unreachable | Obstacle::Settings => "is a server running there?",
    };
    failure(servers, error.obstacle, format!("{}; {hint}", error.reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_do_not_suit() {
        for (version, expected) in
            [("2.3.8", false), ("3.3.27", false), ("3.4.0", true), ("3.10.1", true), ("main", true)]
        {
            assert_eq!(suits(version), expected, "{version}");
        }
    }
}
