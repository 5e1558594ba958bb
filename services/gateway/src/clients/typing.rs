//! Who is typing. The typist's gateway keeps the marks: it tells a room once when a mark is set, and takes
//! the mark back when the client says so, leaves, goes, or falls silent.

use std::sync::Arc;

use heliograph_domain::{
    command::RoomCommand,
    outcome::RoomOutcome,
    refusal::{Code, Refusal},
    room::RoomId,
};
use tokio::time::Instant;

use super::{Alarm, Client, Clients};

impl Clients {
    /// Sets or takes back a mark. Tells the room only what it does not know.
    ///
    /// # Errors
    /// The refusal of the room; `NOT_IN_ROOM` for a mark that was never set in a room that is not attended.
    pub(crate) async fn set_typing(
        self: &Arc<Self>,
        client: &Arc<Client>,
        room: &RoomId,
        on: bool,
    ) -> Result<RoomOutcome, Refusal> {
        let known = self.take_mark(client, room);
        if !on {
            return match known {
                true => self.ask(client, room, RoomCommand::SetTyping { on }).await,
                false if client.attends(room) => Ok(RoomOutcome::Done),
                false => Err(Code::NotInRoom.into()),
            };
        }
        // Set before the room has answered, so that starts in quick succession are told once.
        self.set_mark(client, room);
        if known {
            return Ok(RoomOutcome::Done);
        }
        self.ask(client, room, RoomCommand::SetTyping { on }).await.inspect_err(|_| {
            self.take_mark(client, room);
        })
    }

    fn set_mark(&self, client: &Client, room: &RoomId) {
        let key = self.timers.set(
            Instant::now() + self.limits.typing_timeout,
            client.id.clone(),
            Alarm::TypingEnded(room.clone()),
        );
        let kept = client.with(|state| {
            if !state.gone {
                state.typing.push((room.clone(), key));
            }
            !state.gone
        });
        if !kept {
            self.timers.cancel(key);
        }
    }

    /// Takes a mark back because time has passed or the client leaves.
    pub(crate) async fn end_typing(self: &Arc<Self>, client: &Arc<Client>, room: &RoomId) {
        if self.take_mark(client, room)
            && let Err(refusal) = self.ask(client, room, RoomCommand::SetTyping { on: false }).await
        {
            tracing::debug!(socket = client.id.as_str(), %refusal, "typing could not be withdrawn");
        }
    }

    /// Takes back all marks of a client that is gone.
    pub(super) async fn end_all_typing(self: &Arc<Self>, client: &Arc<Client>) {
        while let Some(room) = client.with(|state| state.typing.last().map(|(room, _)| room.clone())) {
            self.end_typing(client, &room).await;
        }
    }

    fn take_mark(&self, client: &Client, room: &RoomId) -> bool {
        let key = client.with(|state| {
            let at = state.typing.iter().position(|(other, _)| other == room)?;
            let (_, key) = state.typing.swap_remove(at);
            if state.typing.is_empty() {
                state.typing = Vec::new();
            }
            Some(key)
        });
        key.inspect(|key| self.timers.cancel(*key)).is_some()
    }
}
