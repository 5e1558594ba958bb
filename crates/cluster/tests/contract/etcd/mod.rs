//! The directory over etcd.

use std::sync::Arc;

use heliograph_cluster::directory::{Directory, EtcdDirectory, etcd::EtcdOptions};
use libtest_mimic::Trial;

use crate::{case, directory, scene::fresh, servers::Servers};

pub(crate) fn trials(servers: &Arc<Servers>) -> Vec<Trial> {
    let servers = Arc::clone(servers);
    case::trials("etcd::directory", directory::CASES, move || {
        let servers = Arc::clone(&servers);
        async move {
            let options = EtcdOptions { prefix: fresh("/heliograph"), ..EtcdOptions::new(servers.etcd().url()) };
            Arc::new(EtcdDirectory::connect(options).await.unwrap()) as Arc<dyn Directory>
        }
    })
}
