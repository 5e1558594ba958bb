//! Links to the processes that live, by the directory.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use heliograph_domain::id::NodeId;
use heliograph_telemetry::{metrics, trouble::Trouble};
use parking_lot::{Mutex, MutexGuard};
use tokio::{sync::watch, time::Instant};
use tonic::transport::{Channel, Endpoint};
use tower::{ServiceExt, util::BoxCloneSyncService};
use tracing::warn;

use super::{
    Keepalive, Link, STREAM_WINDOW, Services, Tls, Way, WayError, balance::Balanced, connection_window, link::LARGEST,
};
use crate::{
    connect::story,
    directory::{Node, Nodes, Role},
};

/// How [`Channels`] connect.
#[derive(Clone, Debug)]
pub struct ChannelOptions {
    /// Certificates; without them, nothing is encrypted.
    pub tls: Option<Tls>,
    /// How long connecting may take.
    pub connect: Duration,
    /// Signs of life that are asked of the other side.
    pub keepalive: Keepalive,
    /// Largest answer that is read, in bytes.
    pub largest: usize,
    /// Calls and streams of one channel at once that data may wait for: as many as servers allow.
    pub streams: u32,
}

impl Default for ChannelOptions {
    fn default() -> Self {
        Self {
            tls: None,
            connect: Duration::from_secs(1),
            keepalive: Keepalive::default(),
            largest: LARGEST,
            streams: 16 * 1024,
        }
    }
}

/// How long a process that did not answer is asked only if there is no other.
const DISTRUST: Duration = Duration::from_secs(1);

/// Links to the processes that live. Clones are the same links.
///
/// There is one channel to each process, connected when it is first used; those to processes which
/// the directory no longer knows are dropped.
#[derive(Clone)]
pub struct Channels(Arc<Shared>);

struct Shared {
    nodes: watch::Receiver<Nodes>,
    options: ChannelOptions,
    metrics: metrics::Grpc,
    pool: Mutex<Pool>,
    /// Whose turn it is.
    turn: AtomicUsize,
}

#[derive(Default)]
struct Pool {
    /// The nodes that `peers` are made from.
    seen: Option<Nodes>,
    peers: BTreeMap<String, Arc<Peer>>,
    /// This process, by the address under which its nodes are registered.
    here: Option<Arc<Peer>>,
}

/// A process that can be asked.
pub(super) struct Peer {
    address: String,
    way: Way,
    /// Until when it is asked only if there is no other.
    distrusted: Mutex<Option<Instant>>,
}

impl Peer {
    fn new(address: String, way: Way) -> Arc<Self> {
        Arc::new(Self { address, way, distrusted: Mutex::new(None) })
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn way(&self) -> Way {
        self.way.clone()
    }

    pub(super) fn distrust(&self) {
        *self.distrusted.lock() = Some(Instant::now() + DISTRUST);
    }

    fn is_distrusted(&self) -> bool {
        self.distrusted.lock().is_some_and(|until| Instant::now() < until)
    }
}

impl Channels {
    /// Links to the processes of these nodes.
    pub fn new(nodes: watch::Receiver<Nodes>, options: ChannelOptions, metrics: metrics::Grpc) -> Self {
        let shared = Shared { nodes, options, metrics, pool: Mutex::default(), turn: AtomicUsize::new(0) };
        Self(Arc::new(shared))
    }

    /// Answers by these services what is asked of nodes with this address: they are in this process.
    pub fn serve_here(&self, address: &str, services: &Services) {
        let peer = Peer::new(address.to_owned(), services.way());
        *self.0.pool.lock() = Pool { here: Some(peer), ..Pool::default() };
    }

    /// A link to whichever live process with this role answers, those that drain last. For questions,
    /// which change nothing: one that is not answered may be put to a second process. While there is no
    /// such process, one is waited for.
    pub fn role(&self, role: Role, deadline: Duration) -> Link {
        // Half the time, so that the second process has as much.
        let balanced = Balanced { channels: self.clone(), role, attempt: deadline / 2 };
        Link::new(balanced, deadline).with_largest(self.0.options.largest)
    }

    /// A link to the process of one node; `None` if it does not live.
    pub fn node(&self, node: &NodeId, deadline: Duration) -> Option<Link> {
        let (nodes, pool) = self.0.look();
        let peer = pool.peers.get(&nodes.get(node)?.grpc)?;
        Some(Link::new(peer.way(), deadline).with_largest(self.0.options.largest))
    }

    pub(super) fn metrics(&self) -> &metrics::Grpc {
        &self.0.metrics
    }

    /// The process with this role whose turn it is. Waits for one.
    pub(super) async fn wait_for(&self, role: Role) -> Arc<Peer> {
        let mut nodes = self.0.nodes.clone();
        loop {
            nodes.borrow_and_update();
            if let Some(peer) = self.choose(role, None) {
                return peer;
            }
            if nodes.changed().await.is_err() {
                // The directory is gone for good. Who asks has a deadline.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Another process with this role.
    pub(super) fn other(&self, role: Role, first: &Peer) -> Option<Arc<Peer>> {
        self.choose(role, Some(first))
    }

    fn choose(&self, role: Role, but: Option<&Peer>) -> Option<Arc<Peer>> {
        let (nodes, pool) = self.0.look();
        let mut able: Vec<(&Node, &Arc<Peer>)> = nodes
            .values()
            .filter(|node| node.role == role && but.is_none_or(|but| but.address != node.grpc))
            .filter_map(|node| Some((node, pool.peers.get(&node.grpc)?)))
            .collect();
        if !able.is_empty() && but.is_none() {
            let turn = self.0.turn.fetch_add(1, Ordering::Relaxed) % able.len();
            able.rotate_left(turn);
        }
        let best = able.into_iter().min_by_key(|(node, peer)| (peer.is_distrusted(), node.draining));
        best.map(|(_, peer)| Arc::clone(peer))
    }
}

impl Shared {
    /// The nodes that live, and the channels to them.
    fn look(&self) -> (Nodes, MutexGuard<'_, Pool>) {
        let nodes = self.nodes.borrow().clone();
        let mut pool = self.pool.lock();
        if !pool.seen.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, &nodes)) {
            self.follow(&mut pool, Arc::clone(&nodes));
        }
        (nodes, pool)
    }

    /// Makes and drops channels as the nodes that live demand it.
    fn follow(&self, pool: &mut Pool, nodes: Nodes) {
        let mut before = std::mem::take(&mut pool.peers);
        for address in nodes.values().map(|node| &node.grpc) {
            if pool.peers.contains_key(address) {
                continue;
            }
            let here = pool.here.as_ref().filter(|here| here.address == *address).cloned();
            let peer = here.or_else(|| before.remove(address)).or_else(|| self.connect(address));
            if let Some(peer) = peer {
                pool.peers.insert(address.clone(), peer);
            }
        }
        pool.seen = Some(nodes);
        self.metrics.channels.set(i64::try_from(pool.peers.len()).unwrap_or(i64::MAX));
    }

    /// A channel to an address; `None` if it is none.
    fn connect(&self, address: &str) -> Option<Arc<Peer>> {
        // Within one process nodes have no address.
        if address.is_empty() {
            return None;
        }
        match self.channel(address) {
            Ok(channel) => {
                let begins = "another process cannot be asked";
                let trouble = Trouble::new(begins, "another process can be asked again").about(address.to_owned());
                let trouble = Arc::new(trouble);
                let way = channel.map_err(WayError::new).map_result(move |asked: Result<_, WayError>| {
                    match &asked {
                        Ok(_) => trouble.succeeded(),
                        Err(error) => trouble.failed(story(error)),
                    }
                    asked
                });
                let way = BoxCloneSyncService::new(way);
                Some(Peer::new(address.to_owned(), way))
            }
            Err(error) => {
                warn!(address, %error, "a node's gRPC address cannot be used; it has to be host:port");
                None
            }
        }
    }

    fn channel(&self, address: &str) -> Result<Channel, tonic::transport::Error> {
        let ChannelOptions { tls, connect, keepalive, streams, .. } = &self.options;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let mut endpoint = Endpoint::from_shared(format!("{scheme}://{address}"))?
            .user_agent(concat!("heliograph/", env!("CARGO_PKG_VERSION")))?
            .connect_timeout(*connect)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(keepalive.interval)
            .keep_alive_timeout(keepalive.timeout)
            .keep_alive_while_idle(true)
            // Answers that nobody waits for any more must not cost the connection: see the server.
            .http2_max_local_error_reset_streams(None)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(connection_window(*streams));
        if let Some(tls) = tls {
            endpoint = endpoint.tls_config(tls.client())?;
        }
        Ok(endpoint.connect_lazy())
    }
}
