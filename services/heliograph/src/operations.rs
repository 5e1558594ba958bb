//! The operations port: metrics, health, and what operators may do.
//!
//! What they ask of a node they ask here, of whatever node: `nodes`, `sockets`.

mod nodes;
mod sockets;

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{FromRequestParts, Path, State},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use heliograph_cluster::{
    commands::Commands,
    directory::Nodes,
    grpc::{Channels, Link},
    serve::Backends,
};
use heliograph_domain::{
    command::{Origin, RoomCommand, RoomRequest},
    id::{CommandId, NodeId},
    refusal::{Code, Refusal},
    room::RoomId,
};
use heliograph_gateway::identity::{Bearer, Verifier};
use heliograph_telemetry::{metrics::Metrics, readiness::Readiness};
use serde_json::json;
use tokio_util::sync::CancellationToken;

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
    /// Asks nodes.
    pub channels: Channels,
    /// How long a node may take to answer.
    pub deadline: Duration,
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

/// The routes of the operations port.
pub(crate) fn router(operations: Operations) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/admin/nodes", get(nodes::list))
        .route("/admin/nodes/{node}/drain", post(nodes::drain))
        .route("/admin/rooms/{room}", delete(close_room))
        .route("/admin/sockets", get(sockets::list))
        .route("/admin/sockets/{socket}/disconnect", post(sockets::disconnect))
        .route("/admin/users/{user}/disconnect", post(sockets::disconnect_user))
        .with_state(Arc::new(operations))
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

/// A request with an operator's token.
struct Operator;

impl FromRequestParts<Arc<Operations>> for Operator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, operations: &Arc<Operations>) -> Result<Self, Response> {
        let Some(verifier) = &operations.operators else {
            let hint = "There is no key to verify tokens with; set auth.secret or auth.public_key_file";
            return Err(refuse(Refusal::with_message(Code::NotAllowed, hint)));
        };
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(bearer) = header.and_then(Bearer::new) else { return Err(refuse(Code::AuthRequired)) };
        match verifier.verify(bearer.token(), operations.backends.clock.now()) {
            Ok(identity) if identity.admin => Ok(Self),
            Ok(_) => Err(refuse(Code::NotAllowed)),
            Err(error) => Err(refuse(error.code())),
        }
    }
}

fn refuse(refusal: impl Into<Refusal>) -> Response {
    let refusal = refusal.into();
    let status = match refusal.code {
        Code::NotAllowed => StatusCode::FORBIDDEN,
        Code::InvalidPayload => StatusCode::BAD_REQUEST,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::UNAUTHORIZED,
    };
    (status, Json(json!({"error": refusal.message, "code": refusal.code.as_str()}))).into_response()
}

/// Ends a room for everybody in it.
async fn close_room(State(operations): Shared, _: Operator, Path(room): Path<String>) -> Response {
    let room = match RoomId::parse(&room) {
        Ok(room) => room,
        Err(reason) => return refuse(Refusal::invalid("room", reason)),
    };
    let request = RoomRequest { id: CommandId::generate(), room, origin: Origin::System, command: RoomCommand::Close };
    match operations.commands.room(&request).await {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => refuse(refusal),
    }
}
