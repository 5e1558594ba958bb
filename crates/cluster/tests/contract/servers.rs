//! Servers that cases share, each case with a prefix of its own.

use std::sync::OnceLock;

use heliograph_servers::{Encryption, Etcd, Nats, Redis, RedisCluster, RedisOptions, ServerError};

/// Each is started when the first case asks for it and ends with the last one.
#[derive(Default)]
pub(crate) struct Servers {
    nats: OnceLock<Nats>,
    redis: OnceLock<Redis>,
    redis_cluster: OnceLock<RedisCluster>,
    redis_tls: OnceLock<Redis>,
    etcd: OnceLock<Etcd>,
}

impl Servers {
    pub(crate) fn nats(&self) -> &Nats {
        self.nats.get_or_init(|| started(Nats::start()))
    }

    pub(crate) fn etcd(&self) -> &Etcd {
        self.etcd.get_or_init(|| started(Etcd::start()))
    }

    pub(crate) fn redis(&self) -> &Redis {
        self.redis.get_or_init(|| started(Redis::start()))
    }

    pub(crate) fn redis_cluster(&self) -> &RedisCluster {
        self.redis_cluster.get_or_init(|| started(RedisCluster::start()))
    }

    /// A Redis that wants to see certificates.
    pub(crate) fn redis_tls(&self) -> &Redis {
        self.redis_tls.get_or_init(|| started(RedisOptions::default().encryption(Encryption::Mutual).start()))
    }
}

/// Says in one line what is missing.
fn started<S>(server: Result<S, ServerError>) -> S {
    server.unwrap_or_else(|error| panic!("{error}"))
}
