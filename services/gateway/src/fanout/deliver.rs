//! Hands deliveries to the sockets that they are for.

use std::{collections::HashSet, sync::Arc};

use heliograph_domain::{
    delivery::{Delivery, Place, Target},
    event::Event,
    id::{SocketId, UserId},
    room::RoomId,
};

use super::{
    FanOut, Forms,
    member::Member,
    part::Missed,
    room::{Arrival, Broken},
};
use crate::{
    clients::{Recipient, Speech},
    close_codes::ROOM_CLOSED,
};

impl FanOut {
    pub(super) fn deliver(self: &Arc<Self>, shard: usize, delivery: &Delivery) {
        match &delivery.target {
            Target::Room { room, .. } => self.to_room(shard, room, delivery),
            _ => self.to_sockets(delivery),
        }
    }

    fn to_room(self: &Arc<Self>, shard: usize, room_id: &RoomId, delivery: &Delivery) {
        let members = {
            let mut rooms = self.shards[shard].rooms.lock();
            let Some(room) = rooms.get_mut(room_id) else { return };
            room.keep_for_joiners(delivery);
            if room.members.is_empty() {
                return;
            }
            match room.arrive(delivery) {
                Arrival::New => {}
                Arrival::Skipping(version) => self.part(room, Missed::Roster(version - 1), room_id),
                // Those who joined it hear it from here on.
                Arrival::OtherLog => {
                    if let Place::Log { epoch, .. } = delivery.place {
                        self.part(room, Missed::Log(Broken::NotOf(epoch)), room_id);
                    }
                }
                Arrival::Old => return self.count_repeated(),
                Arrival::Doubtful => {
                    self.doubts.look_at(room_id);
                    return self.count_repeated();
                }
                Arrival::Gap => {
                    self.metrics.gaps.inc();
                    return self.heal(room_id.clone());
                }
                Arrival::Healing => return,
            }
            let members = Arc::clone(&room.members);
            self.forget_if_empty(&mut rooms, room_id);
            members
        };
        self.write(delivery, &members);
        if matches!(delivery.event, Event::RoomClosed { .. }) {
            for member in &*members {
                self.dismiss(&member.recipient, room_id);
            }
        }
    }

    fn count_repeated(&self) {
        self.metrics.duplicates.inc();
    }

    /// Events that are addressed to users or sockets, wherever they are.
    fn to_sockets(&self, delivery: &Delivery) {
        if matches!(delivery.place, Place::Publication(id) if !self.publications.is_new(id)) {
            return self.count_repeated();
        }
        let recipients = match &delivery.target {
            Target::Users { users, except, .. } => {
                let sockets = users.iter().flat_map(|user| self.registry.user(user, Some(delivery)));
                sockets.filter(|recipient| except.is_none() || id(recipient) != except.as_ref()).collect()
            }
            Target::Socket { socket, .. } => self.registry.socket(socket, Some(delivery)).into_iter().collect(),
            Target::Rooms { rooms, users, except } => {
                let members = rooms.iter().map(|room| self.members(room)).collect::<Vec<_>>();
                let members = members.iter().flat_map(|members| members.iter()).map(|member| member.recipient.clone());
                let devices = users.iter().flat_map(|user| self.registry.user(user, Some(delivery)));
                let mut recipients: Vec<_> = members.chain(devices).collect();
                let mut told = HashSet::new();
                recipients.retain(|recipient| {
                    !is_of(recipient, except) && id(recipient).is_some_and(|socket| told.insert(socket.clone()))
                });
                recipients
            }
            Target::Everyone { except } => {
                let mut everyone = self.registry.everyone(None);
                everyone.retain(|recipient| !is_of(recipient, except));
                everyone
            }
            Target::Audience(audience) => self.audience(audience, delivery),
            Target::Room { .. } => Vec::new(),
        };
        let mut forms = Forms::new(delivery);
        for recipient in &recipients {
            forms.send(recipient, None);
        }
        self.metrics.fan_out.inc_by(recipients.len() as u64);
        if let (Event::CallEnded { .. }, Target::Users { room: Some(room), .. }) = (&delivery.event, &delivery.target) {
            for recipient in &recipients {
                self.dismiss(recipient, room);
            }
        }
    }

    /// A room is over for a socket. A mesh client is in one room only and goes with it.
    fn dismiss(&self, recipient: &Recipient, room: &RoomId) {
        let Some(client) = recipient.client() else { return };
        if let Some(attendance) = client.unattend(room) {
            self.leave(&attendance, &client.id);
            if client.speech() == Speech::Mesh {
                recipient.dismiss(ROOM_CLOSED, "room closed");
            }
        }
    }

    pub(super) fn write(&self, delivery: &Delivery, members: &[Member]) {
        let seq = match delivery.place {
            Place::Log { seq, .. } => Some(seq),
            Place::Roster(_) | Place::Publication(_) | Place::None => None,
        };
        let mut forms = Forms::new(delivery);
        let mut written = 0;
        for member in members {
            let (recipient, attendance) = (&member.recipient, &*member.attendance);
            let sent = match seq {
                Some(seq) => forms.send_entry(recipient, attendance, seq),
                None if !member.hears(delivery) => false,
                None if attendance.is_live() => {
                    forms.send(recipient, Some(attendance));
                    true
                }
                None => false,
            };
            written += u64::from(sent);
        }
        self.metrics.fan_out.inc_by(written);
    }
}

pub(super) fn id(recipient: &Recipient) -> Option<&SocketId> {
    recipient.client().map(|client| &client.id)
}

fn is_of(recipient: &Recipient, user: &UserId) -> bool {
    let identity = recipient.client().and_then(|client| client.identity());
    identity.is_some_and(|identity| identity.user.id == *user)
}
