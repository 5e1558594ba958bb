//! How users are: what they say themselves, and whether others have been told that they are here.

use heliograph_cluster::store::{PresenceRecord, StoreError};
use heliograph_domain::{
    command::Status,
    event::Event,
    id::{SocketId, UserId},
    time::Timestamp,
    user::User,
};
use heliograph_telemetry::metrics::count;

use crate::{audience::Audience, people::People};

impl People {
    /// The user chose a status. Choosing the same again is not told.
    pub(crate) async fn set_status(&self, user: &User, status: Status) -> Result<(), StoreError> {
        self.store.presence.set_status(&user.id, status, self.clock.now()).await?;
        self.show_status(user).await
    }

    /// The user looks at a device, or has turned away from it.
    pub(crate) async fn set_active(&self, user: &User, socket: &SocketId, active: bool) -> Result<(), StoreError> {
        self.store.presence.set_active(&user.id, socket, active, self.clock.now()).await?;
        self.show_status(user).await
    }

    /// The user says that they are available. Those who know hear it again.
    pub(crate) async fn appear(&self, user: &User, socket: &SocketId) -> Result<(), StoreError> {
        let now = self.clock.now();
        let was_known = self.store.presence.record(&user.id).await?.announced;
        self.store.presence.set_status(&user.id, Status::Online, now).await?;
        self.store.presence.set_active(&user.id, socket, true, now).await?;
        self.show_status(user).await?;
        if was_known {
            self.tell_online(user).await?;
        }
        Ok(())
    }

    /// Tells others of the user's status, if it is another than they were told of.
    pub(crate) async fn show_status(&self, user: &User) -> Result<(), StoreError> {
        let now = self.clock.now();
        let status = visible_status(&self.store.presence.record(&user.id).await?);
        let before = self.store.presence.show(&user.id, status).await?;
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
        self.tell_online(user).await
    }

    async fn tell_online(&self, user: &User) -> Result<(), StoreError> {
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
        // Who comes back looks at what they come with, and need not say so.
        let chosen = self.store.presence.record(&user.id).await?.status;
        self.store.presence.show(&user.id, chosen).await?;
        count(&self.metrics.announcements, "offline");
        let event = Event::UserOffline { user: user.clone(), last_seen };
        self.tell(audience, &user.id, self.clock.now(), event).await;
        Ok(())
    }

    /// How others see a user: when they were last here, too, if that is known.
    pub(crate) async fn seen(&self, user: &UserId) -> Result<(Status, Option<Timestamp>), StoreError> {
        let record = self.store.presence.record(user).await?;
        let status = if record.announced { visible_status(&record) } else { Status::Offline };
        let last_seen = Some(record.last_seen).filter(|seen| *seen != Timestamp::default());
        Ok((status, last_seen))
    }
}

/// The status of a user who is here: the one that they chose; or away, if they are online and look at none of
/// their devices.
fn visible_status(record: &PresenceRecord) -> Status {
    let is_away = record.status == Status::Online && record.sockets > 0 && record.idle >= record.sockets;
    if is_away { Status::Away } else { record.status }
}

fn is_visible(record: &PresenceRecord) -> bool {
    record.sockets > 0 && record.status != Status::Offline
}
