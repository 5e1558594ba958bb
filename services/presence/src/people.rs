//! What every step needs.

use heliograph_cluster::{
    clock::Clock,
    commands::Commands,
    directory::Nodes,
    outward::Outward,
    store::{Store, StoreError},
};
use heliograph_domain::refusal::{Code, Refusal};
use heliograph_telemetry::{metrics, trouble::Trouble};
use tokio::sync::watch;
use tracing::debug;

use crate::options::Options;

/// Carries out presence commands.
pub(crate) struct People {
    pub(crate) options: Options,
    pub(crate) store: Store,
    pub(crate) commands: Commands,
    pub(crate) outward: Outward,
    pub(crate) nodes: watch::Receiver<Nodes>,
    pub(crate) clock: Clock,
    pub(crate) metrics: metrics::Presence,
    pub(crate) trouble: Trouble,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It may not be.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store did not carry out a step.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl People {
    /// Notes how a step went that does not stop the others. Gives whether it succeeded.
    pub(crate) fn noted<T>(&self, result: Result<T, impl std::fmt::Display>, step: &'static str) -> bool {
        match result {
            Ok(_) => {
                self.trouble.succeeded();
                true
            }
            Err(error) => {
                self.metrics.failures.inc();
                self.trouble.failed(format_args!("{step}: {error}"));
                debug!(step, %error, "a step failed");
                false
            }
        }
    }

    /// The answer to a command that was not carried out.
    pub(crate) fn refusal(&self, failure: Failure, command: &'static str) -> Refusal {
        match failure {
            Failure::Refused(refusal) => refusal,
            Failure::Store(error) => {
                self.noted(Err::<(), _>(error), command);
                Refusal::new(Code::Unavailable)
            }
        }
    }
}
