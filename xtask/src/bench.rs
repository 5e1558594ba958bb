//! `cargo xtask bench`: memory and CPU beside the floor server.
//!
//! Builds the server and the load client with optimisation and hands over to `heliograph-bench` (tests/bench), which
//! starts every server it measures. `--peers` adds socket.io on Node and socketioxide, which is built for it.
//! `--cluster` measures two gateways beside two processes of socket.io with its Redis adapter instead, all with one thread;
//! `--durable` has Redis keep everything on disk, `--times 2` doubles the load. Other options go through.

use crate::failure::Failure;
use crate::process;
use crate::tools;
use crate::workspace::Workspace;

const NODE_PEER: &str = "tests/bench/peers/node";
const RUST_PEER: &str = "tests/bench/peers/socketioxide/Cargo.toml";

/// Builds and runs the benchmark.
pub(crate) fn run(workspace: &Workspace, options: &[String]) -> Result<(), Failure> {
    let mut build = workspace.cargo(&["build", "--release", "--locked"]);
    build.args(["--package", "heliograph", "--package", "heliograph-bench"]);
    finish(process::stream(&mut build, |_| {})?)?;
    let mut bench = workspace.command(workspace.target().join("release/heliograph-bench"));
    bench.arg("run").arg("--heliograph").arg(workspace.binary("release"));
    if options.iter().any(|option| option == "--cluster") {
        tools::servers(workspace)?;
        bench.args(["--peer", &node_peer(workspace)?]);
        // One thread for each server process, as Node has.
        bench.env("TOKIO_WORKER_THREADS", "1");
    } else if options.iter().any(|option| option == "--peers") {
        bench.args(["--peer", &node_peer(workspace)?, "--peer", &rust_peer(workspace)?]);
    }
    bench.args(options.iter().filter(|option| *option != "--peers"));
    finish(process::stream(&mut bench, |_| {})?)
}

fn node_peer(workspace: &Workspace) -> Result<String, Failure> {
    let node = tools::node(workspace, NODE_PEER)?;
    let script = workspace.root().join(NODE_PEER).join("server.mjs");
    Ok(format!("socket.io={},{}", node.display(), script.display()))
}

fn rust_peer(workspace: &Workspace) -> Result<String, Failure> {
    let folder = workspace.target().join("bench-peers");
    let mut build = workspace.cargo(&["build", "--release", "--locked", "--manifest-path", RUST_PEER]);
    finish(process::stream(build.arg("--target-dir").arg(&folder), |_| {})?)?;
    Ok(format!("socketioxide={}", folder.join("release/heliograph-bench-peer").display()))
}

/// The command has printed what went wrong.
fn finish(status: std::process::ExitStatus) -> Result<(), Failure> {
    if status.success() { Ok(()) } else { Err(Failure::Reported) }
}
