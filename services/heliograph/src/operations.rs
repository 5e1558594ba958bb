//! The operations port: metrics, health, and what operators may do.
//!
//! What they ask of a node they ask here, of whatever node: `nodes`, `sockets`. `rooms` and `publish` ask services.
//! `openapi.json` describes all of it; a test holds it against `routes`.

mod blocks;
pub(crate) mod grpc;
mod input;
mod nodes;
mod openapi;
mod operator;
mod publish;
mod rooms;
mod sockets;

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post, put},
};
use heliograph_cluster::{
    commands::Commands,
    directory::Nodes,
    grpc::{Channels, Link, RoomClient},
    serve::Backends,
};
use heliograph_domain::{
    id::NodeId,
    refusal::{Code, Refusal},
};
use heliograph_gateway::identity::Verifier;
use heliograph_telemetry::{metrics::Metrics, readiness::Readiness};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use self::operator::Operator;
pub(crate) use self::publish::PublicationLimits;

/// What operators look at and act on.
pub(crate) struct Operations {
    /// Everything that is counted.
    pub metrics: Arc<Metrics>,
    /// Whether the process can serve.
    pub readiness: Readiness,
    /// Cancelled when the process begins to stop.
    pub draining: CancellationToken,
    /// Verifies operators' tokens, which have to be signed in every mode; `None` if there is no key.
    pub operators: Option<Verifier>,
    /// The cluster.
    pub backends: Backends,
    /// Sends commands.
    pub commands: Commands,
    /// Asks about rooms.
    pub rooms: RoomClient,
    /// Asks nodes.
    pub channels: Channels,
    /// How long a node may take to answer.
    pub deadline: Duration,
    /// Bounds of what backends publish.
    pub publications: PublicationLimits,
}

impl Operations {
    /// The nodes that live.
    fn nodes(&self) -> Nodes {
        self.backends.directory.watch().borrow().clone()
    }

    /// The way to a node.
    ///
    /// # Errors
    /// `NOT_FOUND` if it does not live.
    fn link(&self, node: &NodeId) -> Result<Link, Refusal> {
        let link = self.channels.node(node, self.deadline);
        link.ok_or_else(|| Refusal::with_message(Code::NotFound, format!("There is no node {node}")))
    }
}

type Shared = State<Arc<Operations>>;

/// Most bytes of a body: ids of every kind of target, as long as they may be, and the arguments.
const LARGEST_BODY: usize = 1_000_000;

/// An endpoint: path as OpenAPI writes it, its methods, and what answers.
type Route = (&'static str, &'static [&'static str], MethodRouter<Arc<Operations>>);

/// Every endpoint.
fn routes() -> Vec<Route> {
    vec![
        ("/metrics", &["get"], get(metrics)),
        ("/healthz", &["get"], get(async || "ok\n")),
        ("/readyz", &["get"], get(ready)),
        ("/admin/openapi.json", &["get"], get(openapi::document)),
        ("/admin/publish", &["post"], post(publish::publish)),
        ("/admin/nodes", &["get"], get(nodes::list)),
        ("/admin/nodes/{node}/drain", &["post"], post(nodes::drain)),
        ("/admin/rooms", &["get"], get(rooms::list)),
        ("/admin/rooms/{room}", &["get", "delete"], get(rooms::show).delete(rooms::close)),
        ("/admin/rooms/{room}/messages", &["get"], get(rooms::history)),
        ("/admin/sockets", &["get"], get(sockets::list)),
        ("/admin/sockets/{socket}/disconnect", &["post"], post(sockets::disconnect)),
        ("/admin/users/{user}/disconnect", &["post"], post(sockets::disconnect_user)),
        ("/admin/users/{user}/blocks/{other}", &["put", "delete"], put(blocks::block).delete(blocks::unblock)),
    ]
}

/// The routes of the operations port.
pub(crate) fn router(operations: Arc<Operations>) -> Router {
    let mut router = Router::new();
    for (path, _, endpoint) in routes() {
        router = router.route(path, endpoint);
    }
    router.method_not_allowed_fallback(wrong_method).layer(DefaultBodyLimit::max(LARGEST_BODY)).with_state(operations)
}

async fn wrong_method() -> Response {
    let error = json!({"error": "Method not allowed", "code": Code::NotFound.as_str()});
    (StatusCode::METHOD_NOT_ALLOWED, Json(error)).into_response()
}

async fn metrics(State(operations): Shared) -> impl IntoResponse {
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, OPEN_METRICS)], operations.metrics.to_text())
}

async fn ready(State(operations): Shared) -> Response {
    let missing = operations.readiness.missing();
    if operations.draining.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining\n").into_response()
    } else if missing.is_empty() {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("waiting for {}\n", missing.join(", "))).into_response()
    }
}

fn refuse(refusal: impl Into<Refusal>) -> Response {
    let refusal = refusal.into();
    let status = match refusal.code {
        Code::InvalidPayload => StatusCode::BAD_REQUEST,
        Code::AuthRequired | Code::AuthFailed | Code::TokenExpired => StatusCode::UNAUTHORIZED,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Conflict => StatusCode::CONFLICT,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::FORBIDDEN,
    };
    (status, Json(json!({"error": refusal.message, "code": refusal.code.as_str()}))).into_response()
}
