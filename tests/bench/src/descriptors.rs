//! File descriptors: ten thousand connections need more than the usual soft limit.

use crate::Failure;

/// Raises the soft limit of this process, which the servers it starts inherit, to the hard limit.
pub(crate) fn raise() -> Result<(), Failure> {
    rlimit::increase_nofile_limit(u64::MAX)
        .map(|_| ())
        .map_err(|error| Failure::new(format!("cannot raise the descriptor limit: {error}")))
}
