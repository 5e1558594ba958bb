//! The whole of it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use heliograph_servers::{
    Certificates, Encryption, Etcd, EtcdOptions, Nats, NatsOptions, Redis, RedisOptions, ServerError,
};

use crate::{
    balancer::Balancer,
    node::{Node, NodeOptions, Role},
};

/// The servers that the processes share.
pub struct Servers {
    /// Carries messages.
    pub nats: Nats,
    /// Keeps everything, on disk too.
    pub redis: Redis,
    /// Says who lives.
    pub etcd: Etcd,
}

impl Servers {
    /// Starts one of each.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start() -> Result<Self, ServerError> {
        let etcd = thread::spawn(Etcd::start);
        let redis = RedisOptions::default().append_only().start()?;
        let nats = Nats::start()?;
        let etcd = etcd.join().map_err(|_| std::io::Error::other("the start of etcd panicked"))??;
        Ok(Self { nats, redis, etcd })
    }

    /// Starts one of each that lets in only who has a password and a certificate, and shows one.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn secured() -> Result<Self, ServerError> {
        let mutual = Encryption::Mutual;
        let etcd = EtcdOptions::default().password("etcd-password").encryption(mutual).start()?;
        let redis = RedisOptions::default().append_only().password("redis-password").encryption(mutual).start()?;
        let nats = NatsOptions::default().user("heliograph", "nats-password").encryption(mutual).start()?;
        Ok(Self { nats, redis, etcd })
    }

    /// What the configuration names beside the addresses: certificates, if the servers have some, and then for the
    /// processes among themselves as well.
    pub fn settings(&self) -> toml::Table {
        let mut settings = toml::Table::new();
        let files = [
            ("nats", self.nats.certificates()),
            ("redis", self.redis.certificates()),
            ("etcd", self.etcd.certificates()),
        ];
        for (section, files) in files {
            let Some(files) = files else { continue };
            let table = trusting(files, &files.client_cert, &files.client_key);
            settings.insert(section.to_owned(), table.into());
        }
        if let Some(files) = self.nats.certificates() {
            settings.insert("grpc".to_owned(), trusting(files, &files.node_cert, &files.node_key).into());
        }
        settings
    }

    /// Their addresses, as the configuration names them.
    pub fn addresses(&self) -> Addresses {
        Addresses { bus: self.nats.url(), store: self.redis.url(), directory: self.etcd.url() }
    }
}

/// Who is trusted, and what is shown to them.
fn trusting(files: &Certificates, certificate: &Path, key: &Path) -> toml::Table {
    let named = [("ca_file", files.ca.as_path()), ("cert_file", certificate), ("key_file", key)];
    named.map(|(name, file)| (name.to_owned(), file.display().to_string().into())).into_iter().collect()
}

/// Where the shared servers are: URLs as in the configuration.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// `nats://…`
    pub bus: String,
    /// `redis://…`
    pub store: String,
    /// `etcd://…`
    pub directory: String,
}

/// How many processes of each role.
#[derive(Clone, Copy, Debug)]
pub struct Roles {
    /// Gateways.
    pub gateways: usize,
    /// Room-routers.
    pub room_routers: usize,
    /// Presence services.
    pub presences: usize,
}

impl Default for Roles {
    fn default() -> Self {
        Self { gateways: 2, room_routers: 2, presences: 2 }
    }
}

/// How a cluster is started.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// The program.
    pub binary: PathBuf,
    /// How many processes of each role.
    pub roles: Roles,
    /// Configuration keys for every process.
    pub settings: toml::Table,
    /// Keeps clusters that share servers apart.
    pub prefix: String,
    /// The balancer's port; a free one if none is given.
    pub port: Option<u16>,
    /// Whether the processes' ways to the servers shall be breakable.
    pub breakable: bool,
}

/// A running cluster. It ends when this is dropped.
pub struct Cluster {
    /// Without stickiness, in front of the gateways.
    pub balancer: Balancer,
    /// Gateways, room-routers and presence services.
    pub nodes: Vec<Arc<Node>>,
}

impl Cluster {
    /// Starts the processes over these servers and waits until all are ready.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start(options: &ClusterOptions, addresses: &Addresses) -> Result<Self, ServerError> {
        let node = NodeOptions {
            binary: options.binary.clone(),
            settings: settings(options),
            addresses: addresses.clone(),
            breakable: options.breakable,
        };
        let roles = [
            (Role::RoomRouter, options.roles.room_routers),
            (Role::Presence, options.roles.presences),
            (Role::Gateway, options.roles.gateways),
        ];
        let starting = roles.into_iter().flat_map(|(role, count)| (0..count).map(move |_| role)).map(|role| {
            let node = node.clone();
            thread::spawn(move || Node::start(role, &node).map(Arc::new))
        });
        let starting: Vec<_> = starting.collect();
        let mut nodes = Vec::new();
        for node in starting {
            nodes.push(node.join().map_err(|_| std::io::Error::other("the start of a node panicked"))??);
        }
        let gateways: Vec<_> = of(&nodes, Role::Gateway).map(|node| node.public()).collect();
        Ok(Self { balancer: Balancer::start(&gateways, options.port)?, nodes })
    }

    /// The processes of one role.
    pub fn of(&self, role: Role) -> impl Iterator<Item = &Arc<Node>> {
        of(&self.nodes, role)
    }
}

fn of(nodes: &[Arc<Node>], role: Role) -> impl Iterator<Item = &Arc<Node>> {
    nodes.iter().filter(move |node| node.role == role)
}

/// The settings that all processes have: those of the options, and what keeps them apart from other clusters.
fn settings(options: &ClusterOptions) -> toml::Table {
    let mut settings = options.settings.clone();
    for (section, prefix) in
        [("nats", options.prefix.clone()), ("redis", options.prefix.clone()), ("etcd", format!("/{}", options.prefix))]
    {
        let table = settings.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        if let toml::Value::Table(table) = table {
            table.insert("prefix".to_owned(), prefix.into());
        }
    }
    settings
}
