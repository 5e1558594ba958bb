//! Starts a cluster, says where it is, and shows its log until it is told to stop.
//!
//! For people (`cargo xtask cluster`) and for the test suites, which read the same announcement as of the
//! program itself: `call page`, `operations`, `ready`.

mod control;
mod follow;

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    thread,
};

use clap::Parser;
use heliograph_harness::{Addresses, Cluster, ClusterOptions, Role, Roles, Servers};
use tokio::signal::unix::{SignalKind, signal};

/// A cluster of processes behind a balancer that knows no stickiness.
#[derive(Parser)]
struct Arguments {
    /// The program.
    #[arg(long, default_value = "target/debug/heliograph")]
    binary: PathBuf,
    /// Configuration for every process (TOML).
    #[arg(long)]
    config: Option<PathBuf>,
    /// The balancer's port; otherwise a free one.
    #[arg(long)]
    port: Option<u16>,
    /// Gateways.
    #[arg(long, default_value_t = 2)]
    gateways: usize,
    /// Room-routers.
    #[arg(long, default_value_t = 2)]
    room_routers: usize,
    /// Presence services.
    #[arg(long, default_value_t = 2)]
    presences: usize,
    /// First part of every name in the shared servers.
    #[arg(long, default_value = "hg")]
    prefix: String,
    /// Starts NATS, Redis and etcd and nothing else, for clusters that share them.
    #[arg(long)]
    servers: bool,
    /// Passwords and certificates everywhere: at the servers, and between the processes.
    #[arg(long, conflicts_with = "bus")]
    secured: bool,
    /// Takes commands on standard input: see `control`. Ends with it.
    #[arg(long)]
    control: bool,
    /// NATS that runs already, with `--store` and `--directory`; otherwise all three are started.
    #[arg(long, requires_all = ["store", "directory"])]
    bus: Option<String>,
    /// Redis that runs already.
    #[arg(long)]
    store: Option<String>,
    /// etcd that runs already.
    #[arg(long)]
    directory: Option<String>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cluster: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let mut settings = match &arguments.config {
        Some(file) => fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?.parse()?,
        None => development(),
    };
    // Held until the end: they end when they are dropped.
    let (servers, addresses) = match (arguments.bus, arguments.store, arguments.directory) {
        (Some(bus), Some(store), Some(directory)) => (None, Addresses { bus, store, directory }),
        _ => {
            let servers = if arguments.secured { Servers::secured()? } else { Servers::start()? };
            settings.extend(servers.settings());
            let addresses = servers.addresses();
            (Some(servers), addresses)
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    if arguments.servers {
        io::stdout().write_all(format!("{}ready\n", described(&addresses)).as_bytes())?;
        runtime.block_on(asked_to_stop())?;
        return Ok(());
    }
    let roles =
        Roles { gateways: arguments.gateways, room_routers: arguments.room_routers, presences: arguments.presences };
    let options = ClusterOptions {
        binary: arguments.binary,
        roles,
        settings,
        prefix: arguments.prefix,
        port: arguments.port,
        breakable: arguments.control,
    };
    let cluster = Cluster::start(&options, &addresses)?;
    follow::follow(&cluster);
    announce(&cluster, &addresses)?;
    if arguments.control {
        return Ok(control::obey(&cluster, servers.as_ref())?);
    }
    runtime.block_on(asked_to_stop())?;
    drain(&cluster);
    Ok(())
}

/// The settings of a cluster that a person looks at: everybody is who they say they are.
fn development() -> toml::Table {
    let mut auth = toml::Table::new();
    auth.insert("mode".to_owned(), "open".into());
    auth.insert("open_in_cluster".to_owned(), true.into());
    toml::Table::from_iter([("auth".to_owned(), toml::Value::Table(auth))])
}

fn announce(cluster: &Cluster, addresses: &Addresses) -> io::Result<()> {
    let public = cluster.balancer.address();
    let mut text = format!(
        "Heliograph: a cluster behind a balancer\n  \
           call page    http://{public}/\n  \
           sockets      http://{public}/socket.io/  ws://{public}/ws\n{}",
        described(addresses)
    );
    for node in &cluster.nodes {
        let pid = node.process.pid().unwrap_or_default();
        let clients = match node.role {
            Role::Gateway => format!("  clients http://{}/", node.public()),
            Role::RoomRouter | Role::Presence => String::new(),
        };
        let (role, operations) = (node.role.name(), node.operations());
        text.push_str(&format!("  {role:<12} operations http://{operations}/metrics{clients}  pid {pid}\n"));
    }
    text.push_str("ready\n");
    io::stdout().write_all(text.as_bytes())
}

fn described(addresses: &Addresses) -> String {
    let Addresses { bus, store, directory } = addresses;
    format!("  bus          {bus}\n  store        {store}\n  directory    {directory}\n")
}

async fn asked_to_stop() -> io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Lets the gateways move their clients away, then the others hand over what they have.
fn drain(cluster: &Cluster) {
    for gateways in [true, false] {
        let nodes = cluster.nodes.iter().filter(|node| (node.role == Role::Gateway) == gateways).cloned();
        let stopping: Vec<_> = nodes.map(|node| thread::spawn(move || node.process.stop())).collect();
        for stopping in stopping {
            if let Ok(Err(error)) = stopping.join() {
                eprintln!("cluster: {error}");
            }
        }
    }
}
