//! A Redis Cluster.

use std::io;

use super::{PROGRAM, Redis, RedisOptions};
use crate::process::{ServerError, until};

const SLOTS: usize = 16384;
const MASTERS: usize = 3;

/// Three masters that share the slots evenly.
pub struct RedisCluster {
    /// The masters, in the order of their slots.
    pub masters: Vec<Redis>,
}

impl RedisCluster {
    /// Starts the servers and waits until each of them knows the others.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start() -> Result<Self, ServerError> {
        let options = RedisOptions::default()
            .line("cluster-enabled yes")
            .line("cluster-config-file nodes.conf")
            .line("cluster-node-timeout 5000");
        let masters: Vec<Redis> = (0..MASTERS).map(|_| options.start()).collect::<Result<_, _>>()?;
        let cluster = Self { masters };
        let formed = cluster.form();
        formed.map_err(|error| ServerError::Setup { program: PROGRAM.name, reason: error.to_string() })?;
        until(PROGRAM, "a cluster of all masters", || cluster.masters.iter().all(knows_all))?;
        Ok(cluster)
    }

    /// Its address: `redis+cluster://…`.
    pub fn url(&self) -> String {
        let addresses: Vec<String> = self.masters.iter().map(Redis::address).collect();
        format!("redis+cluster://{}", addresses.join(","))
    }

    fn form(&self) -> io::Result<()> {
        for (number, master) in self.masters.iter().enumerate() {
            let first = SLOTS * number / MASTERS;
            let last = SLOTS * (number + 1) / MASTERS - 1;
            master.command(&["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()])?;
            master.command(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()])?;
        }
        for other in &self.masters[1..] {
            let (port, cluster_port) = (other.port.to_string(), other.cluster_port.to_string());
            self.masters[0].command(&["CLUSTER", "MEET", "127.0.0.1", &port, &cluster_port])?;
        }
        Ok(())
    }
}

fn knows_all(master: &Redis) -> bool {
    let state = master.command(&["CLUSTER", "INFO"]).unwrap_or_default();
    let says = |line: &str| state.lines().any(|found| found == line);
    says("cluster_state:ok")
        && says(&format!("cluster_slots_ok:{SLOTS}"))
        && says(&format!("cluster_known_nodes:{MASTERS}"))
}
