//! The operations port: metrics, health, and what operators may do.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{FromRequestParts, Path, State},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use heliograph_cluster::{commands::Commands, directory::Role, outward::Outward, serve::Backends};
use heliograph_domain::{
    command::{Origin, RoomCommand, RoomRequest},
    delivery::Outbound,
    id::{CommandId, NodeId, UserId},
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
}

type Shared = State<Arc<Operations>>;

/// The routes of the operations port.
pub(crate) fn router(operations: Operations) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/admin/nodes", get(nodes))
        .route("/admin/rooms/{room}", delete(close_room))
        .route("/admin/users/{user}/disconnect", post(disconnect_user))
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

async fn nodes(State(operations): Shared, _: Operator) -> Json<serde_json::Value> {
    let nodes = operations.backends.directory.watch().borrow().clone();
    let nodes: Vec<_> = nodes
        .values()
        .map(|node| {
            json!({
                "id": node.id.as_str(),
                "role": node.role.name(),
                "grpc": node.grpc,
                "version": node.version,
                "started": node.started.to_string(),
                "draining": node.draining,
            })
        })
        .collect();
    Json(json!({"nodes": nodes}))
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

/// Disconnects every socket of a user, on whatever gateway.
async fn disconnect_user(State(operations): Shared, _: Operator, Path(user): Path<String>) -> Response {
    let user = match UserId::parse(&user) {
        Ok(user) => user,
        Err(reason) => return refuse(Refusal::invalid("user", reason)),
    };
    let nodes = operations.backends.directory.watch().borrow().clone();
    let gateways: Vec<NodeId> =
        nodes.values().filter(|node| node.role == Role::Gateway).map(|node| node.id.clone()).collect();
    let outward = Outward::new(Arc::clone(&operations.backends.bus));
    outward.send(&gateways, &Outbound::Disconnect { user }).await;
    StatusCode::NO_CONTENT.into_response()
}
