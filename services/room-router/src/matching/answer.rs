//! Answering a match that was proposed.

use heliograph_domain::{
    id::{MatchId, UserId},
    matching::{CancelReason, Criteria, MatchState, MatchingEvent, QueueState},
    refusal::{Code, Refusal},
    room::RoomId,
    time::Timestamp,
};

use super::{
    options::MatchingOptions,
    pool::Pool,
    ticket::{MatchEnd, Past, Stage, Ticket},
};

/// What a user answers.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) match_id: MatchId,
    pub(crate) accept: bool,
    /// The room that the two get if this makes the match.
    pub(crate) session: RoomId,
}

impl Pool {
    /// A user answers. The same answer once more changes nothing.
    ///
    /// # Errors
    ///
    /// `NotFound` if the user was never asked, `Conflict` if they answered otherwise, `RoomClosed` if the
    /// match is cancelled.
    pub(crate) fn respond(
        &mut self,
        user: &UserId,
        answer: &Answer,
        now: Timestamp,
        options: &MatchingOptions,
    ) -> Result<MatchState, Refusal> {
        let Answer { match_id, accept, session } = answer;
        let ticket = self.ticket(user).ok_or(Refusal::new(Code::NotFound))?;
        let (partner, accepted, later) = match &ticket.stage {
            Stage::Asked { match_id: asked, partner, accepted, later, .. } if asked == match_id => {
                (partner.clone(), *accepted, *later)
            }
            _ => return ticket.decided(match_id, *accept),
        };
        let told = MatchingEvent::MatchAnswered { match_id: match_id.clone(), user: user.clone(), accepted: *accept };
        match (accepted, accept) {
            (true, true) => Ok(MatchState::Accepted),
            (true, false) => Err(Code::Conflict.into()),
            (false, false) => {
                self.tell(&partner, now, told);
                self.cancel(user, CancelReason::Declined, &[user], now, options);
                Ok(MatchState::Declined)
            }
            (false, true) => {
                self.tell(&partner, now, told);
                let other_too = self.ticket(&partner).is_some_and(Ticket::has_accepted);
                if other_too {
                    let pair = if later { [&partner, user] } else { [user, &partner] };
                    self.confirm(pair, match_id, session, now, options);
                    return Ok(MatchState::Confirmed);
                }
                self.change(user, now, |ticket| {
                    if let Stage::Asked { accepted, .. } = &mut ticket.stage {
                        *accepted = true;
                    }
                });
                Ok(MatchState::Accepted)
            }
        }
    }

    /// There will be no match of a user who is asked and the partner. Whose fault that is, is out; the
    /// other one waits again, before everybody else.
    pub(super) fn cancel(
        &mut self,
        user: &UserId,
        reason: CancelReason,
        out: &[&UserId],
        now: Timestamp,
        options: &MatchingOptions,
    ) {
        let Some(Stage::Asked { partner, .. }) = self.ticket(user).map(|ticket| &ticket.stage) else { return };
        let partner = partner.clone();
        for user in [user, &partner] {
            let Some(ticket) = self.ticket(user) else { continue };
            let Stage::Asked { match_id, partner, accepted, patience, .. } = ticket.stage.clone() else { continue };
            let front = self.lines.get(&ticket.line).map_or(0, |line| line.front());
            let requeued = !out.contains(&user);
            let declined = !requeued && reason == CancelReason::Declined;
            self.change(user, now, |ticket| {
                let answer = if declined { Some(false) } else { accepted.then_some(true) };
                ticket.past =
                    Some(Past { match_id: match_id.clone(), partner, answer, end: MatchEnd::Cancelled(reason) });
                let queue = ticket.line.queue.clone();
                ticket.news.push(MatchingEvent::MatchCancelled { match_id, queue, reason, requeued });
                if requeued {
                    (ticket.stage, ticket.until) = (Stage::Waiting(front), now + patience);
                } else {
                    ticket.over(QueueState::Left, now, options);
                }
            });
            if requeued {
                self.report(user, now);
                self.seeking.push(user.clone());
            }
        }
    }
}

impl Ticket {
    pub(super) fn has_accepted(&self) -> bool {
        matches!(self.stage, Stage::Asked { accepted: true, .. })
    }

    /// What an answer to the last match comes to, which is decided.
    fn decided(&self, match_id: &MatchId, accept: bool) -> Result<MatchState, Refusal> {
        let past = self.past.as_ref().filter(|past| past.match_id == *match_id);
        let past = past.ok_or(Refusal::new(Code::NotFound))?;
        match (&past.end, past.answer) {
            (MatchEnd::Confirmed(_), _) if accept => Ok(MatchState::Confirmed),
            (MatchEnd::Cancelled(_), Some(false)) if !accept => Ok(MatchState::Declined),
            (_, Some(answer)) if answer != accept => Err(Code::Conflict.into()),
            _ => Err(Code::RoomClosed.into()),
        }
    }

    /// The user neither waits nor is asked from now on; that is remembered for a while.
    pub(super) fn over(&mut self, state: QueueState, now: Timestamp, options: &MatchingOptions) {
        (self.stage, self.until, self.gone_at) = (Stage::Over(state), options.forgotten_at(now), None);
        self.criteria = Criteria::default();
    }
}
