//! Which partitions this node owns.

use std::{collections::BTreeMap, future, pin::pin, sync::Arc};

use heliograph_domain::id::NodeId;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time,
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{RETRY, ServeOptions, Service, worker::Worker};
use crate::{
    bus::{Bus, CallerRuns},
    clock::Clock,
    directory::{Directory, DirectoryError, Node, Nodes},
    partition::{COUNT, Partition},
    store::Store,
};

/// The cluster, as a service sees it.
#[derive(Clone)]
pub struct Backends {
    /// Brings commands.
    pub bus: Arc<dyn Bus>,
    /// Says who lives.
    pub directory: Arc<dyn Directory>,
    /// Keeps everything.
    pub store: Store,
    /// The time.
    pub clock: Clock,
}

/// Registers a node and serves its share of the partitions until `shutdown`; then the node is taken
/// out, and what has been received is answered. `ready` is called once, when commands of every
/// partition that the node owns at first are received.
///
/// # Errors
///
/// The node could not be registered.
pub async fn serve<S: Service>(
    service: Arc<S>,
    backends: Backends,
    node: Node,
    options: ServeOptions,
    ready: impl FnOnce() + Send,
    shutdown: CancellationToken,
) -> Result<(), DirectoryError> {
    let mut nodes = backends.directory.watch();
    let id = node.id.clone();
    let losses = backends.directory.losses();
    backends.directory.register(node.clone()).await?;
    let mut returning = pin!(register_again(Arc::clone(&backends.directory), losses, node));
    let (subscribed, mut subscriptions) = mpsc::channel(usize::from(COUNT));
    let mut owned = Owned {
        service,
        backends: backends.clone(),
        options,
        subscribed,
        stops: BTreeMap::new(),
        workers: JoinSet::new(),
    };
    let mut ready = Some(ready);
    let mut received = 0;
    owned.follow(&id, &now(&mut nodes));
    loop {
        if received >= owned.stops.len()
            && let Some(ready) = ready.take()
        {
            info!(node = %id, partitions = owned.stops.len(), "serving");
            ready();
        }
        tokio::select! {
            changed = nodes.changed() => match changed {
                Ok(()) => owned.follow(&id, &now(&mut nodes)),
                // The directory is gone for good: what is owned stays owned.
                Err(_) => shutdown.cancelled().await,
            },
            Some(()) = subscriptions.recv() => received += 1,
            Some(ended) = owned.workers.join_next() => if let Err(failure) = ended && failure.is_panic() {
                error!(node = %id, "a partition's task has failed and is started again");
                owned.stops.retain(|_, stop| !stop.is_cancelled());
                owned.follow(&id, &now(&mut nodes));
            },
            () = &mut returning => {}
            () = shutdown.cancelled() => break,
        }
    }
    // Others take over while this node still answers what it has received.
    if let Err(error) = backends.directory.deregister(&id).await {
        warn!(node = %id, %error, "cannot take the node out of the directory");
    }
    owned.stop().await;
    info!(node = %id, "stopped");
    Ok(())
}

/// Registers the node again whenever its lease was lost, under its old id: others have taken its partitions
/// for the moment, and nobody acts on anything else of it.
async fn register_again(directory: Arc<dyn Directory>, mut losses: watch::Receiver<u64>, node: Node) {
    while losses.changed().await.is_ok() {
        warn!(node = %node.id, "the node's lease was lost; it registers again");
        let mut said = false;
        while let Err(error) = directory.register(node.clone()).await {
            if !said {
                warn!(node = %node.id, %error, "cannot register the node; it is tried until it is");
                said = true;
            }
            time::sleep(RETRY).await;
        }
    }
    future::pending().await
}

/// The partitions that this node owns, each with its task.
struct Owned<S: Service> {
    service: Arc<S>,
    backends: Backends,
    options: ServeOptions,
    subscribed: mpsc::Sender<()>,
    stops: BTreeMap<Partition, CancellationToken>,
    workers: JoinSet<()>,
}

/// The nodes as they are, which nothing holds on to: a service that looks at them itself, while they are about to
/// change, would otherwise wait for the change that waits for it.
fn now(nodes: &mut watch::Receiver<Nodes>) -> Nodes {
    nodes.borrow_and_update().clone()
}

impl<S: Service> Owned<S> {
    /// Begins and ends tasks as the nodes that live demand it.
    fn follow(&mut self, id: &NodeId, nodes: &Nodes) {
        let role = S::KIND.role();
        let live = || nodes.values().filter(|node| node.role == role && !node.draining).map(|node| &node.id);
        for partition in Partition::all() {
            let is_ours = partition.owner(live()) == Some(id);
            if is_ours && !self.stops.contains_key(&partition) {
                let stop = CancellationToken::new();
                self.stops.insert(partition, stop.clone());
                let worker = Worker::new(Arc::clone(&self.service), self.backends.clone(), partition, self.options);
                let subscribed = self.subscribed.clone();
                let task = CallerRuns::default();
                let callers = task.clone();
                self.workers.spawn(task.task(async move {
                    // A task that fails must not keep its partition: see `serve`.
                    let _ended = stop.clone().drop_guard();
                    let subscribed = move || {
                        // Only the first subscriptions are waited for: later ones may find no place.
                        let _ = subscribed.try_send(());
                    };
                    worker.run(stop, &callers, subscribed).await;
                }));
            } else if !is_ours && let Some(stop) = self.stops.remove(&partition) {
                stop.cancel();
            }
        }
        self.service.owns(self.stops.len());
    }

    async fn stop(mut self) {
        for stop in self.stops.values() {
            stop.cancel();
        }
        self.service.owns(0);
        while self.workers.join_next().await.is_some() {}
    }
}
