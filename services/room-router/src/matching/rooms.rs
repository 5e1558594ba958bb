//! What matching needs of rooms and of people.

use heliograph_cluster::{
    partition::Partition,
    store::{Deadline, Scope, StoreError},
};
use heliograph_domain::{
    command::{Access, Prepare},
    id::UserId,
    room::{RoomId, RoomKind},
    time::Timestamp,
    user::User,
};

use crate::{rooms::deadline_key, router::Router};

impl Router {
    /// Makes a room that nobody but these may enter, unless there is one.
    pub(super) async fn open_for(&self, room: &RoomId, members: Vec<User>, now: Timestamp) -> Result<(), StoreError> {
        self.make_members(room, Prepare { access: Some(Access::Members), members }, now).await?;
        if room.kind() == RoomKind::Match {
            let (partition, at) = (Partition::of(room.as_str()), now + self.options.abandoned_match);
            let deadline = Deadline { key: deadline_key(room), at };
            self.store.deadlines.set(Scope::Rooms, partition, deadline).await?;
        }
        Ok(())
    }

    /// Makes somebody a member of a room.
    pub(super) async fn admit(&self, room: &RoomId, member: User, now: Timestamp) -> Result<(), StoreError> {
        self.make_members(room, Prepare { access: None, members: vec![member] }, now).await
    }

    /// Whether one of two has blocked the other.
    pub(super) async fn blocked(&self, one: &UserId, other: &UserId) -> Result<bool, StoreError> {
        self.store.blocks.either(one, other).await
    }
}
