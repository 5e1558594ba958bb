//! `GET /health`: for load balancers and people.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::Api;

pub(super) async fn get(State(api): State<Api>) -> Response {
    if api.services().draining.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "draining"}))).into_response();
    }
    let uptime = api.0.started.elapsed().as_secs();
    let connections = (api.services().connections)();
    Json(json!({"status": "ok", "uptime": uptime, "connections": connections})).into_response()
}
