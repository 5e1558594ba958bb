//! Who is in a room.

mod close;
mod join;
mod leave;
