//! A Redis that another takes over from.

use super::{PROGRAM, Redis, RedisOptions};
use crate::process::{ServerError, until};

/// What the sentinel calls the master.
const NAME: &str = "heliograph";

/// A master, a replica, and a sentinel that makes a master of the replica when the master is gone.
pub struct RedisSentinel {
    /// The master at first.
    pub master: Redis,
    /// The replica at first.
    pub replica: Redis,
    /// Who decides.
    pub sentinel: Redis,
}

impl RedisSentinel {
    /// Starts the servers and waits until a failover would succeed.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start() -> Result<Self, ServerError> {
        let master = RedisOptions::default().line("repl-diskless-sync-delay 0").start()?;
        let replica = RedisOptions::default().line(&format!("replicaof 127.0.0.1 {}", master.port)).start()?;
        let watch = RedisOptions { sentinel: true, ..RedisOptions::default() };
        let sentinel = watch
            .line(&format!("sentinel monitor {NAME} 127.0.0.1 {} 1", master.port))
            .line(&format!("sentinel down-after-milliseconds {NAME} 500"))
            .line(&format!("sentinel failover-timeout {NAME} 5000"))
            .start()?;
        let servers = Self { master, replica, sentinel };
        until(PROGRAM, "a replica that a sentinel knows", || servers.is_ready())?;
        Ok(servers)
    }

    /// Its address: `redis+sentinel://…/heliograph`.
    pub fn url(&self) -> String {
        format!("redis+sentinel://{}/{NAME}", self.sentinel.address())
    }

    fn is_ready(&self) -> bool {
        let replication = self.replica.command(&["INFO", "replication"]).unwrap_or_default();
        let replicas = self.sentinel.command(&["SENTINEL", "REPLICAS", NAME]).unwrap_or_default();
        replication.contains("master_link_status:up") && replicas.contains(&self.replica.port.to_string())
            // Until it has asked the replica itself it would not choose it.
            && replicas.contains("master-link-status\nok")
    }
}
