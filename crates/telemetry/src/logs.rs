//! Log lines on standard error.
//!
//! What the levels mean: `error` needs a person now; `warn` is something that went wrong and was coped
//! with, or a setting that is unsafe in production; `info` is the life of the process (start, stop, a
//! backend lost or found), never one line per client; `debug` follows single connections and events;
//! `trace` shows protocol details. No level shows tokens, message texts or session descriptions.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line, for collectors.
    Json,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is not one.
    #[error("log filter {filter:?} is invalid: {reason}")]
    Filter {
        /// What was given.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Logging was set up before.
    #[error("logging was set up twice")]
    Twice,
}

/// The client library for NATS has a line for every lost message and every attempt to connect. The bus
/// says what matters of it in lines of its own.
const QUIET: &str = "async_nats=off";

/// Sends log lines that pass `filter` (such as `info` or `info,heliograph_gateway=debug`) to standard
/// error.
pub fn init(filter: &str, format: Format) -> Result<(), LogError> {
    // What is said later counts more: the filter can still ask for these lines.
    let parsed = EnvFilter::try_new(format!("{QUIET},{filter}"))
        .map_err(|error| LogError::Filter { filter: filter.to_owned(), reason: error.to_string() })?;
    let registry = tracing_subscriber::registry().with(parsed);
    // Colours are for terminals; files and collectors get plain text.
    let line = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    match format {
        Format::Text => registry.with(line.with_target(false)).try_init(),
        Format::Json => registry.with(line.json().flatten_event(true)).try_init(),
    }
    .map_err(|_| LogError::Twice)
}
