//! The harness of the end-to-end tests that are about the process: how it starts, what it says, how it ends.
//!
//! What clients see is tested with their own libraries, in `tests/js` and `tests/python`.
//!
//! - [`binary`]: finding and building the server's binary;
//! - [`server`]: a running server, its log and its end;
//! - [`http`]: as much HTTP as a test needs to look at it.

pub mod binary;
pub mod http;
pub mod server;

pub use server::{Launch, Server};
