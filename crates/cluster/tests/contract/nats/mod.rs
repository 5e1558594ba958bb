//! The bus over NATS: the contract on one server, and what only real servers can do.

mod credentials;
mod faults;
mod refusals;

use std::{future::ready, sync::Arc};

use heliograph_cluster::bus::{Bus, NatsBus, nats::NatsOptions};
use heliograph_servers::Nats;
use libtest_mimic::Trial;

use crate::{bus, case, scene::fresh, servers::Servers};

pub(crate) fn trials(servers: &Arc<Servers>) -> Vec<Trial> {
    let shared = Arc::clone(servers);
    let mut all = case::trials("nats::bus", bus::CASES, move || {
        let servers = Arc::clone(&shared);
        async move { Arc::new(connect(options(servers.nats())).await) as Arc<dyn Bus> }
    });
    for (suite, cases) in [
        ("nats::faults", faults::CASES),
        ("nats::refusals", refusals::CASES),
        ("nats::credentials", credentials::CASES),
    ] {
        let servers = Arc::clone(servers);
        all.extend(case::trials(suite, cases, move || ready(Arc::clone(&servers))));
    }
    all
}

/// Options for a bus of its own on a server.
fn options(nats: &Nats) -> NatsOptions {
    NatsOptions { prefix: fresh("hg"), ..NatsOptions::new(nats.url()) }
}

async fn connect(options: NatsOptions) -> NatsBus {
    NatsBus::connect(options).await.unwrap()
}
