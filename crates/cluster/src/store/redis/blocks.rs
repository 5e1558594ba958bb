//! Blocks in Redis: a set for each user who blocks somebody.

use heliograph_domain::id::UserId;

use super::{
    super::{Block, Blocks, Step},
    connection::Connection,
    keys::Keys,
    request::{Request, Script, millis},
};

static SET: Script = Script::new(include_str!("scripts/block_set.lua"));

const WHAT: &str = "blocks";

pub(super) struct RedisBlocks {
    pub(super) connection: Connection,
    pub(super) keys: Keys,
}

impl Blocks for RedisBlocks {
    fn set<'a>(&'a self, by: &'a UserId, whom: &'a UserId, block: Block) -> Step<'a, bool> {
        Box::pin(async move {
            let request = SET.on([&self.keys.blocks(by)]).arg(whom.as_str()).arg(u8::from(block.on));
            let request = request.arg(block.most).arg(millis(block.age));
            self.connection.ask(WHAT, request).await?.flag()
        })
    }

    fn blocks<'a>(&'a self, by: &'a UserId, whom: &'a UserId) -> Step<'a, bool> {
        Box::pin(async move {
            let request = Request::command("SISMEMBER", &self.keys.blocks(by)).arg(whom.as_str());
            self.connection.ask(WHAT, request).await?.flag()
        })
    }

    fn list<'a>(&'a self, by: &'a UserId) -> Step<'a, Vec<UserId>> {
        Box::pin(async move {
            let list = self.connection.ask(WHAT, Request::command("SMEMBERS", &self.keys.blocks(by))).await?.list()?;
            list.map(|user| user.parse(UserId::parse)).collect()
        })
    }
}
