//! The store of a cluster of processes: Redis.
//!
//! Every step is one script or one command, on keys of one slot, sent once. Scripts are given all
//! times, new ids and limits; they hold only what must be atomic. Redis forgets by itself what the
//! traits say is forgotten: keys have a time to live as soon as nobody may come back to them.
//!
//! - `keys`: the names of everything.
//! - `request`, `reply`: what is asked and answered.
//! - `connection`: to whom it is sent: one `server`, over its `link`s, or those of a `cluster`.
//! - `dial`, `examine`, `address`: how a connection begins.
//! - `listen`: what others publish.
//! - the concerns, each with its scripts.

mod address;
mod blocks;
mod calls;
mod cluster;
mod connection;
mod deadlines;
mod dial;
mod examine;
mod failure;
mod keys;
mod limits;
mod link;
mod listen;
mod matching;
mod options;
mod presence;
mod recent;
mod reply;
mod request;
mod rooms;
mod server;
mod sessions;
mod slot;

use std::{sync::Arc, time::Duration};

pub use self::{
    listen::{Heard, Listener},
    options::RedisOptions,
};

use self::{
    address::{Address, Kind},
    blocks::RedisBlocks,
    calls::RedisCalls,
    cluster::Cluster,
    connection::{Connection, Servers},
    deadlines::RedisDeadlines,
    failure::Refusal,
    keys::Keys,
    limits::RedisLimits,
    matching::RedisMatching,
    presence::RedisPresence,
    recent::RedisRecent,
    request::Request,
    rooms::RedisRooms,
    server::Server,
    sessions::RedisSessions,
};
use super::{Health, Retention, Step, Store};
use crate::connect::ConnectError;

/// How long it is kept what only those can end who know of it: when they all have died, nobody does.
/// Far longer than anything waits, because it counts from the last change.
const ABANDONED: Duration = Duration::from_secs(30 * 24 * 3600);

/// A store in Redis. Connections end with it and the last [`super::Store`] that came from it.
pub struct RedisStore {
    connection: Connection,
    keys: Keys,
    retention: Retention,
    outcomes: usize,
}

impl RedisStore {
    /// Connects, once the server has been found to be one that a store can rest on. To be called
    /// within a tokio runtime.
    ///
    /// # Errors
    /// Why the server cannot be used, in one line.
    pub async fn connect(options: RedisOptions) -> Result<Self, ConnectError> {
        let address = options.address()?;
        Self::open(&options, &address).await.map_err(failed(&address.shown()))
    }

    async fn open(options: &RedisOptions, address: &Address) -> Result<Self, Refusal> {
        let (keys, bounds, metrics) = (options.keys()?, options.bounds()?, options.metrics.clone());
        let line = Arc::new(options.line(address).await?);
        let dial = examine::first_suitable(options.dials(address, &line), address.kind, &keys).await?;
        let servers = match address.kind {
            Kind::Single | Kind::Sentinel => Servers::One(Server::new(dial, bounds, &metrics)),
            Kind::Cluster => {
                let cluster = Cluster::open(address.places.clone(), line, bounds, metrics.clone());
                Servers::Cluster(cluster.await?)
            }
        };
        let connection = Connection::new(servers, bounds, metrics);
        let trial = Trial { connection: connection.clone(), keys: keys.clone() };
        trial.probe().await?;
        Ok(Self { connection, keys, retention: options.retention, outcomes: options.outcomes })
    }

    /// The store as services see it.
    pub fn store(&self) -> Store {
        let (connection, keys) = (|| self.connection.clone(), || self.keys.clone());
        Store {
            rooms: Arc::new(RedisRooms::new(connection(), keys(), self.retention, self.outcomes)),
            calls: Arc::new(RedisCalls { connection: connection(), keys: keys() }),
            matching: Arc::new(RedisMatching { connection: connection(), keys: keys() }),
            sessions: Arc::new(RedisSessions { connection: connection(), keys: keys() }),
            presence: Arc::new(RedisPresence { connection: connection(), keys: keys(), retention: self.retention }),
            blocks: Arc::new(RedisBlocks { connection: connection(), keys: keys() }),
            limits: Arc::new(RedisLimits { connection: connection(), keys: keys() }),
            deadlines: Arc::new(RedisDeadlines { connection: connection(), keys: keys() }),
            recent: Arc::new(RedisRecent { connection: connection(), keys: keys() }),
            health: Arc::new(Trial { connection: connection(), keys: keys() }),
        }
    }
}

/// A server at an address cannot be used.
fn failed(address: &str) -> impl FnOnce(Refusal) -> ConnectError + use<> {
    let address = address.to_owned();
    move |Refusal { obstacle, reason }| ConnectError { backend: "Redis", address, obstacle, reason }
}

/// Tries to write: whoever cannot cannot carry out any step.
struct Trial {
    connection: Connection,
    keys: Keys,
}

impl Health for Trial {
    fn probe(&self) -> Step<'_, ()> {
        Box::pin(async move {
            let request = Request::command("SET", &self.keys.trial()).arg("").arg("PX").arg(60_000);
            self.connection.ask("trial", request).await?;
            Ok(())
        })
    }
}
