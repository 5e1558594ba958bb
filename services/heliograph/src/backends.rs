//! What the services talk to, chosen from the configuration: here and nowhere else.

use std::{sync::Arc, time::Duration};

use heliograph_cluster::{
    bus::{Bus, MemoryBus, NatsBus, nats::NatsOptions},
    clock::Clock,
    connect::ConnectError,
    directory::{Directory, EtcdDirectory, MemoryDirectory, etcd::EtcdOptions},
    serve::Backends,
    store::{
        Retention, Store,
        memory::{MemoryOptions, MemoryStore},
        redis::{Listener, RedisOptions, RedisStore},
    },
};
use heliograph_gateway::emitter::{Emitter, patterns};
use heliograph_telemetry::{
    metrics::{self, Metrics},
    readiness::Readiness,
};
use tokio::time::{self, Instant};

use crate::config::{Backend, Config};

/// The first pause before a backend that cannot be reached is tried again; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The backends, and what has to live as long as they are used.
pub(crate) struct Chosen {
    /// What services are given.
    pub backends: Backends,
    /// Keeps the memory store's housekeeping going.
    _store: KeptStore,
}

enum KeptStore {
    Memory(#[expect(dead_code, reason = "its end is the end of the housekeeping")] MemoryStore),
    Redis,
}

/// Why there are no backends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackendError {
    /// It would not be different if it were tried again.
    #[error("{0}")]
    Refused(ConnectError),
    /// It was tried as long as the configuration says.
    #[error("{error}; given up after {waited:?} (cluster.startup_deadline)")]
    GivenUp {
        /// The last attempt's.
        error: ConnectError,
        /// How long it was tried.
        waited: Duration,
    },
}

/// The backends that the configuration names. Waits for those that cannot be reached, and says so once for each;
/// `readiness` names them meanwhile.
///
/// # Errors
/// A backend refuses, or cannot be reached in time.
pub(crate) async fn choose(config: &Config, readiness: &Readiness, metrics: &Metrics) -> Result<Chosen, BackendError> {
    let patience = config.cluster.startup_deadline;
    let bus = reach("bus", patience, readiness, || bus(config, &metrics.bus));
    let store = reach("store", patience, readiness, || store(config, &metrics.store));
    let directory = reach("directory", patience, readiness, || directory(config, &metrics.directory));
    let (bus, (store, kept), directory) = tokio::try_join!(bus, store, directory)?;
    let backends = Backends { bus, directory, store, clock: Clock::system() };
    Ok(Chosen { backends, _store: kept })
}

/// Tries each backend once. Gives for each the key, what it is, and what keeps it from being used.
pub(crate) async fn check(config: &Config) -> Vec<(&'static str, String, Option<ConnectError>)> {
    let unseen = Metrics::default();
    let (bus, store, directory) =
        tokio::join!(bus(config, &unseen.bus), store(config, &unseen.store), directory(config, &unseen.directory));
    vec![
        ("bus", config.bus.to_string(), bus.err()),
        ("store", config.store.to_string(), store.err()),
        ("directory", config.directory.to_string(), directory.err()),
    ]
}

async fn bus(config: &Config, metrics: &metrics::Bus) -> Result<Arc<dyn Bus>, ConnectError> {
    let Backend::At(url) = &config.bus else {
        return Ok(Arc::new(MemoryBus::new(config.cluster.bus_queue)));
    };
    let nats = config.nats.clone();
    let options = NatsOptions {
        user: nats.user,
        password: nats.password,
        token: nats.token,
        credentials_file: nats.credentials_file,
        ca_file: nats.ca_file,
        cert_file: nats.cert_file,
        key_file: nats.key_file,
        prefix: nats.prefix,
        ping_interval: nats.ping_interval,
        connect_timeout: nats.connect_timeout,
        longest_pause: nats.longest_pause,
        subscription_queue: nats.subscription_queue,
        send_queue: nats.send_queue,
        patience: nats.response_timeout,
        metrics: metrics.clone(),
        url: url.clone(),
    };
    Ok(Arc::new(NatsBus::connect(options).await?))
}

async fn store(config: &Config, metrics: &metrics::Store) -> Result<(Store, KeptStore), ConnectError> {
    let retention = Retention { entries: config.rooms.log_entries, age: config.rooms.log_age };
    let outcomes = config.rooms.remembered_commands;
    let Backend::At(url) = &config.store else {
        let store = MemoryStore::start(MemoryOptions { retention, outcomes });
        return Ok((store.store(), KeptStore::Memory(store)));
    };
    let options = redis(config, url, metrics);
    Ok((RedisStore::connect(options).await?.store(), KeptStore::Redis))
}

/// The Redis servers that the configuration names.
fn redis(config: &Config, url: &str, metrics: &metrics::Store) -> RedisOptions {
    let retention = Retention { entries: config.rooms.log_entries, age: config.rooms.log_age };
    let redis = config.redis.clone();
    RedisOptions {
        user: redis.user,
        password: redis.password,
        ca_file: redis.ca_file,
        cert_file: redis.cert_file,
        key_file: redis.key_file,
        sentinel_user: redis.sentinel_user,
        sentinel_password: redis.sentinel_password,
        prefix: redis.prefix,
        connections: redis.connections,
        in_flight: redis.in_flight,
        response_timeout: redis.response_timeout,
        longest_pause: redis.longest_pause,
        retention,
        outcomes: config.rooms.remembered_commands,
        metrics: metrics.clone(),
        url: url.to_owned(),
    }
}

/// What Socket.IO Redis emitters publish, if that shall be heard.
///
/// # Errors
/// The configuration of the servers cannot be used.
pub(crate) async fn emitter(config: &Config, metrics: &Metrics) -> Result<Option<Emitter>, BackendError> {
    let emitter = &config.emitter;
    let Backend::At(url) = &config.store else {
        if emitter.enabled {
            tracing::warn!("emitter.enabled has no effect: emitters need a store in Redis");
        }
        return Ok(None);
    };
    if !emitter.enabled {
        return Ok(None);
    }
    let emitted = metrics.gateway.emitted.clone();
    let dropped = move || metrics::count(&emitted, "dropped");
    let options = redis(config, url, &metrics.store);
    let listener = Listener::start(options, patterns(&emitter.key), emitter.queue, dropped).await;
    Ok(Some(Emitter::new(emitter.key.clone(), listener.map_err(BackendError::Refused)?)))
}

async fn directory(config: &Config, metrics: &metrics::Directory) -> Result<Arc<dyn Directory>, ConnectError> {
    let Backend::At(url) = &config.directory else {
        return Ok(Arc::new(MemoryDirectory::new()));
    };
    let etcd = config.etcd.clone();
    let options = EtcdOptions {
        user: etcd.user,
        password: etcd.password,
        ca_file: etcd.ca_file,
        cert_file: etcd.cert_file,
        key_file: etcd.key_file,
        prefix: etcd.prefix,
        lease: etcd.lease,
        connect_timeout: etcd.connect_timeout,
        patience: etcd.response_timeout,
        longest_pause: etcd.longest_pause,
        metrics: metrics.clone(),
        url: url.clone(),
    };
    Ok(Arc::new(EtcdDirectory::connect(options).await?))
}

/// Tries until it succeeds, is refused, or the patience is over.
async fn reach<T, F: Future<Output = Result<T, ConnectError>>>(
    key: &'static str,
    patience: Duration,
    readiness: &Readiness,
    mut connect: impl FnMut() -> F,
) -> Result<T, BackendError> {
    let _waiting = readiness.hold(key);
    let started = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut said = false;
    loop {
        let error = match connect().await {
            Ok(reached) => {
                if said {
                    tracing::info!(backend = key, "it is there now");
                }
                return Ok(reached);
            }
            Err(error) => error,
        };
        let waited = started.elapsed();
        if !error.is_passing() {
            return Err(BackendError::Refused(error));
        }
        if waited + pause > patience {
            return Err(BackendError::GivenUp { error, waited: patience });
        }
        if !said {
            tracing::warn!(backend = key, "waiting for {error}");
            said = true;
        }
        time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use heliograph_cluster::connect::Obstacle;

    use super::*;

    fn error(obstacle: Obstacle) -> ConnectError {
        ConnectError { backend: "NATS", address: "a:4222".to_owned(), obstacle, reason: "nobody answers".to_owned() }
    }

    async fn attempts(succeed_at: u32, obstacle: Obstacle) -> (u32, Result<(), BackendError>) {
        let attempts = Cell::new(0);
        let connect = || async {
            attempts.set(attempts.get() + 1);
            if attempts.get() == succeed_at { Ok(()) } else { Err(error(obstacle)) }
        };
        let result = reach("bus", Duration::from_secs(60), &Readiness::default(), connect).await;
        (attempts.get(), result)
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_waited_for_and_nothing_else() {
        let (tried, result) = attempts(5, Obstacle::Unreachable).await;
        assert!(tried == 5 && result.is_ok());
        let (tried, result) = attempts(2, Obstacle::Credentials).await;
        assert!(tried == 1 && matches!(result, Err(BackendError::Refused(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_ends() {
        let started = Instant::now();
        let (_, result) = attempts(0, Obstacle::Unreachable).await;
        let text = result.unwrap_err().to_string();
        assert_eq!(text, "NATS at a:4222: nobody answers; given up after 60s (cluster.startup_deadline)");
        assert!(started.elapsed() <= Duration::from_secs(60));
    }
}
