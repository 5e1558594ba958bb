//! Client connections, on whatever gateway.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use heliograph_cluster::{
    directory::Role,
    grpc::{GatewayClient, LocalSocket},
};
use heliograph_domain::{
    id::{NodeId, SocketId, UserId},
    refusal::Refusal,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Operations, Operator, Shared, refuse};

/// Which sockets an operator wants to see.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// The gateway.
    node: String,
    /// The last socket of the page before.
    after: Option<String>,
    /// Most sockets, at most 1000.
    #[serde(default)]
    limit: u32,
}

/// `GET /admin/sockets?node=…`: a page of a gateway's sockets.
pub(super) async fn list(State(operations): Shared, _: Operator, Query(wanted): Query<Wanted>) -> Response {
    page(&operations, &wanted).await.map_or_else(refuse, |page| Json(page).into_response())
}

async fn page(operations: &Operations, wanted: &Wanted) -> Result<Value, Refusal> {
    let node = NodeId::parse(&wanted.node).map_err(|reason| Refusal::invalid("node", reason))?;
    let after = wanted.after.as_deref().map(SocketId::parse).transpose();
    let after = after.map_err(|reason| Refusal::invalid("after", reason))?;
    if operations.nodes().get(&node).is_some_and(|node| node.role != Role::Gateway) {
        return Err(Refusal::invalid("node", "is not a gateway"));
    }
    let page = GatewayClient::new(operations.link(&node)?).sockets(after.as_ref(), wanted.limit).await?;
    Ok(json!({"sockets": page.sockets.iter().map(describe).collect::<Vec<_>>(), "more": page.more}))
}

fn describe(socket: &LocalSocket) -> Value {
    json!({
        "id": socket.id.as_str(),
        "user": socket.user.as_str(),
        "vocabulary": socket.vocabulary.name(),
        "address": socket.address.to_string(),
        "since": socket.since.to_string(),
    })
}

/// Whom an operator disconnects.
#[derive(Clone)]
enum Target {
    Socket(SocketId),
    User(UserId),
}

/// `POST /admin/sockets/{socket}/disconnect`
pub(super) async fn disconnect(State(operations): Shared, _: Operator, Path(socket): Path<String>) -> Response {
    match SocketId::parse(&socket) {
        Ok(socket) => disconnect_everywhere(&operations, &Target::Socket(socket)).await,
        Err(reason) => refuse(Refusal::invalid("socket", reason)),
    }
}

/// `POST /admin/users/{user}/disconnect`
pub(super) async fn disconnect_user(State(operations): Shared, _: Operator, Path(user): Path<String>) -> Response {
    match UserId::parse(&user) {
        Ok(user) => disconnect_everywhere(&operations, &Target::User(user)).await,
        Err(reason) => refuse(Refusal::invalid("user", reason)),
    }
}

/// Tells every gateway, and then of the first that did not answer.
async fn disconnect_everywhere(operations: &Operations, target: &Target) -> Response {
    let mut asking = JoinSet::new();
    for gateway in operations.nodes().values().filter(|node| node.role == Role::Gateway) {
        let (id, link, target) = (gateway.id.clone(), operations.link(&gateway.id), target.clone());
        asking.spawn(async move {
            let gateway = GatewayClient::new(link?);
            let answer = match target {
                Target::Socket(socket) => gateway.disconnect_socket(&socket).await,
                Target::User(user) => gateway.disconnect_user(&user).await,
            };
            answer.map_err(|refusal| Refusal::with_message(refusal.code, format!("{id} did not do it: {refusal}")))
        });
    }
    let failure = asking.join_all().await.into_iter().find_map(Result::err);
    failure.map_or_else(|| StatusCode::NO_CONTENT.into_response(), refuse)
}
