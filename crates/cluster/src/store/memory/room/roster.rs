//! Who is in a room, where, and in what state.

use heliograph_domain::{
    command::Mark,
    id::{NodeId, SocketId, UserId},
    room::{MediaChange, Peer},
    user::User,
};

use super::{
    super::super::{Attendant, Cursor, MarkOutcome, Marks, MediaOutcome, SwitchOutcome, View},
    Attendance, Room,
};

/// The gateways that hold attendants, with their number.
#[derive(Default)]
pub(super) struct Gateways(Vec<(NodeId, u32)>);

impl Gateways {
    /// Counts an attendant at a gateway.
    pub(super) fn add(&mut self, gateway: &NodeId) {
        if let Some((_, count)) = self.0.iter_mut().find(|(known, _)| known == gateway) {
            *count += 1;
            return;
        }
        self.0.reserve_exact(1);
        self.0.push((gateway.clone(), 1));
    }

    /// Counts an attendant out.
    pub(super) fn remove(&mut self, gateway: &NodeId) {
        let Some(place) = self.0.iter().position(|(known, _)| known == gateway) else {
            return;
        };
        self.0[place].1 -= 1;
        if self.0[place].1 == 0 {
            self.0.remove(place);
        }
    }

    pub(super) fn list(&self) -> Vec<NodeId> {
        self.0.iter().map(|(gateway, _)| gateway.clone()).collect()
    }
}

impl Room {
    /// Counts a change that others have to be told of, if it is one. Gives the version after it.
    pub(super) fn count_change(&mut self, told: bool) -> u64 {
        self.roster += u64::from(told);
        self.roster
    }

    /// The peer that has been there longest.
    pub(super) fn host(&self) -> Option<&SocketId> {
        let mut attendances = self.attendances.iter();
        attendances.find(|attendance| attendance.peer.is_some()).map(|host| &host.socket)
    }

    /// The peers but one socket, in the order of joining.
    pub(super) fn peers_but(&self, socket: &SocketId) -> Vec<Peer> {
        let others = self.attendances.iter().filter(|a| a.socket != *socket);
        others
            .filter_map(|attendance| {
                let state = attendance.peer?;
                Some(Peer {
                    socket: attendance.socket.clone(),
                    user: self.people.get(&attendance.user)?.user.clone(),
                    media: state.media,
                    joined_at: state.joined_at,
                })
            })
            .collect()
    }

    /// The first members, in the order of joining.
    pub(in super::super) fn members(&self, limit: usize) -> Vec<User> {
        let members = self.people.iter().filter(|person| person.member);
        members.take(limit).map(|person| person.user.clone()).collect()
    }

    pub(super) fn is_member(&self, user: &UserId) -> bool {
        self.people.get(user).is_some_and(|person| person.member)
    }

    pub(in super::super) fn attendants(&self) -> Vec<Attendant> {
        let attendances = self.attendances.iter();
        attendances.filter_map(|attendance| self.attendant(attendance)).collect()
    }

    /// An attendance as others see it. Everybody with a socket here is among the people.
    pub(super) fn attendant(&self, attendance: &Attendance) -> Option<Attendant> {
        Some(Attendant {
            socket: attendance.socket.clone(),
            user: self.people.get(&attendance.user)?.user.clone(),
            gateway: attendance.gateway.clone(),
            vocabulary: attendance.vocabulary,
            peer: attendance.peer.map(|state| state.media),
        })
    }

    pub(in super::super) fn view(
        &self,
        user: Option<&UserId>,
        socket: Option<&SocketId>,
        addressee: Option<&SocketId>,
    ) -> View {
        let attendant = |socket: Option<&SocketId>| {
            socket.and_then(|socket| self.attendances.get(socket)).and_then(|attendance| self.attendant(attendance))
        };
        View {
            member: user.is_some_and(|user| self.is_member(user)),
            attendant: attendant(socket),
            addressee: attendant(addressee),
            gateways: self.gateways.list(),
            position: self.log.position(),
            roster: self.roster,
            read: user.map_or(0, |user| self.read_by(user)),
            marks: user.map_or_else(Marks::default, |user| self.marks_of(user)),
        }
    }

    /// The newest entry that a member has read. Who has the room open reads what comes.
    fn read_by(&self, user: &UserId) -> u64 {
        match self.people.get(user) {
            Some(person) if person.member && person.explicit > 0 => self.log.position().seq,
            Some(person) if person.member => person.marks.read,
            _ => 0,
        }
    }

    /// How far a member has the log.
    pub(super) fn marks_of(&self, user: &UserId) -> Marks {
        let member = self.people.get(user).filter(|person| person.member);
        member.map_or_else(Marks::default, |member| member.marks)
    }

    pub(in super::super) fn mark(&mut self, user: &UserId, cursor: Cursor, up_to: &Mark) -> MarkOutcome {
        let end = self.log.position().seq;
        let to = match up_to {
            Mark::Newest => Some(end),
            Mark::Message(message) => self.log.number_of(message),
            Mark::Seq(seq) => Some(end.min(*seq)),
        };
        let Some(member) = self.people.get_mut(user).filter(|person| person.member) else {
            return MarkOutcome::NotMember;
        };
        let Some(to) = to else { return MarkOutcome::NoSuchMessage };
        let mark = match cursor {
            Cursor::Delivered => &mut member.marks.delivered,
            Cursor::Read => &mut member.marks.read,
        };
        if to <= *mark {
            return MarkOutcome::Unchanged;
        }
        MarkOutcome::Moved { from: std::mem::replace(mark, to), to }
    }

    pub(in super::super) fn change_media(
        &mut self,
        by: &SocketId,
        target: &SocketId,
        change: MediaChange,
        as_admin: bool,
    ) -> MediaOutcome {
        let is_peer = |attendance: &&Attendance| attendance.peer.is_some();
        if self.attendances.get(by).filter(is_peer).is_none() {
            return MediaOutcome::NotPeer;
        }
        if by != target && !as_admin && self.host() != Some(by) {
            return MediaOutcome::NotHost;
        }
        let target = self.attendances.get_mut(target);
        let Some(state) = target.and_then(|attendance| attendance.peer.as_mut()) else {
            return MediaOutcome::NoSuchPeer;
        };
        let media = state.media.with(change);
        if media != state.media {
            state.media = media;
            self.roster += 1;
        }
        MediaOutcome::Changed { media, roster: self.roster, gateways: self.gateways.list() }
    }

    pub(in super::super) fn switch_chat(&mut self, by: &SocketId, enabled: bool, as_admin: bool) -> SwitchOutcome {
        if self.attendances.get(by).is_none() {
            return SwitchOutcome::NotAttending;
        }
        if !as_admin && self.host() != Some(by) {
            return SwitchOutcome::NotHost;
        }
        if self.chat_enabled != enabled {
            self.chat_enabled = enabled;
            self.roster += 1;
        }
        SwitchOutcome::Switched { roster: self.roster, gateways: self.gateways.list() }
    }
}
