//! The bus over NATS.

use std::sync::Arc;

use heliograph_cluster::bus::{Bus, NatsBus, nats::NatsOptions};
use libtest_mimic::Trial;

use crate::{bus, case, scene::fresh, servers::Servers};

pub(crate) fn trials(servers: &Arc<Servers>) -> Vec<Trial> {
    let servers = Arc::clone(servers);
    case::trials("nats::bus", bus::CASES, move || {
        let servers = Arc::clone(&servers);
        async move {
            let options = NatsOptions { prefix: fresh("hg"), ..NatsOptions::new(servers.nats().url()) };
            Arc::new(NatsBus::connect(options).await.unwrap()) as Arc<dyn Bus>
        }
    })
}
