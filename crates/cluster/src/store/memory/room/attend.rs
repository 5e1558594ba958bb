//! A socket comes into a room.

use heliograph_domain::{
    command::Since,
    id::{SocketId, UserId},
    time::Timestamp,
};

use super::{
    super::{
        super::{Attend, AttendOutcome, Attendant, Attended, Left, Marks},
        MemoryOptions,
    },
    Attendance, PeerState, Person, Room,
    outcomes::{FirstAttend, Outcome},
};

impl Room {
    pub(in super::super) fn attend(&mut self, step: Attend, options: &MemoryOptions, now: Timestamp) -> AttendOutcome {
        self.outcomes.expire(now);
        match self.outcomes.of_command(step.command) {
            Some(Outcome::Attend(first)) => {
                let first = (**first).clone();
                return self.attended(first, &step);
            }
            Some(Outcome::Full) => return AttendOutcome::Full,
            Some(Outcome::NotAdmitted) => return AttendOutcome::NotAdmitted,
            _ => {}
        }
        if !self.admits(&step.actor.user.id, step.members_only) {
            if self.remembers() {
                self.outcomes.remember(step.command, Outcome::NotAdmitted, None, options.outcomes, now);
            }
            return AttendOutcome::NotAdmitted;
        }
        let is_new = self.is_forgotten();
        if is_new {
            self.begin(step.new_epoch, step.at);
        }
        self.log.expire(options.retention, step.at);
        let mut first = self.attend_first(&step, now);
        if let (true, Some(first), Some(partner)) = (is_new, &mut first, &step.partner) {
            first.partnered = self.enroll(partner);
        }
        let remembered = match &first {
            Some(first) => Outcome::Attend(Box::new(first.clone())),
            None => Outcome::Full,
        };
        self.outcomes.remember(step.command, remembered, None, options.outcomes, now);
        match first {
            Some(first) => self.attended(first, &step),
            None => AttendOutcome::Full,
        }
    }

    /// Takes the socket in, `None` if the room is full.
    fn attend_first(&mut self, step: &Attend, now: Timestamp) -> Option<FirstAttend> {
        let replaced = self.replaced_by(step);
        if self.is_full_for(step, &replaced) {
            return None;
        }

        let user = &step.actor.user;
        let known = self.attendances.get(&step.actor.socket).map(|known| known.user.clone());
        if let Some(gone) = known.filter(|known| *known != user.id) {
            // A socket has one user for good, so the one that is known is long gone.
            self.take_out(&step.actor.socket, now);
            self.settle(&gone, false);
        }
        let was_announced = self.is_announced(&user.id);
        let mut removed: Vec<(Attendant, Left)> = Vec::new();
        for socket in replaced {
            let left = self.take_out(&socket, now);
            if let Some(attendant) = left.attendant.clone() {
                removed.push((attendant, left));
            }
        }

        let joined = self.take_in(step);
        let is_announced = self.is_announced(&user.id);
        let last = removed.len().saturating_sub(1);
        for (index, (attendant, left)) in removed.iter_mut().enumerate() {
            // A user who is replaced by themselves has not left.
            left.announced = index == last && was_announced && !is_announced;
            left.roster = self.count_change(left.announced || attendant.peer.is_some());
        }
        let announced = is_announced && !was_announced;
        let roster = self.count_change(announced || joined && step.peer.is_some());
        Some(FirstAttend { joined, announced, roster, removed, partnered: false })
    }

    fn is_announced(&self, user: &UserId) -> bool {
        self.people.get(user).is_some_and(|person| person.explicit > 0)
    }

    /// The user's other sockets whose attendance ends with this step.
    fn replaced_by(&self, step: &Attend) -> Vec<SocketId> {
        if step.ghosts.is_empty() && !step.takeover {
            return Vec::new();
        }
        let others = self
            .attendances
            .iter()
            .filter(|attendance| attendance.user == step.actor.user.id && attendance.socket != step.actor.socket);
        others
            .filter(|other| step.ghosts.contains(&other.socket) || (step.takeover && other.peer.is_some()))
            .map(|other| other.socket.clone())
            .collect()
    }

    fn is_full_for(&self, step: &Attend, replaced: &[SocketId]) -> bool {
        let socket = self.attendances.get(&step.actor.socket);
        if step.peer.is_none() || socket.is_some_and(|attendance| attendance.peer.is_some()) {
            return false;
        }
        let stays = |socket: &SocketId| !replaced.contains(socket);
        let peers = self.attendances.iter().filter(|a| a.peer.is_some());
        peers.filter(|peer| stays(&peer.socket)).count() >= step.max_peers
    }

    /// Makes the socket an attendant and its user a member. Gives whether it came or became a peer.
    fn take_in(&mut self, step: &Attend) -> bool {
        let actor = &step.actor;
        let known = self.attendances.get(&actor.socket);
        let known_gateway = known.map(|known| known.gateway.clone());
        let known_peer = known.and_then(|known| known.peer);
        let was_explicit = known.is_some_and(|known| known.explicit);
        let explicit = was_explicit || step.explicit;
        let peer = known_peer.or(step.peer.map(|media| PeerState { media, joined_at: step.at }));
        let joined = known.is_none() || known_peer.is_none() && peer.is_some();

        self.gateways.add(&actor.gateway);
        if let Some(left) = &known_gateway {
            self.gateways.remove(left);
        }
        let attendance = Attendance {
            socket: actor.socket.clone(),
            user: actor.user.id.clone(),
            gateway: actor.gateway.clone(),
            vocabulary: actor.vocabulary,
            explicit,
            peer,
        };
        match self.attendances.get_mut(&actor.socket) {
            Some(known) if !joined => *known = attendance,
            // Peers are in the order in which they became peers: the first is the host.
            _ => self.attendances.push(attendance),
        }

        let known = self.people.get(&actor.user.id);
        let was_member = known.is_some_and(|known| known.member);
        // What was said before somebody came was not said to them.
        let end = self.log.position().seq;
        let marks = known.filter(|_| was_member).map_or(Marks { delivered: end, read: end }, |known| known.marks);
        let person = Person {
            user: actor.user.clone(),
            member: true,
            sockets: known.map_or(0, |known| known.sockets) + u32::from(known_gateway.is_none()),
            explicit: known.map_or(0, |known| known.explicit) + u32::from(explicit && !was_explicit),
            marks,
        };
        match self.people.get_mut(&actor.user.id) {
            Some(known) if was_member => *known = person,
            _ => self.people.push(person),
        }
        joined
    }

    /// What the socket learns: what the step changed, and the room as it is now.
    fn attended(&self, mut first: FirstAttend, step: &Attend) -> AttendOutcome {
        let gateways = self.gateways.list();
        for (_, left) in &mut first.removed {
            left.gateways.clone_from(&gateways);
        }
        let since = match step.since {
            Some(Since::Delivered) => Some(Since::Seq(self.marks_of(&step.actor.user.id).delivered)),
            since => since,
        };
        let missed = self.log.since(since, step.missed_limit);
        AttendOutcome::Attending(Box::new(Attended {
            position: self.log.position(),
            roster: first.roster,
            joined: first.joined,
            announced: first.announced,
            removed: first.removed,
            members: self.members(step.member_limit),
            peers: self.peers_but(&step.actor.socket),
            host: self.host().cloned(),
            chat_enabled: self.chat_enabled,
            missed: missed.entries,
            whole: missed.whole,
            more: missed.more,
            partnered: first.partnered,
            contents: step.contents.map(|limits| Box::new(self.contents(&step.actor.socket, &limits))),
            gateways,
        }))
    }
}
