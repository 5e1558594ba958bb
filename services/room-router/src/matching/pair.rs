//! Two who wait are brought together.

use heliograph_domain::{
    id::{MatchId, UserId},
    matching::{Match, MatchMode, MatchingEvent, QueueState},
    room::RoomId,
    time::Timestamp,
};

use super::{
    options::MatchingOptions,
    pool::Pool,
    ticket::{LineId, MatchEnd, Past, Stage, Ticket},
};

impl Pool {
    /// Those who fit somebody that waits, who came first first, at most so many. Whoever was matched at
    /// once does not meet the last partner again while there is somebody else.
    pub(crate) fn candidates(&self, user: &UserId, most: usize) -> Vec<UserId> {
        let Some(ticket) = self.ticket(user).filter(|ticket| matches!(ticket.stage, Stage::Waiting(_))) else {
            return Vec::new();
        };
        let Some(line) = self.lines.get(&ticket.line) else { return Vec::new() };
        let fits = |other: &&Ticket| other.user.id != *user && other.criteria.fits(&ticket.criteria);
        let fitting = || line.waiting().filter_map(|other| self.ticket(other)).filter(fits);
        let strangers = fitting().filter(|other| !ticket.has_just_met(other));
        let met = fitting().filter(|other| ticket.has_just_met(other));
        strangers.chain(met).take(most).map(|other| other.user.id.clone()).collect()
    }

    /// Brings two who wait in the same queue together.
    pub(crate) fn pair(
        &mut self,
        one: &UserId,
        other: &UserId,
        match_id: &MatchId,
        now: Timestamp,
        options: &MatchingOptions,
    ) {
        let Some((mine, line)) = self.place(one) else { return };
        let Some((theirs, _)) = self.place(other).filter(|(_, same)| *same == line && one != other) else { return };
        let (first, second) = if mine < theirs { (one, other) } else { (other, one) };
        match line.mode {
            MatchMode::Immediate => {
                self.confirm([first, second], match_id, &RoomId::of_match(match_id), now, options);
            }
            MatchMode::Proposal => {
                for (user, partner, later) in [(first, second, false), (second, first, true)] {
                    self.change(user, now, |ticket| {
                        let patience = ticket.until.since(now);
                        let (match_id, partner) = (match_id.clone(), partner.clone());
                        ticket.stage = Stage::Asked { match_id, partner, accepted: false, patience, later };
                        ticket.until = now + options.answer_timeout;
                    });
                }
                for user in [first, second] {
                    if let Some(status) = self.status(user) {
                        self.tell(user, now, MatchingEvent::QueueMatched(status));
                    }
                    self.report(user, now);
                }
            }
        }
        if let Some(line) = self.lines.get_mut(&line) {
            line.matched(now);
        }
    }

    fn place(&self, user: &UserId) -> Option<(i64, LineId)> {
        match self.ticket(user) {
            Some(Ticket { stage: Stage::Waiting(place), line, .. }) => Some((*place, line.clone())),
            _ => None,
        }
    }

    /// Two are matched for good. Who came first is named first.
    pub(super) fn confirm(
        &mut self,
        pair: [&UserId; 2],
        match_id: &MatchId,
        room: &RoomId,
        now: Timestamp,
        options: &MatchingOptions,
    ) {
        let participants: Vec<_> =
            pair.iter().filter_map(|user| self.ticket(user)).map(|ticket| ticket.user.clone()).collect();
        for (user, peer, initiator) in [(pair[0], 1, false), (pair[1], 0, true)] {
            let Some(peer) = participants.get(peer).cloned() else { continue };
            self.change(user, now, |ticket| {
                ticket.past = Some(Past {
                    match_id: match_id.clone(),
                    partner: peer.id.clone(),
                    answer: Some(true),
                    end: MatchEnd::Confirmed(room.clone()),
                });
                ticket.over(QueueState::Matched, now, options);
                ticket.news.push(MatchingEvent::MatchConfirmed(Match {
                    match_id: match_id.clone(),
                    queue: ticket.line.queue.clone(),
                    room: room.clone(),
                    peer,
                    participants: participants.clone(),
                    initiator,
                }));
            });
        }
    }
}

impl Ticket {
    fn has_just_met(&self, other: &Self) -> bool {
        let met = |one: &Self, other: &Self| one.past.as_ref().is_some_and(|past| past.partner == other.user.id);
        self.line.mode == MatchMode::Immediate && (met(self, other) || met(other, self))
    }
}
