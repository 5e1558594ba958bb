//! The gateway's place in the cluster: in the directory, and on the bus under the id that the directory has.
//!
//! - It is registered at the start, as draining when the drain begins, and taken out at the end.
//! - When its lease was lost while it lived, others have taken it for dead. It takes another id, is registered
//!   under that, and makes its clients known again. What is still sent to the old id is received until they are.
//! - While the directory is merely away nothing happens.

use std::{future, sync::Arc, time::Duration};

use heliograph_cluster::{
    bus::{Bus, CallerRuns},
    directory::{Directory, Node},
};
use heliograph_domain::id::NodeId;
use tokio::{
    sync::{mpsc, watch},
    time,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{
    clients::Clients,
    link::{Address, Errand, Receiver, Surroundings, ToClients},
    service::StartError,
};

/// How long to wait before the bus or the directory is asked again that did not answer.
const AGAIN: Duration = Duration::from_secs(1);

/// How long what is sent to an old id is still received when all clients are known under the new one: commands
/// that were under way then have been answered by the end.
const LINGER: Duration = Duration::from_secs(30);

/// See the module's description.
pub(crate) struct Registration {
    clients: Arc<Clients>,
    bus: Arc<dyn Bus>,
    directory: Arc<dyn Directory>,
    losses: watch::Receiver<u64>,
    record: Node,
    receiver: mpsc::Sender<Errand>,
    _receiving: AbortOnDropHandle<()>,
    /// Makes clients known again, and ends the receiving under the ids before.
    moving: Option<AbortOnDropHandle<()>>,
}

impl Registration {
    /// Registers the gateway, and begins to receive what is sent to it.
    ///
    /// # Errors
    /// [`StartError`] if a backend cannot be reached.
    pub(crate) async fn begin(
        clients: Arc<Clients>,
        bus: Arc<dyn Bus>,
        directory: Arc<dyn Directory>,
        record: Node,
        surroundings: Surroundings,
    ) -> Result<Self, StartError> {
        let losses = directory.losses();
        let address = Address::open(&*bus, record.id.clone()).await?;
        let (receiver, errands) = mpsc::channel(1);
        let task = CallerRuns::default();
        let receiving = Receiver::new(address, surroundings, ToClients(Arc::clone(&clients)));
        let receiving = task.task(receiving.run(errands, task.clone()));
        let _receiving = AbortOnDropHandle::new(tokio::spawn(receiving));
        directory.register(record.clone()).await?;
        Ok(Self { clients, bus, directory, losses, record, receiver, _receiving, moving: None })
    }

    /// Keeps the gateway registered until `stopped`, as draining from `draining` on; then takes it out.
    pub(crate) async fn keep(mut self, draining: CancellationToken, stopped: CancellationToken) {
        loop {
            let drain_begins = async {
                match self.record.draining {
                    true => future::pending().await,
                    false => draining.cancelled().await,
                }
            };
            let lost = async {
                if self.losses.changed().await.is_err() {
                    future::pending().await
                }
            };
            let again = tokio::select! {
                () = stopped.cancelled() => break,
                () = drain_begins => false,
                () = lost => true,
                () = self.clients.tenure.doubted() => {
                    self.leave().await;
                    true
                }
            };
            let change = async {
                if again {
                    self.go_on_as(NodeId::generate(self.record.role.name())).await;
                } else {
                    self.record.draining = true;
                    if let Err(error) = self.directory.register(self.record.clone()).await {
                        tracing::warn!(%error, "the directory could not be told that this gateway drains");
                    }
                }
            };
            if stopped.run_until_cancelled(change).await.is_none() {
                break;
            }
        }
        self.leave().await;
    }

    /// Takes the gateway out of the directory.
    async fn leave(&self) {
        if let Err(error) = self.directory.deregister(&self.record.id).await {
            tracing::warn!(%error, "the gateway could not be taken out of the directory");
        }
    }

    async fn go_on_as(&mut self, node: NodeId) {
        tracing::warn!(old = %self.record.id, new = %node, "the gateway was taken for dead; it goes on under another id");
        self.clients.metrics.renewals.inc();
        self.clients.tenure.renew(node.clone());
        self.record.id = node;
        // Ends with the ids before, but not while the clients are still known under one of them.
        self.moving = None;
        let mut said = false;
        let address = loop {
            match Address::open(&*self.bus, self.record.id.clone()).await {
                Ok(address) => break address,
                Err(error) if !said => tracing::warn!(%error, "what is sent to the gateway cannot be received yet"),
                Err(_) => {}
            }
            said = true;
            time::sleep(AGAIN).await;
        };
        // Fails if the bus is gone for good.
        let _ = self.receiver.send(Errand::Move(address)).await;
        let mut said = false;
        loop {
            // A loss up to here is made good by what follows.
            self.losses.mark_unchanged();
            let Err(error) = self.directory.register(self.record.clone()).await else { break };
            if !said {
                tracing::warn!(%error, "the gateway cannot be registered; it is tried until it is");
                said = true;
            }
            time::sleep(AGAIN).await;
        }
        self.clients.tenure.registered();
        let (clients, receiver) = (Arc::clone(&self.clients), self.receiver.clone());
        self.moving = Some(AbortOnDropHandle::new(tokio::spawn(async move {
            clients.settle_all(false).await;
            time::sleep(LINGER).await;
            let _ = receiver.send(Errand::Settle).await;
        })));
    }
}
