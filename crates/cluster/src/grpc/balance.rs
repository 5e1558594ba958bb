//! Questions to whichever process of a role answers.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use http::{Request, Response, request::Parts};
use http_body_util::{BodyExt, Full};
use tokio::time::timeout;
use tonic::body::Body;
use tower::{Service, ServiceExt};

use super::{Channels, WayError, channels::Peer};
use crate::directory::Role;

/// The way to any process of a role.
///
/// For questions, which change nothing: one that a process does not answer is put to another, whether or
/// not the first has received it.
#[derive(Clone)]
pub(super) struct Balanced {
    pub(super) channels: Channels,
    pub(super) role: Role,
    /// How long the first process may take, if there is another one to ask.
    pub(super) attempt: Duration,
}

impl Service<Request<Body>> for Balanced {
    type Response = Response<Body>;
    type Error = WayError;
    type Future = BoxFuture<'static, Result<Response<Body>, WayError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), WayError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.clone().ask(request).boxed()
    }
}

impl Balanced {
    async fn ask(self, request: Request<Body>) -> Result<Response<Body>, WayError> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(WayError::new)?.to_bytes();
        let first = self.channels.wait_for(self.role).await;
        let Some(second) = self.channels.other(self.role, &first) else {
            return put(&first, &parts, body).await;
        };
        match timeout(self.attempt, put(&first, &parts, body.clone())).await {
            Ok(Ok(response)) => return Ok(response),
            Ok(Err(error)) => tracing::debug!(%error, address = first.address(), "a process was not reached"),
            Err(_) => tracing::debug!(address = first.address(), "a process takes long to answer"),
        }
        first.distrust();
        self.channels.metrics().asked_again.inc();
        put(&second, &parts, body).await
    }
}

async fn put(peer: &Peer, parts: &Parts, body: Bytes) -> Result<Response<Body>, WayError> {
    let request = Request::from_parts(parts.clone(), Body::new(Full::new(body)));
    peer.way().oneshot(request).await
}
