//! Calls in Redis: a hash each, of a version and a record.

use std::time::Duration;

use bytes::Bytes;
use heliograph_domain::id::CallId;

use super::{
    super::{Calls, Step, Versioned},
    connection::Connection,
    keys::Keys,
    request::{Request, Script, millis},
};

static SAVE: Script = Script::new(include_str!("scripts/call_save.lua"));

pub(super) struct RedisCalls {
    pub(super) connection: Connection,
    pub(super) keys: Keys,
}

impl Calls for RedisCalls {
    fn load<'a>(&'a self, call: &'a CallId) -> Step<'a, Option<Versioned>> {
        Box::pin(async move {
            let request = Request::command("HMGET", &self.keys.call(call)).arg("version").arg("record");
            let mut fields = self.connection.ask("call", request).await?.list()?;
            let (version, record) = (fields.part()?, fields.part()?);
            let Some(version) = version.optional() else { return Ok(None) };
            Ok(Some(Versioned { version: version.number()?, record: record.bytes()? }))
        })
    }

    fn save<'a>(&'a self, call: &'a CallId, expected: u64, record: Bytes, ttl: Duration) -> Step<'a, bool> {
        Box::pin(async move {
            let request = SAVE.on([&self.keys.call(call)]).arg(expected).arg(&record[..]).arg(millis(ttl));
            self.connection.ask("call", request).await?.flag()
        })
    }
}
