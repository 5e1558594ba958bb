//! Joining and leaving rooms.

use std::sync::Arc;

use heliograph_domain::{
    command::{Join, RoomCommand},
    id::NodeId,
    outcome::{Joined, RoomOutcome},
    refusal::{Code, Refusal},
    room::RoomId,
};

use super::{Attendance, Client, Clients, Recipient};

impl Clients {
    /// Joins a room. `answer` tells the client, before it hears anything that came after the join.
    ///
    /// # Errors
    /// The refusal of the room, or `RATE_LIMITED` beyond the rooms that a socket may attend. The client
    /// has not been told.
    pub(crate) async fn join(
        self: &Arc<Self>,
        recipient: &Recipient,
        client: &Arc<Client>,
        room: &RoomId,
        join: Join,
        answer: impl FnOnce(&Joined) + Send,
    ) -> Result<(), Refusal> {
        if client.attends(room) {
            // The client hears the room already; it is told the state again, and nobody else anything.
            answer(&self.ask_to_join(client, room, join).await?.0);
            return Ok(());
        }
        if client.with(|state| state.rooms.len()) >= self.limits.rooms_per_socket {
            heliograph_telemetry::metrics::count(&self.metrics.limits, "rooms_per_socket");
            return Err(Code::RateLimited.into());
        }
        let ticket = self.fan_out.begin_join(room);
        let explicit = join.explicit;
        let (joined, under) = self.ask_to_join(client, room, join).await?;
        let attendance = Arc::new(Attendance::new(room.clone(), joined.ordinal, joined.position, joined.position.seq));
        if !client.attend(&attendance) {
            // The socket went while the room was asked; presence ends what the room has noted.
            return Err(Code::Unavailable.into());
        }
        let finished = ticket.finish(recipient, &joined, &attendance, || answer(&joined));
        if finished.is_err() {
            client.unattend(room);
            self.ask(client, room, RoomCommand::Leave { permanent: false }).await?;
        } else {
            self.confirm(client, &attendance, &under, explicit).await;
        }
        finished
    }

    /// Gives the answer, and the node id that the room delivers to.
    pub(super) async fn ask_to_join(
        self: &Arc<Self>,
        client: &Arc<Client>,
        room: &RoomId,
        join: Join,
    ) -> Result<(Box<Joined>, NodeId), Refusal> {
        match self.ask_under(client, room, RoomCommand::Join(join)).await? {
            (RoomOutcome::Joined(joined), under) => Ok((joined, under)),
            (other, _) => {
                tracing::warn!(room = room.as_str(), outcome = ?std::mem::discriminant(&other), "a join was answered with something else");
                Err(Code::Unavailable.into())
            }
        }
    }

    /// Leaves a room. Not being there is success.
    pub(crate) async fn leave(
        self: &Arc<Self>,
        client: &Arc<Client>,
        room: &RoomId,
        permanent: bool,
    ) -> Result<RoomOutcome, Refusal> {
        self.end_typing(client, room).await;
        let outcome = self.ask(client, room, RoomCommand::Leave { permanent }).await?;
        self.forget_room(client, room);
        Ok(outcome)
    }

    /// The client no longer hears a room.
    pub(crate) fn forget_room(&self, client: &Client, room: &RoomId) {
        if let Some(attendance) = client.unattend(room) {
            self.fan_out.leave(&attendance, &client.id);
        }
    }
}
