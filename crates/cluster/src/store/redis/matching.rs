//! Matching in Redis: a hash of records, and the number of the newest step.

use std::collections::HashMap;

use bytes::Bytes;

use super::{
    super::{Matching, Pool, RecordChange, Step, StoreError},
    ABANDONED,
    connection::Connection,
    keys::Keys,
    request::{Request, Script, millis},
};

static COMMIT: Script = Script::new(include_str!("scripts/matching_commit.lua"));

/// Records that are read at a time, about: one answer of a server must not keep it from others for long.
const PAGE: usize = 256;
/// How often everything is read, if others go on changing it meanwhile.
const ATTEMPTS: usize = 16;

pub(super) struct RedisMatching {
    pub(super) connection: Connection,
    pub(super) keys: Keys,
}

impl RedisMatching {
    async fn read_version(&self) -> Result<u64, StoreError> {
        let request = Request::command("GET", &self.keys.matching_version());
        let answer = self.connection.ask("matching", request).await?;
        answer.optional().map_or(Ok(0), |version| version.number())
    }

    async fn read_records(&self) -> Result<HashMap<String, Bytes>, StoreError> {
        let mut records = HashMap::new();
        let mut cursor = 0;
        loop {
            let request = Request::command("HSCAN", &self.keys.matching_records()).arg(cursor).arg("COUNT").arg(PAGE);
            let mut page = self.connection.ask("matching", request).await?.list()?;
            cursor = page.part()?.number()?;
            let mut fields = page.part()?.list()?;
            while !fields.is_empty() {
                // A record may come twice.
                records.insert(fields.part()?.text()?, fields.part()?.bytes()?);
            }
            if cursor == 0 {
                return Ok(records);
            }
        }
    }
}

impl Matching for RedisMatching {
    fn load(&self) -> Step<'_, Pool> {
        Box::pin(async move {
            let mut version = self.read_version().await?;
            for _ in 0..ATTEMPTS {
                let records = self.read_records().await?;
                let after = self.read_version().await?;
                if after == version {
                    return Ok(Pool { version, records: records.into_iter().collect() });
                }
                version = after;
            }
            Err(StoreError::Unavailable("matching changes faster than it can be read".to_owned()))
        })
    }

    fn version(&self) -> Step<'_, u64> {
        Box::pin(self.read_version())
    }

    fn commit<'a>(&'a self, expected: u64, changes: &'a [RecordChange]) -> Step<'a, bool> {
        Box::pin(async move {
            let keys = [self.keys.matching_version(), self.keys.matching_records()];
            let mut request = COMMIT.on(keys.each_ref()).arg(expected).arg(millis(ABANDONED));
            for RecordChange { name, record } in changes {
                // A record is never empty.
                request = request.arg(name).arg(record.as_deref().unwrap_or_default());
            }
            self.connection.ask("matching", request).await?.flag()
        })
    }
}
