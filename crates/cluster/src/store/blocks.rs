//! Blocks: whom users want nothing from.

use std::time::Duration;

use futures_util::{FutureExt, future};
use heliograph_domain::{id::UserId, time::Timestamp};

use super::Step;

/// Steps on the list of one user.
pub trait Blocks: Send + Sync + 'static {
    /// Puts somebody on a user's list, or takes them off. Refuses with `false` what would make the list longer
    /// than it may be.
    fn set<'a>(&'a self, by: &'a UserId, whom: &'a UserId, block: Block) -> Step<'a, bool>;

    /// Whether a user has blocked another.
    fn blocks<'a>(&'a self, by: &'a UserId, whom: &'a UserId) -> Step<'a, bool>;

    /// Whom a user has blocked, in no order. As many as there are: [`Block::most`] bounds it.
    fn list<'a>(&'a self, by: &'a UserId) -> Step<'a, Vec<UserId>>;

    /// Whether one of two users has blocked the other. Two steps, because each list is its owner's.
    fn either<'a>(&'a self, one: &'a UserId, other: &'a UserId) -> Step<'a, bool> {
        let both = future::try_join(self.blocks(one, other), self.blocks(other, one));
        async move { both.await.map(|(one, other)| one || other) }.boxed()
    }
}

/// See [`Blocks::set`].
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// Whether they shall be blocked afterwards.
    pub on: bool,
    /// How many users a list may have.
    pub most: usize,
    /// How long a list is kept that its owner does not change.
    pub age: Duration,
    /// Now.
    pub at: Timestamp,
}
