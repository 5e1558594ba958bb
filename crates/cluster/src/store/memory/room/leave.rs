//! A socket leaves a room.

use heliograph_domain::{
    id::{CommandId, SocketId, UserId},
    time::Timestamp,
};

use super::{
    super::{super::Left, MemoryOptions},
    Room,
    outcomes::Outcome,
};

impl Room {
    pub(in super::super) fn leave(
        &mut self,
        command: CommandId,
        socket: &SocketId,
        user: &UserId,
        end_membership: bool,
        options: &MemoryOptions,
        now: Timestamp,
    ) -> Left {
        self.outcomes.expire(now);
        let mut left = match self.outcomes.of_command(command) {
            Some(Outcome::Leave(first)) => (**first).clone(),
            _ => {
                let left = self.leave_first(socket, user, end_membership, now);
                let remembered = Outcome::Leave(Box::new(left.clone()));
                self.outcomes.remember(command, remembered, None, options.outcomes, now);
                left
            }
        };
        left.gateways = self.gateways.list();
        left
    }

    fn leave_first(&mut self, socket: &SocketId, user: &UserId, end_membership: bool, now: Timestamp) -> Left {
        if self.is_forgotten() {
            return Left::default();
        }
        let attendance = self.attendances.get(socket);
        let is_theirs = attendance.is_some_and(|attendance| attendance.user == *user);
        let mut left = if is_theirs { self.take_out(socket, now) } else { Left::default() };
        let was_peer = left.attendant.as_ref().is_some_and(|attendant| attendant.peer.is_some());
        left.roster = self.count_change(left.announced || was_peer);
        left.membership_ended = self.settle(user, end_membership);
        left.deserted = left.membership_ended && self.is_deserted();
        left
    }

    /// Ends a membership that is to end, or is a guest's who has no socket here any more and may come
    /// back, and forgets whoever is neither a member nor here. Gives whether the membership ended.
    pub(super) fn settle(&mut self, user: &UserId, end_membership: bool) -> bool {
        let guests_stay = self.is_members_only();
        let Some(person) = self.people.get_mut(user) else { return false };
        let is_gone_guest = person.user.guest && person.sockets == 0 && !guests_stay;
        let ended = person.member && (end_membership || is_gone_guest);
        person.member &= !ended;
        if !person.member && person.sockets == 0 {
            self.people.remove(user);
        }
        ended
    }

    /// Takes a socket out. Says nothing about the roster's version, membership and gateways.
    pub(super) fn take_out(&mut self, socket: &SocketId, now: Timestamp) -> Left {
        let was_host = self.host() == Some(socket);
        let Some(attendance) = self.attendances.remove(socket) else { return Left::default() };
        let mut announced = false;
        if let Some(person) = self.people.get_mut(&attendance.user) {
            person.sockets -= 1;
            person.explicit -= u32::from(attendance.explicit);
            announced = attendance.explicit && person.explicit == 0;
        }
        self.gateways.remove(&attendance.gateway);
        if self.attendances.is_empty() {
            self.quiet_since = now;
        }
        let new_host = if was_host { self.host().cloned() } else { None };
        Left { attendant: self.attendant(&attendance), announced, new_host, ..Left::default() }
    }
}
