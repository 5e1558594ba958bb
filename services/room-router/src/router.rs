//! What every step needs, and the way from a command to its step.

use heliograph_cluster::{
    clock::Clock,
    directory::Nodes,
    outward::Outward,
    serve::Timers,
    store::{Store, Taken},
};
use heliograph_domain::{
    command::{Origin, RoomCommand, RoomRequest},
    id::{CallId, CommandId, UserId},
    outcome::RoomOutcome,
    refusal::{Code, Refusal},
    room::{RoomId, RoomKind},
    time::Timestamp,
    user::{Actor, User},
};
use heliograph_telemetry::metrics;
use tokio::sync::{Mutex, Semaphore, watch};

use crate::{
    failure::{Failure, Outcome},
    matching::Known,
    memory::Memory,
    options::{Options, Rate},
};

/// Carries out room commands.
pub(crate) struct Router {
    pub(crate) options: Options,
    pub(crate) store: Store,
    pub(crate) outward: Outward,
    pub(crate) clock: Clock,
    pub(crate) nodes: watch::Receiver<Nodes>,
    pub(crate) metrics: metrics::Rooms,
    pub(crate) memory: Memory,
    pub(crate) matching: Mutex<Known>,
    /// One for each room that may be looked at for a takeover.
    pub(crate) takeovers: Semaphore,
}

/// What a command's step knows beside the command itself.
pub(crate) struct Request {
    pub(crate) id: CommandId,
    pub(crate) room: RoomId,
    pub(crate) origin: Origin,
    pub(crate) now: Timestamp,
    pub(crate) timers: Timers,
}

impl Request {
    /// The socket that asks.
    pub(crate) fn actor(&self) -> Result<&Actor, Refusal> {
        match &self.origin {
            Origin::Socket(actor) => Ok(actor),
            Origin::User(_) | Origin::System => Err(Code::NotAllowed.into()),
        }
    }

    /// The user who asks.
    pub(crate) fn user(&self) -> Result<&User, Refusal> {
        match &self.origin {
            Origin::Socket(actor) => Ok(&actor.user),
            Origin::User(user) => Ok(user),
            Origin::System => Err(Code::NotAllowed.into()),
        }
    }

    /// Refuses everybody but the cluster.
    fn require_system(&self) -> Result<(), Refusal> {
        match self.origin {
            Origin::System => Ok(()),
            Origin::Socket(_) | Origin::User(_) => Err(Code::NotAllowed.into()),
        }
    }

    /// The same asked of a call.
    pub(crate) fn about(&self, call: &CallId) -> Self {
        Self {
            id: self.id,
            room: RoomId::of_call(call),
            origin: self.origin.clone(),
            now: self.now,
            timers: self.timers.clone(),
        }
    }

    fn is_about_pair(&self) -> bool {
        self.room.kind() == RoomKind::Match
    }

    /// Refuses whatever clients would tell others in a room in which only backends speak.
    fn require_listener(&self, command: &RoomCommand) -> Result<(), Refusal> {
        let listens = matches!(command, RoomCommand::Join(_) | RoomCommand::Leave { .. });
        if self.room.kind() == RoomKind::Topic && self.origin != Origin::System && !listens {
            return Err(Code::NotAllowed.into());
        }
        Ok(())
    }

    fn is_about_call(&self) -> bool {
        self.room.kind() == RoomKind::Call
    }
}

/// A rate limit was exceeded, until then.
pub(crate) fn too_many(reset_at: Timestamp) -> Refusal {
    Refusal { reset_at: Some(reset_at), ..Refusal::new(Code::RateLimited) }
}

impl Router {
    /// Carries out one command.
    pub(crate) async fn carry_out(&self, request: RoomRequest, timers: Timers) -> Outcome<RoomOutcome> {
        let RoomRequest { id, room, origin, command } = request;
        let request = Request { id, room, origin, now: self.clock.now(), timers };
        let done = |()| RoomOutcome::Done;
        request.require_listener(&command)?;
        match command {
            RoomCommand::Join(join) if request.room.is_matching() => self.join_matching(&request, join).await,
            RoomCommand::Join(join) if request.is_about_call() => self.join_call(&request, join).await,
            RoomCommand::Join(join) => self.join(&request, join).await,
            RoomCommand::Leave { permanent: true } if request.is_about_pair() => {
                self.end_call_of_pair(&request, false).await?;
                self.leave(&request, true).await.map(done)
            }
            RoomCommand::Leave { permanent } => self.leave(&request, permanent).await.map(done),
            RoomCommand::Detach { socket, user, cause } => {
                request.require_system()?;
                if request.room.is_matching() {
                    return self.detach_from_matching(&request, &socket, &user, cause).await.map(done);
                }
                self.detach(&request, &socket, &user, cause).await.map(done)
            }
            RoomCommand::Close => self.close(&request).await.map(done),
            RoomCommand::Prepare(prepare) => {
                request.require_system()?;
                self.prepare(&request, prepare).await.map(done)
            }
            RoomCommand::Matching(command) => self.match_people(&request, command).await,
            RoomCommand::RemoveMember { user, ban } => {
                request.require_system()?;
                self.remove_member(&request, &user, ban).await.map(done)
            }
            RoomCommand::LiftBan { user } => {
                request.require_system()?;
                self.lift_ban(&request, &user).await.map(done)
            }
            RoomCommand::DeleteMessage { message } => {
                request.require_system()?;
                self.delete_message(&request, message).await.map(done)
            }
            RoomCommand::ClearHistory => self.clear_history(&request).await.map(done),
            RoomCommand::AppendActivity { kind, body, base_version } => {
                self.append_activity(&request, kind, body, base_version).await
            }
            RoomCommand::SetState(state) => self.set_state(&request, state).await.map(done),
            RoomCommand::Post(post) => self.post(&request, post).await,
            RoomCommand::React { message, emoji, on } => self.react(&request, message, emoji, on).await,
            RoomCommand::MarkDelivered { up_to } => self.mark_delivered(&request, &up_to).await,
            RoomCommand::MarkRead { up_to } => self.mark_read(&request, &up_to).await,
            RoomCommand::SetTyping { on } => self.set_typing(&request, on).await.map(done),
            RoomCommand::SwitchChat { enabled } => self.switch_chat(&request, enabled).await.map(done),
            RoomCommand::SetMedia { target, change, body } if request.is_about_call() => {
                self.change_call_media(&request, target, change, body).await.map(done)
            }
            RoomCommand::SetMedia { target, change, body } => {
                self.change_media(&request, target, change, body).await.map(done)
            }
            RoomCommand::SendEphemeral { to, kind, body } => {
                self.send_ephemeral(&request, to, kind, body).await.map(done)
            }
            RoomCommand::Signal(signal) if request.is_about_call() => {
                self.signal_in_call(&request, signal).await.map(done)
            }
            RoomCommand::Signal(signal) if request.is_about_pair() => {
                self.signal_in_pair(&request, signal).await.map(done)
            }
            RoomCommand::Signal(signal) => self.signal(&request, signal).await.map(done),
            RoomCommand::CreateCall(plan) => self.create_call(&request, plan).await,
            RoomCommand::InitiateCall(plan) => self.initiate_call(&request, plan).await,
            RoomCommand::AcceptCall => self.accept_call(&request).await,
            RoomCommand::RejectCall { .. } if request.is_about_pair() => {
                self.reject_call_of_pair(&request).await.map(done)
            }
            RoomCommand::RejectCall { reason } => self.reject_call(&request, reason).await.map(done),
            RoomCommand::EndCall { unanswered } if request.is_about_pair() => {
                self.end_call_of_pair(&request, unanswered).await.map(done)
            }
            RoomCommand::EndCall { unanswered } => self.end_call(&request, unanswered).await.map(done),
            RoomCommand::DepartCall { user } => {
                request.require_system()?;
                self.depart_call(&request, &user).await.map(done)
            }
            RoomCommand::GreetSocket { user, socket, gateway } => {
                request.require_system()?;
                self.greet_socket(&request, &user, &socket, &gateway).await.map(done)
            }
        }
    }

    /// Counts one use of a limit.
    ///
    /// # Errors
    ///
    /// What `refusal` makes of the window's end, if the limit is exceeded.
    pub(crate) async fn take(
        &self,
        user: &UserId,
        (rate, name): (Rate, &'static str),
        now: Timestamp,
        refusal: impl FnOnce(Timestamp) -> Refusal,
    ) -> Outcome<()> {
        match self.store.limits.take(user, name, rate.max, rate.window, now).await? {
            Taken::Within => Ok(()),
            Taken::Exceeded(until) => Err(Failure::Refused(refusal(until))),
        }
    }
}
