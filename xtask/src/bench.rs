//! `cargo xtask bench`: memory and CPU beside the floor server.
//!
//! Builds the server and the load client with optimisation and hands over to `heliograph-bench` (tests/bench), which
//! starts every server it measures. `--peers` adds socket.io on Node; other options go through.

use crate::failure::Failure;
use crate::process;
use crate::tools;
use crate::workspace::Workspace;

const NODE_PEER: &str = "tests/bench/peers/node";

/// Builds and runs the benchmark.
pub(crate) fn run(workspace: &Workspace, options: &[String]) -> Result<(), Failure> {
    let mut build = workspace.cargo(&["build", "--release", "--locked"]);
    build.args(["--package", "heliograph", "--package", "heliograph-bench"]);
    finish(process::stream(&mut build, |_| {})?)?;
    let mut bench = workspace.command(workspace.target().join("release/heliograph-bench"));
    bench.arg("run").arg("--heliograph").arg(workspace.binary("release"));
    if options.iter().any(|option| option == "--peers") {
        let node = tools::node(workspace, NODE_PEER)?;
        let peer = workspace.root().join(NODE_PEER).join("server.mjs");
        bench.arg("--node").arg(node).arg("--node-peer").arg(peer);
    }
    bench.args(options.iter().filter(|option| *option != "--peers"));
    finish(process::stream(&mut bench, |_| {})?)
}

/// The command has printed what went wrong.
fn finish(status: std::process::ExitStatus) -> Result<(), Failure> {
    if status.success() { Ok(()) } else { Err(Failure::Reported) }
}
