//! The configuration under which the server is measured.
//!
//! Product defaults protect users from each other; a load of one machine against itself needs those limits
//! out of the way and nothing else changed.

use std::path::{Path, PathBuf};

use crate::Failure;
use crate::token::SECRET;

/// Writes the configuration file for a server on the given ports and gives its path.
pub(crate) fn write(directory: &Path, port: u16, operations: u16) -> Result<PathBuf, Failure> {
    let path = directory.join(format!("heliograph-bench-{port}.toml"));
    let text = format!(
        "[public]\n\
         host = \"127.0.0.1\"\n\
         port = {port}\n\
         connections_per_address = 20000\n\
         accept_per_second = 100000\n\
         [operations]\n\
         port = {operations}\n\
         [auth]\n\
         mode = \"jwt\"\n\
         secret = \"{SECRET}\"\n\
         [log]\n\
         filter = \"warn\"\n\
         [limits]\n\
         messages_per_minute = 100000000\n\
         signals = {{ per_second = 1000000, burst = 1000000 }}\n"
    );
    std::fs::write(&path, text).map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))?;
    Ok(path)
}
