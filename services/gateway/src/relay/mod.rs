//! Any gateway, any request: a session is at home at one gateway, and its requests may arrive at every other.
//!
//! A balancer without stickiness spreads the polls, the posts and the WebSocket of one long-polling client over all
//! gateways. The id of a session begins with its home, so each gateway sees where a request belongs, and asks that
//! gateway to serve it:
//!
//! - `session`: a session, wherever it is at home;
//! - `away`: one that is at home elsewhere, at the gateway where its client is connected;
//! - `host`: the same requests where the session is at home, on their way into the same code as its own;
//! - `tunnel`: the bytes of a WebSocket between the two.
//!
//! What is HTTP stays where the request arrived: origins, admission, limits of size and time, the answer. Only what
//! concerns the session travels. A session whose home has gone is unknown, as one that has ended: its client comes
//! back with a new one, and is recovered.

mod away;
mod host;
mod metrics;
mod peers;
mod session;
mod tunnel;

pub(crate) use self::away::Relays;
pub use self::host::Host;
pub use self::metrics::Metrics;
pub use self::peers::Peers;
pub(crate) use self::session::{Candidate, Session};
