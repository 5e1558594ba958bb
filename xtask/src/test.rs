//! `cargo xtask test`: every check and every test.
//!
//! The cheap checks come first, then what compiles, then what drives the built binary. A section that fails does not stop
//! the others, except that nothing end to end runs without a binary. The last line is `N passed, N failed`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::faults;
use crate::fuzz;
use crate::layers;
use crate::process;
use crate::report::{self, Report};
use crate::servers::SharedServers;
use crate::tools::Tools;
use crate::workspace::Workspace;

/// The packages and their tests that need servers which have to be installed.
const ON_SERVERS: [(&str, &str); 2] = [("heliograph-cluster", "backends"), ("heliograph", "cluster")];

/// Runs everything; takes no options.
pub(crate) fn run(workspace: &Workspace, options: &[String]) -> Result<(), Failure> {
    if let Some(option) = options.first() {
        return Err(Failure::new(format!("`test` has no option `{option}`")));
    }
    let mut report = Report::new();
    let mut tools = None;
    report.section("tools", |_| {
        tools = Some(Tools::ready(workspace)?);
        Ok(())
    });
    if let Some(tools) = tools {
        checks(workspace, &mut report, &tools);
        rust(workspace, &mut report);
        pages(workspace, &mut report, &tools)?;
        if build(workspace, &mut report) {
            end_to_end(workspace, &mut report, &tools, None)?;
            in_cluster(workspace, &mut report, &tools)?;
            under_faults(workspace, &mut report, &tools)?;
        }
    }
    report.finish()
}

fn checks(workspace: &Workspace, report: &mut Report, tools: &Tools) {
    report.check("formatting", &mut workspace.cargo(&["fmt", "--all", "--check"]));
    report.section("layers", |_| layers::run(workspace));
    report.section("dependencies", |tally| {
        let mut deny = workspace.command(&tools.deny);
        deny.args(["--color", "never", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"]);
        if advisories_can_be_had(workspace, &tools.deny) {
            deny.arg("advisories");
        } else {
            println!("advisories could not be checked: the RustSec database cannot be fetched from here");
        }
        report::run(&mut deny, tally)
    });
}

/// The database is a git repository on the network, which a build machine may not reach.
fn advisories_can_be_had(workspace: &Workspace, deny: &Path) -> bool {
    let mut fetch = workspace.command(deny);
    fetch.args(["fetch", "db"]).env("GIT_TERMINAL_PROMPT", "0");
    process::output(&mut fetch).is_ok()
}

fn rust(workspace: &Workspace, report: &mut Report) {
    let mut clippy = workspace.cargo(&["clippy", "--workspace", "--all-targets", "--locked"]);
    clippy.args(["--", "-D", "warnings"]);
    report.check("clippy", &mut clippy);
    // Targets that are not tested by default are not among all targets.
    for (name, test) in ON_SERVERS {
        let mut clippy = workspace.cargo(&["clippy", "-p", name, "--test", test, "--locked"]);
        clippy.args(["--", "-D", "warnings"]);
        report.check(&format!("clippy, tests of {name} on NATS, Redis and etcd"), &mut clippy);
    }
    fuzz::check(workspace, report);
    let mut test = workspace.cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]);
    report.tests("Rust tests", &mut test);
    // Not run by default, because it starts servers that have to be installed.
    for (name, test) in ON_SERVERS {
        let mut on_servers = workspace.cargo(&["test", "--locked", "--no-fail-fast", "-p", name, "--test", test]);
        report.tests(&format!("Rust tests of {name} on NATS, Redis and etcd"), &mut on_servers);
    }
    let mut doc = workspace.cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    report.check("documentation", &mut doc);
}

fn pages(workspace: &Workspace, report: &mut Report, tools: &Tools) -> Result<(), Failure> {
    let files = test_files(&workspace.root().join("web/tests"))?;
    report.tests("pages", &mut node(workspace, tools, &files));
    Ok(())
}

fn build(workspace: &Workspace, report: &mut Report) -> bool {
    // For the whole workspace, so that the features are those of the tests and little is built again.
    let mut build = workspace.cargo(&["build", "--workspace", "--locked"]);
    build.args(["--bin", "heliograph", "--bin", "cluster", "--example", "conformance"]);
    report.check("build of the servers", &mut build)
}

/// Every suite of stock clients: against one process, or against a cluster of processes over shared servers.
fn end_to_end(
    workspace: &Workspace,
    report: &mut Report,
    tools: &Tools,
    shared: Option<&SharedServers>,
) -> Result<(), Failure> {
    let place = if shared.is_some() { "in a cluster" } else { "end to end" };
    for suite in [
        "conformance",
        "synapse",
        "guest-chat",
        "direct-chat",
        "collaboration",
        "mesh",
        "across",
        "http",
        "backend",
        "browser",
    ] {
        let files = test_files(&workspace.root().join("tests/js").join(suite))?;
        let mut command = node(workspace, tools, &files);
        against_the_binary(&mut command, workspace, shared);
        command.env("HELIOGRAPH_CHROMIUM", &tools.chromium);
        report.tests(&format!("{place}: {suite}"), &mut command);
    }
    let mut python = workspace.command(&tools.python);
    python.args(["-m", "unittest", "discover", "--verbose"]);
    python.args(["--start-directory", "tests/python"]);
    against_the_binary(&mut python, workspace, shared);
    report.tests(&format!("{place}: python-socketio"), &mut python);
    Ok(())
}

fn in_cluster(workspace: &Workspace, report: &mut Report, tools: &Tools) -> Result<(), Failure> {
    let shared = SharedServers::start(workspace)?;
    let files = test_files(&workspace.root().join("tests/js/cluster"))?;
    let mut command = node(workspace, tools, &files);
    against_the_binary(&mut command, workspace, Some(&shared));
    command.env("HELIOGRAPH_CHROMIUM", &tools.chromium);
    report.tests("in a cluster: gateways", &mut command);
    end_to_end(workspace, report, tools, Some(&shared))
}

/// Each failure by itself, and a storm of them, on clusters with servers of their own, which are hurt as well.
fn under_faults(workspace: &Workspace, report: &mut Report, tools: &Tools) -> Result<(), Failure> {
    let files = test_files(&workspace.root().join("tests/js/faults"))?;
    let mut command = node(workspace, tools, &files);
    against_the_binary(&mut command, workspace, None);
    command.env("HELIOGRAPH_TEST_CLUSTER", workspace.target().join("debug/cluster"));
    report.tests("under faults", &mut command);
    faults::short(workspace, report, &tools.node);
    Ok(())
}

fn node(workspace: &Workspace, tools: &Tools, files: &[PathBuf]) -> Command {
    let mut command = workspace.command(&tools.node);
    command.args(["--test", "--test-reporter=spec"]).args(files);
    command
}

fn against_the_binary(command: &mut Command, workspace: &Workspace, shared: Option<&SharedServers>) {
    let output = workspace.test_output();
    command
        .env("HELIOGRAPH_BINARY", workspace.binary("debug"))
        .env("HELIOGRAPH_CONFORMANCE", workspace.target().join("debug/examples/conformance"))
        .env("HELIOGRAPH_TEST_OUTPUT", if shared.is_some() { output.join("cluster") } else { output });
    if let Some(shared) = shared {
        command.env("HELIOGRAPH_TEST_CLUSTER", workspace.target().join("debug/cluster"));
        for (name, url) in &shared.addresses {
            command.env(format!("HELIOGRAPH_TEST_{}", name.to_uppercase()), url);
        }
    }
}

/// The test files of a folder. They are named one by one because Node runs every script of a folder that it is given.
fn test_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error| Failure::new(format!("cannot read {}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.to_string_lossy();
        if name.ends_with(".test.js") || name.ends_with(".test.mjs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
