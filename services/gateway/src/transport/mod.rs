//! How bytes reach and leave a connection.

pub mod metrics;

pub use metrics::Metrics;
