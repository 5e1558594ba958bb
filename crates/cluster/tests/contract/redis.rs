//! The store over Redis.

use std::sync::Arc;

use heliograph_cluster::store::{
    Store,
    redis::{RedisOptions, RedisStore},
};
use libtest_mimic::Trial;

use crate::{
    case,
    scene::fresh,
    servers::Servers,
    suites::{STORE, retention},
};

pub(crate) fn trials(servers: &Arc<Servers>) -> Vec<Trial> {
    let mut all = Vec::new();
    for (suite, cases) in STORE {
        let servers = Arc::clone(servers);
        all.extend(case::trials(&format!("redis::{suite}"), cases, move || {
            let servers = Arc::clone(&servers);
            async move { connect(&servers.redis().url()).await }
        }));
    }
    all
}

/// A store of its own on a server.
async fn connect(url: &str) -> Store {
    let options = RedisOptions { prefix: fresh("hg"), ..RedisOptions::new(url, retention()) };
    RedisStore::connect(options).await.unwrap().store()
}
