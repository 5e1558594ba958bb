//! What Heliograph talks about, independent of any wire format.
//!
//! Requests go inwards as [`command`]s (imperative, one target room or user, acknowledged with an
//! [`outcome`] or a [`refusal`]). Facts come outwards as [`event`]s (past tense, already decided),
//! addressed by a [`delivery`]. Values are checked where they enter ([`id`], [`text`]); nothing
//! behind that point sees a raw string. Only [`wire`] knows how these types travel.
//!
//! This crate is pure: no I/O, no clock. Times are [`time::Timestamp`]s passed in by the caller.

pub mod activity;
pub mod call;
pub mod command;
pub mod content;
pub mod delivery;
pub mod event;
pub mod id;
pub mod matching;
pub mod outcome;
pub mod publication;
pub mod refusal;
pub mod room;
pub mod text;
pub mod time;
pub mod user;
pub mod wire;
