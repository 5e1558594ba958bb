//! Matching: queues, proposals and invitations.
//!
//! - `pool`: everybody who waits, is asked or is invited, as a pure state; changed by `enter`, `pair`,
//!   `answer`, `leave`, `expire`, `invitations`, made of `ticket`, `line`, `invite`.
//! - `record`: how it rests in the store.
//! - `step`: one change: on what is known, stored if nobody else did meanwhile, then told.
//! - `commands`, `invites`: what users ask. `sockets`: who keeps a place. `positions`: who moved up.
//! - `rooms`: what it needs of rooms and people. `observe`: what is counted.
//!
//! The pool of a deployment is one thing, handled by the owner of one partition: so nobody waits twice,
//! whatever the queue (docs/decisions/0027).

mod answer;
mod commands;
mod enter;
mod expire;
mod invitations;
mod invite;
mod invites;
mod leave;
mod line;
mod observe;
mod options;
mod pair;
mod pool;
mod positions;
#[cfg(test)]
mod properties;
mod record;
mod rooms;
mod sockets;
mod step;
mod ticket;

pub use options::MatchingOptions;
pub(crate) use step::{Known, is_deadline};
