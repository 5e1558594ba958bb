//! The nodes of the cluster, as the directory knows them and as they say they are.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use heliograph_cluster::{
    directory::Node,
    grpc::{ProcessClient, ProcessState},
};
use heliograph_domain::{id::NodeId, refusal::Refusal};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{
    Operations, Operator, Shared,
    input::{InPath, in_path},
    refuse,
};

/// `GET /admin/nodes`
pub(super) async fn list(State(operations): Shared, _: Operator) -> Json<Value> {
    let nodes = operations.nodes();
    let mut asking = JoinSet::new();
    for id in nodes.keys().cloned() {
        let operations = Arc::clone(&operations);
        asking.spawn(async move {
            let state = state(&operations, &id).await;
            (id, state)
        });
    }
    let mut states: BTreeMap<_, _> = asking.join_all().await.into_iter().collect();
    let nodes: Vec<_> = nodes.values().map(|node| describe(node, states.remove(&node.id))).collect();
    Json(json!({"nodes": nodes}))
}

async fn state(operations: &Operations, id: &NodeId) -> Result<ProcessState, Refusal> {
    ProcessClient::new(operations.link(id)?).state().await
}

/// What the directory knows, and what the node's process adds.
fn describe(node: &Node, state: Option<Result<ProcessState, Refusal>>) -> Value {
    let mut facts = json!({
        "id": node.id.as_str(),
        "role": node.role.name(),
        "grpc": node.grpc,
        "version": node.version,
        "started": node.started.to_string(),
        "draining": node.draining,
    });
    match state {
        Some(Ok(state)) => {
            facts["draining"] = (node.draining || state.draining).into();
            facts["waitingFor"] = state.waiting_for.into();
            if let Some(role) = state.nodes.iter().find(|role| role.id == node.id) {
                facts["partitions"] = role.partitions.into();
                facts["sockets"] = role.sockets.into();
            }
        }
        Some(Err(refusal)) => facts["error"] = refusal.message.to_string().into(),
        None => {}
    }
    facts
}

/// `POST /admin/nodes/{node}/drain`: the node's process stops gracefully.
pub(super) async fn drain(State(operations): Shared, _: Operator, InPath(node): InPath<String>) -> Response {
    let drained = match in_path("node", &node, NodeId::parse).and_then(|node| operations.link(&node)) {
        Ok(link) => ProcessClient::new(link).drain().await,
        Err(refusal) => Err(refusal),
    };
    drained.map_or_else(refuse, |()| StatusCode::ACCEPTED.into_response())
}
