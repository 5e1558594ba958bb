//! Where the backends are, and how to be let in.

use std::{fmt, path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seconds;

/// A backend: this process's memory, or a URL.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(from = "String", into = "String")]
pub(crate) enum Backend {
    /// Within this process, gone with it.
    #[default]
    Memory,
    /// Servers that processes share.
    At(String),
}

impl Backend {
    /// Whether several processes can share it.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Self::At(_))
    }
}

impl From<String> for Backend {
    fn from(text: String) -> Self {
        if text == "memory" { Self::Memory } else { Self::At(text) }
    }
}

impl From<Backend> for String {
    fn from(backend: Backend) -> Self {
        match backend {
            Backend::Memory => "memory".to_owned(),
            Backend::At(url) => url,
        }
    }
}

/// As in the configuration, but for a password.
impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::At(url) => match (url.split_once("://"), url.rsplit_once('@')) {
                (Some((scheme, _)), Some((_, host))) => write!(f, "{scheme}://{host}"),
                _ => f.write_str(url),
            },
        }
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The NATS servers of `bus`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Nats {
    /// User, if it is not part of the URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The user's password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Token, instead of user and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// File with NATS credentials (JWT and seed), instead of user and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub credentials_file: Option<PathBuf>,
    /// File with the authorities that sign the servers' certificates. Default: the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub ca_file: Option<PathBuf>,
    /// File with this client's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub cert_file: Option<PathBuf>,
    /// File with that certificate's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub key_file: Option<PathBuf>,
    /// First part of every subject; deployments that share servers need different ones.
    pub prefix: String,
    /// Time between two signs of life that are asked of a server; the second that does not come means a new connection.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub ping_interval: Duration,
    /// Messages that may wait for one subscription; beyond, they are lost and asked for again.
    pub subscription_queue: usize,
    /// Messages that may wait to be sent; beyond, senders wait.
    pub send_queue: usize,
    /// How long a server may take to react before the bus counts as unavailable.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub response_timeout: Duration,
    /// How long an attempt to connect may take.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub connect_timeout: Duration,
    /// The longest pause between two attempts to connect.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub longest_pause: Duration,
}

impl Default for Nats {
    fn default() -> Self {
        Self {
            user: None,
            password: None,
            token: None,
            credentials_file: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
            prefix: "hg".to_owned(),
            ping_interval: seconds(2),
            subscription_queue: 8192,
            send_queue: 2048,
            response_timeout: seconds(2),
            connect_timeout: seconds(2),
            longest_pause: seconds(1),
        }
    }
}

/// The Redis servers of `store`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Redis {
    /// User, if it is not part of the URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The user's password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// File with the authorities that sign the servers' certificates. Default: the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub ca_file: Option<PathBuf>,
    /// File with this client's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub cert_file: Option<PathBuf>,
    /// File with that certificate's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub key_file: Option<PathBuf>,
    /// User at the sentinels, which have users of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentinel_user: Option<String>,
    /// Password at the sentinels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentinel_password: Option<String>,
    /// First part of every key; deployments that share servers need different ones.
    pub prefix: String,
    /// Connections to each server.
    pub connections: usize,
    /// Steps that may be under way on one connection; more wait.
    pub in_flight: usize,
    /// How long a step, and an attempt to connect, may take before the store counts as unavailable.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub response_timeout: Duration,
    /// The longest pause between two attempts to connect.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub longest_pause: Duration,
}

impl Default for Redis {
    fn default() -> Self {
        Self {
            user: None,
            password: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
            sentinel_user: None,
            sentinel_password: None,
            prefix: "hg".to_owned(),
            connections: 1,
            in_flight: 1024,
            response_timeout: seconds(1),
            longest_pause: seconds(1),
        }
    }
}

/// Backends that publish as `@socket.io/redis-emitter` does, over the Redis servers of `store`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Emitter {
    /// Whether gateways tell clients what such backends publish.
    pub enabled: bool,
    /// What the channels begin with: the emitter's own option `key`.
    pub key: String,
    /// Messages that may wait for one gateway; of more, some are not told.
    pub queue: usize,
}

impl Default for Emitter {
    fn default() -> Self {
        Self { enabled: false, key: "socket.io".to_owned(), queue: 4096 }
    }
}

/// The etcd servers of `directory`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Etcd {
    /// User, if it is not part of the URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The user's password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// File with the authorities that sign the servers' certificates. Default: the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub ca_file: Option<PathBuf>,
    /// File with this client's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub cert_file: Option<PathBuf>,
    /// File with that certificate's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub key_file: Option<PathBuf>,
    /// First part of every key; deployments that share servers need different ones.
    pub prefix: String,
    /// How long after its last sign of life a node is taken for dead; at least 2 s.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub lease: Duration,
    /// How long an answer may take, and how long a caller waits while there is no connection.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub response_timeout: Duration,
    /// How long an attempt to connect to one server may take.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub connect_timeout: Duration,
    /// The longest pause between two attempts to connect.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub longest_pause: Duration,
}

impl Default for Etcd {
    fn default() -> Self {
        Self {
            user: None,
            password: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
            prefix: "/heliograph".to_owned(),
            lease: seconds(5),
            response_timeout: seconds(3),
            connect_timeout: seconds(2),
            longest_pause: seconds(1),
        }
    }
}

/// Questions between the processes of a cluster. Not meant for the internet.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Grpc {
    /// Address to listen on, when the directory is shared.
    #[schemars(with = "String")]
    pub host: std::net::IpAddr,
    /// Port; 0 for a free one.
    pub port: u16,
    /// Where other processes reach it, as `host:port` or `host`. Default: the host's name, or the address to listen on if that is one alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advertise: Option<String>,
    /// File with the certificate that is shown to servers and clients. With it, everything is encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub cert_file: Option<PathBuf>,
    /// File with that certificate's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub key_file: Option<PathBuf>,
    /// File with the authorities that sign the others' certificates; who has none of theirs is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub ca_file: Option<PathBuf>,
    /// The name in the others' certificates, if it is not the host that they advertise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// Connections of other processes at once; others are closed.
    pub connections: usize,
    /// Questions of one process that may be under way at once; beyond, it keeps them.
    pub streams: u32,
    /// Questions that are answered at once; others are refused.
    pub calls: usize,
    /// How long connecting to another process may take.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub connect_timeout: Duration,
    /// How long another process may take from its connection to its first question, the TLS handshake included.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub opening_timeout: Duration,
    /// How long nothing is heard of another process before it is asked for a sign of life.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub keepalive_interval: Duration,
    /// How long it may take to give one before the connection ends.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub keepalive_timeout: Duration,
    /// How long questions under way may take when the process stops.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub drain_period: Duration,
}

impl Default for Grpc {
    fn default() -> Self {
        Self {
            host: std::net::IpAddr::from([0, 0, 0, 0]),
            port: 50051,
            advertise: None,
            cert_file: None,
            key_file: None,
            ca_file: None,
            server_name: None,
            connections: 1024,
            streams: 16_384,
            calls: 16_384,
            connect_timeout: seconds(1),
            opening_timeout: seconds(5),
            keepalive_interval: seconds(2),
            keepalive_timeout: seconds(3),
            drain_period: seconds(5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        for (url, shown) in [
            ("memory", "memory"),
            ("nats://a:4222,b:4222", "nats://a:4222,b:4222"),
            ("redis://app:pass@word@redis:6379/1", "redis://redis:6379/1"),
        ] {
            let backend = Backend::from(url.to_owned());
            assert_eq!((backend.to_string(), format!("{backend:?}")), (shown.to_owned(), shown.to_owned()));
        }
    }
}
