//! What every store of rooms has to do.

pub(crate) mod access;
pub(crate) mod attendance;
pub(crate) mod contents;
pub(crate) mod log;
pub(crate) mod membership;
pub(crate) mod messages;
pub(crate) mod model;
pub(crate) mod order;
pub(crate) mod reading;
pub(crate) mod retries;
pub(crate) mod roster;
