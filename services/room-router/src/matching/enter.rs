//! Coming into a queue.

use heliograph_domain::{
    id::{CommandId, UserId},
    matching::{Criteria, MatchMode, MatchingEvent, QueueState},
    refusal::{Code, Refusal},
    time::Timestamp,
    user::User,
};

use super::{
    options::MatchingOptions,
    pool::Pool,
    ticket::{LineId, Stage, Ticket},
};

/// Somebody who wants to wait.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) user: User,
    pub(crate) line: LineId,
    pub(crate) criteria: Criteria,
    pub(crate) command: CommandId,
}

impl Pool {
    /// Somebody waits from now on. Who waits there already, or is asked, stays where they are with new
    /// criteria; who waits elsewhere moves.
    ///
    /// # Errors
    ///
    /// `RoomFull` if as many wait as may.
    pub(crate) fn enqueue(&mut self, entry: Entry, now: Timestamp, options: &MatchingOptions) -> Result<(), Refusal> {
        let id = entry.user.id.clone();
        let here = self.ticket(&id).filter(|ticket| ticket.is_live()).map(|ticket| ticket.line == entry.line);
        match here {
            Some(true) => {}
            Some(false) => drop(self.dequeue(&id, None, now, options)),
            None if self.counts().all() >= options.waiting => {
                return Err(Refusal::with_message(Code::RoomFull, "Too many people are waiting"));
            }
            None => {}
        }
        if self.ticket(&id).is_none() {
            self.put(Ticket {
                user: entry.user.clone(),
                line: entry.line.clone(),
                criteria: Criteria::default(),
                joined_at: now,
                stage: Stage::Over(QueueState::Left),
                until: now,
                gone_at: None,
                command: None,
                past: None,
                news: Vec::new(),
                changed: self.next_step(now),
            });
        }
        let Entry { user, line, criteria, command } = entry;
        let back = self.lines.get(&line).map_or(0, |line| line.back());
        let patience = match line.mode {
            MatchMode::Immediate => options.search_timeout,
            MatchMode::Proposal => options.queue_timeout,
        };
        self.change(&id, now, |ticket| {
            (ticket.user, ticket.criteria, ticket.command, ticket.gone_at) = (user, criteria, Some(command), None);
            if !ticket.is_live() {
                (ticket.line, ticket.joined_at) = (line, now);
                (ticket.stage, ticket.until) = (Stage::Waiting(back), now + patience);
            }
        });
        self.report(&id, now);
        self.seeking.push(id);
        Ok(())
    }

    /// Lets a user hear where they are.
    pub(super) fn report(&mut self, user: &UserId, now: Timestamp) {
        let event = match self.ticket(user).map(|ticket| &ticket.stage) {
            Some(Stage::Waiting(_)) => self.status(user).map(MatchingEvent::QueueEntered),
            Some(Stage::Asked { .. }) => self.proposal(user).map(MatchingEvent::MatchProposed),
            Some(Stage::Over(_)) | None => None,
        };
        if let Some(event) = event {
            self.tell(user, now, event);
        }
    }
}
