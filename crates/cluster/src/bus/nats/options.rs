//! Where NATS is and how to be let in.

use std::{path::PathBuf, time::Duration};

use async_nats::ConnectOptions;
use heliograph_telemetry::metrics;
use rand::RngExt;

use crate::{
    bus::DEFAULT_PREFIX,
    connect::{Address, ConnectError, Obstacle},
};

/// What the servers call this client in their reports.
const NAME: &str = "heliograph";

/// The first pause between two attempts to connect again. It doubles from one to the next.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// Where NATS is, how to be let in, and the bounds of what waits on this side.
#[derive(Clone)]
pub struct NatsOptions {
    /// `nats://[user:password@]host:port[,host:port]…`, or `tls://…` to insist on encryption. A user
    /// without password is a token.
    pub url: String,
    /// User, if it is not part of the URL.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<String>,
    /// Token, instead of user and password.
    pub token: Option<String>,
    /// File with a JWT and the seed of its key, instead of user and password.
    pub credentials_file: Option<PathBuf>,
    /// File with the authorities that sign the servers' certificates; the system's if there is none.
    pub ca_file: Option<PathBuf>,
    /// File with this client's certificate.
    pub cert_file: Option<PathBuf>,
    /// File with that certificate's key.
    pub key_file: Option<PathBuf>,
    /// First part of every subject: deployments that share servers need different ones.
    pub prefix: String,
    /// How often a server is asked for a sign of life. The third that is due while two are missing
    /// ends the connection.
    pub ping_interval: Duration,
    /// How long an attempt to connect may take, for each address of a server.
    pub connect_timeout: Duration,
    /// The longest pause between two attempts to connect again.
    pub longest_pause: Duration,
    /// Messages that may wait for one subscription. More are lost, which the bus reports as a
    /// disturbance.
    pub subscription_queue: usize,
    /// Messages that may wait to be sent; then senders wait.
    pub send_queue: usize,
    /// How long a sender waits for the server, and a subscriber for its confirmation.
    pub patience: Duration,
    /// What is counted.
    pub metrics: metrics::Bus,
}

impl NatsOptions {
    /// Options for the servers of a URL, with defaults for everything else.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            user: None,
            password: None,
            token: None,
            credentials_file: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
            prefix: DEFAULT_PREFIX.to_owned(),
            ping_interval: Duration::from_secs(2),
            connect_timeout: Duration::from_secs(2),
            longest_pause: Duration::from_secs(1),
            subscription_queue: 8192,
            send_queue: 2048,
            patience: Duration::from_secs(2),
            metrics: metrics::Bus::default(),
        }
    }

    pub(super) fn address(&self) -> Result<Address, ConnectError> {
        let address = Address::parse(&self.url, &["nats", "tls"], 4222);
        address.map_err(|reason| failure("its URL", Obstacle::Settings, reason))
    }

    /// The client's own options.
    pub(super) async fn client(&self, address: &Address) -> Result<ConnectOptions, ConnectError> {
        let refuse = |reason| failure(&address.shown(), Obstacle::Settings, reason);
        if self.prefix.is_empty() || self.prefix.contains(|c: char| c.is_whitespace() || "*>".contains(c)) {
            return Err(refuse(format!("`{}` cannot begin a subject: no spaces, `*` or `>`", self.prefix)));
        }
        let longest = self.longest_pause;
        let mut options = ConnectOptions::new()
            .name(NAME)
            .require_tls(address.scheme == "tls")
            .ping_interval(self.ping_interval)
            .connection_timeout(self.connect_timeout)
            .subscription_capacity(self.subscription_queue)
            .client_capacity(self.send_queue)
            // Replies too come to names below the prefix, so that one permission covers everything.
            .custom_inbox_prefix(format!("{}.reply", self.prefix))
            .reconnect_delay_callback(move |attempt| pause(attempt, longest));
        for file in [&self.credentials_file, &self.ca_file, &self.cert_file, &self.key_file].into_iter().flatten() {
            // The client would not say which file it is that it cannot read.
            tokio::fs::File::open(file)
                .await
                .map_err(|error| refuse(format!("cannot read {}: {error}", file.display())))?;
        }
        if let Some(file) = &self.credentials_file {
            let read = options.credentials_file(file).await;
            options = read.map_err(|error| refuse(format!("{} holds no credentials: {error}", file.display())))?;
        }
        let user = address.user.clone().filter(|_| address.password.is_some()).or_else(|| self.user.clone());
        let password = address.password.clone().or_else(|| self.password.clone());
        if let (Some(user), Some(password)) = (user, password) {
            options = options.user_and_password(user, password);
        }
        let token = address.user.clone().filter(|_| address.password.is_none()).or_else(|| self.token.clone());
        if let Some(token) = token {
            options = options.token(token);
        }
        if let Some(file) = &self.ca_file {
            options = options.add_root_certificates(file.clone());
        }
        match (&self.cert_file, &self.key_file) {
            (Some(certificate), Some(key)) => {
                options = options.add_client_certificate(certificate.clone(), key.clone())
            }
            (None, None) => {}
            _ => return Err(refuse("a certificate needs its key, and a key its certificate".to_owned())),
        }
        Ok(options)
    }
}

pub(super) fn failure(address: &str, obstacle: Obstacle, reason: String) -> ConnectError {
    ConnectError { backend: "NATS", address: address.to_owned(), obstacle, reason }
}

/// Doubles, up to the longest, and differs from process to process: they have all lost the same server.
fn pause(attempt: usize, longest: Duration) -> Duration {
    let doubled = u32::try_from(attempt.saturating_sub(1)).ok().and_then(|times| 2_u32.checked_pow(times));
    let pause = doubled.and_then(|factor| FIRST_PAUSE.checked_mul(factor)).map_or(longest, |pause| pause.min(longest));
    rand::rng().random_range(pause / 2..=pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_longest() {
        let longest = Duration::from_secs(1);
        for (attempt, expected) in [(0, 20), (1, 20), (2, 40), (5, 320), (7, 1000), (1000, 1000)] {
            let expected = Duration::from_millis(expected);
            let drawn = pause(attempt, longest);
            assert!(drawn >= expected / 2 && drawn <= expected, "{attempt}: {drawn:?}");
        }
    }
}
