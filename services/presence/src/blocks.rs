//! Whom users want nothing from.

use heliograph_cluster::store::Block;
use heliograph_domain::{
    id::UserId,
    refusal::{Code, Refusal},
};

use crate::people::{Failure, People};

impl People {
    /// Puts somebody on a user's list, or takes them off. Rooms, calls and matching look at it.
    pub(crate) async fn block(&self, user: &UserId, other: &UserId, on: bool) -> Result<(), Failure> {
        if user == other {
            return Err(Refusal::invalid("userId", "must be somebody else").into());
        }
        let most = self.options.blocks;
        let block = Block { on, most, age: self.options.blocks_kept, at: self.clock.now() };
        if self.store.blocks.set(user, other, block).await? {
            return Ok(());
        }
        Err(Refusal::with_message(Code::NotAllowed, format!("At most {most} users can be blocked")).into())
    }
}
