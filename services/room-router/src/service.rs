//! Room commands as they are served: decoded, carried out, answered once.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use heliograph_cluster::{
    partition::Partition,
    serve::{Handled, Kind, Service, Timers},
    store::{Deadline, StoreError},
};
use heliograph_domain::{
    command::{RoomCommand, RoomRequest},
    matching::MatchingCommand,
    refusal::{Code, Refusal},
    room::RoomId,
    wire,
};
use heliograph_telemetry::metrics::count;
use tracing::{debug, warn};

use crate::{calls::deadline_call, failure::Failure, matching, rooms::deadline_room, router::Router};

impl Service for Router {
    type Command = RoomRequest;
    type Key = RoomId;

    const KIND: Kind = Kind::Rooms;

    fn decode(&self, payload: Bytes) -> Result<RoomRequest, Bytes> {
        wire::decode_room_request(payload).map_err(|error| {
            self.metrics.unreadable.inc();
            warn!(%error, "a command cannot be read");
            wire::encode_room_reply(&Err(Refusal::new(Code::InvalidPayload)))
        })
    }

    fn key(&self, command: &RoomRequest) -> RoomId {
        command.room.clone()
    }

    fn handle(self: Arc<Self>, command: RoomRequest, timers: Timers) -> BoxFuture<'static, Handled> {
        async move {
            let name = name(&command.command);
            count(&self.metrics.commands, name);
            let outcome = self.carry_out(command, timers).await;
            let reply = outcome.map_err(|failure| self.refuse(failure, name));
            wire::encode_room_reply(&reply).into()
        }
        .boxed()
    }

    fn key_of(&self, deadline: &Deadline) -> Option<RoomId> {
        if matching::is_deadline(&deadline.key) {
            return Some(RoomId::matching());
        }
        deadline_call(&deadline.key).map(|call| RoomId::of_call(&call)).or_else(|| deadline_room(&deadline.key))
    }

    fn fire(self: Arc<Self>, deadline: Deadline, timers: Timers) -> BoxFuture<'static, bool> {
        async move {
            self.metrics.deadlines.inc();
            let fired = if matching::is_deadline(&deadline.key) {
                self.fire_matching(&deadline.key, &timers).await
            } else if let Some(call) = deadline_call(&deadline.key) {
                self.tick_call(&call, &timers).await
            } else if let Some(room) = deadline_room(&deadline.key) {
                self.expire_room(&room, &timers).await
            } else {
                return true;
            };
            match fired {
                Ok(()) => true,
                Err(failure) => {
                    self.refuse(failure, "deadline");
                    false
                }
            }
        }
        .boxed()
    }

    fn take_over(self: Arc<Self>, partition: Partition) -> BoxFuture<'static, bool> {
        async move {
            let matching = self.take_over_matching(partition).await;
            self.tell_again(partition).await && matching
        }
        .boxed()
    }

    fn owns(&self, partitions: usize) {
        self.metrics.partitions.set(i64::try_from(partitions).unwrap_or(i64::MAX));
        self.hide_waiting();
    }
}

impl Router {
    /// The answer to a command that was not carried out.
    fn refuse(&self, failure: Failure, command: &'static str) -> Refusal {
        let refusal = match failure {
            Failure::Refused(refusal) => {
                debug!(command, code = refusal.code.as_str(), "refused");
                refusal
            }
            Failure::Store(error) => {
                self.store_failed(&error, command);
                Refusal::new(Code::Unavailable)
            }
        };
        count(&self.metrics.refusals, refusal.code.as_str());
        refusal
    }

    /// Notes that the store has let a step down.
    pub(crate) fn store_failed(&self, error: &StoreError, command: &'static str) {
        self.metrics.store_failures.inc();
        match error {
            // The store says that it is away, once for all steps.
            StoreError::Unavailable(_) => debug!(command, %error, "the store did not carry out a step"),
            StoreError::Unreadable(_) => warn!(command, %error, "the store holds what cannot be read"),
        }
    }

    /// Notes how a step went on which the command's success does not hang.
    pub(crate) fn note<T>(&self, result: Result<T, StoreError>, step: &'static str) {
        if let Err(error) = result {
            self.store_failed(&error, step);
        }
    }
}

/// A command's name in metrics and logs.
const fn name(command: &RoomCommand) -> &'static str {
    match command {
        RoomCommand::Join(_) => "join",
        RoomCommand::Leave { .. } => "leave",
        RoomCommand::Detach { .. } => "detach",
        RoomCommand::Post(_) => "post",
        RoomCommand::React { .. } => "react",
        RoomCommand::MarkDelivered { .. } => "mark-delivered",
        RoomCommand::MarkRead { .. } => "mark-read",
        RoomCommand::SetTyping { .. } => "typing",
        RoomCommand::SwitchChat { .. } => "switch-chat",
        RoomCommand::SetMedia { .. } => "media",
        RoomCommand::SendEphemeral { .. } => "ephemeral",
        RoomCommand::Signal(_) => "signal",
        RoomCommand::CreateCall(_) => "create-call",
        RoomCommand::InitiateCall(_) => "initiate-call",
        RoomCommand::AcceptCall => "accept-call",
        RoomCommand::RejectCall { .. } => "reject-call",
        RoomCommand::EndCall { .. } => "end-call",
        RoomCommand::DepartCall { .. } => "depart-call",
        RoomCommand::GreetSocket { .. } => "greet-socket",
        RoomCommand::Close => "close",
        RoomCommand::Matching(command) => match command {
            MatchingCommand::Enqueue { .. } => "enqueue",
            MatchingCommand::Dequeue { .. } => "dequeue",
            MatchingCommand::GetQueueStatus => "queue-status",
            MatchingCommand::GetPending => "pending",
            MatchingCommand::RespondToMatch { .. } => "match-response",
            MatchingCommand::Invite { .. } => "invite",
            MatchingCommand::RespondToInvite { .. } => "invite-response",
        },
        RoomCommand::ClearHistory => "clear-history",
        RoomCommand::AppendActivity { .. } => "append-activity",
        RoomCommand::SetState(_) => "set-state",
        RoomCommand::Prepare(_) => "prepare",
        RoomCommand::DeleteMessage { .. } => "delete-message",
        RoomCommand::RemoveMember { .. } => "remove-member",
        RoomCommand::LiftBan { .. } => "lift-ban",
    }
}
