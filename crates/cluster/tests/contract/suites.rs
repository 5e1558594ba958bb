//! The cases of a whole store, suite by suite, and what they take for granted.

use std::time::Duration;

use heliograph_cluster::store::{Retention, Store};

use crate::{blocks, calls, case::Case, deadlines, limits, matching, presence, recent, rooms, sessions};

/// Stores under test keep this many entries of a log.
pub(crate) const KEPT_ENTRIES: usize = 50;

/// How long stores under test keep what nobody uses.
pub(crate) fn retention() -> Retention {
    Retention { entries: KEPT_ENTRIES, age: Duration::from_secs(7 * 24 * 3600) }
}

/// Every suite. A new implementation of the store runs them all.
pub(crate) const STORE: &[(&str, &[Case<Store>])] = &[
    ("rooms::attendance", rooms::attendance::CASES),
    ("rooms::membership", rooms::membership::CASES),
    ("rooms::roster", rooms::roster::CASES),
    ("rooms::log", rooms::log::CASES),
    ("rooms::messages", rooms::messages::CASES),
    ("rooms::retries", rooms::retries::CASES),
    ("rooms::order", rooms::order::CASES),
    ("rooms::reading", rooms::reading::CASES),
    ("rooms::contents", rooms::contents::CASES),
    ("rooms::access", rooms::access::CASES),
    ("rooms::model", rooms::model::CASES),
    ("calls", calls::CASES),
    ("sessions", sessions::CASES),
    ("presence", presence::CASES),
    ("blocks", blocks::CASES),
    ("limits", limits::CASES),
    ("matching", matching::CASES),
    ("deadlines", deadlines::CASES),
    ("recent", recent::CASES),
];
