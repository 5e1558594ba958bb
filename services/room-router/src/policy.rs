//! Who may write to whom in a room of two.

use futures_util::future;
use heliograph_domain::{
    id::UserId,
    refusal::{Code, Refusal},
    room::RoomId,
};

use crate::{failure::Outcome, options::Reach, router::Router};

impl Router {
    /// Whether a user may say something to the other one of a room of two. In every other room they may.
    ///
    /// # Errors
    ///
    /// `Blocked` if the other one wants nothing from them; `NotAllowed` if only acquainted users may write to each
    /// other, and these are not.
    pub(crate) async fn may_write(&self, room: &RoomId, user: &UserId) -> Outcome<()> {
        let Some(other) = room.other_of_pair(user) else { return Ok(()) };
        let is_reached = async {
            match self.options.reach {
                Reach::Anyone => Ok(true),
                Reach::Acquainted => self.acquainted(user, &other).await,
            }
        };
        let (is_blocked, is_reached) = future::try_join(self.store.blocks.blocks(&other, user), is_reached).await?;
        if is_blocked {
            return Err(Code::Blocked.into());
        }
        if !is_reached {
            let refusal = Refusal::with_message(Code::NotAllowed, "You can only message connected users");
            return Err(refusal.into());
        }
        Ok(())
    }

    /// Whether the other one of a room of two has blocked a user, as far as the store says so: what is not stored
    /// is told while it is away.
    pub(crate) async fn refuses(&self, room: &RoomId, user: &UserId) -> Outcome<bool> {
        let Some(other) = room.other_of_pair(user) else { return Ok(false) };
        Ok(self.unless_away(room, self.store.blocks.blocks(&other, user)).await?.unwrap_or(false))
    }
}
