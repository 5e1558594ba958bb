//! `cargo xtask fuzz`: each fuzz target for a bounded time.
//!
//! The targets in `fuzz/` use libFuzzer, whose C++ part is built by their `libfuzzer-sys` dependency. Coverage comes
//! from compiler passes that the stable toolchain has, so neither a nightly compiler nor cargo-fuzz is needed
//! (`cargo fuzz run <target>` works as well). Sanitizers stay out: the workspace has no unsafe code for them to watch.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::report::Report;
use crate::workspace::Workspace;

const USAGE: &str = "usage: cargo xtask fuzz [--seconds N] [target]...";

/// Seconds for each target when none are given.
const SECONDS: u32 = 20;

/// What libFuzzer needs to see which branches an input took and what it was compared with.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Ccodegen-units=1 -Cdebug-assertions -Coverflow-checks";

/// Builds every target, then runs those that were named, or all.
pub(crate) fn run(workspace: &Workspace, options: &[String]) -> Result<(), Failure> {
    let (seconds, named) = parse(options)?;
    let targets = targets(&workspace.root().join("fuzz/targets"))?;
    if let Some(unknown) = named.iter().find(|name| !targets.contains(name)) {
        return Err(Failure::new(format!("no fuzz target `{unknown}`")));
    }
    let chosen = if named.is_empty() { targets } else { named };
    let mut report = Report::new();
    if build(workspace, &mut report) {
        for target in &chosen {
            fuzz(workspace, &mut report, target, seconds)?;
        }
    }
    report.finish()
}

fn parse(options: &[String]) -> Result<(u32, Vec<String>), Failure> {
    let mut seconds = SECONDS;
    let mut named = Vec::new();
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match option.as_str() {
            "--seconds" => {
                seconds = options
                    .next()
                    .and_then(|number| number.parse().ok())
                    .filter(|number| *number > 0)
                    .ok_or_else(|| Failure::new(USAGE))?;
            }
            name if !name.starts_with('-') => named.push(name.to_owned()),
            _ => return Err(Failure::new(USAGE)),
        }
    }
    Ok((seconds, named))
}

fn targets(folder: &Path) -> Result<Vec<String>, Failure> {
    let unreadable = |error| Failure::new(format!("cannot read {}: {error}", folder.display()));
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "rs")
            && let Some(name) = path.file_stem()
        {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Checks that the targets are formatted, compile and follow the lints.
pub(crate) fn check(workspace: &Workspace, report: &mut Report) {
    let manifest = ["--manifest-path", "fuzz/Cargo.toml"];
    let mut format = workspace.cargo(&["fmt"]);
    report.check("formatting of the fuzz targets", format.args(manifest).arg("--check"));
    let mut clippy = workspace.cargo(&["clippy", "--locked", "--target-dir"]);
    clippy.arg(workspace.target().join("fuzz")).args(manifest).args(["--", "-D", "warnings"]);
    report.check("clippy of the fuzz targets", &mut clippy);
}

fn build(workspace: &Workspace, report: &mut Report) -> bool {
    let mut build = fuzz_cargo(workspace, "build");
    build.arg("--bins");
    report.check("build of the fuzz targets", &mut build)
}

/// A cargo command on the fuzz targets. Naming a target, even the host, keeps the coverage flags away from build
/// scripts and macros, which nothing of libFuzzer is linked to.
fn fuzz_cargo(workspace: &Workspace, command: &str) -> Command {
    let mut cargo = workspace.cargo(&[command, "--release", "--locked", "--target", "host-tuple"]);
    cargo
        .args(["--manifest-path", "fuzz/Cargo.toml", "--target-dir"])
        .arg(workspace.target().join("fuzz"))
        .env("RUSTFLAGS", COVERAGE);
    cargo
}

fn fuzz(workspace: &Workspace, report: &mut Report, target: &str, seconds: u32) -> Result<(), Failure> {
    let output = workspace.target().join("fuzz");
    let corpus = output.join("corpus").join(target);
    let findings = output.join("findings");
    for folder in [&corpus, &findings] {
        fs::create_dir_all(folder)
            .map_err(|error| Failure::new(format!("cannot make {}: {error}", folder.display())))?;
    }
    let mut command = fuzz_cargo(workspace, "run");
    command
        .args(["--quiet", "--bin", target, "--"])
        .arg(format!("-max_total_time={seconds}"))
        .args(["-timeout=5", "-rss_limit_mb=1024", "-print_final_stats=1"])
        .arg(format!("-artifact_prefix={}/{target}-", findings.display()))
        .arg(corpus);
    let seeds = workspace.root().join("fuzz/seeds").join(target);
    if seeds.is_dir() {
        command.arg(seeds);
    }
    report.tests(&format!("fuzz target {target}"), &mut command);
    Ok(())
}
