//! `cargo xtask ci`: what a build machine does, here.

use std::fs;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// Clones the committed state into `target/ci` and runs `.ci/run` there. A file that was forgotten in a
/// commit, or something that only an old build directory provides, shows here.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let clone = workspace.target().join("ci");
    if clone.exists() {
        fs::remove_dir_all(&clone).map_err(|error| Failure::new(format!("cannot remove the last clone: {error}")))?;
    }
    let mut git = workspace.command("git");
    git.args(["clone", "--quiet", "--no-hardlinks", "."]).arg(&clone);
    process::output(&mut git)?;
    let mut run = workspace.command("bash");
    run.arg(".ci/run").current_dir(&clone).env_remove("CARGO_TARGET_DIR");
    let status = process::stream(&mut run, |_| {})?;
    if status.success() { Ok(()) } else { Err(Failure::Reported) }
}
