//! The cluster's clients on this gateway: whatever they speak, they are authenticated, join and leave
//! rooms, send commands and go in the same way. The vocabularies' own servers ([`crate::synapse`],
//! [`crate::mesh`]) translate and call these flows.
//!
//! - `client`: one client: identity, rooms, rates;
//! - `registry`: all of them, by id and by user;
//! - `arrive`: from an identity to a registered socket that attends its user's rooms;
//! - `resume`: the same for a client that has its session back;
//! - `membership`: joining and leaving;
//! - `lanes`: commands under way, in order where order matters; `launch`: how they are run;
//! - `typing`, `timers`: what ends by itself;
//! - `depart`: the end.

mod arrive;
mod client;
mod depart;
mod lanes;
mod launch;
mod membership;
pub(crate) mod recovery;
mod registry;
mod resume;
mod timers;
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
use tokio::time::Instant;

pub(crate) use self::{
    arrive::Arrival,
    client::{Attendance, Bound, Client, Entry, Recipient, State},
    lanes::{Held, is_ordered},
    registry::Registry,
    resume::{Claim, Resumption, Seen, replay},
    timers::{Alarm, Timers},
};
use crate::{
    fanout::FanOut,
    identity::Verifier,
    policy::{Kind, Limits},
};

/// What the flows of all clients share.
pub(crate) struct Clients {
    pub(crate) node: NodeId,
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
}

impl Clients {
    /// Asks something of a room on a client's behalf.
    pub(crate) async fn ask(
        &self,
        client: &Client,
        room: &RoomId,
        command: RoomCommand,
    ) -> Result<RoomOutcome, Refusal> {
        let Some(actor) = client.actor(&self.node) else { return Err(Code::AuthRequired.into()) };
        let request =
            RoomRequest { id: CommandId::generate(), room: room.clone(), origin: Origin::Socket(actor), command };
        let asked = Instant::now();
        let result = self.commands.room(&request).await;
        self.metrics.command_seconds.observe(asked.elapsed().as_secs_f64());
        result
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
            RoomCommand::Join(_) | RoomCommand::Leave { .. } => self.take(client, Kind::Membership)?,
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

    /// A command number and a refusal are counted where the refusal is told.
    pub(crate) fn count_refusal(&self, refusal: &Refusal) {
        heliograph_telemetry::metrics::count(&self.metrics.refusals, refusal.code.as_str());
    }
}
