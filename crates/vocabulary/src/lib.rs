//! The dialects that clients speak, as pure translations.
//!
//! Inwards: an event name with JSON arguments (or one JSON message) becomes a request with one
//! command, or a refusal. Outwards: a domain event becomes the text that clients of the vocabulary
//! know it by, or nothing if they have no form for it. No dialect knows of another, except for the
//! bodies of call signals ([`translate_signal`]).
//!
//! In the order of the path:
//!
//! - [`Dialect::read`], [`mesh::Message`]: wire text to request
//! - [`Dialect::ack`], [`mesh::peers`], [`mesh::ack`]: outcome to the asker's answer
//! - [`Dialect::encode`], [`mesh::encode`]: event to wire text, once for all recipients of one form
//! - [`failure_ack`], [`Dialect::refused`], [`mesh::error`]: refusal to wire text
//! - [`is_taken`]: which names are not for what backends publish
//!
//! A [`Dialect`] is what a Socket.IO client speaks in its namespace; mesh has a transport of its own.
//!
//! Payloads that clients own (signals, attachments, application data) are checked to be JSON and
//! measured; they are neither parsed into values nor rewritten.

mod answer;
mod claim;
pub mod collaboration;
mod context;
mod dialect;
pub mod direct_chat;
mod files;
pub mod guest_chat;
mod json;
mod limits;
pub mod mesh;
mod published;
mod request;
mod said;
mod signal;
pub mod synapse;

pub use answer::{error, failure_ack};
pub use claim::ClaimedId;
pub use context::{Context, Form, second_form};
pub use dialect::{Dialect, Encoded, Greeting};
pub use json::too_deep;
pub use limits::SizeLimits;
pub use published::is_taken;
pub use request::{Authenticate, Request};
pub use said::{Asked, Said, Standpoint};
pub use signal::translate_signal;
