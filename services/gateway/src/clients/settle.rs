//! A client becomes known under the gateway's id of now: presence moves its session and its socket, and the
//! rooms that it attends deliver to that id. The client notices nothing but what it had missed.
//!
//! The same is done when a room does not know a client of which the gateway thinks that it attends: the store
//! may have lost something. What cannot be put right ends the connection, so that the client comes back and is
//! told what it has lost.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use heliograph_domain::{
    command::{Join, Origin, PresenceCommand, PresenceRequest, RoomCommand, RoomRequest, Session, SessionRoom},
    id::{CommandId, NodeId},
    outcome::{PresenceOutcome, RoomOutcome},
    refusal::{Code, Refusal},
    room::Standing,
    user::Actor,
};
use heliograph_telemetry::metrics::count;
use tokio::time::{self, Instant};

use super::{Attendance, Client, Clients};

/// How long to wait before presence or a room is asked again that did not answer.
const AGAIN: Duration = Duration::from_secs(1);

/// How many rooms of a client are joined at once.
const JOINS: usize = 16;

/// Why a client cannot go on as it is.
#[derive(Debug, thiserror::Error)]
enum Over {
    /// Its session is at another gateway, or nowhere.
    #[error("its session is elsewhere, or over")]
    Session,
    /// A room does not let it in again.
    #[error("a room does not let it in again: {0}")]
    Room(Refusal),
    /// A room's log is another than the one that it was hearing.
    #[error("a room has another log")]
    Log,
}

impl Over {
    const fn name(&self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Room(_) => "room",
            Self::Log => "log",
        }
    }
}

impl Clients {
    /// The client as the author of a command. Waits while the cluster does not know it under the gateway's id,
    /// until `deadline`.
    ///
    /// # Errors
    /// `AUTH_REQUIRED` before authentication, `UNAVAILABLE` at the deadline.
    pub(super) async fn author(&self, client: &Client, deadline: Instant) -> Result<Actor, Refusal> {
        let author = || client.author(|node| self.tenure.is(node));
        if let Some(actor) = author()? {
            return Ok(actor);
        }
        let settled = async {
            loop {
                let changed = client.next_change();
                if let Some(actor) = author()? {
                    return Ok(actor);
                }
                changed.await;
            }
        };
        time::timeout_at(deadline, settled).await.unwrap_or_else(|_| Err(Code::Unavailable.into()))
    }

    /// Makes every client known again that is not known under the gateway's id of now, or with `anew`, every
    /// client. A few at a time.
    pub(crate) async fn settle_all(self: &Arc<Self>, anew: bool) {
        let clients = self.registry.everyone(None).into_iter().filter_map(|one| one.client().cloned());
        let settling = clients.map(|client| self.settle(client, anew));
        stream::iter(settling).buffer_unordered(self.settle_at_once).for_each(|()| std::future::ready(())).await;
    }

    /// Makes a client known again, unless that is under way. Goes on by itself if it is not waited for.
    pub(super) async fn settle(self: &Arc<Self>, client: Arc<Client>, anew: bool) {
        if !client.begin_settling(|node| !anew && self.tenure.is(node)) {
            return;
        }
        let clients = Arc::clone(self);
        let settling = tokio::spawn(async move {
            let result = clients.try_settle(&client).await;
            client.end_settling();
            match result {
                Ok(()) => {
                    clients.metrics.settled.inc();
                }
                Err(over) => {
                    count(&clients.metrics.unsettled, over.name());
                    tracing::debug!(socket = client.id.as_str(), %over, "a client cannot go on as it is");
                    if let Some(recipient) = clients.registry.socket(&client.id, None) {
                        recipient.cut();
                    }
                }
            }
        });
        if let Err(failure) = settling.await {
            tracing::error!(%failure, "a client could not be made known again");
        }
    }

    async fn try_settle(self: &Arc<Self>, client: &Arc<Client>) -> Result<(), Over> {
        loop {
            let node = self.tenure.known().await;
            let Some(session) = self.take_along(client, &node).await? else { return Ok(()) };
            client.know(&node);
            let rooms = client.attendances().into_iter().map(|attendance| {
                let known = session.rooms.iter().find(|known| known.room == attendance.room).cloned();
                async move { self.attend_again(client, &attendance, known).await }
            });
            stream::iter(rooms).buffer_unordered(JOINS).try_collect::<()>().await?;
            // Taken for dead once more in the meantime?
            if self.tenure.is(&node) {
                return Ok(());
            }
        }
    }

    /// Moves the client's session to the gateway's id of now. `None` if the client is nobody any more.
    async fn take_along(&self, client: &Client, node: &NodeId) -> Result<Option<Session>, Over> {
        loop {
            let Some(Actor { user, gateway, .. }) = client.actor() else { return Ok(None) };
            let command = PresenceCommand::Resume {
                socket: client.id.clone(),
                secret: client.session,
                user: Some(user.id),
                gateway: node.clone(),
                holder: Some(gateway),
            };
            match self.commands.presence(&PresenceRequest { id: CommandId::generate(), command }).await {
                Ok(PresenceOutcome::Resumed { session, .. }) => return Ok(Some(*session)),
                Err(refusal) if refusal.retryable() => time::sleep(AGAIN).await,
                Ok(_) | Err(_) => return Err(Over::Session),
            }
        }
    }

    /// Joins a room once more. What was missed of it is read from the log.
    async fn attend_again(
        self: &Arc<Self>,
        client: &Arc<Client>,
        attendance: &Attendance,
        known: Option<SessionRoom>,
    ) -> Result<(), Over> {
        let room = &attendance.room;
        let Some(known) = known else {
            // It was taken out of the room, and has not heard of that yet.
            self.forget_room(client, room);
            return Ok(());
        };
        loop {
            let (Some(actor), true) = (client.actor(), attendance.is_live()) else { return Ok(()) };
            let peer = client.with(|state| state.media);
            let join = Join { since: None, explicit: known.explicit, peer, takeover: false, contents: false };
            let (origin, command) = (Origin::Socket(actor), RoomCommand::Join(join));
            let request = RoomRequest { id: CommandId::generate(), room: room.clone(), origin, command };
            match self.commands.room(&request).await {
                Ok(RoomOutcome::Joined(joined)) if joined.position.epoch != attendance.epoch => return Err(Over::Log),
                Ok(RoomOutcome::Joined(joined)) => {
                    let (position, roster) = (joined.position, joined.roster);
                    self.fan_out.compare(Standing { room: room.clone(), position, roster }).await;
                    return Ok(());
                }
                Err(refusal) if refusal.retryable() => time::sleep(AGAIN).await,
                Ok(_) => return Err(Over::Room(Code::Unavailable.into())),
                Err(refusal) => return Err(Over::Room(refusal)),
            }
        }
    }

    /// A room was joined under an id that the client may not have any more. Then it is joined once more.
    pub(super) async fn confirm(
        self: &Arc<Self>,
        client: &Arc<Client>,
        attendance: &Attendance,
        under: &NodeId,
        explicit: bool,
    ) {
        if client.actor().is_none_or(|actor| actor.gateway == *under) {
            return;
        }
        let position = attendance.position();
        let room = SessionRoom { ordinal: attendance.ordinal, room: attendance.room.clone(), position, explicit };
        if let Err(over) = self.attend_again(client, attendance, Some(room)).await {
            tracing::debug!(
                socket = client.id.as_str(),
                %over,
                "a room could not be joined under the gateway's new id"
            );
            self.settle(Arc::clone(client), true).await;
        }
    }
}
