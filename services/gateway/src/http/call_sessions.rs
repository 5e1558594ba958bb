//! Calls that are prepared by HTTP, and how calls stand.

use axum::{Json, extract::State, http::StatusCode};
use heliograph_domain::{
    call::{CallParty, CallView},
    command::{CallMedia, CallPlan, Origin, RoomCommand, RoomRequest},
    id::{CallId, CommandId, UserId},
    outcome::RoomOutcome,
    refusal::{Code, Refusal},
    room::RoomId,
    time::Timestamp,
};
use heliograph_telemetry::metrics::count;
use serde::Serialize;
use serde_json::Value;

use super::{
    Api,
    caller::{Caller, Visitor},
    error::ApiError,
    ice::IceServer,
    input::{self, Body, InPath},
};
use crate::identity::Mode;

/// A prepared call.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    call_id: String,
    room_id: Option<String>,
    r#type: &'static str,
    participants: Vec<String>,
    status: &'static str,
    created_at: String,
    expires_at: String,
    ice_servers: Vec<IceServer>,
}

/// `POST /api/call-sessions`
pub(super) async fn create(
    State(api): State<Api>,
    visitor: Visitor,
    body: Body,
) -> Result<(StatusCode, Json<Created>), ApiError> {
    if api.services().verifier.mode() == Mode::Open {
        // Nobody has to be who they say they are, so that a limit of users would hold nobody back.
        api.0.open_calls.take(visitor.address(), api.services().clock.now()).map_err(|refusal| {
            count(&api.services().metrics.limits, "open_calls");
            api.refuse(refusal)
        })?;
    }
    let plan = plan(&body)?;
    let (user, origin) = match visitor.identity {
        Some(identity) => (identity.user.id.clone(), Origin::User(identity.user)),
        // Whoever initiates it first makes it theirs.
        None if api.services().verifier.mode() == Mode::Open => (UserId::new_guest(), Origin::System),
        None => return Err(Code::AuthRequired.into()),
    };
    let request = RoomRequest {
        id: CommandId::generate(),
        room: RoomId::of_call(&CallId::generate()),
        origin,
        command: RoomCommand::CreateCall(plan.clone()),
    };
    match api.services().commands.room(&request).await.map_err(|refusal| api.refuse(refusal))? {
        RoomOutcome::CallCreated { call, participants, created_at, expires_at } => {
            let created = Created {
                call_id: call.to_string(),
                room_id: plan.room.map(|room| room.to_string()),
                r#type: media_name(plan.media),
                participants: participants.iter().map(ToString::to_string).collect(),
                status: "created",
                created_at: created_at.to_string(),
                expires_at: expires_at.to_string(),
                ice_servers: api.options().ice.servers(&user, api.services().clock.now()),
            };
            Ok((StatusCode::CREATED, Json(created)))
        }
        other => {
            tracing::error!(?other, "a call was asked for and something else came about");
            Err(Code::Unavailable.into())
        }
    }
}

fn plan(body: &Body) -> Result<CallPlan, Refusal> {
    let media = match body.text("type")? {
        Some("audio") => CallMedia::Audio,
        Some("video") => CallMedia::Video,
        _ => return Err(Refusal::invalid("type", "must be \"video\" or \"audio\"")),
    };
    let room = body.id("roomId", RoomId::parse)?;
    let participants = match body.field("participants") {
        None => Vec::new(),
        Some(Value::Array(users)) => {
            users.iter().map(|user| input::id("participants", user, UserId::parse)).collect::<Result<_, _>>()?
        }
        Some(_) => return Err(Refusal::invalid("participants", "must be an array of user ids")),
    };
    if room.is_none() && participants.is_empty() {
        return Err(Refusal::invalid("roomId", "or participants must be given"));
    }
    Ok(CallPlan { media, room, participants })
}

fn media_name(media: CallMedia) -> &'static str {
    match media {
        CallMedia::Audio => "audio",
        CallMedia::Video => "video",
    }
}

/// How a call stands.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown {
    call_id: String,
    status: &'static str,
    r#type: &'static str,
    participants: Vec<Party>,
    started_at: Option<String>,
    ended_at: Option<String>,
    end_reason: Option<&'static str>,
}

/// Someone who has a part in a call.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Party {
    user_id: String,
    user_name: Option<String>,
    state: &'static str,
    audio: bool,
    video: bool,
    screen: bool,
}

/// `GET /api/call-sessions/{callId}`
pub(super) async fn show(
    State(api): State<Api>,
    Caller(identity): Caller,
    InPath(call): InPath,
) -> Result<Json<Shown>, ApiError> {
    let call = CallId::parse(&call).map_err(|reason| Refusal::invalid("callId", reason))?;
    let view = api.services().rooms.call(&call, Some(&identity.user.id)).await?;
    Ok(Json(Shown::new(&call, view)))
}

impl Shown {
    fn new(call: &CallId, view: CallView) -> Self {
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
        Self {
            call_id: call.to_string(),
            status: view.state.name(),
            r#type: media_name(view.media),
            participants: view.parties.into_iter().map(Party::new).collect(),
            started_at: time(view.started_at),
            ended_at: time(view.ended_at),
            end_reason: view.end_reason.map(|reason| reason.name()),
        }
    }
}

impl Party {
    fn new(party: CallParty) -> Self {
        Self {
            user_id: party.user.to_string(),
            user_name: party.name.map(|name| name.to_string()),
            state: party.state.name(),
            audio: party.media.audio,
            video: party.media.video,
            screen: party.media.screen,
        }
    }
}
