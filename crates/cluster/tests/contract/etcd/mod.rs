//! The directory over etcd: the contract on one server, and what only real servers can do.

mod faults;
mod leases;
mod refusals;

use std::{future::ready, sync::Arc};

use heliograph_cluster::directory::{Directory, EtcdDirectory, etcd::EtcdOptions};
use heliograph_domain::id::NodeId;
use heliograph_servers::Etcd;
use libtest_mimic::Trial;

use crate::{case, directory, scene::fresh, servers::Servers};

pub(crate) fn trials(servers: &Arc<Servers>) -> Vec<Trial> {
    let shared = Arc::clone(servers);
    let mut all = case::trials("etcd::directory", directory::CASES, move || {
        let servers = Arc::clone(&shared);
        async move { Arc::new(connect(options(servers.etcd())).await) as Arc<dyn Directory> }
    });
    for (suite, cases) in
        [("etcd::leases", leases::CASES), ("etcd::faults", faults::CASES), ("etcd::refusals", refusals::CASES)]
    {
        let servers = Arc::clone(servers);
        all.extend(case::trials(suite, cases, move || ready(Arc::clone(&servers))));
    }
    all
}

/// Options for a directory of its own on a server.
fn options(etcd: &Etcd) -> EtcdOptions {
    EtcdOptions { prefix: fresh("/heliograph"), ..EtcdOptions::new(etcd.url()) }
}

async fn connect(options: EtcdOptions) -> EtcdDirectory {
    EtcdDirectory::connect(options).await.unwrap()
}

/// Waits until a directory's view has a node, or has it no longer.
async fn until(directory: &EtcdDirectory, node: &NodeId, there: bool) {
    directory.watch().wait_for(|nodes| nodes.contains_key(node) == there).await.unwrap();
}
