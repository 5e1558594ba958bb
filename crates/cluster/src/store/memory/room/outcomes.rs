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

/// From this many answers on they are found by an index. Most rooms have few in so short a time.
const INDEXED_FROM: usize = 32;

#[derive(Default)]
struct Remembered {
    /// Oldest first.
    answers: VecDeque<Answer>,
    /// How many answers came before the oldest.
    forgotten: u64,
    /// The number of each command's answer among all that there have been; empty while there are few.
    numbers: HashMap<CommandId, u64>,
    by_reference: HashMap<(UserId, Reference), Sent>,
}

struct Answer {
    command: CommandId,
    outcome: Outcome,
    at: Timestamp,
    reference: Option<Box<(UserId, Reference)>>,
}

/// What came of a command. Gateways are left out: a retry gets those of its own time.
#[derive(Clone)]
pub(super) enum Outcome {
    Attend(Box<FirstAttend>),
    Full,
    Leave(Box<Left>),
    NotAdmitted,
    Append(Box<AppendOutcome>),
    React(Box<ReactOutcome>),
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
        self.0.as_ref()?.of_command(command)
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
        let reference = sent.map(|(key, sent)| {
            remembered.by_reference.insert(key.clone(), sent);
            Box::new(key)
        });
        remembered.add(Answer { command, outcome, at: now, reference });
        while remembered.answers.len() > limit {
            remembered.forget_oldest();
        }
    }

    /// Forgets what is too old.
    pub(super) fn expire(&mut self, now: Timestamp) {
        let Some(remembered) = &mut self.0 else {
            return;
        };
        while let Some(oldest) = remembered.answers.front() {
            if now < oldest.at + REMEMBERED {
                return;
            }
            remembered.forget_oldest();
        }
        self.0 = None;
    }
}

impl Remembered {
    fn of_command(&self, command: CommandId) -> Option<&Outcome> {
        let answer = if self.numbers.is_empty() {
            self.answers.iter().rev().find(|answer| answer.command == command)?
        } else {
            let place = self.numbers.get(&command)? - self.forgotten;
            self.answers.get(usize::try_from(place).ok()?)?
        };
        Some(&answer.outcome)
    }

    fn add(&mut self, answer: Answer) {
        if !self.numbers.is_empty() {
            self.numbers.insert(answer.command, self.forgotten + self.answers.len() as u64);
        }
        self.answers.push_back(answer);
        if self.numbers.is_empty() && self.answers.len() >= INDEXED_FROM {
            self.numbers = (self.forgotten..).zip(&self.answers).map(|(number, one)| (one.command, number)).collect();
        }
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.answers.pop_front() else {
            return;
        };
        self.forgotten += 1;
        self.numbers.remove(&oldest.command);
        if let Some(key) = oldest.reference {
            self.by_reference.remove(&*key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_found_whether_there_are_few_or_many_and_the_oldest_go() {
        let mut outcomes = Outcomes::default();
        let at = |second: u64| Timestamp::from_millis(1000 * second);
        let commands: Vec<_> = (0..100).map(|_| CommandId::generate()).collect();
        for (second, command) in (0..).zip(&commands) {
            outcomes.remember(*command, Outcome::Full, None, 50, at(second));
            assert!(outcomes.of_command(*command).is_some());
            assert!(outcomes.of_command(commands[(second as usize).saturating_sub(20)]).is_some());
        }
        let known = |outcomes: &Outcomes| commands.iter().filter(|one| outcomes.of_command(**one).is_some()).count();
        assert_eq!((known(&outcomes), outcomes.of_command(commands[49]).is_some()), (50, false));
        outcomes.expire(at(79) + REMEMBERED);
        assert_eq!((known(&outcomes), outcomes.of_command(commands[80]).is_some()), (20, true));
        outcomes.expire(at(99) + REMEMBERED);
        assert!(outcomes.is_empty());
    }
}
