//! A Python environment with the client libraries.

use std::fs;
use std::path::PathBuf;

use super::system;
use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// The interpreter of a virtual environment in which the packages of `requirements` are installed.
pub(super) fn ready(workspace: &Workspace, requirements: &str) -> Result<PathBuf, Failure> {
    let environment = workspace.tools().join("python");
    let interpreter = environment.join("bin/python");
    let wanted = fs::read(workspace.root().join(requirements))
        .map_err(|error| Failure::new(format!("cannot read {requirements}: {error}")))?;
    let stamp = environment.join(".installed");
    if interpreter.is_file() && fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(interpreter);
    }
    println!("installing the Python packages of {requirements}");
    let python = system::find(&["python3"])
        .ok_or_else(|| Failure::new("Python 3 is missing: install it, on Debian as `python3`"))?;
    let create = || {
        let mut create = workspace.command(&python);
        create.args(["-m", "venv", "--clear"]).arg(&environment);
        process::output(&mut create)
    };
    // Debian keeps what `venv` needs in a package of its own.
    if create().is_err() {
        system::install(workspace, "python3-venv", "Python's venv module")?;
        create()?;
    }
    let mut install = workspace.command(&interpreter);
    install.args(["-m", "pip", "install", "--quiet", "--only-binary=:all:"]).args([
        "--disable-pip-version-check",
        "-r",
        requirements,
    ]);
    process::output(&mut install).map_err(|failure| {
        println!("{failure}");
        Failure::new(format!("the Python packages are missing: `pip install -r {requirements}` does not work here"))
    })?;
    fs::write(&stamp, wanted).map_err(|error| Failure::new(format!("cannot write the Python environment: {error}")))?;
    Ok(interpreter)
}
