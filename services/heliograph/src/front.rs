//! The operations port from the first moment on: liveness and readiness are answered while backends are
//! still waited for.

use std::{
    convert::Infallible,
    sync::{Arc, OnceLock},
};

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use heliograph_telemetry::readiness::Readiness;
use tower::ServiceExt;

/// Stands in for the operations routes until there are any. Clones are the same front.
#[derive(Clone)]
pub(crate) struct Front {
    readiness: Readiness,
    routes: Arc<OnceLock<Router>>,
}

impl Front {
    /// A front that knows only whether the process is ready.
    pub(crate) fn new(readiness: Readiness) -> Self {
        Self { readiness, routes: Arc::default() }
    }

    /// What answers on the port.
    pub(crate) fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }

    /// From now on these routes answer.
    pub(crate) fn open(&self, routes: Router) {
        // Opened once: the process is composed once.
        let _ = self.routes.set(routes);
    }
}

async fn answer(State(front): State<Front>, request: Request) -> Result<Response, Infallible> {
    if let Some(routes) = front.routes.get() {
        return routes.clone().oneshot(request).await;
    }
    Ok(match request.uri().path() {
        "/healthz" => "ok\n".into_response(),
        _ => {
            let missing = front.readiness.missing().join(", ");
            (StatusCode::SERVICE_UNAVAILABLE, format!("waiting for {missing}\n")).into_response()
        }
    })
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, routing::get};

    use super::*;

    async fn status(front: &Front, path: &str) -> StatusCode {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        front.router().oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn health_is_answered_before_there_are_routes() {
        let readiness = Readiness::default();
        let _waiting = readiness.hold("bus");
        let front = Front::new(readiness);
        assert_eq!(status(&front, "/healthz").await, StatusCode::OK);
        assert_eq!(status(&front, "/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status(&front, "/metrics").await, StatusCode::SERVICE_UNAVAILABLE);
        front.open(Router::new().route("/metrics", get(async || "metrics")));
        assert_eq!(status(&front, "/metrics").await, StatusCode::OK);
    }
}
