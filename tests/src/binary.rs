//! The server's binary.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The path of the binary, built first if cargo runs the tests, so that it is never older than its source.
///
/// `HELIOGRAPH_BINARY` names another one.
///
/// # Errors
/// If there is no binary and it cannot be built.
pub fn path() -> io::Result<&'static Path> {
    static PATH: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let path = PATH.get_or_init(|| find().map_err(|error| error.to_string()));
    path.as_deref().map_err(|reason| io::Error::other(reason.clone()))
}

fn find() -> io::Result<PathBuf> {
    if let Some(path) = std::env::var_os("HELIOGRAPH_BINARY") {
        return Ok(path.into());
    }
    // The test itself is target/<profile>/deps/<name>.
    let test = std::env::current_exe()?;
    let profile = test.ancestors().nth(2).ok_or(io::ErrorKind::NotFound)?;
    if let Some(cargo) = std::env::var_os("CARGO") {
        build(Path::new(&cargo), profile)?;
    }
    let path = profile.join("heliograph");
    if path.is_file() {
        return Ok(path);
    }
    Err(io::Error::other(format!("{} is missing: run `cargo build --package heliograph`", path.display())))
}

fn build(cargo: &Path, profile: &Path) -> io::Result<()> {
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--package", "heliograph"]);
    if profile.ends_with("release") {
        command.arg("--release");
    }
    if command.status()?.success() { Ok(()) } else { Err(io::Error::other("the server does not build")) }
}
