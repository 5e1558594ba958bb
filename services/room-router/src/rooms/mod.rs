//! Who is in a room.

mod close;
mod expel;
mod join;
mod leave;
mod prepare;

pub(crate) use prepare::{deadline_key, deadline_room};
