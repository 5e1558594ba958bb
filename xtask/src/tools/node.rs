//! Node and the packages of its projects.

use std::fs;
use std::path::PathBuf;

use super::system;
use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// The oldest Node whose test runner the suites use.
const OLDEST: u32 = 20;

/// Node, with the packages of the project in `folder` installed as its lock file says.
pub(super) fn ready(workspace: &Workspace, folder: &str) -> Result<PathBuf, Failure> {
    let missing = || {
        Failure::new(format!(
            "Node {OLDEST} or newer with npm is missing: install it from nodejs.org or your system's packages"
        ))
    };
    let node = system::find(&["node", "nodejs"]).ok_or_else(missing)?;
    let npm = system::find(&["npm"]).ok_or_else(missing)?;
    let version = process::output(workspace.command(&node).arg("--version"))?;
    let major = version.trim_start_matches('v').split('.').next();
    if major.and_then(|major| major.parse().ok()).is_none_or(|major: u32| major < OLDEST) {
        return Err(missing());
    }
    install(workspace, folder, &npm)?;
    Ok(node)
}

/// npm leaves no mark that says which lock file it followed, so a copy of it beside the packages does.
fn install(workspace: &Workspace, folder: &str, npm: &PathBuf) -> Result<(), Failure> {
    let project = workspace.root().join(folder);
    let lock = fs::read(project.join("package-lock.json"))
        .map_err(|error| Failure::new(format!("cannot read {folder}/package-lock.json: {error}")))?;
    let stamp = project.join("node_modules/.installed");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("installing the npm packages of {folder}");
    let mut install = workspace.command(npm);
    install.args(["ci", "--ignore-scripts"]).current_dir(&project);
    process::output(&mut install).map_err(|failure| {
        println!("{failure}");
        Failure::new(format!("the npm packages of {folder} are missing: run `npm ci` in that folder"))
    })?;
    fs::write(&stamp, lock).map_err(|error| Failure::new(format!("cannot write in {folder}/node_modules: {error}")))
}
