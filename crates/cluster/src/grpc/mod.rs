//! Questions to services, by gRPC. Commands and deliveries travel on the [`crate::bus`].
//!
//! The generated client sends HTTP requests into any tower service, and the generated server is such
//! a service. So a client is made from a channel to another process or from the server itself, and
//! is of the same type in both cases: within one process no socket is opened.
//!
//! Clients speak domain types and answer with a [`Refusal`], as commands do. Servers implement the
//! traits in [`stubs`].

mod presence;
mod rooms;

use std::time::Duration;

use heliograph_domain::refusal::{Code, Refusal};
use http::{Request, Response};
use tonic::{Status, body::Body};
use tower::{BoxError, Service, ServiceExt, util::BoxCloneSyncService};
use tracing::warn;

pub use presence::{Counts, PresenceClient, UserPresence};
pub use rooms::{History, Members, RoomClient};

/// What is generated from the services of `proto/heliograph/v1`.
pub mod stubs {
    tonic::include_proto!("heliograph.v1");
}

/// The way to a server, wherever it is.
#[derive(Clone)]
pub struct Link {
    service: BoxCloneSyncService<Request<Body>, Response<Body>, LinkError>,
    deadline: Duration,
}

/// A server could not be asked. A type of its own rather than a boxed error: futures over the generated
/// clients are not provably `Send` when their error's conversion has a lifetime.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct LinkError(BoxError);

impl Link {
    /// A link to a server of this process (a generated `…Server`) or to a channel. Answers are
    /// waited for until `deadline` has passed.
    pub fn new<S>(service: S, deadline: Duration) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
    {
        let service = BoxCloneSyncService::new(service.map_err(|error| LinkError(error.into())));
        Self { service, deadline }
    }

    /// Waits for an answer until the deadline, and makes a failure a refusal.
    async fn answer<T>(&self, answer: impl Future<Output = Result<tonic::Response<T>, Status>>) -> Result<T, Refusal> {
        match tokio::time::timeout(self.deadline, answer).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(refusal(&status)),
            Err(_) => Err(Refusal::new(Code::Unavailable)),
        }
    }
}

/// What a status means to the one who asked. The server's words stay in the log.
fn refusal(status: &Status) -> Refusal {
    Refusal::new(match status.code() {
        tonic::Code::NotFound => Code::NotFound,
        tonic::Code::PermissionDenied => Code::NotAllowed,
        tonic::Code::InvalidArgument => Code::InvalidPayload,
        code => {
            warn!(?code, message = status.message(), "a question was not answered");
            Code::Unavailable
        }
    })
}

/// The refusal for an answer that cannot be read.
fn unreadable(error: impl std::fmt::Display) -> Refusal {
    warn!(%error, "an answer cannot be read");
    Refusal::new(Code::Unavailable)
}
