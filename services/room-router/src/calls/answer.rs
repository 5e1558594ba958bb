//! Answering a call, and coming into one.

use heliograph_domain::{
    event::Event,
    id::{CommandId, UserId},
    refusal::{Code, Refusal},
    room::Media,
    text::MessageText,
    time::Timestamp,
    user::{Actor, Vocabulary},
};

use super::call::{Call, Part, Participant, first_media};

impl Call {
    /// Someone who was called says yes, or who had left comes back.
    ///
    /// # Errors
    ///
    /// `NotFound` if the call does not ring and is not active; `NotAllowed` to outsiders; `Conflict`
    /// if the user has already answered.
    pub(crate) fn accept(&mut self, by: &Actor, command: CommandId, now: Timestamp) -> Result<(), Refusal> {
        self.live()?;
        let one = self.participant(&by.user.id).ok_or(Refusal::new(Code::NotAllowed))?;
        let is_repeat = one.part == Part::Joined && one.command == Some(command);
        if !is_repeat && matches!(one.part, Part::Joined | Part::Declined) {
            return Err(Code::Conflict.into());
        }
        let rang = is_repeat || one.part == Part::Invited;
        self.come_in(by, first_media(self.media), command, now)?;
        if rang {
            self.stop_ringing_elsewhere(by, true);
        }
        Ok(())
    }

    /// A peer comes in whose vocabulary has no question: who was called accepts by that, and who is in
    /// already goes on with this socket.
    ///
    /// # Errors
    ///
    /// As for [`Call::accept`], but for a user who is in already.
    pub(crate) fn enter(
        &mut self,
        by: &Actor,
        media: Media,
        command: CommandId,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.live()?;
        let one = self.participant(&by.user.id).ok_or(Refusal::new(Code::NotAllowed))?;
        match one.part {
            Part::Declined => return Err(Code::Conflict.into()),
            Part::Joined if one.peer.as_ref() == Some(&by.socket) => {
                self.hear_from(by)?.media = media;
                return Ok(());
            }
            // Another tab: for the others one peer goes and another comes.
            Part::Joined => self.announce_leaving(&by.user.id),
            Part::Invited => self.stop_ringing_elsewhere(by, true),
            Part::Missed | Part::Left => {}
        }
        if let Some(one) = self.participant_mut(&by.user.id) {
            one.peer = None;
        }
        self.come_in(by, media, command, now)
    }

    /// Someone who was called says no.
    ///
    /// # Errors
    ///
    /// As for [`Call::accept`].
    pub(crate) fn decline(
        &mut self,
        by: &Actor,
        reason: Option<&MessageText>,
        command: CommandId,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.live()?;
        let one = self.hear_from(by)?;
        let is_repeat = one.part == Part::Declined && one.command == Some(command);
        if one.part != Part::Invited && !is_repeat {
            return Err(Code::Conflict.into());
        }
        one.part = Part::Declined;
        one.command = Some(command);
        one.held.clear();
        self.stop_ringing_elsewhere(by, false);
        let caller = self.caller.iter().filter(|caller| **caller != by.user.id).cloned().collect();
        self.tell(caller, None, |call| Event::CallRejected {
            call: call.clone(),
            by: by.user.clone(),
            reason: reason.cloned(),
        });
        self.settle(now);
        Ok(())
    }

    fn come_in(&mut self, by: &Actor, media: Media, command: CommandId, now: Timestamp) -> Result<(), Refusal> {
        self.hear_from(by)?.join(media, now, Some(command));
        self.activate(now);
        self.announce_joining(&by.user.id);
        Ok(())
    }

    /// The caller hears that the call was accepted, the others that somebody has come; so does a
    /// caller whose vocabulary knows peers only.
    pub(super) fn announce_joining(&mut self, user: &UserId) {
        let Some(one) = self.participant(user).cloned() else { return };
        let by = one.identity();
        let caller = self.caller.clone().filter(|caller| caller != user);
        let caller = caller.filter(|caller| self.participant(caller).is_some_and(|one| one.part == Part::Joined));
        if let Some(caller) = &caller {
            self.tell(vec![caller.clone()], None, |call| Event::CallAccepted { call: call.clone(), by: by.clone() });
        }
        let knows_peers_only =
            |one: &Participant| one.device.as_ref().is_some_and(|device| device.vocabulary == Vocabulary::Mesh);
        let mut others = self.others(user);
        others.retain(|other| Some(other) != caller.as_ref() || self.participant(other).is_some_and(knows_peers_only));
        let Some(peer) = self.peers().find(|peer| peer.user.id == *user) else { return };
        self.tell(others, None, |call| Event::CallParticipantJoined { call: call.clone(), peer: peer.clone() });
    }

    fn stop_ringing_elsewhere(&mut self, by: &Actor, accepted: bool) {
        self.tell(vec![by.user.id.clone()], Some(&by.socket), |call| Event::CallAnsweredElsewhere {
            call: call.clone(),
            accepted,
        });
    }
}
