//! Commands under way.
//!
//! Commands of one client to one room that have a lasting effect go out one after the other's answer, so
//! that a retry never overtakes a later command; everything else overlaps.

use std::{collections::VecDeque, future::Future, sync::Arc};

use futures_util::future::BoxFuture;
use heliograph_domain::{command::RoomCommand, room::RoomId};

use super::{Client, Clients, State, launch::launch};

/// What a connection waits for before it reads on: the back pressure.
pub(crate) type Held = Option<BoxFuture<'static, ()>>;

/// Whether a command has to be answered before the next to its room leaves.
pub(crate) fn is_ordered(command: &RoomCommand) -> bool {
    !matches!(
        command,
        RoomCommand::SetTyping { .. }
            | RoomCommand::SetMedia { .. }
            | RoomCommand::SendEphemeral { .. }
            | RoomCommand::Signal(_)
    )
}

impl Clients {
    /// Starts work for a client. With a lane, the work waits until earlier work of the lane is done, and if
    /// it is `ordered`, later work of the lane waits for it.
    pub(crate) fn start(
        self: &Arc<Self>,
        client: &Arc<Client>,
        lane: Option<(&RoomId, bool)>,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> Held {
        let max = self.limits.commands_in_flight;
        if client.begin_command(max) {
            self.run(client, lane, Box::pin(work));
            return None;
        }
        let (clients, client) = (Arc::clone(self), Arc::clone(client));
        let lane = lane.map(|(room, ordered)| (room.clone(), ordered));
        Some(Box::pin(async move {
            client.room_for_command(max).await;
            let lane = lane.as_ref().map(|(room, ordered)| (room, *ordered));
            clients.run(&client, lane, Box::pin(work));
        }))
    }

    fn run(self: &Arc<Self>, client: &Arc<Client>, lane: Option<(&RoomId, bool)>, work: BoxFuture<'static, ()>) {
        let Some((room, ordered)) = lane else {
            return launch(counted(Arc::clone(client), work));
        };
        let work = client.with(|state| match state.lane(room) {
            Some(waiting) => {
                waiting.push_back(work);
                None
            }
            None => {
                if ordered {
                    state.lanes.push((room.clone(), VecDeque::new()));
                }
                Some(work)
            }
        });
        match work {
            Some(work) if ordered => launch(in_lane(Arc::clone(client), room.clone(), work)),
            Some(work) => launch(counted(Arc::clone(client), work)),
            None => {}
        }
    }
}

impl State {
    fn lane(&mut self, room: &RoomId) -> Option<&mut VecDeque<BoxFuture<'static, ()>>> {
        self.lanes.iter_mut().find_map(|(other, waiting)| (other == room).then_some(waiting))
    }
}

async fn counted(client: Arc<Client>, work: BoxFuture<'static, ()>) {
    work.await;
    client.end_command();
}

/// Does work and then what has come to its lane meanwhile, and takes the lane away when it is empty.
async fn in_lane(client: Arc<Client>, room: RoomId, mut work: BoxFuture<'static, ()>) {
    loop {
        work.await;
        client.end_command();
        let next = client.with(|state| {
            let at = state.lanes.iter().position(|(other, _)| *other == room)?;
            let next = state.lanes[at].1.pop_front();
            if next.is_none() {
                state.lanes.swap_remove(at);
                // A client is idle most of its life, and then holds no room for lanes.
                if state.lanes.is_empty() {
                    state.lanes = Vec::new();
                }
            }
            next
        });
        match next {
            Some(next) => work = next,
            None => return,
        }
    }
}
