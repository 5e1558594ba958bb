//! What operators see: log lines, metrics, readiness.

pub mod logs;
pub mod metrics;
pub mod readiness;
pub mod trouble;
