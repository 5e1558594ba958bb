//! Why a command was not carried out.

use heliograph_cluster::store::StoreError;
use heliograph_domain::refusal::{Code, Refusal};

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It may not, or cannot be.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store did not carry out a step.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}

/// What a command has brought about, or why not.
pub(crate) type Outcome<T> = Result<T, Failure>;
