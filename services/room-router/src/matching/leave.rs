//! Waiting no longer.

use heliograph_domain::{
    id::{QueueName, UserId},
    matching::{CancelReason, MatchMode, MatchingEvent, QueueState},
    time::Timestamp,
};

use super::{
    options::MatchingOptions,
    pool::Pool,
    ticket::{Stage, Ticket},
};

impl Pool {
    /// A user waits no longer because they said so, if it is in this queue. That declines a match that is open.
    pub(crate) fn dequeue(
        &mut self,
        user: &UserId,
        queue: Option<&QueueName>,
        now: Timestamp,
        options: &MatchingOptions,
    ) -> bool {
        self.go(user, queue, CancelReason::Declined, now, options)
    }

    /// A user is gone.
    pub(crate) fn depart(&mut self, user: &UserId, now: Timestamp, options: &MatchingOptions) {
        self.go(user, None, CancelReason::Disconnected, now, options);
    }

    fn go(
        &mut self,
        user: &UserId,
        queue: Option<&QueueName>,
        reason: CancelReason,
        now: Timestamp,
        options: &MatchingOptions,
    ) -> bool {
        let Some(ticket) = self.ticket(user).filter(|ticket| ticket.is_live()) else { return false };
        if queue.is_some_and(|queue| ticket.line.queue != *queue) {
            return false;
        }
        if matches!(ticket.stage, Stage::Asked { .. }) {
            self.cancel(user, reason, &[user], now, options);
        } else {
            self.change(user, now, |ticket| ticket.over(QueueState::Left, now, options));
        }
        if let Some(status) = self.status(user) {
            self.tell(user, now, MatchingEvent::QueueLeft(status));
        }
        true
    }

    /// The last socket is gone that kept a user's place. Who said goodbye to a search that matches at once
    /// does not come back; everybody else has the grace.
    pub(crate) fn leave_behind(&mut self, user: &UserId, goodbye: bool, now: Timestamp, options: &MatchingOptions) {
        let Some(Ticket { line, .. }) = self.ticket(user).filter(|ticket| ticket.is_live()) else { return };
        if goodbye && line.mode == MatchMode::Proposal {
            self.keep_news(user, |ticket| ticket.gone_at = Some(now + options.grace));
        } else {
            self.depart(user, now, options);
        }
    }

    /// A socket is there again that keeps a user's place.
    pub(crate) fn come_back(&mut self, user: &UserId) {
        if self.ticket(user).is_some_and(|ticket| ticket.gone_at.is_some()) {
            self.keep_news(user, |ticket| ticket.gone_at = None);
        }
    }

    /// Changes a ticket of which the user has nothing to hear.
    fn keep_news(&mut self, user: &UserId, change: impl FnOnce(&mut Ticket)) {
        if let Some(mut ticket) = self.take(user) {
            change(&mut ticket);
            self.put(ticket);
        }
    }
}
