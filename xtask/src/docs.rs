//! `cargo xtask docs`: the API documentation, as `cargo xtask test` checks it.

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// Builds the API documentation of every crate.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let mut doc = workspace.cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    if process::stream(&mut doc, |_| {})?.success() { Ok(()) } else { Err(Failure::Reported) }
}
