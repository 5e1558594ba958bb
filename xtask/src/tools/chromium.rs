//! A browser for the call page.

use std::path::PathBuf;

use super::system;
use crate::failure::Failure;
use crate::workspace::Workspace;

const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/// A Chromium or Chrome: the one that `HELIOGRAPH_CHROMIUM` names, else one in `PATH`, else Debian's.
pub(super) fn ready(workspace: &Workspace) -> Result<PathBuf, Failure> {
    if let Some(path) = std::env::var_os("HELIOGRAPH_CHROMIUM") {
        return Ok(path.into());
    }
    if let Some(path) = system::find(NAMES) {
        return Ok(path);
    }
    system::install(workspace, "chromium", "a Chromium browser")?;
    system::find(NAMES).ok_or_else(|| Failure::new("a Chromium browser is missing: put `chromium` into PATH"))
}
