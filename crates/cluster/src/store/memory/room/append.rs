//! Messages and marks.

use heliograph_domain::{id::UserId, text::Reference, time::Timestamp};

use super::{
    super::{
        super::{Append, AppendOutcome, Appended, React, ReactOutcome, Write, WriteOutcome, Written},
        MemoryOptions,
    },
    Room,
    outcomes::{Outcome, Sent},
};

/// Under which a client finds what it sent.
type Key = (UserId, Reference);

impl Room {
    pub(in super::super) fn append(&mut self, step: Append, options: &MemoryOptions, now: Timestamp) -> AppendOutcome {
        self.outcomes.expire(now);
        if let Some(Outcome::Append(first)) = self.outcomes.of_command(step.command) {
            return self.reach_all_now(AppendOutcome::clone(first));
        }
        let command = step.command;
        let (outcome, sent) = self.append_first(step, options, now);
        let remembered = Outcome::Append(Box::new(outcome.clone()));
        self.outcomes.remember(command, remembered, sent, options.outcomes, now);
        self.reach_all_now(outcome)
    }

    /// Appends unless something is against it. Without gateways; also gives what is to be remembered
    /// under the client's reference.
    fn append_first(
        &mut self,
        step: Append,
        options: &MemoryOptions,
        now: Timestamp,
    ) -> (AppendOutcome, Option<(Key, Sent)>) {
        let may_post = match &step.author {
            Some(author) => self.is_member(author),
            None => !self.is_forgotten(),
        };
        if !may_post {
            return (AppendOutcome::NotMember, None);
        }
        let key = step.author.zip(step.reference);
        let sent = key.as_ref().and_then(|(author, reference)| self.outcomes.of_reference(author, reference));
        if let Some(Sent { message, seq, at }) = sent.cloned() {
            return (AppendOutcome::Repeated { message, seq, at }, None);
        }
        let is_host = step.socket.is_some() && step.socket.as_ref() == self.host();
        if !self.chat_enabled && !step.as_admin && !is_host {
            return (AppendOutcome::ChatDisabled, None);
        }

        let Append { message, at, .. } = step;
        self.log.append_message(message.clone(), step.event, at);
        self.log.expire(options.retention, at);
        self.quiet_since = now;
        let position = self.log.position();
        let sent = Sent { message: message.clone(), seq: position.seq, at };
        let appended = Appended { message, position, at, gateways: Vec::new() };
        (AppendOutcome::Appended(appended), key.map(|key| (key, sent)))
    }

    fn reach_all_now(&self, mut outcome: AppendOutcome) -> AppendOutcome {
        if let AppendOutcome::Appended(appended) = &mut outcome {
            appended.gateways = self.gateways.list();
        }
        outcome
    }

    pub(in super::super) fn write(&mut self, step: Write, options: &MemoryOptions, now: Timestamp) -> WriteOutcome {
        self.outcomes.expire(now);
        let mut outcome = match self.outcomes.of_command(step.command) {
            Some(Outcome::Write(first)) => first.clone(),
            _ => {
                let command = step.command;
                let outcome = self.write_first(step, options, now);
                let remembered = Outcome::Write(outcome.clone());
                self.outcomes.remember(command, remembered, None, options.outcomes, now);
                outcome
            }
        };
        if let WriteOutcome::Written { gateways, .. } = &mut outcome {
            *gateways = self.gateways.list();
        }
        outcome
    }

    fn write_first(&mut self, step: Write, options: &MemoryOptions, now: Timestamp) -> WriteOutcome {
        let may_write = match &step.author {
            Some(author) => self.is_member(author),
            None => !self.is_forgotten(),
        };
        if !may_write {
            return WriteOutcome::NotMember;
        }
        let Write { what, event, at, .. } = step;
        let mut version = None;
        match what {
            Written::CodeChange => {
                let extra = self.extra.get_or_insert_default();
                extra.code_changes += 1;
                version = Some(extra.code_changes);
                self.log.append_code_change(extra.code_changes, event, at);
            }
            Written::Stroke => self.log.append_stroke(event, at),
            Written::Clearing => self.log.clear(event, at),
            Written::Deletion(message) => {
                if !self.log.delete(&message, event, at) {
                    return WriteOutcome::NoSuchMessage;
                }
            }
        }
        self.log.expire(options.retention, at);
        self.quiet_since = now;
        WriteOutcome::Written { position: self.log.position(), version, at, gateways: Vec::new() }
    }

    pub(in super::super) fn react(&mut self, step: React, options: &MemoryOptions, now: Timestamp) -> ReactOutcome {
        self.outcomes.expire(now);
        let mut outcome = match self.outcomes.of_command(step.command) {
            Some(Outcome::React(first)) => ReactOutcome::clone(first),
            _ => {
                let command = step.command;
                let outcome = self.react_first(step, options, now);
                let remembered = Outcome::React(Box::new(outcome.clone()));
                self.outcomes.remember(command, remembered, None, options.outcomes, now);
                outcome
            }
        };
        if let ReactOutcome::Changed { gateways, .. } = &mut outcome {
            *gateways = self.gateways.list();
        }
        outcome
    }

    fn react_first(&mut self, step: React, options: &MemoryOptions, now: Timestamp) -> ReactOutcome {
        if !self.is_member(&step.user) {
            return ReactOutcome::NotMember;
        }
        let at = step.at;
        let mark = (step.user, step.emoji);
        match self.log.mark(&step.message, mark, step.on, step.event, at) {
            None => ReactOutcome::NoSuchMessage,
            Some(false) => ReactOutcome::Unchanged,
            Some(true) => {
                self.log.expire(options.retention, at);
                self.quiet_since = now;
                ReactOutcome::Changed { position: self.log.position(), at, gateways: Vec::new() }
            }
        }
    }
}
