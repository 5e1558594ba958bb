//! Looks at rooms for what is not stored. Nobody would rather not see that somebody types because the
//! store is away: what it has said before is good enough for that.

use heliograph_cluster::store::{Step, StoreError, View};
use heliograph_domain::room::RoomId;

use crate::{memory::Question, router::Router};

impl Router {
    /// What the store says of a room, or if it does not answer, what it said before.
    ///
    /// # Errors
    ///
    /// The store does not answer, and what is asked for is not known.
    pub(crate) async fn glance(&self, room: &RoomId, question: Question<'_>) -> Result<View, StoreError> {
        let Question { user, socket, addressee } = question;
        let looking = self.store.rooms.view(room, Some(user), socket, addressee);
        let now = self.clock.now();
        if let Some(view) = self.unless_away(room, looking).await? {
            self.memory.learn(room, question, &view, now);
            return Ok(view);
        }
        let known = self.memory.recall(room, question, now).ok_or_else(unknown)?;
        self.metrics.from_memory.inc();
        Ok(known)
    }

    /// Takes a step of the store. `None` if the store does not answer, or did not a moment ago.
    ///
    /// # Errors
    ///
    /// The store's, if it answers.
    pub(crate) async fn unless_away<T>(&self, room: &RoomId, step: Step<'_, T>) -> Result<Option<T>, StoreError> {
        if self.memory.store_is_away(room, self.clock.now()) {
            return Ok(None);
        }
        match step.await {
            Ok(answer) => Ok(Some(answer)),
            Err(error @ StoreError::Unavailable(_)) => {
                self.store_failed(&error, "glance");
                self.memory.store_went_away(room, self.clock.now());
                Ok(None)
            }
            Err(error @ StoreError::Unreadable(_)) => Err(error),
        }
    }
}

/// The failure of a look at what only the store knows.
pub(crate) fn unknown() -> StoreError {
    StoreError::Unavailable("it does not answer, and has not said this before".to_owned())
}
