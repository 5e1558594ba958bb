//! What presence asks of rooms and calls.

use futures_util::{StreamExt, future, stream};
use heliograph_domain::{
    command::{DisconnectCause, Origin, RoomCommand, RoomRequest},
    id::{CommandId, NodeId, SocketId, UserId},
    refusal::Refusal,
    room::RoomId,
};

use crate::people::People;

/// How many rooms are asked side by side.
const ROOMS_AT_ONCE: usize = 16;

impl People {
    /// Ends the attendance of a socket that is gone in each of these rooms. Gives whether all of them
    /// have answered.
    pub(crate) async fn detach(
        &self,
        user: &UserId,
        socket: &SocketId,
        cause: DisconnectCause,
        rooms: Vec<RoomId>,
    ) -> bool {
        let detach = RoomCommand::Detach { socket: socket.clone(), user: user.clone(), cause };
        self.ask_all(rooms, detach, "detach").await
    }

    /// A user without sockets leaves their calls. Gives whether all of them have answered.
    pub(crate) async fn depart_calls(&self, user: &UserId) -> bool {
        let depart = RoomCommand::DepartCall { user: user.clone() };
        self.ask_calls(user, depart, "depart").await
    }

    /// A new socket hears of the user's calls, and gets what waited for it.
    pub(crate) async fn greet(&self, user: &UserId, socket: &SocketId, gateway: &NodeId) {
        let (socket, gateway) = (socket.clone(), gateway.clone());
        let greet = RoomCommand::GreetSocket { user: user.clone(), socket, gateway };
        self.ask_calls(user, greet, "greet").await;
    }

    async fn ask_calls(&self, user: &UserId, command: RoomCommand, step: &'static str) -> bool {
        match self.store.presence.calls(user).await {
            Ok(calls) => self.ask_all(calls.iter().map(RoomId::of_call).collect(), command, step).await,
            Err(error) => self.noted(Err::<(), _>(error), step),
        }
    }

    async fn ask_all(&self, rooms: Vec<RoomId>, command: RoomCommand, step: &'static str) -> bool {
        let requests = rooms.into_iter().map(|room| {
            let request =
                RoomRequest { id: CommandId::generate(), room, origin: Origin::System, command: command.clone() };
            async move { self.answered(self.commands.room(&request).await, step) }
        });
        stream::iter(requests)
            .buffer_unordered(ROOMS_AT_ONCE)
            .fold(true, |all, answered| future::ready(all && answered))
            .await
    }

    /// A refusal is an answer too: asking again would not change it.
    fn answered<T>(&self, result: Result<T, Refusal>, step: &'static str) -> bool {
        let again = result.as_ref().is_err_and(Refusal::retryable);
        self.noted(result, step) || !again
    }
}
