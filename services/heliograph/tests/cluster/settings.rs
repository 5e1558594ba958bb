//! What a process is told.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::Path,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use heliograph_harness::{Addresses, Servers};
use heliograph_servers::Certificates;
use toml::{Table, Value};

pub(crate) const SECRET: &str = "a secret of at least 32 bytes, really";

/// Servers that let everybody in, and that no test hurts.
pub(crate) static SERVERS: LazyLock<Servers> = LazyLock::new(|| Servers::start().unwrap());

/// The configuration of a process.
#[derive(Clone)]
pub(crate) struct Settings(pub(crate) Table);

impl Settings {
    /// Over servers that nobody else uses under the same prefix.
    pub(crate) fn over(addresses: &Addresses) -> Self {
        static PREFIXES: AtomicU32 = AtomicU32::new(0);
        let prefix = format!("hg{}", PREFIXES.fetch_add(1, Ordering::Relaxed));
        Self(Table::new())
            .with("bus", addresses.bus.as_str())
            .with("store", addresses.store.as_str())
            .with("directory", addresses.directory.as_str())
            .with("auth.mode", "jwt")
            .with("auth.secret", SECRET)
            .with("nats.prefix", prefix.as_str())
            .with("redis.prefix", prefix.as_str())
            .with("etcd.prefix", format!("/{prefix}"))
            .with("etcd.lease", "2s")
    }

    /// Over the servers that let everybody in.
    pub(crate) fn shared() -> Self {
        Self::over(&SERVERS.addresses())
    }

    /// The same with one key set.
    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        match key.split_once('.') {
            None => self.0.insert(key.to_owned(), value.into()),
            Some((section, name)) => {
                let table = self.0.entry(section).or_insert_with(|| Table::new().into()).as_table_mut().unwrap();
                table.insert(name.to_owned(), value.into())
            }
        };
        self
    }

    /// The same with certificates in a section: an authority, and what is shown with its key.
    pub(crate) fn trusting(self, section: &str, ca: &Path, shown: Option<(&Path, &Path)>) -> Self {
        let file = |name: &str| format!("{section}.{name}");
        let trusting = self.with(&file("ca_file"), ca.to_str().unwrap());
        match shown {
            None => trusting,
            Some((certificate, key)) => trusting
                .with(&file("cert_file"), certificate.to_str().unwrap())
                .with(&file("key_file"), key.to_str().unwrap()),
        }
    }

    /// The same with certificates of a client.
    pub(crate) fn of_client(self, section: &str, files: &Certificates) -> Self {
        self.trusting(section, &files.ca, Some((&files.client_cert, &files.client_key)))
    }

    /// The same for a process with certificates for the others.
    pub(crate) fn of_node(self, files: &Certificates) -> Self {
        self.trusting("grpc", &files.ca, Some((&files.node_cert, &files.node_key)))
    }
}

/// An address at which nobody listens.
pub(crate) fn nobody() -> String {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().to_string()
}
