//! Two people call each other at the same time: of the two calls the server makes one.
//!
//! The older call survives. The other caller is in it from then on, and keeps using the id of the call
//! that they made: it becomes another name of the surviving one.

use heliograph_domain::{event::Event, time::Timestamp};

use super::call::{Call, Part, Participant, Phase};

impl Call {
    /// Whether these are two calls between the same two people, each ringing at the other's.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        let is_pair = |call: &Self| call.phase == Phase::Ringing && call.participants.len() == 2;
        let crossed = |one: &Self, two: &Self| {
            let caller = one.caller.as_ref().and_then(|caller| two.participant(caller));
            caller.is_some_and(|callee| callee.part == Part::Invited)
        };
        self.id != other.id && is_pair(self) && is_pair(other) && crossed(self, other) && crossed(other, self)
    }

    /// Whether this call survives if it meets the other.
    pub(crate) fn survives(&self, other: &Self) -> bool {
        (self.created_at, &self.id) < (other.created_at, &other.id)
    }

    /// The one who makes the call, while they are in.
    pub(crate) fn calling(&self) -> Option<&Participant> {
        let caller = self.caller.as_ref()?;
        self.participant(caller).filter(|one| one.part == Part::Joined)
    }

    /// Takes in the caller of the call `other`, which ends without a word. Gives whether the call still
    /// waited for them.
    pub(crate) fn absorb(&mut self, other: &Self, now: Timestamp) -> bool {
        let Some(comer) = other.calling().cloned() else { return false };
        let Some(caller) = self.calling().map(Participant::identity) else { return false };
        let rings = self.is_live() && self.participant(&comer.id).is_some_and(|one| one.part == Part::Invited);
        if !rings {
            return false;
        }
        // Under the name that rang, before the participant is known by the other one.
        self.tell(vec![comer.id.clone()], None, |call| Event::CallAnsweredElsewhere {
            call: call.clone(),
            accepted: true,
        });
        if let Some(one) = self.participant_mut(&comer.id) {
            *one = Participant { known_as: Some(other.id.clone()), joined_at: now, ..comer.clone() };
        }
        self.activate(now);
        self.announce_joining(&comer.id);
        self.tell(vec![comer.id], None, |call| Event::CallAccepted { call: call.clone(), by: caller.clone() });
        true
    }
}
