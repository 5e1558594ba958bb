//! What is said in a room.

mod post;
mod react;
mod typing;
