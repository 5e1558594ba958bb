//! Servers that cases share, each case with a prefix of its own.

use std::sync::OnceLock;

use heliograph_servers::{Nats, Redis, ServerError};

/// Each is started when the first case asks for it and ends with the last one.
#[derive(Default)]
pub(crate) struct Servers {
    nats: OnceLock<Nats>,
    redis: OnceLock<Redis>,
}

impl Servers {
    pub(crate) fn nats(&self) -> &Nats {
        self.nats.get_or_init(|| started(Nats::start()))
    }

    pub(crate) fn redis(&self) -> &Redis {
        self.redis.get_or_init(|| started(Redis::start()))
    }
}

/// Says in one line what is missing.
fn started<S>(server: Result<S, ServerError>) -> S {
    server.unwrap_or_else(|error| panic!("{error}"))
}
