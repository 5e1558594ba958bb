//! Presence commands as they are served: decoded, carried out, answered once.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use heliograph_cluster::{
    serve::{Handled, Kind, Service, Timers},
    store::Deadline,
};
use heliograph_domain::{
    command::{PresenceCommand, PresenceRequest},
    id::{SocketId, UserId},
    outcome::PresenceOutcome,
    publication::PublicationId,
    refusal::{Code, Refusal},
    wire,
};
use heliograph_telemetry::metrics::count;
use tracing::warn;

use crate::{
    connect::{Answer, Return},
    deadline::Due,
    disconnect::Departure,
    people::{Failure, People},
};

/// What presence handles in order.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// What concerns one user.
    User(UserId),
    /// The recovery of one session, whose user may be unknown.
    Session(SocketId),
    /// One publication, which waits for no other.
    Publication(PublicationId),
}

impl Service for People {
    type Command = PresenceRequest;
    type Key = Key;

    const KIND: Kind = Kind::Presence;

    fn decode(&self, payload: Bytes) -> Result<PresenceRequest, Bytes> {
        wire::decode_presence_request(payload).map_err(|error| {
            self.metrics.unreadable.inc();
            warn!(%error, "a command cannot be read");
            wire::encode_presence_reply(&Err(Refusal::new(Code::InvalidPayload)))
        })
    }

    fn key(&self, command: &PresenceRequest) -> Key {
        match &command.command {
            PresenceCommand::Connect { actor, .. } => Key::User(actor.user.id.clone()),
            PresenceCommand::Resume { socket, .. } => Key::Session(socket.clone()),
            PresenceCommand::Disconnect { user, .. } => Key::User(user.clone()),
            PresenceCommand::Publish(_) => Key::Publication(command.id),
            PresenceCommand::SetStatus { user, .. }
            | PresenceCommand::SetActive { user, .. }
            | PresenceCommand::Appear { user, .. } => Key::User(user.id.clone()),
            PresenceCommand::BlockUser { user, .. } | PresenceCommand::UnblockUser { user, .. } => {
                Key::User(user.clone())
            }
        }
    }

    fn handle(self: Arc<Self>, command: PresenceRequest, timers: Timers) -> BoxFuture<'static, Handled> {
        async move {
            let name = name(&command.command);
            count(&self.metrics.commands, name);
            let answer = Arc::clone(&self).carry_out(command, timers).await;
            let (reply, afterwards) = match answer {
                Ok((outcome, afterwards)) => {
                    self.trouble.succeeded();
                    (Ok(outcome), afterwards)
                }
                Err(failure) => (Err(self.refusal(failure, name)), None),
            };
            Handled { reply: wire::encode_presence_reply(&reply), afterwards }
        }
        .boxed()
    }

    fn key_of(&self, deadline: &Deadline) -> Option<Key> {
        Due::parse(&deadline.key).map(|due| Key::User(due.user().clone()))
    }

    fn fire(self: Arc<Self>, deadline: Deadline, timers: Timers) -> BoxFuture<'static, bool> {
        async move {
            match Due::parse(&deadline.key) {
                Some(Due::Lost { user, socket }) => self.give_up(&user, &socket, &timers).await,
                Some(Due::Gone { user, socket }) => self.finish_goodbye(&user, &socket).await,
                Some(Due::Offline(user)) => self.announce_absence(&user).await,
                Some(Due::Calls(user)) => self.leave_calls(&user).await,
                None => true,
            }
        }
        .boxed()
    }

    fn owns(&self, partitions: usize) {
        self.metrics.partitions.set(i64::try_from(partitions).unwrap_or(i64::MAX));
    }
}

impl People {
    async fn carry_out(self: Arc<Self>, request: PresenceRequest, timers: Timers) -> Result<Answer, Failure> {
        match request.command {
            PresenceCommand::Connect { actor, secret } => self.connect(actor, secret).await,
            PresenceCommand::Resume { socket, secret, user, gateway, holder } => {
                self.resume(Return { socket, secret, user, gateway, holder }).await
            }
            PresenceCommand::Disconnect { socket, user, gateway, cause, age, positions } => {
                self.disconnect(Departure { socket, user, gateway, cause, age, positions }, timers).await
            }
            PresenceCommand::SetStatus { user, status } => {
                self.set_status(&user, status).await?;
                Ok((PresenceOutcome::Done, None))
            }
            PresenceCommand::Publish(publication) => {
                self.publish(request.id, *publication).await?;
                Ok((PresenceOutcome::Done, None))
            }
            PresenceCommand::SetActive { user, socket, active } => {
                self.set_active(&user, &socket, active).await?;
                Ok((PresenceOutcome::Done, None))
            }
            PresenceCommand::Appear { user, socket } => {
                self.appear(&user, &socket).await?;
                Ok((PresenceOutcome::Done, None))
            }
            PresenceCommand::BlockUser { user, other } => {
                self.block(&user, &other, true).await?;
                Ok((PresenceOutcome::Done, None))
            }
            PresenceCommand::UnblockUser { user, other } => {
                self.block(&user, &other, false).await?;
                Ok((PresenceOutcome::Done, None))
            }
        }
    }
}

/// A command's name in metrics and logs.
const fn name(command: &PresenceCommand) -> &'static str {
    match command {
        PresenceCommand::Connect { .. } => "connect",
        PresenceCommand::Resume { .. } => "resume",
        PresenceCommand::Disconnect { .. } => "disconnect",
        PresenceCommand::SetStatus { .. } => "set-status",
        PresenceCommand::Publish(_) => "publish",
        PresenceCommand::SetActive { .. } => "set-active",
        PresenceCommand::Appear { .. } => "appear",
        PresenceCommand::BlockUser { .. } => "block",
        PresenceCommand::UnblockUser { .. } => "unblock",
    }
}
