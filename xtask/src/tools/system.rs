//! Programs of the operating system.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// The first of `names` that is in a directory of `PATH`.
pub(super) fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let directories: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().find_map(|name| directories.iter().map(|directory| directory.join(name)).find(|file| file.is_file()))
}

/// Installs a Debian package. `what` says what it is needed for.
pub(super) fn install(workspace: &Workspace, package: &str, what: &str) -> Result<(), Failure> {
    let by_hand = || Failure::new(format!("{what} is missing: install it, on Debian with `apt-get install {package}`"));
    let root = process::output(workspace.command("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !root || find(&["apt-get"]).is_none() {
        return Err(by_hand());
    }
    println!("installing {package} for {what}");
    let apt = |arguments: &[&str]| {
        let mut command = workspace.command("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        process::output(&mut command)
    };
    apt(&["update", "-q"])
        .and_then(|_| apt(&["install", "-q", "-y", "--no-install-recommends", package]))
        .map(|_| ())
        .map_err(|failure| {
            println!("{failure}");
            by_hand()
        })
}
