//! Presence: who is here, on which device, in what state.
//!
//! - `service`: a command is read, carried out and answered, once; a deadline is fired.
//! - `connect`: sockets come, or come back.
//! - `disconnect`: sockets go. What follows waits for a grace, so that who changes a page or loses the
//!   network for a moment is never gone for others; `deadline` says what waits, in the store, so that
//!   another owner of the partition does it if this one fails.
//! - `status`, `audience`: how users are, and who is told.
//! - `blocks`: whom users want nothing from.
//! - `reaper`: sockets of gateways that have died.
//! - `rooms`: what presence asks of rooms and calls.
//! - [`grpc`]: questions that are not commands.
//!
//! A step that fails is noted and does not stop the others; what a deadline could not finish is tried
//! again.

mod audience;
mod blocks;
mod connect;
mod deadline;
mod disconnect;
pub mod grpc;
mod options;
mod people;
mod presence;
mod publish;
mod reaper;
mod rooms;
mod service;
mod status;

pub use options::{AudienceKind, Options};
pub use presence::Presence;
