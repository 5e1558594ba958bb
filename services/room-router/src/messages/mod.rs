//! What is said in a room.

mod clear;
mod marks;
mod post;
mod react;
mod typing;
