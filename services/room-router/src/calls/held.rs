//! Signals: who may send them, and those that wait for the addressee's next socket.
//!
//! The stock client changes its page after a call was begun or accepted, and each page opens a socket
//! of its own. It sends one offer only, so that what arrives in between must not be lost.

use std::time::Duration;

use heliograph_domain::{
    command::{CallMedia, CallPlan, SignalKind},
    event::Event,
    id::{CallId, CommandId, SocketId, UserId},
    refusal::{Code, Refusal},
    text::RawJson,
    time::Timestamp,
    user::{Actor, User, Vocabulary},
};

use super::call::{Call, Part, Participant, first_media};

/// A signal that waits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HeldSignal {
    pub(crate) at: Timestamp,
    pub(crate) from: User,
    pub(crate) socket: SocketId,
    pub(crate) kind: SignalKind,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) body: RawJson,
}

impl HeldSignal {
    /// The signal as an event.
    pub(crate) fn into_event(self) -> Event {
        Event::SignalRelayed {
            from: self.from,
            socket: self.socket,
            kind: self.kind,
            vocabulary: self.vocabulary,
            body: self.body,
        }
    }
}

/// How much may wait for one participant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HoldLimits {
    pub(crate) signals: usize,
    pub(crate) bytes: usize,
    /// How long.
    pub(crate) grace: Duration,
}

impl Call {
    /// A call that begins with a signal: both are in at once. What it was announced with is not
    /// known, so it may be everything.
    pub(crate) fn of_two(id: CallId, by: &Actor, other: &UserId, command: CommandId, now: Timestamp) -> Self {
        let plan = CallPlan { media: CallMedia::Video, room: None, participants: Vec::new() };
        let mut call = Self::prepared(id, Some(by.user.id.clone()), plan, command, now, now);
        for user in [&by.user.id, other] {
            let mut one = Participant::new(user.clone(), now);
            one.join(first_media(call.media), now, Some(command));
            call.participants.push(one);
        }
        call.activate(now);
        call
    }

    /// Checks that a signal may pass between these two, and notes the socket that sends it. Gives the
    /// socket by which others know the sender.
    ///
    /// # Errors
    ///
    /// `NotFound` if the call is over, `NotAllowed` if one of them does not take part,
    /// `UserNotConnected` if the addressee has left.
    pub(crate) fn signal(&mut self, by: &Actor, to: &UserId) -> Result<SocketId, Refusal> {
        self.live()?;
        let addressee = self.participant(to).filter(|one| one.id != by.user.id).map(|one| one.part);
        match addressee {
            None | Some(Part::Declined) => return Err(Code::NotAllowed.into()),
            Some(Part::Left | Part::Missed) => return Err(Code::UserNotConnected.into()),
            Some(Part::Invited | Part::Joined) => {}
        }
        let sender = self.participant(&by.user.id).is_some_and(|one| one.part.is_current());
        if !sender {
            return Err(Code::NotAllowed.into());
        }
        let one = self.hear_from(by)?;
        Ok(one.peer.clone().unwrap_or_else(|| by.socket.clone()))
    }

    /// Keeps a signal for the next socket of a participant.
    ///
    /// # Errors
    ///
    /// `UserNotConnected` if too much waits already.
    pub(crate) fn hold(&mut self, to: &UserId, signal: HeldSignal, limits: HoldLimits) -> Result<(), Refusal> {
        let one = self.participant_mut(to).ok_or(Refusal::new(Code::NotAllowed))?;
        one.held.retain(|held| signal.at.since(held.at) <= limits.grace);
        let bytes: usize = one.held.iter().chain([&signal]).map(|held| held.body.as_bytes().len()).sum();
        if one.held.len() >= limits.signals || bytes > limits.bytes {
            return Err(Code::UserNotConnected.into());
        }
        one.held.push(signal);
        Ok(())
    }

    /// Gives what waits for a participant and is not older than `grace`.
    pub(crate) fn hand_over(&mut self, user: &UserId, grace: Duration, now: Timestamp) -> Vec<HeldSignal> {
        let held = self.participant_mut(user).map(|one| std::mem::take(&mut one.held)).unwrap_or_default();
        held.into_iter().filter(|held| now.since(held.at) <= grace).collect()
    }
}
