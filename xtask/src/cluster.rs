//! `cargo xtask cluster`: NATS, Redis, etcd, two processes of each role and a balancer, on free ports.
//!
//! Builds the program and hands over to `heliograph-harness` (tests/harness), which prints the addresses, shows the
//! logs and ends everything on Ctrl-C. Options, such as `--gateways 3` or `--port 3001`, go through; `--release` builds with
//! optimisation.

use std::os::unix::process::CommandExt;

use crate::failure::Failure;
use crate::process;
use crate::tools;
use crate::workspace::Workspace;

/// Builds, and becomes the cluster.
pub(crate) fn run(workspace: &Workspace, options: &[String]) -> Result<(), Failure> {
    tools::servers(workspace)?;
    let (profile, release): (_, &[&str]) = match options.iter().any(|option| option == "--release") {
        true => ("release", &["--release"]),
        false => ("debug", &[]),
    };
    let mut build =
        workspace.cargo(&["build", "--locked", "--package", "heliograph", "--package", "heliograph-harness"]);
    if !process::stream(build.args(release), |_| {})?.success() {
        return Err(Failure::Reported);
    }
    let mut cluster = workspace.command(workspace.target().join(profile).join("cluster"));
    cluster.arg("--binary").arg(workspace.binary(profile));
    cluster.args(options.iter().filter(|option| *option != "--release"));
    // Becomes it, so that Ctrl-C reaches it alone and it can end in order.
    let error = cluster.exec();
    Err(Failure::new(format!("cannot run the cluster: {error}")))
}
