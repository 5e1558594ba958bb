//! Joins under way.

use std::sync::Arc;

use heliograph_domain::{
    delivery::Place,
    outcome::Joined,
    refusal::{Code, Refusal},
    room::RoomId,
};

use super::{
    FanOut, Forms,
    member::{Joining, Member},
    part::Missed,
    room::{Arrival, Broken},
};
use crate::clients::{Attendance, Recipient};

/// A join under way. Dropped without [`Ticket::finish`], the join has not happened.
pub(crate) struct Ticket {
    pub(super) fan_out: Arc<FanOut>,
    pub(super) room: RoomId,
    pub(super) joining: Arc<Joining>,
    pub(super) done: bool,
}

impl Ticket {
    /// The room.
    pub(crate) fn room(&self) -> &RoomId {
        &self.room
    }

    /// The join was answered: `answer` is called first, with the attendance, to tell the client; then the
    /// client hears what came since, and from then on everything. `seq` is what the client has by then.
    ///
    /// # Errors
    /// `UNAVAILABLE` if more came meanwhile than could be kept.
    pub(crate) fn finish(
        mut self,
        recipient: &Recipient,
        joined: &Joined,
        attendance: &Arc<Attendance>,
        answer: impl FnOnce(),
    ) -> Result<(), Refusal> {
        self.done = true;
        let shard = self.fan_out.shard(&self.room);
        let mut rooms = shard.rooms.lock();
        let Some(room) = rooms.get_mut(&self.room) else { return Err(Refusal::new(Code::Unavailable)) };
        room.joining.retain(|joining| !Arc::ptr_eq(joining, &self.joining));
        let Some(mut kept) = self.joining.take() else {
            self.fan_out.forget_if_empty(&mut rooms, &self.room);
            return Err(Refusal::new(Code::Unavailable));
        };
        answer();
        let member = Member { recipient: recipient.clone(), attendance: Arc::clone(attendance), roster: joined.roster };
        if room.stand().is_some_and(|(position, _)| position.epoch != joined.position.epoch) {
            self.fan_out.part(room, Missed::Log(Broken::NotOf(joined.position.epoch)), &self.room);
        }
        let first = room.begin_at(joined.position, joined.roster);
        let (mut gap, mut missed) = (false, None);
        // What was read from the log comes after what had made it necessary.
        kept.sort_by_key(|delivery| match delivery.place {
            Place::Log { seq, .. } => Some(seq),
            Place::Roster(_) | Place::Publication(_) | Place::None => None,
        });
        let mut next = joined.position.seq + 1;
        for delivery in kept {
            // With others in the room its deliveries have been counted already; alone, they are counted now.
            let arrival = if first { room.arrive(&delivery) } else { Arrival::New };
            match arrival {
                Arrival::Gap => gap = true,
                Arrival::Skipping(version) => missed = Some(Missed::Roster(version - 1)),
                Arrival::OtherLog => missed = Some(Missed::Log(Broken::All)),
                _ => {}
            }
            let hears = member.hears(&delivery);
            let mut forms = Forms::new(&delivery);
            match delivery.place {
                Place::Log { epoch, seq } => {
                    // What follows a hole is read with it.
                    if epoch == joined.position.epoch && seq == next && arrival == Arrival::New {
                        next += 1;
                        forms.send_entry(recipient, attendance, seq);
                    }
                }
                Place::Roster(_) | Place::Publication(_) | Place::None if hears => {
                    forms.send(recipient, Some(attendance));
                }
                Place::Roster(_) | Place::Publication(_) | Place::None => {}
            }
        }
        room.add(member);
        if let Some(missed) = missed {
            self.fan_out.part(room, missed, &self.room);
            self.fan_out.forget_if_empty(&mut rooms, &self.room);
        }
        drop(rooms);
        if gap {
            self.fan_out.heal(self.room.clone());
        }
        Ok(())
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let mut rooms = self.fan_out.shard(&self.room).rooms.lock();
        if let Some(room) = rooms.get_mut(&self.room) {
            room.joining.retain(|joining| !Arc::ptr_eq(joining, &self.joining));
            self.fan_out.forget_if_empty(&mut rooms, &self.room);
        }
    }
}
