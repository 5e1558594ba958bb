//! Clients that have missed what nobody can give them.
//!
//! They are treated as what they are: as if their connection had been lost. From that moment on they hear
//! nothing more of the room, so that what they have keeps its end; their connections are closed, so that they
//! come back, and have their session again if it can be continued whole, or begin afresh and know it.

use std::{collections::VecDeque, time::Duration};

use heliograph_domain::room::RoomId;
use heliograph_telemetry::metrics::count;
use parking_lot::Mutex;
use tokio::{sync::Notify, time};

use super::{
    FanOut,
    member::Member,
    room::{Broken, LocalRoom},
};
use crate::clients::{Recipient, Speech};

/// From one batch of connections that are closed to the next.
const BATCH: Duration = Duration::from_millis(100);

/// What was missed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Missed {
    /// Entries of the log.
    Log(Broken),
    /// Changes of the roster, up to this version.
    Roster(u64),
    /// Whatever the participants of a call were told: that has no place which would show a hole.
    Call,
}

impl Missed {
    const fn name(self) -> &'static str {
        match self {
            Self::Log(_) => "log",
            Self::Roster(_) => "roster",
            Self::Call => "call",
        }
    }

    /// Whether this member has missed it and would be wrong about the room from now on.
    fn concerns(self, member: &Member, room: &RoomId) -> bool {
        match self {
            Self::Log(broken) => broken.concerns(&member.attendance),
            // Only peers keep a picture of the roster. For the others a join or leave is news, and old news
            // when it could be told again.
            Self::Roster(version) => member.roster < version && sees_peers(member, room),
            Self::Call => true,
        }
    }
}

fn sees_peers(member: &Member, room: &RoomId) -> bool {
    room.call().is_some() || member.recipient.client().is_some_and(|client| client.speech() == Speech::Mesh)
}

impl FanOut {
    /// Parts with the members of a room who have missed this.
    pub(super) fn part(&self, room: &mut LocalRoom, missed: Missed, id: &RoomId) {
        let parted = room.remove(|member| missed.concerns(member, id));
        if parted.is_empty() {
            return;
        }
        tracing::info!(room = id.as_str(), members = parted.len(), missed = missed.name(), "members begin again");
        for Member { recipient, attendance, .. } in parted {
            attendance.end();
            count(&self.metrics.links.closed, missed.name());
            self.partings.push(recipient);
        }
    }
}

/// Connections that are to be closed, not all at once.
#[derive(Default)]
pub(super) struct Partings {
    /// A client is here at most once for each room that it attended.
    waiting: Mutex<VecDeque<Recipient>>,
    added: Notify,
}

impl Partings {
    fn push(&self, recipient: Recipient) {
        self.waiting.lock().push_back(recipient);
        self.added.notify_one();
    }

    /// Closes what is to be closed, at most so many connections in a second.
    pub(super) async fn run(&self, per_second: usize) {
        let most = (per_second / 10).max(1);
        loop {
            let batch: Vec<_> = {
                let mut waiting = self.waiting.lock();
                let count = waiting.len().min(most);
                waiting.drain(..count).collect()
            };
            if batch.is_empty() {
                self.added.notified().await;
                continue;
            }
            batch.iter().for_each(Recipient::cut);
            time::sleep(BATCH).await;
        }
    }
}
