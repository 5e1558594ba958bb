//! Leaving a call, and its end.

use heliograph_domain::{
    event::{CallEndReason, Event},
    id::{CallId, CommandId, UserId},
    refusal::{Code, Refusal},
    time::Timestamp,
    user::{Actor, User},
};

use super::call::{Call, Part, Participant, Phase};

impl Call {
    /// A participant ends the call: for all if they made it or if two are left, else for themselves. A call that
    /// still rings ends `unanswered` if they say so.
    /// Ending what is over for them changes nothing.
    ///
    /// # Errors
    ///
    /// `NotAllowed` to outsiders.
    pub(crate) fn end(
        &mut self,
        by: &Actor,
        unanswered: bool,
        command: CommandId,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let is_caller = self.caller.as_ref() == Some(&by.user.id);
        if self.phase == Phase::Created && is_caller {
            self.finish(CallEndReason::UserEnded, Some(&by.user.id), now);
            return Ok(());
        }
        let is_over = !self.is_live();
        let one = self.participant_mut(&by.user.id).ok_or(Refusal::new(Code::NotAllowed))?;
        if is_over || !one.part.is_current() {
            if one.command == Some(command) {
                // The same command again: whether its events were sent is not known.
                self.tell_end_again(Some(&by.user.id));
            }
            return Ok(());
        }
        one.command = Some(command);
        if is_caller || self.current().count() <= 2 {
            let rings = unanswered && self.phase == Phase::Ringing;
            let reason = if rings { CallEndReason::NoAnswer } else { CallEndReason::UserEnded };
            self.finish(reason, Some(&by.user.id), now);
            return Ok(());
        }
        let user = by.user.id.clone();
        self.tell_end(vec![user.clone()], CallEndReason::UserEnded, Some(&user));
        self.leave(&user, now);
        Ok(())
    }

    /// A participant is gone: nothing is heard of any of their sockets, or their peer has left.
    /// Whoever is only called keeps being called.
    pub(crate) fn depart(&mut self, user: &UserId, now: Timestamp) {
        if self.is_live() && self.participant(user).is_some_and(|one| one.part == Part::Joined) {
            self.leave(user, now);
        }
    }

    /// The room of the call was closed.
    pub(crate) fn close(&mut self, now: Timestamp) {
        if !self.is_over() {
            self.finish(CallEndReason::RoomClosed, None, now);
        }
    }

    /// Does what is due: unanswered calls stop ringing, unused ones are over.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        if self.phase == Phase::Created {
            self.finish(CallEndReason::NoAnswer, None, now);
            return;
        }
        for one in self.participants.iter_mut().filter(|one| one.part == Part::Invited) {
            one.part = Part::Missed;
            one.held.clear();
        }
        self.tell_missed();
        self.settle(now);
    }

    /// Tells those who did not answer in time.
    fn tell_missed(&mut self) {
        let missed = self.participants.iter().filter(|one| one.part == Part::Missed);
        let missed = missed.map(|one| one.id.clone()).collect();
        self.tell_end(missed, CallEndReason::NoAnswer, None);
    }

    /// Tells once more who did not answer in time, and that the call is over if it is. Whoever knows that
    /// drops it.
    pub(crate) fn tell_again(&mut self) {
        self.tell_missed();
        self.tell_end_again(None);
    }

    fn tell_end_again(&mut self, by: Option<&UserId>) {
        let Phase::Ended { reason, .. } = self.phase else { return };
        let left = self.participants.iter().filter(|one| one.part == Part::Left);
        let left = left.map(|one| one.id.clone()).collect();
        self.tell_end(left, reason, by);
    }

    fn leave(&mut self, user: &UserId, now: Timestamp) {
        let Some(one) = self.participant_mut(user) else { return };
        let was_in = one.part == Part::Joined;
        if was_in {
            self.announce_leaving(user);
        }
        if let Some(one) = self.participant_mut(user) {
            one.part = Part::Left;
            one.peer = None;
            one.held.clear();
        }
        self.settle(now);
    }

    pub(super) fn announce_leaving(&mut self, user: &UserId) {
        let Some(one) = self.participant(user) else { return };
        let (gone, socket) = (one.identity(), one.peer.clone());
        let others = self.others(user);
        self.tell(others, None, |call| Event::CallParticipantLeft {
            call: call.clone(),
            user: gone.clone(),
            socket: socket.clone(),
        });
    }

    /// Ends the call if those who are left cannot have one.
    pub(super) fn settle(&mut self, now: Timestamp) {
        if !self.is_live() {
            return;
        }
        let (joined, invited) = (self.count(Part::Joined), self.count(Part::Invited));
        if joined > 1 || (joined == 1 && invited > 0) {
            return;
        }
        let unanswered = self.phase == Phase::Ringing && joined == 1;
        let reason = if unanswered && self.count(Part::Missed) > 0 {
            CallEndReason::NoAnswer
        } else if unanswered && self.count(Part::Declined) > 0 {
            CallEndReason::Rejected
        } else {
            CallEndReason::ParticipantsLeft
        };
        self.finish(reason, None, now);
    }

    fn finish(&mut self, reason: CallEndReason, by: Option<&UserId>, now: Timestamp) {
        let audience = self.current().cloned().collect();
        self.tell_end(audience, reason, by);
        self.phase = Phase::Ended { at: now, reason };
        for one in &mut self.participants {
            one.held.clear();
            if one.part.is_current() {
                one.part = Part::Left;
            }
        }
    }

    fn tell_end(&mut self, to: Vec<UserId>, reason: CallEndReason, by: Option<&UserId>) {
        let ended =
            |call: &CallId, from: Option<User>| Event::CallEnded { call: call.clone(), by: by.cloned(), reason, from };
        if by.is_none() && self.participants.len() == 2 {
            for user in to {
                let other = self.participants.iter().find(|one| one.id != user).map(Participant::identity);
                self.tell(vec![user], None, |call| ended(call, other.clone()));
            }
            return;
        }
        let from = by.and_then(|by| self.participant(by)).map(Participant::identity);
        self.tell(to, None, |call| ended(call, from.clone()));
    }
}
