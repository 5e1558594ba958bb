//! The configuration under which the server is measured.
//!
//! Product defaults protect users from each other; a load of one machine against itself needs those limits
//! out of the way and nothing else changed.

use std::path::{Path, PathBuf};

use crate::Failure;
use crate::token::SECRET;

/// Keys for every server, whatever its ports.
const SETTINGS: &str = "\
[public]
host = \"127.0.0.1\"
connections_per_address = 20000
accept_per_second = 100000
[auth]
mode = \"jwt\"
[log]
filter = \"warn\"
[limits]
messages_per_minute = 100000000
signals = { per_second = 1000000, burst = 1000000 }
";

/// The configuration without ports.
pub(crate) fn settings() -> Result<toml::Table, Failure> {
    let mut settings: toml::Table = SETTINGS.parse().map_err(|error| Failure::new(format!("{error}")))?;
    set(&mut settings, "auth", "secret", SECRET.into());
    Ok(settings)
}

/// Writes the configuration file for a server on the given ports and gives its path.
pub(crate) fn write(directory: &Path, port: u16, operations: u16) -> Result<PathBuf, Failure> {
    let path = directory.join(format!("heliograph-bench-{port}.toml"));
    let mut settings = settings()?;
    set(&mut settings, "public", "port", i64::from(port).into());
    set(&mut settings, "operations", "port", i64::from(operations).into());
    let text = settings.to_string();
    std::fs::write(&path, text).map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))?;
    Ok(path)
}

fn set(settings: &mut toml::Table, section: &str, key: &str, value: toml::Value) {
    let table = settings.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
    if let toml::Value::Table(table) = table {
        table.insert(key.to_owned(), value);
    }
}
