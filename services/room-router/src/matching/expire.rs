//! What time brings.

use heliograph_domain::{
    id::UserId,
    matching::{CancelReason, InviteAnswer, MatchingEvent, QueueState},
    time::Timestamp,
};

use super::{
    options::MatchingOptions,
    pool::{Key, Pool},
    ticket::{Stage, Ticket},
};

impl Pool {
    /// The user who loses the place now, unless a socket is there again.
    pub(crate) fn gone(&self, key: &Key, now: Timestamp) -> Option<UserId> {
        let Key::Ticket(user) = key else { return None };
        let gone_at = self.ticket(user)?.gone_at?;
        (gone_at <= now).then(|| user.clone())
    }

    /// Does what is due.
    pub(crate) fn expire(&mut self, key: &Key, now: Timestamp, options: &MatchingOptions) {
        match key {
            Key::Ticket(user) => self.expire_ticket(user, now, options),
            Key::Invite(id) => {
                let Some(mut invite) = self.take_invite(id) else { return };
                if invite.until > now {
                    self.put_invite(invite);
                } else if invite.is_open() {
                    invite.answer = Some(InviteAnswer::Expired);
                    invite.until = options.forgotten_at(now);
                    invite.changed = self.next_step(now);
                    self.put_invite(invite);
                }
            }
        }
    }

    fn expire_ticket(&mut self, user: &UserId, now: Timestamp, options: &MatchingOptions) {
        let Some(ticket) = self.ticket(user).filter(|ticket| ticket.until <= now) else { return };
        match &ticket.stage {
            Stage::Waiting(_) => {
                self.change(user, now, |ticket| ticket.over(QueueState::Expired, now, options));
                if let Some(status) = self.status(user) {
                    self.tell(user, now, MatchingEvent::QueueExpired(status));
                }
            }
            Stage::Asked { partner, .. } => {
                let partner = partner.clone();
                let silent = |user: &UserId| !self.ticket(user).is_some_and(Ticket::has_accepted);
                let out: Vec<_> = [user, &partner].into_iter().filter(|user| silent(user)).collect();
                self.cancel(user, CancelReason::Expired, &out, now, options);
            }
            Stage::Over(_) => drop(self.take(user)),
        }
    }
}
