//! How users are: what they say themselves, and whether others have been told that they are here.

use heliograph_cluster::store::{PresenceRecord, StoreError};
use heliograph_domain::{command::Status, event::Event, id::UserId, time::Timestamp, user::User};
use heliograph_telemetry::metrics::count;

use crate::{audience::Audience, people::People};

impl People {
    /// The user chose a status. Choosing the same again is not told.
    pub(crate) async fn set_status(&self, user: &User, status: Status) -> Result<(), StoreError> {
        let now = self.clock.now();
        let before = self.store.presence.set_status(&user.id, status, now).await?;
        if before == status {
            return Ok(());
        }
        if before == Status::Offline {
            self.announce_online(user).await?;
        }
        count(&self.metrics.announcements, "status");
        let event = Event::PresenceChanged { user: user.clone(), status, last_seen: now };
        self.tell(self.audience(&user.id).await?, &user.id, now, event).await;
        if status == Status::Offline {
            self.announce_offline(user, self.audience(&user.id).await?, now).await?;
        }
        Ok(())
    }

    /// Tells others that a user is here, unless they know, the user is not, or hides.
    pub(crate) async fn announce_online(&self, user: &User) -> Result<(), StoreError> {
        let record = self.store.presence.record(&user.id).await?;
        if !is_visible(&record) || !self.store.presence.announce(&user.id, true).await? {
            return Ok(());
        }
        count(&self.metrics.announcements, "online");
        let event = Event::UserOnline { user: user.clone() };
        self.tell(self.audience(&user.id).await?, &user.id, self.clock.now(), event).await;
        Ok(())
    }

    /// Tells others that a user has gone who has no socket any more.
    pub(crate) async fn announce_gone(&self, user: &User, audience: Audience) -> Result<(), StoreError> {
        let record = self.store.presence.record(&user.id).await?;
        if record.sockets > 0 {
            return Ok(());
        }
        self.announce_offline(user, audience, record.last_seen).await?;
        // A session may have been recovered meanwhile, by way of another partition, and have found
        // that others still know of the user.
        self.announce_online(user).await
    }

    async fn announce_offline(&self, user: &User, audience: Audience, last_seen: Timestamp) -> Result<(), StoreError> {
        if !self.store.presence.announce(&user.id, false).await? {
            return Ok(());
        }
        count(&self.metrics.announcements, "offline");
        let event = Event::UserOffline { user: user.clone(), last_seen };
        self.tell(audience, &user.id, self.clock.now(), event).await;
        Ok(())
    }

    /// How others see a user: when they were last here, too, if that is known.
    pub(crate) async fn seen(&self, user: &UserId) -> Result<(Status, Option<Timestamp>), StoreError> {
        let record = self.store.presence.record(user).await?;
        let status = if record.announced { record.status } else { Status::Offline };
        let last_seen = Some(record.last_seen).filter(|seen| *seen != Timestamp::default());
        Ok((status, last_seen))
    }
}

fn is_visible(record: &PresenceRecord) -> bool {
    record.sockets > 0 && record.status != Status::Offline
}
