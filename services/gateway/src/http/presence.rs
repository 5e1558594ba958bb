//! How users are, and how many there are.

use axum::{Json, extract::State};
use heliograph_domain::{id::UserId, refusal::Refusal};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Api, caller::Caller, error::ApiError, input::Query};

/// Most users in one question.
const MOST: usize = 200;

/// How one user is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Presence {
    user_id: String,
    status: &'static str,
    last_seen: Option<String>,
}

/// `GET /api/presence`
pub(super) async fn look_up(
    State(api): State<Api>,
    Caller(identity): Caller,
    query: Query,
) -> Result<Json<Vec<Presence>>, ApiError> {
    let listed = query.text("users").unwrap_or_default().split(',').map(str::trim).filter(|user| !user.is_empty());
    let users: Vec<_> = listed
        .map(|user| UserId::parse(user).map_err(|reason| Refusal::invalid("users", reason)))
        .collect::<Result<_, _>>()?;
    if !(1..=MOST).contains(&users.len()) {
        return Err(Refusal::invalid("users", format_args!("must be 1 to {MOST} ids, separated by commas")).into());
    }
    let found = api.services().presence.look_up(&users, Some(&identity.user.id)).await?;
    let found = found.into_iter().map(|one| Presence {
        user_id: one.user.to_string(),
        status: one.status.name(),
        last_seen: one.last_seen.map(|at| at.to_string()),
    });
    Ok(Json(found.collect()))
}

/// `GET /api/connected-users`: for anybody, as the start pages of apps show it before their users log in.
pub(super) async fn count(State(api): State<Api>) -> Result<Json<Value>, ApiError> {
    let counts = api.services().presence.counts().await?;
    Ok(Json(json!({"count": counts.users})))
}
