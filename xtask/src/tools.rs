//! The tools that tests need beside Rust, found on the machine or installed.
//!
//! Each tool is a module with one function that gives the tool ready for use. What can be had without rights
//! goes below `target/tools`; system packages are installed when the chore runs as root on a machine with apt,
//! and are named in the error otherwise.

mod chromium;
mod deny;
mod node;
mod python;
mod servers;
mod system;

use std::path::PathBuf;

use crate::failure::Failure;
use crate::workspace::Workspace;

/// Everything that `cargo xtask test` needs.
pub(crate) struct Tools {
    /// cargo-deny.
    pub(crate) deny: PathBuf,
    /// Node.
    pub(crate) node: PathBuf,
    /// The Python interpreter of an environment that has the client libraries.
    pub(crate) python: PathBuf,
    /// A Chromium or Chrome.
    pub(crate) chromium: PathBuf,
}

impl Tools {
    /// Finds or installs every tool.
    pub(crate) fn ready(workspace: &Workspace) -> Result<Self, Failure> {
        servers::ready(workspace)?;
        Ok(Self {
            node: node::ready(workspace, "tests/js")?,
            python: python::ready(workspace, "tests/python/requirements.txt")?,
            chromium: chromium::ready(workspace)?,
            deny: deny::ready(workspace)?,
        })
    }
}

/// Node with the packages of the project in `folder` installed.
pub(crate) fn node(workspace: &Workspace, folder: &str) -> Result<PathBuf, Failure> {
    node::ready(workspace, folder)
}

/// NATS, Redis, etcd and haproxy, in `PATH`.
pub(crate) fn servers(workspace: &Workspace) -> Result<(), Failure> {
    servers::ready(workspace)
}
