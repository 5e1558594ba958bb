//! What a Redis store is told.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use heliograph_telemetry::metrics;
use tokio::fs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use super::{
    super::Retention,
    address::{Address, Kind},
    dial::{Dial, Line, Login, Sentinels, Tls},
    failed,
    failure::Refusal,
    keys::Keys,
    link::Bounds,
};
use crate::connect::{ConnectError, Obstacle};

/// Where a Redis store is, how to be let in, and its bounds.
#[derive(Clone)]
pub struct RedisOptions {
    /// `redis://[user:password@]host[:port][/database]`,
    /// `redis+cluster://[user:password@]host[:port],…` or
    /// `redis+sentinel://[user:password@]host[:port],…/master[/database]`; `rediss…` with TLS.
    pub url: String,
    /// Who logs in, if the URL does not say.
    pub user: Option<String>,
    /// The password, if the URL does not say.
    pub password: Option<String>,
    /// Who logs in at sentinels, which have users of their own. Nobody by default.
    pub sentinel_user: Option<String>,
    /// The password for sentinels.
    pub sentinel_password: Option<String>,
    /// Authorities that sign the servers' certificates, a PEM file. The system's by default.
    pub ca_file: Option<PathBuf>,
    /// The certificate that this process shows, a PEM file.
    pub cert_file: Option<PathBuf>,
    /// That certificate's key, a PEM file.
    pub key_file: Option<PathBuf>,
    /// What every key begins with. No braces.
    pub prefix: String,
    /// How long a step may take, waiting for a connection included, before the store counts as
    /// unavailable.
    pub response_timeout: Duration,
    /// The longest pause between attempts to connect.
    pub longest_pause: Duration,
    /// Connections to each server.
    pub connections: usize,
    /// Steps that may be under way on one connection; more wait.
    pub in_flight: usize,
    /// How long logs are kept, rooms without attendants, and when a user was last seen.
    pub retention: Retention,
    /// How many outcomes of commands a room remembers at least, within [`super::super::REMEMBERED`];
    /// at most four times as many.
    pub outcomes: usize,
    /// What is counted.
    pub metrics: metrics::Store,
}

impl RedisOptions {
    /// The options for a URL, with defaults for the rest.
    pub fn new(url: impl Into<String>, retention: Retention) -> Self {
        Self {
            url: url.into(),
            user: None,
            password: None,
            sentinel_user: None,
            sentinel_password: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
            prefix: "hg".to_owned(),
            response_timeout: Duration::from_secs(1),
            longest_pause: Duration::from_secs(1),
            connections: 1,
            in_flight: 1024,
            retention,
            outcomes: 16_384,
            metrics: metrics::Store::default(),
        }
    }
    pub(super) fn keys(&self) -> Result<Keys, Refusal> {
        if self.prefix.is_empty() || self.prefix.contains(['{', '}']) {
            return Err(settings(format!(
                "`{}` cannot begin a key: it must not be empty or contain braces",
                self.prefix
            )));
        }
        Ok(Keys::new(&self.prefix))
    }

    pub(super) fn bounds(&self) -> Result<Bounds, Refusal> {
        if self.in_flight == 0 || self.connections == 0 || self.response_timeout.is_zero() {
            return Err(settings("connections, steps under way and the response timeout must not be zero"));
        }
        Ok(Bounds {
            links: self.connections,
            timeout: self.response_timeout,
            longest_pause: self.longest_pause,
            in_flight: self.in_flight,
        })
    }

    /// What all connections have in common.
    pub(super) async fn line(&self, address: &Address) -> Result<Line, Refusal> {
        let from_url = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let login = Login {
            user: from_url(&address.user).or_else(|| self.user.clone()),
            password: from_url(&address.password).or_else(|| self.password.clone()),
        };
        if login.user.is_some() && login.password.is_none() {
            return Err(settings("a user needs a password"));
        }
        let tls = if address.tls { Some(self.tls().await?) } else { None };
        let (timeout, queue) = (self.response_timeout, self.in_flight);
        Ok(Line { login, database: address.database, tls, timeout, queue, agreed: Arc::default() })
    }

    /// Where the servers are.
    pub(super) fn address(&self) -> Result<Address, ConnectError> {
        Address::parse(&self.url).map_err(|reason| failed("its URL")(settings(reason)))
    }

    /// The ways to servers any of which will do.
    pub(super) fn dials(&self, address: &Address, line: &Arc<Line>) -> Vec<Dial> {
        match address.kind {
            Kind::Sentinel => vec![line.to_master(self.sentinels(address, line))],
            Kind::Single | Kind::Cluster => address.places.iter().map(|place| line.to(place.clone())).collect(),
        }
    }

    fn sentinels(&self, address: &Address, line: &Line) -> Sentinels {
        let login = Login { user: self.sentinel_user.clone(), password: self.sentinel_password.clone() };
        Sentinels {
            places: address.places.clone(),
            line: Line { login, database: 0, agreed: Arc::default(), ..line.clone() },
            master: address.master.clone(),
        }
    }

    async fn tls(&self) -> Result<Tls, Refusal> {
        let authorities = match &self.ca_file {
            Some(file) => Some(certificates(file).await?),
            None => None,
        };
        let identity = match (&self.cert_file, &self.key_file) {
            (Some(certificate), Some(file)) => {
                let key = read(file).await?;
                match PrivateKeyDer::from_pem_slice(&key) {
                    Ok(_) => Some((certificates(certificate).await?, key)),
                    Err(error) => return Err(settings(format!("{} holds no key: {error}", file.display()))),
                }
            }
            (None, None) => None,
            _ => return Err(settings("a certificate needs its key, and a key its certificate")),
        };
        Ok(Tls { authorities, identity })
    }
}

async fn certificates(file: &Path) -> Result<Vec<u8>, Refusal> {
    let bytes = read(file).await?;
    match CertificateDer::pem_slice_iter(&bytes).next() {
        Some(Ok(_)) => Ok(bytes),
        _ => Err(settings(format!("{} holds no certificate in PEM form", file.display()))),
    }
}

async fn read(file: &Path) -> Result<Vec<u8>, Refusal> {
    fs::read(file).await.map_err(|error| settings(format!("cannot read {}: {error}", file.display())))
}

fn settings(reason: impl Into<String>) -> Refusal {
    Refusal { obstacle: Obstacle::Settings, reason: reason.into() }
}
