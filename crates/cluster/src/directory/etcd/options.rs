//! Where etcd is and how to be let in.

use std::{path::PathBuf, time::Duration};

use heliograph_telemetry::metrics;
use tokio::fs;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use super::session::Credentials;
use crate::connect::{Address, ConnectError, Obstacle, story};

/// Where etcd is, how to be let in, and how long a silent node is taken for living.
#[derive(Clone)]
pub struct EtcdOptions {
    /// `etcd://[user:password@]host:port[,host:port]…`, or `etcds://…` with encryption. One of the
    /// servers is used at a time.
    pub url: String,
    /// User, if it is not part of the URL.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<String>,
    /// File with the authorities that sign the servers' certificates; the system's if there is none.
    pub ca_file: Option<PathBuf>,
    /// File with this client's certificate.
    pub cert_file: Option<PathBuf>,
    /// File with that certificate's key.
    pub key_file: Option<PathBuf>,
    /// First part of every key: deployments that share servers need different ones.
    pub prefix: String,
    /// How long after its last sign of life a node is taken for dead, in whole seconds. etcd may grant
    /// more: with its own defaults at least 2 s.
    pub lease: Duration,
    /// How long an attempt to connect to one server may take.
    pub connect_timeout: Duration,
    /// How long an answer may take, and how long a caller waits while there is no connection.
    pub patience: Duration,
    /// The longest pause before the servers are tried again.
    pub longest_pause: Duration,
    /// What is counted.
    pub metrics: metrics::Directory,
}

impl EtcdOptions {
    /// Options for the servers of a URL, with defaults for everything else.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            user: None,
            password: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
            prefix: "/heliograph".to_owned(),
            lease: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(2),
            patience: Duration::from_secs(3),
            longest_pause: Duration::from_secs(1),
            metrics: metrics::Directory::default(),
        }
    }

    pub(super) fn address(&self) -> Result<Address, ConnectError> {
        let address = Address::parse(&self.url, &["etcd", "etcds"], 2379);
        address.map_err(|reason| failure("its URL", Obstacle::Settings, reason))
    }

    /// The user, if there is one.
    pub(super) fn credentials(&self, address: &Address) -> Result<Option<Credentials>, ConnectError> {
        let user = address.user.clone().or_else(|| self.user.clone());
        let password = address.password.clone().or_else(|| self.password.clone());
        match (user, password) {
            (None, None) => Ok(None),
            (Some(user), Some(password)) => Ok(Some(Credentials { user, password })),
            _ => {
                let reason = "a user needs a password, and a password a user".to_owned();
                Err(failure(&address.shown(), Obstacle::Settings, reason))
            }
        }
    }

    /// One endpoint for each server.
    pub(super) async fn endpoints(&self, address: &Address) -> Result<Vec<Endpoint>, ConnectError> {
        let refuse = |reason| failure(&address.shown(), Obstacle::Settings, reason);
        let encryption = match address.scheme {
            "etcds" => Some(self.encryption().await.map_err(refuse)?),
            _ if self.ca_file.is_some() || self.cert_file.is_some() => {
                return Err(refuse(
                    "there are certificates, but the URL begins with etcd:// instead of etcds://".to_owned(),
                ));
            }
            _ => None,
        };
        let scheme = if encryption.is_some() { "https" } else { "http" };
        let endpoint = |host: &String| {
            let endpoint = Endpoint::from_shared(format!("{scheme}://{host}"))?;
            let endpoint = endpoint.connect_timeout(self.connect_timeout);
            match &encryption {
                Some(encryption) => endpoint.tls_config(encryption.clone()),
                None => Ok(endpoint),
            }
        };
        address.hosts.iter().map(endpoint).collect::<Result<_, _>>().map_err(|error| refuse(story(&error)))
    }

    async fn encryption(&self) -> Result<ClientTlsConfig, String> {
        let config = match &self.ca_file {
            Some(file) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(file).await?)),
            None => ClientTlsConfig::new().with_native_roots(),
        };
        match (&self.cert_file, &self.key_file) {
            (Some(cert), Some(key)) => Ok(config.identity(Identity::from_pem(read(cert).await?, read(key).await?))),
            (None, None) => Ok(config),
            _ => Err("a certificate needs its key, and a key its certificate".to_owned()),
        }
    }
}

pub(super) fn failure(address: &str, obstacle: Obstacle, reason: String) -> ConnectError {
    ConnectError { backend: "etcd", address: address.to_owned(), obstacle, reason }
}

async fn read(file: &PathBuf) -> Result<Vec<u8>, String> {
    fs::read(file).await.map_err(|error| format!("cannot read {}: {error}", file.display()))
}
