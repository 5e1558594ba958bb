//! What is worked on in a room.
//!
//! - `activity`: code changes and strokes, which are entries of the log;
//! - `state`: snapshots and whether somebody records;
//! - `contents`: all of that for somebody who comes.

mod activity;
mod contents;
mod state;

pub(crate) use contents::{contents, log_entry};
