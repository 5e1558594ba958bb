//! `cargo xtask docs`: the configuration's reference, written again, and the API documentation, as `cargo xtask
//! test` checks them.

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// Writes the reference and the example file of the configuration, and builds the API documentation of every crate.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    // The test that says when they are stale can write them, too.
    let mut reference = workspace.cargo(&["test", "--locked", "--package", "heliograph", "--bin", "heliograph"]);
    reference.args(["config::reference"]).env("HELIOGRAPH_DOCS", "write");
    if !process::stream(&mut reference, |_| {})?.success() {
        return Err(Failure::Reported);
    }
    let mut doc = workspace.cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    if process::stream(&mut doc, |_| {})?.success() { Ok(()) } else { Err(Failure::Reported) }
}
