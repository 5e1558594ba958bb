//! The way to a server, and how long its answers are waited for.

use std::time::Duration;

use http::{Request, Response};
use tonic::{Status, body::Body};
use tower::{BoxError, Service, ServiceExt, util::BoxCloneSyncService};

/// The way to a server, wherever it is, for a generated client.
pub type Way = BoxCloneSyncService<Request<Body>, Response<Body>, WayError>;

/// A server could not be asked. A type of its own rather than a boxed error: futures over the generated
/// clients are not provably `Send` when their error's conversion has a lifetime.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WayError(#[source] BoxError);

impl WayError {
    /// Wraps whatever a channel or server failed with.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self(error.into())
    }
}

/// Largest message that is read, unless a link is told otherwise, in bytes.
pub(super) const LARGEST: usize = 4 * 1024 * 1024;

/// A way to a server with bounds for the answers.
#[derive(Clone)]
pub struct Link {
    way: Way,
    deadline: Duration,
    largest: usize,
}

impl Link {
    /// A link to a server of this process (a generated `…Server`) or to a channel. Answers are
    /// waited for until `deadline` has passed, and may have 4 MiB.
    pub fn new<S>(service: S, deadline: Duration) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
    {
        Self { way: BoxCloneSyncService::new(service.map_err(WayError::new)), deadline, largest: LARGEST }
    }

    /// The same link, for answers of at most `bytes`.
    #[must_use]
    pub fn with_largest(self, bytes: usize) -> Self {
        Self { largest: bytes, ..self }
    }

    /// The way to the server, for a generated client. What is asked this way has no deadline unless
    /// [`Self::request`] and [`Self::answer`] give it one.
    pub fn way(&self) -> Way {
        self.way.clone()
    }

    /// Largest answer that is read, in bytes.
    pub fn largest(&self) -> usize {
        self.largest
    }

    /// A request that tells the server for how long its answer is waited for.
    pub fn request<T>(&self, message: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        request.set_timeout(self.deadline);
        request
    }

    /// Waits for an answer until the deadline.
    ///
    /// # Errors
    ///
    /// What the server answered; `DEADLINE_EXCEEDED` if it did not in time, `UNAVAILABLE` or `UNKNOWN`
    /// if it could not be asked.
    pub async fn answer<T>(
        &self,
        answer: impl Future<Output = Result<tonic::Response<T>, Status>>,
    ) -> Result<T, Status> {
        match tokio::time::timeout(self.deadline, answer).await {
            Ok(answer) => answer.map(tonic::Response::into_inner).map_err(expired_in_channel),
            Err(_) => Err(overdue()),
        }
    }
}

/// The status for an answer that did not come in time.
pub(super) fn overdue() -> Status {
    Status::deadline_exceeded("no answer in time")
}

/// A channel reads the deadline of its requests, too, and calls its passing a cancellation.
fn expired_in_channel(status: Status) -> Status {
    let mut source = std::error::Error::source(&status);
    while let Some(error) = source {
        if error.is::<tonic::TimeoutExpired>() {
            return overdue();
        }
        source = error.source();
    }
    status
}
