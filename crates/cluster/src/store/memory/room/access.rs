//! Who may come in, and who has to go.

use heliograph_domain::{
    command::Access,
    id::{CommandId, UserId},
    time::Timestamp,
    user::User,
};

use super::{
    super::{
        super::{Expelled, Idle, Marks, Preparation},
        MemoryOptions,
    },
    Person, Room,
    outcomes::Outcome,
};

impl Room {
    pub(super) fn is_members_only(&self) -> bool {
        self.extra.as_ref().is_some_and(|extra| extra.members_only)
    }

    pub(super) fn admits(&self, user: &UserId, members_only: bool) -> bool {
        let is_banned = self.extra.as_ref().is_some_and(|extra| extra.banned.contains(user));
        !is_banned && (self.is_member(user) || !(members_only || self.is_members_only()))
    }

    /// Makes somebody a member who has no socket here. Gives whether they were none.
    pub(super) fn enroll(&mut self, user: &User) -> bool {
        let end = self.log.position().seq;
        let known = self.people.get(&user.id);
        if known.is_some_and(|known| known.member) {
            return false;
        }
        let person = Person {
            user: known.map_or_else(|| user.clone(), |known| known.user.clone()),
            member: true,
            sockets: known.map_or(0, |known| known.sockets),
            explicit: known.map_or(0, |known| known.explicit),
            // What was said before was not said to them.
            marks: Marks { delivered: end, read: end },
        };
        self.people.push(person);
        true
    }

    pub(in super::super) fn prepare(&mut self, step: Preparation, options: &MemoryOptions, now: Timestamp) {
        if self.is_forgotten() {
            self.begin(step.new_epoch, step.at);
            self.quiet_since = now;
        }
        if let Some(access) = step.access {
            self.extra.get_or_insert_default().members_only = access == Access::Members;
        }
        for member in &step.members {
            self.enroll(member);
        }
        self.log.expire(options.retention, step.at);
    }

    pub(in super::super) fn expel(
        &mut self,
        command: CommandId,
        user: &UserId,
        ban: bool,
        options: &MemoryOptions,
        now: Timestamp,
    ) -> Expelled {
        self.outcomes.expire(now);
        let mut expelled = match self.outcomes.of_command(command) {
            Some(Outcome::Expel(first)) => (**first).clone(),
            _ => {
                let expelled = self.expel_first(user, ban, now);
                let remembered = Outcome::Expel(Box::new(expelled.clone()));
                self.outcomes.remember(command, remembered, None, options.outcomes, now);
                expelled
            }
        };
        expelled.gateways = self.gateways.list();
        for (_, left) in &mut expelled.removed {
            left.gateways.clone_from(&expelled.gateways);
        }
        expelled
    }

    fn expel_first(&mut self, user: &UserId, ban: bool, now: Timestamp) -> Expelled {
        let mut expelled = Expelled::default();
        if self.is_forgotten() {
            return expelled;
        }
        let theirs = self.attendances.iter().filter(|attendance| attendance.user == *user);
        let theirs: Vec<_> = theirs.map(|attendance| attendance.socket.clone()).collect();
        for socket in theirs {
            let mut left = self.take_out(&socket, now);
            let Some(attendant) = left.attendant.clone() else { continue };
            left.roster = self.count_change(left.announced || attendant.peer.is_some());
            expelled.removed.push((attendant, left));
        }
        expelled.membership_ended = self.settle(user, true);
        expelled.deserted = expelled.membership_ended && self.is_deserted();
        if ban {
            self.extra.get_or_insert_default().banned.insert(user.clone());
        }
        expelled
    }

    pub(in super::super) fn lift_ban(&mut self, user: &UserId) {
        if let Some(extra) = &mut self.extra {
            extra.banned.remove(user);
        }
    }

    /// Whether nobody is a member.
    pub(super) fn is_deserted(&self) -> bool {
        !self.people.iter().any(|person| person.member)
    }

    pub(in super::super) fn close_idle(&mut self, since: Timestamp, now: Timestamp) -> Idle {
        if self.is_forgotten() {
            return Idle::Gone;
        }
        if !self.attendances.is_empty() {
            return Idle::Attended;
        }
        if self.quiet_since > since {
            return Idle::Since(self.quiet_since);
        }
        let members = self.members(usize::MAX);
        self.close(now);
        Idle::Closed(members)
    }
}
