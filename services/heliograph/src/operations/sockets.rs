//! Client connections, on whatever gateway.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use heliograph_cluster::{
    directory::Role,
    grpc::{GatewayClient, LocalSocket, SocketPage},
};
use heliograph_domain::{
    id::{NodeId, SocketId, UserId},
    refusal::Refusal,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{
    Operations, Operator, Shared,
    input::{Asked, InPath, in_path, within},
    refuse,
};

/// Most sockets on a page.
const MOST_SOCKETS: u32 = 1000;

/// Which sockets an operator wants to see.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// The gateway.
    node: String,
    /// The last socket of the page before.
    after: Option<String>,
    /// Most sockets, at most 1000.
    limit: Option<u32>,
}

/// `GET /admin/sockets?node=…`: a page of a gateway's sockets.
pub(super) async fn list(State(operations): Shared, _: Operator, Asked(wanted): Asked<Wanted>) -> Response {
    page(&operations, &wanted).await.map_or_else(refuse, |page| Json(page).into_response())
}

async fn page(operations: &Operations, wanted: &Wanted) -> Result<Value, Refusal> {
    let node = NodeId::parse(&wanted.node).map_err(|reason| Refusal::invalid("node", reason))?;
    let after = wanted.after.as_deref().map(SocketId::parse).transpose();
    let after = after.map_err(|reason| Refusal::invalid("after", reason))?;
    let limit = within("limit", wanted.limit.unwrap_or(MOST_SOCKETS), MOST_SOCKETS)?;
    let page = operations.sockets(&node, after.as_ref(), limit).await?;
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
pub(super) enum Target {
    Socket(SocketId),
    User(UserId),
}

/// `POST /admin/sockets/{socket}/disconnect`
pub(super) async fn disconnect(State(operations): Shared, _: Operator, InPath(socket): InPath<String>) -> Response {
    let target = in_path("socket", &socket, SocketId::parse).map(Target::Socket);
    answer(&operations, target).await
}

/// `POST /admin/users/{user}/disconnect`
pub(super) async fn disconnect_user(State(operations): Shared, _: Operator, InPath(user): InPath<String>) -> Response {
    answer(&operations, in_path("user", &user, UserId::parse).map(Target::User)).await
}

async fn answer(operations: &Operations, target: Result<Target, Refusal>) -> Response {
    let disconnected = match target {
        Ok(target) => operations.disconnect(&target).await,
        Err(refusal) => Err(refusal),
    };
    disconnected.map_or_else(refuse, |_| StatusCode::NO_CONTENT.into_response())
}

impl Operations {
    /// Some sockets of a gateway.
    ///
    /// # Errors
    /// `NOT_FOUND` if there is no such node, `INVALID_PAYLOAD` if it is no gateway.
    pub(super) async fn sockets(
        &self,
        node: &NodeId,
        after: Option<&SocketId>,
        limit: u32,
    ) -> Result<SocketPage, Refusal> {
        if self.nodes().get(node).is_some_and(|node| node.role != Role::Gateway) {
            return Err(Refusal::invalid("node", "is not a gateway"));
        }
        GatewayClient::new(self.link(node)?).sockets(after, limit).await
    }

    /// Tells every gateway. Gives how many sockets there were.
    ///
    /// # Errors
    /// Of the first gateway that did not answer; the others have done it.
    pub(super) async fn disconnect(&self, target: &Target) -> Result<u32, Refusal> {
        let mut asking = JoinSet::new();
        for gateway in self.nodes().values().filter(|node| node.role == Role::Gateway) {
            let (id, link, target) = (gateway.id.clone(), self.link(&gateway.id), target.clone());
            asking.spawn(async move {
                let gateway = GatewayClient::new(link?);
                let answer = match target {
                    Target::Socket(socket) => gateway.disconnect_socket(&socket).await,
                    Target::User(user) => gateway.disconnect_user(&user).await,
                };
                answer.map_err(|refusal| Refusal::with_message(refusal.code, format!("{id} did not do it: {refusal}")))
            });
        }
        asking.join_all().await.into_iter().sum()
    }
}
