//! `cargo xtask faults`: storms, one after another, for as long as one likes.
//!
//! A storm (tests/js/faults/storm.js) has people talk in many rooms of a cluster of processes while a nemesis kills,
//! pauses and cuts off processes and servers, and judges what everybody heard. Its seed decides what breaks and when.
//! Storms with consecutive seeds run until the time is over; one that finds a violation does not stop the others. In
//! the end the figures of all are added up. Other options, such as `--only kill`, go through to every storm.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::failure::Failure;
use crate::process;
use crate::report::Report;
use crate::tools;
use crate::workspace::Workspace;

const USAGE: &str = "usage: cargo xtask faults [--minutes N] [--seed S] [option of storm.js]...";

/// Minutes when none are given.
const MINUTES: u64 = 10;

/// Seconds of each storm of the chore. Starting and healing come on top.
const STORM_SECONDS: u64 = 60;

/// Seconds of each storm of a test run.
const SHORT_STORM_SECONDS: u64 = 40;

/// The seed of the storm that every test run has.
const FIXED_SEED: u64 = 7;

/// What a storm's lines of figures begin with: `figures of <topic>: <name> <number>, <name> <number>`.
const FIGURES: &str = "figures of ";

/// Sums by topic and name.
type Figures = BTreeMap<String, BTreeMap<String, u64>>;

/// Runs storms and adds up their figures.
pub(crate) fn run(workspace: &Workspace, options: &[String]) -> Result<(), Failure> {
    let (minutes, first, passed_on) = parse(options)?;
    tools::servers(workspace)?;
    let node = tools::node(workspace, "tests/js")?;
    let mut build =
        workspace.cargo(&["build", "--locked", "--package", "heliograph", "--package", "heliograph-harness"]);
    if !process::stream(&mut build, |_| {})?.success() {
        return Err(Failure::Reported);
    }
    let end = Instant::now() + Duration::from_secs(minutes * 60);
    let started = Instant::now();
    let mut figures = Figures::new();
    let mut violated = Vec::new();
    let mut seed = first;
    while Instant::now() < end {
        if !storm(workspace, &node, STORM_SECONDS, seed, &passed_on, &mut figures)? {
            violated.push(seed.to_string());
        }
        seed += 1;
    }
    println!("\n=== {} storms in {:.1} minutes", seed - first, started.elapsed().as_secs_f64() / 60.0);
    for (topic, sums) in &figures {
        let sums: Vec<_> = sums.iter().map(|(name, sum)| format!("{name} {sum}")).collect();
        println!("{topic}: {}", sums.join(", "));
    }
    if violated.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("violated by the storms with these seeds: {}", violated.join(" "))))
}

/// The short storms of a test run: one that is always the same, and one that never is.
pub(crate) fn short(workspace: &Workspace, report: &mut Report, node: &Path) {
    for seed in [FIXED_SEED, fresh_seed()] {
        report.section(&format!("storm with seed {seed}"), |_| {
            match storm(workspace, node, SHORT_STORM_SECONDS, seed, &[], &mut Figures::new())? {
                true => Ok(()),
                false => Err(Failure::new(format!("violated; again with `cargo xtask faults --seed {seed}`"))),
            }
        });
    }
}

/// Runs a storm and says whether nothing was violated.
fn storm(
    workspace: &Workspace,
    node: &Path,
    seconds: u64,
    seed: u64,
    passed_on: &[String],
    figures: &mut Figures,
) -> Result<bool, Failure> {
    let mut command = workspace.command(node);
    command
        .arg("tests/js/faults/storm.js")
        .args(["--seconds", &seconds.to_string(), "--seed", &seed.to_string()])
        .args(passed_on)
        .env("HELIOGRAPH_BINARY", workspace.binary("debug"))
        .env("HELIOGRAPH_TEST_CLUSTER", workspace.target().join("debug/cluster"))
        .env("HELIOGRAPH_TEST_OUTPUT", workspace.test_output());
    Ok(process::stream(&mut command, |line| add(figures, line))?.success())
}

/// Adds a line to the figures if it is one of figures.
fn add(figures: &mut Figures, line: &str) {
    let Some((topic, parts)) = line.strip_prefix(FIGURES).and_then(|line| line.split_once(": ")) else {
        return;
    };
    let sums = figures.entry(topic.to_owned()).or_default();
    for (name, number) in parts.split(", ").filter_map(|part| part.rsplit_once(' ')) {
        *sums.entry(name.to_owned()).or_default() += number.parse().unwrap_or(0);
    }
}

/// The minutes, the first seed, and the options of the storms.
fn parse(options: &[String]) -> Result<(u64, u64, Vec<String>), Failure> {
    let (mut minutes, mut seed, mut passed_on) = (MINUTES, fresh_seed(), Vec::new());
    let mut options = options.iter();
    while let Some(option) = options.next() {
        let number = match option.as_str() {
            "--minutes" => &mut minutes,
            "--seed" => &mut seed,
            _ => {
                passed_on.push(option.clone());
                continue;
            }
        };
        *number = options.next().and_then(|value| value.parse().ok()).ok_or_else(|| Failure::new(USAGE))?;
    }
    Ok((minutes, seed, passed_on))
}

/// A seed that no run before had, short enough to be typed.
fn fresh_seed() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_several_storms_add_up() {
        let mut figures = Figures::new();
        for line in ["figures of faults: kill 2, pause 1", "storm of 60 s, seed 7", "figures of faults: kill 3"] {
            add(&mut figures, line);
        }
        let faults = BTreeMap::from([("kill".to_owned(), 5), ("pause".to_owned(), 1)]);
        assert_eq!(figures, Figures::from([("faults".to_owned(), faults)]));
    }

    #[test]
    fn what_is_no_option_of_the_chore_goes_to_the_storms() {
        let options = ["--only", "kill", "--seed", "5", "--minutes", "2"].map(str::to_owned);
        assert_eq!(parse(&options).ok(), Some((2, 5, vec!["--only".to_owned(), "kill".to_owned()])));
        assert!(parse(&["--minutes".to_owned()]).is_err());
    }
}
