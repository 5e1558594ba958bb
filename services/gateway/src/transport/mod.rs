//! How bytes reach and leave a connection.

pub mod metrics;
pub(crate) mod permit;
pub(crate) mod stream;
pub(crate) mod timer;
pub(crate) mod wire;

pub use metrics::Metrics;
