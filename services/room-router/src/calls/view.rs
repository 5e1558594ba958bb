//! How a call stands, for those who ask.

use heliograph_domain::call::{CallParty, CallPartyState, CallState, CallView};

use super::call::{Call, Part, Participant, Phase};

impl Call {
    /// The call as its parties see it from outside.
    pub(crate) fn view(&self) -> CallView {
        let (state, ended) = match self.phase {
            Phase::Created => (CallState::Created, None),
            Phase::Ringing => (CallState::Ringing, None),
            Phase::Active => (CallState::Active, None),
            Phase::Ended { at, reason } => (CallState::Ended, Some((at, reason))),
        };
        CallView {
            state,
            media: self.media,
            parties: self.participants.iter().map(|one| self.party(one)).collect(),
            started_at: self.started_at,
            ended_at: ended.map(|(at, _)| at),
            end_reason: ended.map(|(_, reason)| reason),
        }
    }

    fn party(&self, one: &Participant) -> CallParty {
        let state = match one.part {
            Part::Invited if self.phase == Phase::Created => CallPartyState::Invited,
            Part::Invited => CallPartyState::Ringing,
            Part::Joined => CallPartyState::Joined,
            Part::Declined | Part::Missed => CallPartyState::Declined,
            Part::Left => CallPartyState::Left,
        };
        let name = one.user.as_ref().map(|user| user.name.clone());
        CallParty { user: one.id.clone(), name, state, media: one.media }
    }
}
