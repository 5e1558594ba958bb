//! Several processes that serve the same clients.

use std::any::Any;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use heliograph_harness::{Cluster, ClusterOptions, Role, Roles, Servers};
use heliograph_servers::{Etcd, Nats, Process, Redis, RedisOptions, ServerError};
use tokio::net::TcpStream;

use crate::options::{Options, Peer};
use crate::token::SECRET;
use crate::{Failure, configuration, process};

/// How long servers may take to listen, and to come to rest after a load.
const PATIENCE: Duration = Duration::from_secs(60);

/// The time over which servers at rest use next to no CPU: heartbeats go on.
const QUIET: Duration = Duration::from_millis(500);
const LITTLE: Duration = Duration::from_millis(30);

/// A kind of cluster.
pub(crate) enum Kind {
    /// Two processes of another server, with Redis between them.
    Peer(Peer),
    /// The product: two gateways, a room-router and a presence service, with NATS, Redis and etcd between them.
    Heliograph { binary: PathBuf },
}

impl Kind {
    /// Those to measure, the one to compare with first.
    pub(crate) fn all(options: &Options) -> Vec<Self> {
        let peers = options.peers.iter().cloned().map(Self::Peer);
        peers.chain(options.heliograph.clone().map(|binary| Self::Heliograph { binary })).collect()
    }

    /// The name in the table.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Peer(peer) => &peer.name,
            Self::Heliograph { .. } => "heliograph",
        }
    }

    /// Starts everything and waits until clients may come. With `durable`, Redis keeps everything on its disk.
    pub(crate) async fn start(&self, durable: bool) -> Result<Site, Failure> {
        let site = match self {
            Self::Peer(peer) => peer_site(peer, durable)?,
            Self::Heliograph { binary } => product_site(binary.clone(), durable)?,
        };
        let deadline = Instant::now() + PATIENCE;
        for address in &site.addresses {
            while TcpStream::connect(address).await.is_err() {
                if Instant::now() > deadline {
                    return Err(Failure::new(format!("{} does not listen", self.name())));
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        site.rest().await?;
        Ok(site)
    }
}

fn product_site(binary: PathBuf, durable: bool) -> Result<Site, Failure> {
    let failed = |error: ServerError| Failure::new(error.to_string());
    let servers = Servers {
        nats: Nats::start().map_err(failed)?,
        redis: redis(durable).map_err(failed)?,
        etcd: Etcd::start().map_err(failed)?,
    };
    let options = ClusterOptions {
        binary,
        roles: Roles { gateways: 2, room_routers: 1, presences: 1 },
        settings: configuration::settings()?,
        prefix: "hg".to_owned(),
        port: None,
        breakable: false,
    };
    let cluster = Cluster::start(&options, &servers.addresses()).map_err(failed)?;
    let nodes = |role| cluster.of(role).filter_map(|node| node.process.pid()).collect();
    let server = |process: &Process| process.pid().into_iter().collect();
    Ok(Site {
        addresses: cluster.of(Role::Gateway).filter_map(|node| node.public().parse().ok()).collect(),
        processes: vec![
            ("gateways", nodes(Role::Gateway)),
            ("room-router", nodes(Role::RoomRouter)),
            ("presence", nodes(Role::Presence)),
            ("NATS", server(&servers.nats.process)),
            ("Redis", server(&servers.redis.process)),
            ("etcd", server(&servers.etcd.process)),
        ],
        _owned: Box::new((cluster, servers)),
    })
}

fn peer_site(peer: &Peer, durable: bool) -> Result<Site, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new(format!("cannot start {}: {error}", peer.name));
    let redis = redis(durable).map_err(|error| failed(&error))?;
    let mut processes = Vec::new();
    let mut addresses = Vec::new();
    for _ in 0..2 {
        let port = crate::contender::free_port()?;
        let mut command = Command::new(&peer.program);
        command.args(&peer.arguments).arg(port.to_string()).arg(SECRET).arg(redis.url());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        processes.push(Killed(command.spawn().map_err(|error| failed(&error))?));
        addresses.push(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    Ok(Site {
        addresses,
        processes: vec![
            ("gateways", processes.iter().map(|process| process.0.id()).collect()),
            ("Redis", redis.process.pid().into_iter().collect()),
        ],
        _owned: Box::new((processes, redis)),
    })
}

fn redis(durable: bool) -> Result<Redis, ServerError> {
    let options = RedisOptions::default();
    if durable { options.append_only().start() } else { options.start() }
}

/// A process that ends when this is dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // A process that has ended already cannot be killed, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running cluster; it ends when this is dropped.
pub(crate) struct Site {
    addresses: Vec<SocketAddr>,
    /// By what they are.
    processes: Vec<(&'static str, Vec<u32>)>,
    _owned: Box<dyn Any + Send + Sync>,
}

impl Site {
    /// Where clients connect to.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// CPU time that the processes have used so far, by what they are.
    pub(crate) fn cpu(&self) -> Result<Vec<(&'static str, Duration)>, Failure> {
        let cpu = |pids: &[u32]| pids.iter().map(|pid| process::cpu(*pid)).sum::<Result<Duration, Failure>>();
        self.processes.iter().map(|(name, pids)| Ok((*name, cpu(pids)?))).collect()
    }

    fn total_cpu(&self) -> Result<Duration, Failure> {
        Ok(self.cpu()?.into_iter().map(|(_, cpu)| cpu).sum())
    }

    /// Waits until the servers have next to nothing to do any more.
    pub(crate) async fn rest(&self) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let before = self.total_cpu()?;
            tokio::time::sleep(QUIET).await;
            if self.total_cpu()?.saturating_sub(before) <= LITTLE {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(Failure::new("the servers do not come to rest"));
            }
        }
    }
}
