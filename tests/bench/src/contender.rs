//! The servers that are measured.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use crate::options::{Options, Peer};
use crate::process;
use crate::token::SECRET;
use crate::{Failure, configuration};

/// How long a server may take to listen.
const STARTUP: Duration = Duration::from_secs(20);

/// How long a server may take to come to rest after a load.
const REST: Duration = Duration::from_secs(30);

/// The time over which a server that has come to rest uses no CPU.
const QUIET: Duration = Duration::from_millis(300);

/// A kind of server.
#[derive(Clone)]
pub(crate) enum Contender {
    /// The floor, which this program itself is.
    Floor,
    /// The product.
    Heliograph { binary: PathBuf },
    /// Another server.
    Peer(Peer),
}

impl Contender {
    /// Those to measure, the floor first.
    pub(crate) fn all(options: &Options) -> Vec<Self> {
        let mut all = vec![Self::Floor];
        all.extend(options.heliograph.clone().map(|binary| Self::Heliograph { binary }));
        all.extend(options.peers.iter().cloned().map(Self::Peer));
        all
    }

    /// The name in the table.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Floor => "floor",
            Self::Heliograph { .. } => "heliograph",
            Self::Peer(peer) => &peer.name,
        }
    }

    /// Starts a process of its own and waits until it listens.
    pub(crate) async fn start(&self) -> Result<Server, Failure> {
        let port = free_port()?;
        let mut configured = None;
        let mut command = match self {
            Self::Floor => {
                let this = std::env::current_exe().map_err(|error| Failure::new(error.to_string()))?;
                let mut command = Command::new(this);
                command.args(["floor", "--port", &port.to_string()]);
                command
            }
            Self::Heliograph { binary } => {
                let path = configuration::write(&std::env::temp_dir(), port, free_port()?)?;
                let mut command = Command::new(binary);
                command.arg("--config").arg(&path);
                configured = Some(path);
                command
            }
            Self::Peer(peer) => {
                let mut command = Command::new(&peer.program);
                command.args(&peer.arguments).arg(port.to_string()).arg(SECRET);
                command
            }
        };
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|error| Failure::new(format!("cannot start {}: {error}", self.name())))?;
        let server = Server { child, address: SocketAddr::from(([127, 0, 0, 1], port)), configured };
        server.listens(self.name()).await?;
        Ok(server)
    }
}

/// A running server; it ends when this is dropped.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    configured: Option<PathBuf>,
}

impl Server {
    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// CPU time used so far.
    pub(crate) fn cpu(&self) -> Result<Duration, Failure> {
        process::cpu(self.child.id())
    }

    /// Memory in KiB.
    pub(crate) fn pss_kib(&self) -> Result<u64, Failure> {
        process::pss_kib(self.child.id())
    }

    /// Waits until the server has nothing to do any more.
    pub(crate) async fn rest(&self) -> Result<(), Failure> {
        let deadline = Instant::now() + REST;
        let mut before = self.cpu()?;
        loop {
            tokio::time::sleep(QUIET).await;
            let now = self.cpu()?;
            if now == before {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(Failure::new("the server does not come to rest"));
            }
            before = now;
        }
    }

    async fn listens(&self, name: &str) -> Result<(), Failure> {
        let deadline = Instant::now() + STARTUP;
        while TcpStream::connect(self.address).await.is_err() {
            if Instant::now() > deadline {
                return Err(Failure::new(format!("{name} does not listen")));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.rest().await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A process that has ended already cannot be killed, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(path) = &self.configured {
            let _ = std::fs::remove_file(path);
        }
    }
}

pub(crate) fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0));
    listener
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| Failure::new(format!("no free port: {error}")))
}
