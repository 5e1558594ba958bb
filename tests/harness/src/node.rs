//! One process of Heliograph.

use std::{
    fs,
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    time::Duration,
};

use heliograph_servers::{Launch, Process, Program, ServerError};

use crate::{cluster::Addresses, link::Link};

/// How long one look at a node's health may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a process does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Terminates client connections.
    Gateway,
    /// Handles rooms, messages and calls.
    RoomRouter,
    /// Knows who is here.
    Presence,
}

impl Role {
    /// The role's name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::RoomRouter => "room-router",
            Self::Presence => "presence",
        }
    }
}

/// How a process is started.
#[derive(Clone, Debug)]
pub struct NodeOptions {
    /// The program.
    pub binary: PathBuf,
    /// Configuration keys that every process has; sections are tables.
    pub settings: toml::Table,
    /// The servers that it shares with the others.
    pub addresses: Addresses,
    /// Whether its ways to them shall be breakable.
    pub breakable: bool,
}

/// The ways of a process to the servers.
pub struct Links {
    /// To NATS.
    pub bus: Link,
    /// To Redis.
    pub store: Link,
    /// To etcd.
    pub directory: Link,
}

/// A process of Heliograph on ports of its own. It ends when this is dropped.
pub struct Node {
    /// The process.
    pub process: Process,
    /// What it does.
    pub role: Role,
    /// Its ways to the servers, if they are breakable.
    pub links: Option<Links>,
    ports: [u16; 3],
}

impl Node {
    /// Starts a process and waits until it is ready.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start(role: Role, options: &NodeOptions) -> Result<Self, ServerError> {
        let program = Program {
            name: options.binary.display().to_string().into(),
            remedy: "cargo build --bin heliograph".into(),
        };
        let Addresses { bus, store, directory } = options.addresses.clone();
        let mut settings = options.settings.clone();
        for (key, url) in [("bus", &bus), ("store", &store), ("directory", &directory)] {
            settings.insert(key.to_owned(), url.clone().into());
        }
        let mut linked = |key, url: &str| linked(&mut settings, key, url);
        let links = match options.breakable {
            true => Some(Links {
                bus: linked("bus", &bus)?,
                store: linked("store", &store)?,
                directory: linked("directory", &directory)?,
            }),
            false => None,
        };
        let (process, ports) = Process::start(program, |directory, ports| {
            let file = directory.join("heliograph.toml");
            fs::write(&file, configuration(&settings, ports).to_string())?;
            let operations = ports[1];
            Ok(Launch {
                arguments: vec![role.name().into(), "--config".into(), file.into()],
                ready: Box::new(move || is_ready(operations)),
            })
        })?;
        Ok(Self { process, role, links, ports })
    }

    /// Where clients connect to, if it is a gateway: `host:port`.
    pub fn public(&self) -> String {
        format!("127.0.0.1:{}", self.ports[0])
    }

    /// Where its metrics and health are: `host:port`.
    pub fn operations(&self) -> String {
        format!("127.0.0.1:{}", self.ports[1])
    }

    /// Its gRPC address: `host:port`.
    pub fn grpc(&self) -> String {
        format!("127.0.0.1:{}", self.ports[2])
    }

    /// Whether it says that it can serve.
    pub fn is_ready(&self) -> bool {
        is_ready(self.ports[1])
    }

    /// The value of a metric, summed over the series whose names begin with `name` and contain `labels`. Zero if
    /// it cannot be asked.
    pub fn metric(&self, name: &str, labels: &str) -> f64 {
        let text = get(self.ports[1], "/metrics").unwrap_or_default();
        let series = text.lines().filter(|line| line.starts_with(name) && line.contains(labels));
        series.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// The directory with its configuration and log.
    pub fn directory(&self) -> &Path {
        self.process.directory()
    }
}

/// Puts a link before a server and its address into the settings.
fn linked(settings: &mut toml::Table, key: &str, url: &str) -> io::Result<Link> {
    let bad = || io::Error::new(io::ErrorKind::InvalidInput, format!("{key}: `{url}` names no address"));
    let server = url.rsplit(['/', '@']).next().unwrap_or_default();
    let link = Link::to(server.parse().map_err(|_| bad())?)?;
    let url = format!("{}{}", url.strip_suffix(server).ok_or_else(bad)?, link.address());
    settings.insert(key.to_owned(), url.into());
    Ok(link)
}

/// The settings with the ports of one process.
fn configuration(settings: &toml::Table, ports: [u16; 3]) -> toml::Table {
    let mut settings = settings.clone();
    for (section, port) in ["public", "operations", "grpc"].into_iter().zip(ports) {
        let table = settings.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        if let toml::Value::Table(table) = table {
            table.insert("host".to_owned(), "127.0.0.1".into());
            table.insert("port".to_owned(), i64::from(port).into());
        }
    }
    settings
}

fn is_ready(operations: u16) -> bool {
    get(operations, "/readyz")
        .is_some_and(|answer| answer.starts_with("HTTP/1.0 200") || answer.starts_with("HTTP/1.1 200"))
}

/// The answer to a GET request, head and body.
fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}
