//! The room-router: handles what happens in rooms, in their messages and calls.
//!
//! In the order of a command's path:
//!
//! - `service`: a command is read, carried out and answered, once; a deadline is fired.
//! - `router`: which command is which step.
//! - `rooms`, `messages`, `work`, `relay`, `calls`, `matching`: the steps. Each has the same shape: a command, one atomic
//!   step of the store, an answer and the events that others hear.
//! - `policy`: who may write to whom in a room of two.
//! - `takeover`: what another router may have stored and not sent is sent again.
//! - `memory`, `glance`: what is not stored is told even while the store is away.
//! - `publish`: events go to the gateways that hold a recipient, and to no other.
//! - [`grpc`]: questions that are not commands.
//!
//! Everything that two routers must agree on is decided by the store, so that it does not matter which
//! of them handles a command (docs/architecture.md, room-router).

mod calls;
mod failure;
mod glance;
pub mod grpc;
mod matching;
mod memory;
mod messages;
mod options;
mod policy;
mod publish;
mod relay;
mod room_router;
mod rooms;
mod router;
mod service;
mod takeover;
mod work;

pub use matching::MatchingOptions;
pub use options::{Html, Limits, Options, Rate, Reach};
pub use room_router::RoomRouter;
