//! Who wants nothing more from whom, for vocabularies whose clients cannot say so.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use heliograph_domain::{
    command::{PresenceCommand, PresenceRequest},
    id::{CommandId, UserId},
    refusal::Refusal,
};

use super::{
    Operations, Operator, Shared,
    input::{InPath, in_path},
    refuse,
};

/// `PUT /admin/users/{user}/blocks/{other}`: the other is blocked by the user.
pub(super) async fn block(
    State(operations): Shared,
    _: Operator,
    InPath((user, other)): InPath<(String, String)>,
) -> Response {
    answer(&operations, &user, &other, |user, other| PresenceCommand::BlockUser { user, other }).await
}

/// `DELETE /admin/users/{user}/blocks/{other}`: that is taken back.
pub(super) async fn unblock(
    State(operations): Shared,
    _: Operator,
    InPath((user, other)): InPath<(String, String)>,
) -> Response {
    answer(&operations, &user, &other, |user, other| PresenceCommand::UnblockUser { user, other }).await
}

async fn answer(
    operations: &Operations,
    user: &str,
    other: &str,
    command: fn(UserId, UserId) -> PresenceCommand,
) -> Response {
    match ask(operations, user, other, command).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => refuse(refusal),
    }
}

async fn ask(
    operations: &Operations,
    user: &str,
    other: &str,
    command: fn(UserId, UserId) -> PresenceCommand,
) -> Result<(), Refusal> {
    let command = command(in_path("user", user, UserId::parse)?, in_path("other", other, UserId::parse)?);
    operations.commands.presence(&PresenceRequest { id: CommandId::generate(), command }).await.map(drop)
}
