//! `collaboration`: queues, matches and invitations over Socket.IO, each in a namespace of its own.

pub mod matching;
pub mod queue;
