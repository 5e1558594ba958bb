//! Commands to the services: encoded, sent to the owner of the partition, tried again until there is
//! an answer or the deadline has passed.
//!
//! A retry carries the same command id, so that it is harmless when only the reply was lost. That
//! nobody serves a partition for a moment (a service stops, starts, or is being replaced) is therefore
//! nothing that a client hears of.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use heliograph_domain::{
    command::{PresenceCommand, PresenceRequest, RoomRequest},
    outcome::{PresenceOutcome, RoomOutcome},
    refusal::{Code, Refusal},
    wire::{self, WireError},
};
use rand::RngExt;
use tokio::time::{self, Instant};
use tracing::{debug, warn};

use crate::{
    bus::{Bus, BusError, Subject},
    partition::Partition,
};

/// How long a command is tried.
#[derive(Clone, Copy, Debug)]
pub struct CommandOptions {
    /// From the first attempt to the answer that it cannot be done now.
    pub deadline: Duration,
    /// For the reply to one attempt.
    pub attempt: Duration,
}

/// Between the first attempt and the second; doubled from there on, and drawn anew each time.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// Longest pause between two attempts: short beside the time that a service takes to come back.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

impl Default for CommandOptions {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(8), attempt: Duration::from_secs(1) }
    }
}

/// Sends commands to room-routers and presence. Cheap to clone.
#[derive(Clone)]
pub struct Commands {
    bus: Arc<dyn Bus>,
    options: CommandOptions,
}

impl Commands {
    /// A sender of commands over a bus.
    pub fn new(bus: Arc<dyn Bus>, options: CommandOptions) -> Self {
        Self { bus, options }
    }

    /// Asks something of a room.
    ///
    /// # Errors
    ///
    /// The refusal of the room's owner. [`Code::Unavailable`] if there was no answer in time: whether
    /// the command was carried out is then unknown, and it may be sent again under the same id.
    pub async fn room(&self, request: &RoomRequest) -> Result<RoomOutcome, Refusal> {
        self.room_until(request, Instant::now() + self.options.deadline).await
    }

    /// Asks something of a room that has waited already and has this deadline.
    ///
    /// # Errors
    ///
    /// As for [`Commands::room`].
    pub async fn room_until(&self, request: &RoomRequest, deadline: Instant) -> Result<RoomOutcome, Refusal> {
        let subject = Subject::Rooms(Partition::of(request.room.as_str()));
        let payload = wire::encode_room_request(request);
        self.ask(subject, payload, deadline, wire::decode_room_reply).await
    }

    /// How long a command is tried.
    pub fn deadline(&self) -> Duration {
        self.options.deadline
    }

    /// Asks something of presence: the owner of the user's partition, or for a resumption, when the
    /// user may be unknown yet, the owner of the socket's.
    ///
    /// # Errors
    ///
    /// As for [`Commands::room`].
    pub async fn presence(&self, request: &PresenceRequest) -> Result<PresenceOutcome, Refusal> {
        let key = match &request.command {
            PresenceCommand::Connect { actor, .. } => actor.user.id.as_str(),
            PresenceCommand::Resume { socket, .. } => socket.as_str(),
            PresenceCommand::Disconnect { user, .. } => user.as_str(),
            PresenceCommand::Publish(publication) => publication.key(),
            PresenceCommand::SetStatus { user, .. }
            | PresenceCommand::SetActive { user, .. }
            | PresenceCommand::Appear { user, .. } => user.id.as_str(),
            PresenceCommand::BlockUser { user, .. } | PresenceCommand::UnblockUser { user, .. } => user.as_str(),
        };
        let subject = Subject::Presence(Partition::of(key));
        let payload = wire::encode_presence_request(request);
        self.ask(subject, payload, Instant::now() + self.options.deadline, wire::decode_presence_reply).await
    }

    async fn ask<T>(
        &self,
        subject: Subject,
        payload: Bytes,
        deadline: Instant,
        decode: fn(Bytes) -> Result<Result<T, Refusal>, WireError>,
    ) -> Result<T, Refusal> {
        let mut pause = FIRST_PAUSE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let reply = self.bus.request(subject.clone(), payload.clone(), self.options.attempt.min(left)).await;
            let failure = match reply.map(decode) {
                // A service whose store is away says so at once; by the deadline it may be back.
                Ok(Ok(Err(refusal))) if refusal.retryable() => Failure::Refused(refusal),
                Ok(Ok(result)) => return result,
                Ok(Err(error)) => {
                    warn!(%subject, %error, "a reply cannot be read");
                    return Err(Refusal::new(Code::Unavailable));
                }
                // It will not be smaller the next time.
                Err(error @ BusError::TooLarge { .. }) => {
                    warn!(%subject, %error, "a command cannot be sent");
                    return Err(Refusal::new(Code::TooLarge));
                }
                Err(error) => Failure::Unanswered(error),
            };
            // Full jitter: many commands fail at the same moment and must not return as one.
            let wait = rand::rng().random_range(Duration::ZERO..=pause);
            if deadline <= Instant::now() + wait {
                return Err(failure.give_up());
            }
            time::sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// Why an attempt was not the last.
enum Failure {
    Refused(Refusal),
    Unanswered(BusError),
}

impl Failure {
    fn give_up(self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Unanswered(error) => {
                debug!(%error, "a command was given up at its deadline");
                Refusal::new(Code::Unavailable)
            }
        }
    }
}
