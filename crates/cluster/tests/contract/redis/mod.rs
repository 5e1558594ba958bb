//! The store over Redis: the contract on one server, on a Redis Cluster and over TLS, and what only
//! real servers can do.

mod agreement;
mod faults;
mod leftovers;
mod redirections;
mod refusals;
mod rooms;

use std::{future::ready, sync::Arc};

use heliograph_cluster::store::redis::{RedisOptions, RedisStore};
use heliograph_servers::Redis;
use libtest_mimic::Trial;

use crate::{
    case,
    scene::fresh,
    servers::Servers,
    suites::{STORE, retention},
};

pub(crate) fn trials(servers: &Arc<Servers>) -> Vec<Trial> {
    let on = [
        ("redis", (|servers| options(&servers.redis().url())) as fn(&Servers) -> RedisOptions),
        ("redis_cluster", |servers| options(&servers.redis_cluster().url())),
        ("redis_tls", |servers| encrypted(servers.redis_tls())),
    ];
    let mut all = Vec::new();
    for (name, options) in on {
        for (suite, cases) in STORE {
            let servers = Arc::clone(servers);
            all.extend(case::trials(&format!("{name}::{suite}"), cases, move || {
                let options = options(&servers);
                async { connect(options).await.store() }
            }));
        }
    }
    let own = [
        ("redis::faults", faults::CASES),
        ("redis::refusals", refusals::CASES),
        ("redis::redirections", redirections::CASES),
        ("redis::leftovers", leftovers::CASES),
        ("redis::agreement", agreement::CASES),
    ];
    for (suite, cases) in own.iter().chain(rooms::SUITES) {
        let servers = Arc::clone(servers);
        all.extend(case::trials(suite, cases, move || ready(Arc::clone(&servers))));
    }
    all
}

/// Options for a store of its own on a server.
fn options(url: &str) -> RedisOptions {
    RedisOptions { prefix: fresh("hg"), ..RedisOptions::new(url, retention()) }
}

/// Options for a store of its own on a server that wants to see certificates.
fn encrypted(redis: &Redis) -> RedisOptions {
    let files = redis.certificates().expect("a server with certificates");
    RedisOptions {
        ca_file: Some(files.ca.clone()),
        cert_file: Some(files.client_cert.clone()),
        key_file: Some(files.client_key.clone()),
        ..options(&redis.url())
    }
}

async fn connect(options: RedisOptions) -> RedisStore {
    RedisStore::connect(options).await.unwrap()
}
