//! The dialects that clients speak, as pure translations.
//!
//! Inwards: an event name with JSON arguments (or one JSON message) becomes a request with one
//! command, or a refusal. Outwards: a domain event becomes the text that clients of the vocabulary
//! know it by, or nothing if they have no form for it. No dialect knows of another, except for the
//! bodies of call signals ([`translate_signal`]).
//!
//! In the order of the path:
//!
//! - [`synapse::Event`], [`mesh::Message`]: wire text to request
//! - [`synapse::ack`], [`mesh::peers`], [`mesh::ack`]: outcome to the asker's answer
//! - [`synapse::encode`], [`mesh::encode`]: event to wire text, once for all recipients of one form
//! - [`synapse::error`], [`mesh::error`]: refusal to wire text
//! - [`is_taken`]: which names are not for what backends publish
//!
//! Payloads that clients own (signals, attachments, application data) are checked to be JSON and
//! measured; they are neither parsed into values nor rewritten.

mod claim;
mod context;
mod files;
mod json;
mod limits;
pub mod mesh;
mod published;
mod signal;
pub mod synapse;

pub use claim::ClaimedId;
pub use context::{Context, Form, second_form};
pub use limits::SizeLimits;
pub use published::is_taken;
pub use signal::translate_signal;

use heliograph_domain::user::Vocabulary;

/// Client event names of each vocabulary that shares the default namespace. No name is in two lists,
/// so that the first event of a client tells its vocabulary.
pub const DEFAULT_NAMESPACE: [(Vocabulary, &[&str]); 1] = [(Vocabulary::Synapse, &synapse::CLIENT_EVENTS)];
