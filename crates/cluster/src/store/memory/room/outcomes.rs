//! What a room has answered: to commands, so that a retry gets the first answer, and to clients'
//! references, so that a message that is sent again by another command is not posted twice.

use std::collections::{HashMap, VecDeque};

use heliograph_domain::{
    id::{CommandId, MessageId, UserId},
    text::Reference,
    time::Timestamp,
};

use super::super::super::{AppendOutcome, Attendant, Expelled, Left, REMEMBERED, ReactOutcome, WriteOutcome};

/// The outcomes of the last [`REMEMBERED`]. Takes no memory while there are none.
#[derive(Default)]
pub(super) struct Outcomes(Option<Box<Remembered>>);

#[derive(Default)]
struct Remembered {
    by_command: HashMap<CommandId, Outcome>,
    by_reference: HashMap<(UserId, Reference), Sent>,
    /// Oldest first.
    order: VecDeque<Answer>,
}

struct Answer {
    at: Timestamp,
    command: CommandId,
    reference: Option<(UserId, Reference)>,
}

/// What came of a command. Gateways are left out: a retry gets those of its own time.
#[derive(Clone)]
pub(super) enum Outcome {
    Attend(Box<FirstAttend>),
    Full,
    Leave(Box<Left>),
    NotAdmitted,
    Append(AppendOutcome),
    React(ReactOutcome),
    Write(WriteOutcome),
    Expel(Box<Expelled>),
}

/// What an attending step has changed.
#[derive(Clone)]
pub(super) struct FirstAttend {
    pub(super) joined: bool,
    pub(super) announced: bool,
    pub(super) roster: u64,
    pub(super) removed: Vec<(Attendant, Left)>,
    pub(super) partnered: bool,
}

/// A message that a client sent under a reference.
#[derive(Clone)]
pub(super) struct Sent {
    pub(super) message: MessageId,
    pub(super) seq: u64,
    pub(super) at: Timestamp,
}

impl Outcomes {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn of_command(&self, command: CommandId) -> Option<&Outcome> {
        self.0.as_ref()?.by_command.get(&command)
    }

    pub(super) fn of_reference(&self, user: &UserId, reference: &Reference) -> Option<&Sent> {
        let key = (user.clone(), reference.clone());
        self.0.as_ref()?.by_reference.get(&key)
    }

    /// Remembers an outcome, and forgets the oldest beyond `limit`.
    pub(super) fn remember(
        &mut self,
        command: CommandId,
        outcome: Outcome,
        sent: Option<((UserId, Reference), Sent)>,
        limit: usize,
        now: Timestamp,
    ) {
        let remembered = self.0.get_or_insert_default();
        remembered.by_command.insert(command, outcome);
        let reference = sent.map(|(key, sent)| {
            remembered.by_reference.insert(key.clone(), sent);
            key
        });
        remembered.order.push_back(Answer { at: now, command, reference });
        while remembered.order.len() > limit {
            remembered.forget_oldest();
        }
    }

    /// Forgets what is too old.
    pub(super) fn expire(&mut self, now: Timestamp) {
        let Some(remembered) = &mut self.0 else {
            return;
        };
        while let Some(oldest) = remembered.order.front() {
            if now < oldest.at + REMEMBERED {
                return;
            }
            remembered.forget_oldest();
        }
        self.0 = None;
    }
}

impl Remembered {
    fn forget_oldest(&mut self) {
        let Some(oldest) = self.order.pop_front() else {
            return;
        };
        self.by_command.remove(&oldest.command);
        if let Some(key) = oldest.reference {
            self.by_reference.remove(&key);
        }
    }
}
