//! cargo-deny.

use std::path::PathBuf;

use super::system;
use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// The version that reads `deny.toml`.
const VERSION: &str = "0.20.2";

/// cargo-deny from `PATH` if its version fits, else one built into `target/tools`. The build takes less than a
/// minute because it is not optimised, which a check of half a second does not need.
pub(super) fn ready(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let own = workspace.tools().join("bin/cargo-deny");
    let present = [system::find(&["cargo-deny"]), Some(own.clone())];
    if let Some(path) = present.into_iter().flatten().find(|path| fits(workspace, path)) {
        return Ok(path);
    }
    println!("building cargo-deny {VERSION}");
    let package = format!("cargo-deny@{VERSION}");
    let mut install = workspace.cargo(&["install", &package, "--locked", "--debug"]);
    install
        .args(["--no-default-features", "--root"])
        .arg(workspace.tools())
        .env("CARGO_TARGET_DIR", workspace.tools().join("build"))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_PROFILE_DEV_INCREMENTAL", "false");
    process::output(&mut install).map_err(|failure| {
        println!("{failure}");
        Failure::new(format!("cargo-deny is missing: install it with `cargo install cargo-deny@{VERSION} --locked`"))
    })?;
    Ok(own)
}

fn fits(workspace: &Workspace, path: &PathBuf) -> bool {
    let version = process::output(workspace.command(path).arg("--version"));
    version.is_ok_and(|version| version.split_whitespace().any(|word| word == VERSION))
}
