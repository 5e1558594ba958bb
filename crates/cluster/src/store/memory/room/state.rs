//! What a room holds beside its log.

use heliograph_domain::id::UserId;

use super::{
    super::super::{Attendant, StateChange, StateOutcome},
    Room,
};

impl Room {
    pub(in super::super) fn set_state(&mut self, user: &UserId, change: StateChange) -> StateOutcome {
        if !self.is_member(user) {
            return StateOutcome::NotMember;
        }
        let end = self.log.position().seq;
        let extra = self.extra.get_or_insert_default();
        match change {
            StateChange::Code { data, version } => {
                let version = version.min(extra.code_changes);
                if extra.code.as_ref().is_none_or(|(_, kept)| *kept <= version) {
                    extra.code = Some((data, version));
                }
            }
            StateChange::Whiteboard { data, seq } => {
                extra.whiteboard = data;
                extra.whiteboard_seq = seq.unwrap_or(end).min(end);
            }
            StateChange::Recording(on) => {
                if extra.recording != on {
                    extra.recording = on;
                    self.roster += 1;
                }
            }
        }
        StateOutcome::Set { roster: self.roster, gateways: self.gateways.list() }
    }

    /// The attendants that can be signalled.
    pub(in super::super) fn peers(&self) -> Vec<Attendant> {
        let peers = self.attendances.iter().filter(|attendance| attendance.peer.is_some());
        peers.filter_map(|attendance| self.attendant(attendance)).collect()
    }
}
