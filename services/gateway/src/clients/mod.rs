//! The cluster's clients on this gateway: whatever they speak, they are authenticated, join and leave
//! rooms, send commands and go in the same way. The servers ([`crate::socket_io`], [`crate::mesh`]) translate and call these flows.
//!
//! - `client`: one client: identity, rooms, rates; `speech`: what it speaks;
//! - `registry`: all of them, by id and by user;
//! - `arrive`: from an identity to a registered socket that attends its user's rooms;
//! - `resume`: the same for a client that has its session back;
//! - `membership`: joining and leaving; `meet`: two who were matched;
//! - `lanes`: commands under way, in order where order matters; `launch`: how they are run;
//! - `typing`, `timers`, `alarms`: what ends by itself;
//! - `depart`: the end;
//! - `tenure`, `settle`: the gateway goes on under another node id, and its clients with it.

mod alarms;
mod arrive;
mod client;
mod depart;
mod lanes;
mod launch;
mod meet;
mod membership;
pub(crate) mod recovery;
mod registry;
mod resume;
mod settle;
mod speech;
mod tenure;
mod timers;
mod to_the_end;
mod typing;

use std::{sync::Arc, time::Duration};

use heliograph_cluster::{clock::Clock, commands::Commands};
use heliograph_domain::{
    command::{Origin, RoomCommand, RoomRequest},
    id::{CommandId, NodeId},
    outcome::RoomOutcome,
    refusal::{Code, Refusal},
    room::RoomId,
};
use heliograph_telemetry::metrics::Gateway as Metrics;
use heliograph_vocabulary::ClaimedId;
use tokio::time::Instant;

pub(crate) use self::{
    arrive::Arrival,
    client::{Attendance, Bound, Client, Entry, Recipient, State},
    depart::Departures,
    lanes::{Held, is_ordered},
    meet::Meeting,
    registry::Registry,
    resume::{Claim, Resumption, Seen, replay},
    speech::Speech,
    tenure::Tenure,
    timers::{Alarm, Timers},
    to_the_end::to_the_end,
};
use crate::{
    fanout::FanOut,
    identity::Verifier,
    policy::{Kind, Limits},
};

/// What the flows of all clients share.
pub(crate) struct Clients {
    pub(crate) tenure: Arc<Tenure>,
    pub(crate) limits: Limits,
    pub(crate) commands: Commands,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) fan_out: Arc<FanOut>,
    pub(crate) timers: Arc<Timers>,
    pub(crate) metrics: Metrics,
    pub(crate) clock: Clock,
    pub(crate) started: Instant,
    /// How long a client may take to authenticate, or to join.
    pub(crate) authentication_deadline: Duration,
    /// Entries that are sent again to a client that comes back, over all its rooms.
    pub(crate) replay_limit: usize,
    /// Clients that are made known again side by side.
    pub(crate) settle_at_once: usize,
    pub(crate) departures: Departures,
}

impl Clients {
    /// Asks something of a room on a client's behalf.
    pub(crate) async fn ask(
        self: &Arc<Self>,
        client: &Arc<Client>,
        room: &RoomId,
        command: RoomCommand,
    ) -> Result<RoomOutcome, Refusal> {
        self.ask_under(client, room, command).await.map(|(outcome, _)| outcome)
    }

    /// The same, and gives the node id that the client had for the room.
    async fn ask_under(
        self: &Arc<Self>,
        client: &Arc<Client>,
        room: &RoomId,
        command: RoomCommand,
    ) -> Result<(RoomOutcome, NodeId), Refusal> {
        let asked = Instant::now();
        let deadline = asked + self.commands.deadline();
        let actor = self.author(client, deadline).await?;
        let under = actor.gateway.clone();
        let request =
            RoomRequest { id: CommandId::generate(), room: room.clone(), origin: Origin::Socket(actor), command };
        let result = self.commands.room_until(&request, deadline).await;
        self.metrics.command_seconds.observe(asked.elapsed().as_secs_f64());
        if result.as_ref().is_err_and(|refusal| refusal.code == Code::NotInRoom) && client.attends(room) {
            // The room does not know what this gateway is sure of. Whichever is right: they have to agree.
            let (clients, client) = (Arc::clone(self), Arc::clone(client));
            tokio::spawn(async move { clients.settle(client, true).await });
        }
        result.map(|outcome| (outcome, under))
    }

    /// Counts one use of a rate.
    ///
    /// # Errors
    /// `RATE_LIMITED`.
    pub(crate) fn take(&self, client: &Client, kind: Kind) -> Result<(), Refusal> {
        let now = self.started.elapsed();
        client.with(|state| state.rates.take(kind, &self.limits, now)).inspect_err(|_| {
            heliograph_telemetry::metrics::count(&self.metrics.limits, kind.name());
        })
    }

    /// Judges a command to a room by what the gateway knows: the client's rates and its token.
    ///
    /// # Errors
    /// `RATE_LIMITED`, or `NOT_ALLOWED` for a room that the token does not open.
    pub(crate) fn permit(&self, client: &Client, room: &RoomId, command: &RoomCommand) -> Result<(), Refusal> {
        match command {
            RoomCommand::Signal(_) => self.take(client, Kind::Signal)?,
            RoomCommand::SetMedia { .. } | RoomCommand::SendEphemeral { .. } => self.take(client, Kind::Data)?,
            RoomCommand::SetTyping { .. } => self.take(client, Kind::Typing)?,
            RoomCommand::Join(_) | RoomCommand::Leave { .. } | RoomCommand::Matching(_) => {
                self.take(client, Kind::Membership)?;
            }
            _ => {}
        }
        if matches!(command, RoomCommand::Join(_)) {
            let entitled = client.identity().is_some_and(|identity| identity.may_enter(room));
            if !entitled {
                return Err(Code::NotAllowed.into());
            }
        }
        Ok(())
    }

    /// What a client says of itself is ignored, and counted when it is false.
    pub(crate) fn judge<'a>(&self, client: &Client, mut claims: impl Iterator<Item = ClaimedId<'a>>) {
        let is_false =
            |id: ClaimedId<'_>| client.identity().is_some_and(|identity| !id.is_of(&identity.user.id, &client.id));
        if claims.any(is_false) {
            self.metrics.identity_mismatches.inc();
        }
    }

    /// A command number and a refusal are counted where the refusal is told.
    pub(crate) fn count_refusal(&self, refusal: &Refusal) {
        heliograph_telemetry::metrics::count(&self.metrics.refusals, refusal.code.as_str());
    }
}
