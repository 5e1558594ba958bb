//! What rooms in Redis have to do beyond the contract: agree with those in memory, hold together while
//! many processes work on one, and leave nothing behind.

mod agreement;
mod leftovers;
mod random;
mod steps;
mod together;

use std::sync::Arc;

use crate::{case::Case, servers::Servers};

pub(super) const SUITES: &[(&str, &[Case<Arc<Servers>>])] = &[
    ("redis::rooms::agreement", agreement::CASES),
    ("redis::rooms::together", together::CASES),
    ("redis::rooms::leftovers", leftovers::CASES),
];
