//! The course of a chore of many sections: a heading and a time for each, and a summary at the end.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::process;
use crate::tally::Tally;

/// What has happened so far.
pub(crate) struct Report {
    sections: Vec<Section>,
    started: Instant,
}

struct Section {
    title: String,
    outcome: Result<Tally, String>,
    tally: Tally,
    took: Duration,
}

impl Report {
    /// A report without sections.
    pub(crate) fn new() -> Self {
        Self { sections: Vec::new(), started: Instant::now() }
    }

    /// Runs a check: a command that either succeeds or fails. Says whether it succeeded.
    pub(crate) fn check(&mut self, title: &str, command: &mut Command) -> bool {
        self.section(title, |tally| run(command, tally))
    }

    /// Runs a command which runs tests. A runner that ran none has failed: a suite that silently stopped
    /// being found must not look like one that passed.
    pub(crate) fn tests(&mut self, title: &str, command: &mut Command) -> bool {
        self.section(title, |tally| {
            run(command, tally)?;
            if tally.total() == 0 {
                return Err(Failure::new("no test ran"));
            }
            Ok(())
        })
    }

    /// Runs a section that is code of its own. Says whether it succeeded.
    pub(crate) fn section(&mut self, title: &str, body: impl FnOnce(&mut Tally) -> Result<(), Failure>) -> bool {
        println!("\n=== {title}");
        let started = Instant::now();
        let mut tally = Tally::default();
        let result = body(&mut tally);
        let took = started.elapsed();
        let outcome = match result {
            Ok(()) => Ok(tally),
            Err(failure) => {
                println!("failed: {failure}");
                // A command may fail without a failed test to count: it did not build, or it crashed.
                tally.failed = tally.failed.max(1);
                Err(failure.to_string())
            }
        };
        println!("--- {title}: {:.1} s", took.as_secs_f64());
        let succeeded = outcome.is_ok();
        self.sections.push(Section { title: title.to_owned(), outcome, tally, took });
        succeeded
    }

    /// Prints the summary, whose last line is `N passed, N failed`.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        println!("\n=== summary");
        let mut total = Tally::default();
        for section in &self.sections {
            let result = match &section.outcome {
                Ok(tally) if tally.total() == 0 => "ok".to_owned(),
                Ok(tally) => format!("ok, {}", counted(*tally)),
                Err(reason) => format!("FAILED, {} ({reason})", counted(section.tally)),
            };
            println!("{:>8.1} s  {}: {result}", section.took.as_secs_f64(), section.title);
            total.add(section.tally);
        }
        println!("{:>8.1} s  in all", self.started.elapsed().as_secs_f64());
        println!("{} passed, {} failed", total.passed, total.failed);
        if total.failed == 0 && self.sections.iter().all(|section| section.outcome.is_ok()) {
            Ok(())
        } else {
            Err(Failure::Reported)
        }
    }
}

/// Runs a command of a section and counts what its output says of tests.
pub(crate) fn run(command: &mut Command, tally: &mut Tally) -> Result<(), Failure> {
    let status = process::stream(command, |line| tally.read(line))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("`{}` ended with {status}", process::described(command))))
    }
}

fn counted(tally: Tally) -> String {
    let mut text = format!("{} passed, {} failed", tally.passed, tally.failed);
    if tally.skipped > 0 {
        text.push_str(&format!(", {} not run", tally.skipped));
    }
    text
}
