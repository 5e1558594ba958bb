//! File descriptors: ten thousand connections need more than the usual soft limit.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::Failure;

/// Raises the soft limit of this process, which the servers it starts inherit, to the hard limit.
pub(crate) fn raise() -> Result<(), Failure> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let wanted = Rlimit { current: maximum, maximum };
    setrlimit(Resource::Nofile, wanted)
        .map_err(|error| Failure::new(format!("cannot raise the descriptor limit: {error}")))
}
