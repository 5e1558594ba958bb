//! Brings rooms up to date of which something was missed.
//!
//! - **The log** is read from where it broke off, as soon as a hole shows or the room is known to stand further.
//! - **Doubts** are looked at after a pause, in which what is only late arrives: rooms are asked where they
//!   stand, a page at a time. What is missing of a log is read; what cannot be had any more parts the room from
//!   those who lack it ([`super::part`]).

use std::{sync::Arc, time::Duration};

use heliograph_domain::{
    delivery::LogEntry,
    room::{Position, RoomId, Standing},
};
use rand::RngExt;
use tokio::time;

use super::{
    FanOut, Work, log_delivery,
    part::Missed,
    room::{Broken, Comparison, Missing},
};

/// Rooms that are asked about at once: as many as one answer may hold.
const PAGE: usize = 1000;

/// About how long to wait before a question is repeated that was not answered.
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// How long what is missing may be on its way. The pause before doubts are looked at is up to twice as long, so that
/// not all gateways ask at once.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// Bounds of catching up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatchUpOptions {
    /// Rooms that may wait for being looked at one by one. If there are more, all are.
    pub doubts: usize,
    /// Logs that are read side by side to fill gaps.
    pub reads: usize,
    /// Connections that are closed in a second because their clients have missed what nobody can give them.
    pub closes_per_second: usize,
}

impl Default for CatchUpOptions {
    fn default() -> Self {
        Self { doubts: 10_000, reads: 32, closes_per_second: 500 }
    }
}

/// A room that is compared with where it stands.
pub(super) struct Look {
    pub(super) standing: Standing,
    /// Where it stood here when it was asked, if it was.
    pub(super) before: Option<(Position, u64)>,
    /// Whether everything that was on its way has arrived.
    pub(super) settled: bool,
    /// Whether something was lost that may have been about this room.
    pub(super) lost: bool,
}

impl FanOut {
    /// Reads what is missing of a room's log; the worker goes on with what comes back.
    pub(super) fn heal(self: &Arc<Self>, room: RoomId) {
        let fan_out = Arc::clone(self);
        tokio::spawn(async move {
            // Never closed.
            let _permit = fan_out.reads.acquire().await;
            let shard = fan_out.shard_number(&room);
            // Asked each time: more may be missing by now, or nobody may be there any more.
            while let Some(missing) = fan_out.missing(&room) {
                match fan_out.history.after(room.clone(), missing.after).await {
                    Ok(page) => {
                        fan_out.reading.succeeded();
                        return fan_out.enqueue(shard, Work::Healed(room, missing.up_to, page)).await;
                    }
                    Err(refusal) => {
                        fan_out.reading.failed(&refusal);
                        time::sleep(jittered(ASK_AGAIN)).await;
                    }
                }
            }
        });
    }

    fn missing(&self, room: &RoomId) -> Option<Missing> {
        self.shard(room).rooms.lock().get(room)?.missing()
    }

    pub(super) fn healed(
        self: &Arc<Self>,
        shard: usize,
        id: &RoomId,
        up_to: u64,
        (entries, end): (Vec<LogEntry>, Position),
    ) {
        let (fresh, members): (Vec<_>, _) = {
            let mut rooms = self.shards[shard].rooms.lock();
            let Some(room) = rooms.get_mut(id) else { return };
            let healed = room.heal(up_to, entries, end);
            if let Some(broken) = healed.broken {
                self.part(room, Missed::Log(broken), id);
            }
            if room.missing().is_some() {
                self.heal(id.clone());
            }
            let fresh = healed.fresh.into_iter().map(|(entry, epoch)| log_delivery(id, epoch, entry)).collect();
            // Whoever is joining may be answered from before them, and they are not read again.
            for delivery in &fresh {
                room.keep_for_joiners(delivery);
            }
            let members = Arc::clone(&room.members);
            self.forget_if_empty(&mut rooms, id);
            (fresh, members)
        };
        for delivery in &fresh {
            self.write(delivery, &members);
        }
    }

    /// Somebody says where a room stands.
    pub(crate) async fn compare(&self, standing: Standing) {
        self.look(Look { standing, before: None, settled: false, lost: false }).await;
    }

    async fn look(&self, look: Look) {
        self.metrics.links.compared.inc();
        self.enqueue(self.shard_number(&look.standing.room), Work::Look(Box::new(look))).await;
    }

    pub(super) fn looked(self: &Arc<Self>, shard: usize, look: Look) {
        let Look { standing, before, settled, lost } = look;
        let id = &standing.room;
        let mut rooms = self.shards[shard].rooms.lock();
        let Some(room) = rooms.get_mut(id) else { return };
        let Comparison { behind, broken, roster_behind } = room.compare(&standing, before);
        if behind {
            self.metrics.gaps.inc();
            self.heal(id.clone());
        }
        // That the log has lost entries is certain. That it is another one, or the roster is another, may be
        // because what says so is still on its way.
        match broken {
            Some(broken) if settled || broken == Broken::All => self.part(room, Missed::Log(broken), id),
            _ => {}
        }
        if lost && id.call().is_some() {
            self.part(room, Missed::Call, id);
        }
        if roster_behind && settled {
            room.pass_over_roster(standing.roster);
            self.part(room, Missed::Roster(standing.roster), id);
        }
        self.forget_if_empty(&mut rooms, id);
        drop(rooms);
        if !settled && (roster_behind || broken.is_some_and(|broken| broken != Broken::All)) {
            self.doubts.look_again(standing);
        }
    }

    /// Looks at doubts as they are raised.
    pub(super) async fn resolve_doubts(self: &Arc<Self>) {
        loop {
            self.doubts.raised().await;
            time::sleep(ON_ITS_WAY + jittered(ON_ITS_WAY / 2)).await;
            let open = self.doubts.take();
            for standing in open.standings.into_values() {
                self.look(Look { standing, before: None, settled: true, lost: false }).await;
            }
            let rooms = if open.all { self.attended() } else { open.rooms.into_iter().collect() };
            for page in rooms.chunks(PAGE) {
                self.ask_and_look(page, open.all).await;
            }
        }
    }

    async fn ask_and_look(&self, rooms: &[RoomId], lost: bool) {
        let before: Vec<_> = rooms.iter().map(|room| self.stand(room)).collect();
        let standings = loop {
            match self.history.standings(rooms.to_vec()).await {
                Ok(standings) => {
                    self.reading.succeeded();
                    break standings;
                }
                Err(refusal) => {
                    self.reading.failed(&refusal);
                    time::sleep(jittered(ASK_AGAIN)).await;
                }
            }
        };
        for (standing, before) in standings.into_iter().zip(before) {
            self.look(Look { standing, before, settled: false, lost }).await;
        }
    }

    /// The rooms that are attended here.
    fn attended(&self) -> Vec<RoomId> {
        self.shards.iter().flat_map(|shard| shard.rooms.lock().keys().cloned().collect::<Vec<_>>()).collect()
    }

    fn stand(&self, room: &RoomId) -> Option<(Position, u64)> {
        self.shard(room).rooms.lock().get(room)?.stand()
    }
}

/// From half of a time to one and a half of it.
fn jittered(about: Duration) -> Duration {
    about.mul_f64(rand::rng().random_range(0.5..1.5))
}
