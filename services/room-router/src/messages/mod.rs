//! What is said in a room.

mod marks;
mod post;
mod react;
mod typing;
