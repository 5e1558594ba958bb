//! Everybody who waits, is asked or is invited, and what all changes share.
//!
//! Pure: time, ids and what the store knows are given by the caller. A change leaves behind which records
//! it touched, see [`Pool::changes`]. The changes are in files of their own: `enter`, `pair`, `answer`,
//! `leave`, `expire`, `invitations`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use heliograph_domain::{
    id::{InviteId, UserId},
    matching::{MatchMode, MatchingEvent, Proposal, QueueState, QueueStatus, QueueView},
    time::Timestamp,
};

use super::{
    invite::Invite,
    line::Line,
    ticket::{Changed, LineId, Stage, Ticket},
};

/// What a record is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    Ticket(UserId),
    Invite(InviteId),
}

/// Queues of which it is remembered how fast they move, though nobody waits in them.
const MOST_LINES: usize = 1024;

/// All of matching.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool {
    /// The number of the newest step.
    pub(crate) version: u64,
    tickets: HashMap<UserId, Ticket>,
    invites: HashMap<InviteId, Invite>,
    pub(super) lines: BTreeMap<LineId, Line>,
    /// Open invitations by whom they are for.
    open: HashMap<UserId, BTreeSet<InviteId>>,
    due: BTreeSet<(Timestamp, Key)>,
    /// Records that have changed since the last step.
    touched: BTreeSet<Key>,
    /// Those who have come, or come back, since the last step, and may find somebody.
    pub(super) seeking: Vec<UserId>,
    /// Queues in which somebody has gone, so that others have moved up.
    moved: BTreeSet<LineId>,
    counts: Counts,
}

/// How many wait or are asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Wait for a match that is made at once.
    pub(crate) immediate: usize,
    /// Wait for a match that is proposed.
    pub(crate) proposal: usize,
    /// Are asked.
    pub(crate) asked: usize,
}

impl Counts {
    pub(crate) fn all(self) -> usize {
        self.immediate + self.proposal + self.asked
    }

    fn of(&mut self, ticket: &Ticket) -> Option<&mut usize> {
        match (&ticket.stage, ticket.line.mode) {
            (Stage::Waiting(_), MatchMode::Immediate) => Some(&mut self.immediate),
            (Stage::Waiting(_), MatchMode::Proposal) => Some(&mut self.proposal),
            (Stage::Asked { .. }, _) => Some(&mut self.asked),
            (Stage::Over(_), _) => None,
        }
    }
}

impl Pool {
    /// The pool of these records.
    pub(crate) fn of(version: u64, tickets: Vec<Ticket>, invites: Vec<Invite>) -> Self {
        let mut pool = Self { version, ..Self::default() };
        tickets.into_iter().for_each(|ticket| pool.put(ticket));
        invites.into_iter().for_each(|invite| pool.put_invite(invite));
        pool.touched.clear();
        pool
    }

    pub(crate) fn ticket(&self, user: &UserId) -> Option<&Ticket> {
        self.tickets.get(user)
    }

    pub(crate) fn invite(&self, id: &InviteId) -> Option<&Invite> {
        self.invites.get(id)
    }

    /// How many invitations are open or remembered.
    pub(super) fn invites(&self) -> usize {
        self.invites.len()
    }

    /// Open invitations of a user, oldest first.
    pub(crate) fn open_invites(&self, user: &UserId) -> impl Iterator<Item = &Invite> {
        let ids = self.open.get(user).into_iter().flatten();
        ids.filter_map(|id| self.invites.get(id))
    }

    /// How many wait or are asked.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// Queues in which others have moved up since this was asked last.
    pub(crate) fn take_moved(&mut self) -> BTreeSet<LineId> {
        std::mem::take(&mut self.moved)
    }

    /// How the queues stand in which somebody waits or is asked.
    pub(crate) fn views(&self) -> Vec<QueueView> {
        let mut views: BTreeMap<&LineId, QueueView> = BTreeMap::new();
        for ticket in self.tickets.values().filter(|ticket| ticket.is_live()) {
            let view = views.entry(&ticket.line).or_insert_with(|| QueueView {
                queue: ticket.line.queue.clone(),
                mode: ticket.line.mode,
                size: 0,
                oldest: None,
                proposals: 0,
            });
            match &ticket.stage {
                Stage::Waiting(_) => {
                    view.size += 1;
                    view.oldest = Some(view.oldest.map_or(ticket.joined_at, |oldest| oldest.min(ticket.joined_at)));
                }
                Stage::Asked { later, .. } => view.proposals += u64::from(*later),
                Stage::Over(_) => {}
            }
        }
        views.into_values().collect()
    }

    /// How a user waits, or has waited.
    pub(crate) fn status(&self, user: &UserId) -> Option<QueueStatus> {
        let ticket = self.tickets.get(user)?;
        let line = self.lines.get(&ticket.line);
        let (state, position) = match &ticket.stage {
            Stage::Waiting(place) => (QueueState::Waiting, line.map_or(0, |line| line.position(*place))),
            Stage::Asked { .. } => (QueueState::Matched, 0),
            Stage::Over(state) => (*state, 0),
        };
        Some(QueueStatus {
            queue: ticket.line.queue.clone(),
            state,
            position,
            size: line.map_or(0, Line::size),
            estimated_wait: line.filter(|_| position > 0).and_then(|line| line.estimate(position)),
            joined_at: ticket.joined_at,
        })
    }

    /// The match that awaits a user's answer.
    pub(crate) fn proposal(&self, user: &UserId) -> Option<Proposal> {
        let ticket = self.tickets.get(user)?;
        let Stage::Asked { match_id, partner, accepted, .. } = &ticket.stage else { return None };
        let partner = self.tickets.get(partner)?;
        Some(Proposal {
            match_id: match_id.clone(),
            queue: ticket.line.queue.clone(),
            peer: partner.user.clone(),
            peer_criteria: partner.criteria.body.clone(),
            expires_at: ticket.until,
            accepted: *accepted,
        })
    }

    /// When something has to be done though nobody asks.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// What has to be done by now, at most so much.
    pub(crate) fn due(&self, now: Timestamp, most: usize) -> Vec<Key> {
        let due = self.due.iter().take_while(|(at, _)| *at <= now).take(most);
        due.map(|(_, key)| key.clone()).collect()
    }

    /// The records that have changed since the last step.
    pub(crate) fn touched(&self) -> &BTreeSet<Key> {
        &self.touched
    }

    /// Those who may find somebody now. Each is named once.
    pub(crate) fn take_seeking(&mut self) -> Vec<UserId> {
        std::mem::take(&mut self.seeking)
    }

    /// The records that have changed are stored, as step `version`.
    pub(crate) fn stored(&mut self, version: u64) {
        self.version = version;
        self.touched.clear();
        if self.lines.len() > MOST_LINES {
            self.lines.retain(|_, line| line.size() > 0);
        }
    }

    /// Those of the touched records of whose change by step `version` somebody has to hear.
    pub(crate) fn touched_by(&self, version: u64) -> BTreeSet<Key> {
        let is_it = |key: &&Key| {
            let changed = match key {
                Key::Ticket(user) => self.ticket(user).map(|ticket| ticket.changed),
                Key::Invite(id) => self.invite(id).map(|invite| invite.changed),
            };
            changed.is_some_and(|changed| changed.step == version)
        };
        self.touched.iter().filter(is_it).cloned().collect()
    }

    /// How those who wait in a queue do so, in their order.
    pub(super) fn places<'a>(&'a self, id: &LineId) -> impl Iterator<Item = (&'a UserId, QueueStatus)> {
        let line = self.lines.get(id);
        let waiting = line.into_iter().flat_map(|line| line.waiting().zip(1..).map(move |(user, at)| (line, user, at)));
        waiting.filter_map(|(line, user, position)| {
            let ticket = self.ticket(user)?;
            let status = QueueStatus {
                queue: ticket.line.queue.clone(),
                state: QueueState::Waiting,
                position,
                size: line.size(),
                estimated_wait: line.estimate(position),
                joined_at: ticket.joined_at,
            };
            Some((user, status))
        })
    }

    /// The records that step `version` has changed, and not long ago.
    pub(crate) fn changed_by(&self, version: u64, since: Timestamp) -> BTreeSet<Key> {
        let is_it = |changed: &Changed| changed.step == version && changed.at >= since;
        let tickets = self.tickets.values().filter(|ticket| is_it(&ticket.changed));
        let invites = self.invites.values().filter(|invite| is_it(&invite.changed));
        let tickets = tickets.map(|ticket| Key::Ticket(ticket.user.id.clone()));
        tickets.chain(invites.map(|invite| Key::Invite(invite.id.clone()))).collect()
    }

    /// A change at this time will be a part of the next step.
    pub(super) fn next_step(&self, at: Timestamp) -> Changed {
        Changed { step: self.version + 1, at }
    }

    /// Changes a user's ticket, if there is one, and lets them hear of it.
    pub(super) fn change(&mut self, user: &UserId, now: Timestamp, change: impl FnOnce(&mut Ticket)) {
        let Some(mut ticket) = self.take(user) else { return };
        let next = self.next_step(now);
        if ticket.changed != next {
            ticket.news.clear();
        }
        ticket.changed = next;
        change(&mut ticket);
        self.put(ticket);
    }

    /// Adds to what a user hears of the change.
    pub(super) fn tell(&mut self, user: &UserId, now: Timestamp, event: MatchingEvent) {
        self.change(user, now, |ticket| ticket.news.push(event));
    }

    /// Takes a user's ticket out.
    pub(super) fn take(&mut self, user: &UserId) -> Option<Ticket> {
        let ticket = self.tickets.remove(user)?;
        let key = Key::Ticket(user.clone());
        self.due.remove(&(ticket.due(), key.clone()));
        self.touched.insert(key);
        if let Some(count) = self.counts.of(&ticket) {
            *count -= 1;
        }
        if let Stage::Waiting(place) = ticket.stage
            && let Some(line) = self.lines.get_mut(&ticket.line)
        {
            line.remove(place);
            self.moved.insert(ticket.line.clone());
        }
        Some(ticket)
    }

    /// Puts a ticket in, in place of nothing.
    pub(super) fn put(&mut self, ticket: Ticket) {
        let key = Key::Ticket(ticket.user.id.clone());
        self.due.insert((ticket.due(), key.clone()));
        self.touched.insert(key);
        if let Some(count) = self.counts.of(&ticket) {
            *count += 1;
        }
        if let Stage::Waiting(place) = ticket.stage {
            self.lines.entry(ticket.line.clone()).or_default().insert(place, ticket.user.id.clone());
        }
        self.tickets.insert(ticket.user.id.clone(), ticket);
    }

    pub(super) fn take_invite(&mut self, id: &InviteId) -> Option<Invite> {
        let invite = self.invites.remove(id)?;
        let key = Key::Invite(id.clone());
        self.due.remove(&(invite.until, key.clone()));
        self.touched.insert(key);
        if let Some(open) = self.open.get_mut(&invite.to) {
            open.remove(id);
            if open.is_empty() {
                self.open.remove(&invite.to);
            }
        }
        Some(invite)
    }

    pub(super) fn put_invite(&mut self, invite: Invite) {
        let key = Key::Invite(invite.id.clone());
        self.due.insert((invite.until, key.clone()));
        self.touched.insert(key);
        if invite.is_open() {
            self.open.entry(invite.to.clone()).or_default().insert(invite.id.clone());
        }
        self.invites.insert(invite.id.clone(), invite);
    }
}
