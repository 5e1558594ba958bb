//! The servers that a cluster needs, from Debian's packages.

use super::system;
use crate::failure::Failure;
use crate::workspace::Workspace;

/// Programs and the packages that they are in.
const PROGRAMS: [(&str, &str); 4] =
    [("nats-server", "nats-server"), ("redis-server", "redis-server"), ("etcd", "etcd-server"), ("haproxy", "haproxy")];

/// Installs what is missing.
pub(super) fn ready(workspace: &Workspace) -> Result<(), Failure> {
    for (program, package) in PROGRAMS {
        if system::find(&[program]).is_none() {
            system::install(workspace, package, program)?;
        }
    }
    Ok(())
}
