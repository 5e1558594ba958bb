//! One room: who is in it, its log, and what it remembers of commands.
//!
//! - [`attend`] and [`leave`]: sockets come and go, and with them members and the host.
//! - [`roster`]: who is there, and what each peer sends.
//! - [`access`]: who may come in, and who has to go.
//! - [`append`]: messages and marks, and whatever else is written, on the [`log`].
//! - [`state`], [`contents`]: what the room holds beside its log, and what is read of both at once.
//! - [`outcomes`]: what has been answered to which command.

mod access;
mod append;
mod attend;
mod contents;
mod leave;
mod log;
mod outcomes;
mod roster;
mod state;

use std::collections::HashSet;

use bytes::Bytes;
use heliograph_domain::{
    id::{NodeId, SocketId, UserId},
    room::Media,
    time::Timestamp,
    user::{User, Vocabulary},
};

use self::{log::Log, outcomes::Outcomes, roster::Gateways};
use super::{
    super::{Marks, REMEMBERED, Retention},
    ordered::{Keyed, Ordered},
};

/// A room. Once it is forgotten it remains for a while, with what it remembers.
pub(super) struct Room {
    pub(super) log: Log,
    roster: u64,
    chat_enabled: bool,
    people: Ordered<Person>,
    attendances: Ordered<Attendance>,
    gateways: Gateways,
    outcomes: Outcomes,
    /// Apart, so that a room without it takes no memory for it.
    extra: Option<Box<Extra>>,
    /// When the last attendant left, or the last entry was appended.
    quiet_since: Timestamp,
}

/// What only some rooms have.
#[derive(Default)]
struct Extra {
    members_only: bool,
    banned: HashSet<UserId>,
    /// How many code changes there have been.
    code_changes: u64,
    /// The latest code, and the newest change in it.
    code: Option<(Bytes, u64)>,
    whiteboard: Option<Bytes>,
    /// The newest stroke in the whiteboard.
    whiteboard_seq: u64,
    recording: bool,
}

/// Someone who is a member, has a socket here, or both.
struct Person {
    user: User,
    member: bool,
    /// Sockets here.
    sockets: u32,
    /// Those of them whose clients asked for the room themselves.
    explicit: u32,
    /// How far they have the log, if they are a member.
    marks: Marks,
}

/// A socket that is here.
struct Attendance {
    socket: SocketId,
    user: UserId,
    gateway: NodeId,
    vocabulary: Vocabulary,
    explicit: bool,
    peer: Option<PeerState>,
}

#[derive(Clone, Copy)]
struct PeerState {
    media: Media,
    joined_at: Timestamp,
}

impl Keyed for Person {
    type Key = UserId;

    fn key(&self) -> &UserId {
        &self.user.id
    }
}

impl Keyed for Attendance {
    type Key = SocketId;

    fn key(&self) -> &SocketId {
        &self.socket
    }
}

impl Room {
    /// A room that does not exist, or no longer. The next one of its name goes on with its roster's
    /// version.
    pub(super) fn forgotten(roster: u64, now: Timestamp) -> Self {
        Self {
            log: Log::new(0),
            roster,
            chat_enabled: true,
            people: Ordered::default(),
            attendances: Ordered::default(),
            gateways: Gateways::default(),
            outcomes: Outcomes::default(),
            extra: None,
            quiet_since: now,
        }
    }

    /// Begins anew, but for what is remembered of commands. The roster's first version is taken from
    /// the time, so that it is higher than those of a room that is not known any more.
    fn begin(&mut self, epoch: u64, at: Timestamp) {
        let roster = at.as_millis().max(self.roster + 1);
        let outcomes = std::mem::take(&mut self.outcomes);
        *self = Self { log: Log::new(epoch), outcomes, ..Self::forgotten(roster, at) };
    }

    /// Ends the room, with what it remembers.
    pub(super) fn close(&mut self, now: Timestamp) {
        *self = Self::forgotten(self.roster, now);
    }

    /// Whether there is nobody and nothing in it: to everyone else the room does not exist.
    pub(super) fn is_forgotten(&self) -> bool {
        let is_kept = self.extra.as_ref().is_some_and(|extra| extra.members_only || !extra.banned.is_empty());
        self.people.is_empty() && self.attendances.is_empty() && self.log.is_empty() && !is_kept
    }

    /// Whether it knows anything of commands: one that there has never been, or that was closed,
    /// does not.
    pub(super) fn remembers(&self) -> bool {
        !self.is_forgotten() || !self.outcomes.is_empty()
    }

    /// Removes what has expired. Gives whether anything is left to keep.
    pub(super) fn sweep(&mut self, retention: Retention, now: Timestamp) -> bool {
        self.outcomes.expire(now);
        self.log.expire(retention, now);
        let quiet = now.since(self.quiet_since);
        if self.attendances.is_empty() && quiet >= retention.age {
            return false;
        }
        // The version of a closed room's roster is kept for as long as outcomes are.
        self.remembers() || quiet < REMEMBERED
    }
}
