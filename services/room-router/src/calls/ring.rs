//! Calling people.

use heliograph_domain::{
    event::{Event, Unavailable},
    id::{CommandId, UserId},
    refusal::{Code, Refusal},
    time::Timestamp,
    user::Actor,
};

use super::call::{Call, Part, Participant, Phase, first_media};

/// Someone to be called.
#[derive(Clone, Debug)]
pub(crate) struct Callee {
    pub(crate) user: UserId,
    /// Why their devices do not ring now, if they do not.
    pub(crate) unavailable: Option<Unavailable>,
}

impl Call {
    /// Calls people: for the first time, or some more. At most `max` take part, the caller too.
    ///
    /// # Errors
    ///
    /// `Conflict` if somebody else makes this call, or if it is over; `InvalidPayload` beyond `max`.
    pub(crate) fn ring(
        &mut self,
        by: &Actor,
        callees: &[Callee],
        max: usize,
        command: CommandId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), Refusal> {
        let merged = |one: &Participant| one.command == Some(command) && one.known_as.is_some();
        if self.participant(&by.user.id).is_some_and(merged) {
            // The same command again, after its call became one with another.
            return Ok(());
        }
        if self.is_over() || self.caller.as_ref().is_some_and(|caller| *caller != by.user.id) {
            return Err(Code::Conflict.into());
        }
        if self.phase == Phase::Created {
            self.begin(by, command, now);
        } else if self.participant(&by.user.id).is_some_and(|one| one.part != Part::Joined) {
            return Err(Code::Conflict.into());
        }
        let is_repeat = self.hear_from(by)?.command == Some(command) && self.is_live();
        for callee in callees {
            match self.participant_mut(&callee.user) {
                None => self.participants.push(Participant::new(callee.user.clone(), now)),
                Some(one) if is_repeat || one.part.is_current() => {}
                Some(one) => *one = Participant::new(callee.user.clone(), now),
            }
        }
        if self.participants.len() > max {
            return Err(Refusal::invalid("participants", format_args!("must be at most {}", max.saturating_sub(1))));
        }
        if self.phase == Phase::Created {
            self.phase = Phase::Ringing;
        }
        if !is_repeat {
            self.until = until;
        }
        self.announce_ringing(by, callees);
        Ok(())
    }

    /// The caller is the first who is in.
    fn begin(&mut self, by: &Actor, command: CommandId, now: Timestamp) {
        self.caller = Some(by.user.id.clone());
        let media = first_media(self.media);
        let mut caller = Participant::new(by.user.id.clone(), now);
        caller.join(media, now, Some(command));
        self.participants = vec![caller];
    }

    fn announce_ringing(&mut self, by: &Actor, callees: &[Callee]) {
        let invited =
            |call: &Self, callee: &Callee| call.participant(&callee.user).is_some_and(|one| one.part == Part::Invited);
        let (reached, missed): (Vec<_>, Vec<_>) = callees
            .iter()
            .filter(|callee| invited(self, callee))
            .cloned()
            .partition(|callee| callee.unavailable.is_none());
        let reached = reached.into_iter().map(|callee| callee.user).collect();
        let (room, media) = (self.room.clone(), self.media);
        self.tell(reached, None, |call| Event::CallRinging {
            call: call.clone(),
            room: room.clone(),
            from: by.user.clone(),
            media,
        });
        for callee in missed {
            let Some(reason) = callee.unavailable else { continue };
            self.tell(vec![by.user.id.clone()], None, |call| Event::CallParticipantUnavailable {
                call: call.clone(),
                user: callee.user.clone(),
                reason,
            });
        }
    }

    /// What a device hears that connects while the call rings for its user.
    pub(crate) fn ringing_for(&self, user: &UserId) -> Option<Event> {
        let rings = self.is_live() && self.participant(user).is_some_and(|one| one.part == Part::Invited);
        let caller = self.caller.as_ref().and_then(|caller| self.participant(caller)).filter(|_| rings)?;
        Some(Event::CallRinging {
            call: self.known_to(user).clone(),
            room: self.room.clone(),
            from: caller.identity(),
            media: self.media,
        })
    }
}
