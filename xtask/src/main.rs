//! Development chores, run as `cargo xtask <chore>`.
//!
//! Every chore is a module. A chore prints what it does as it goes and ends with exit code 0 or 1; one that
//! needs something the machine lacks installs it below `target/` or says in one line what is missing.
//!
//! | chore | what it does |
//! |---|---|
//! | `test` | every check and every test, from formatting to two browsers in a call |
//! | `layers` | checks which crate may depend on which |
//! | `cluster` | runs a cluster of processes on this machine, behind a balancer |
//! | `faults` | breaks a cluster at random and judges what its clients heard |
//! | `bench` | measures memory and CPU beside the floor server |
//! | `fuzz` | runs each fuzz target for a bounded time |
//! | `docs` | writes the generated documentation again |
//! | `ci` | runs `.ci/run` in a fresh clone of the committed state |

mod bench;
mod ci;
mod cluster;
mod docs;
mod failure;
mod faults;
mod fuzz;
mod layers;
mod process;
mod report;
mod servers;
mod tally;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use failure::Failure;

const USAGE: &str = "usage: cargo xtask <test|layers|cluster|faults|bench|fuzz|docs|ci> [options]";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let chore = arguments.next();
    let options: Vec<String> = arguments.collect();
    match run(chore.as_deref(), &options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Option<&str>, options: &[String]) -> Result<(), Failure> {
    let workspace = workspace::Workspace::find()?;
    match chore {
        Some("test") => test::run(&workspace, options),
        Some("layers") => layers::run(&workspace),
        Some("cluster") => cluster::run(&workspace, options),
        Some("faults") => faults::run(&workspace, options),
        Some("bench") => bench::run(&workspace, options),
        Some("fuzz") => fuzz::run(&workspace, options),
        Some("docs") => docs::run(&workspace),
        Some("ci") => ci::run(&workspace),
        Some("help" | "--help" | "-h") => {
            println!("{USAGE}");
            Ok(())
        }
        Some(other) => Err(Failure::new(format!("unknown chore `{other}`; {USAGE}"))),
        None => Err(Failure::new(USAGE)),
    }
}
