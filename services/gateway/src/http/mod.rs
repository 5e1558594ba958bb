//! The HTTP API of the public port (docs/protocol.md, "HTTP"), and the pages.
//!
//! One file per group of endpoints. `routes` lists them all; the description that `/api/openapi.json` gives
//! is held against that list by a test.
//!
//! - `caller`: whose request it is;
//! - `input`: query parameters and bodies, with the refusals that name a field;
//! - `messages`: what the log says about messages;
//! - `allowance`: how often an address or user may use what costs something;
//! - `error`: refusals as responses.

mod allowance;
mod call_sessions;
mod caller;
mod error;
mod guests;
mod health;
mod history;
mod ice;
mod input;
pub mod messages;
mod openapi;
mod pages;
mod presence;
mod rooms;
mod stats;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, Method, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodRouter, any, get, post},
};
use heliograph_cluster::{
    clock::Clock,
    commands::Commands,
    grpc::{PresenceClient, RoomClient},
};
use heliograph_domain::refusal::{Code, Refusal};
use heliograph_telemetry::metrics::{Gateway as Metrics, count};
use tokio_util::sync::CancellationToken;

use self::{allowance::Allowance, error::ApiError};
pub use self::{guests::GuestOptions, ice::IceOptions};
use crate::identity::{TokenSources, Verifier};

/// Settings of the HTTP API.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where a token may be, and which pages may use the API.
    pub tokens: TokenSources,
    /// Whether clients without a token are served as anonymous guests where no identity is needed.
    pub anonymous: bool,
    /// Most bytes of a request's body.
    pub max_body: usize,
    /// Time that a request's body may take.
    pub body_timeout: Duration,
    /// What clients are told about STUN and TURN servers.
    pub ice: IceOptions,
    /// How guest sessions are made; `None` if there is nothing to sign them with, or they are not wanted.
    pub guests: Option<GuestOptions>,
    /// Calls that an address may prepare in a minute in open mode.
    pub open_calls_per_minute: u32,
    /// Reports of call statistics that an address or user may send in a minute.
    pub reports_per_minute: u32,
}

/// What the endpoints work with.
pub struct Services {
    /// Verifies tokens.
    pub verifier: Arc<Verifier>,
    /// Sends commands.
    pub commands: Commands,
    /// Asks about rooms and calls.
    pub rooms: RoomClient,
    /// Asks about users.
    pub presence: PresenceClient,
    /// What is counted.
    pub metrics: Metrics,
    /// The time.
    pub clock: Clock,
    /// How many client connections there are.
    pub connections: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// Cancelled when the process begins to stop.
    pub draining: CancellationToken,
}

/// The HTTP API. Clones are the same API.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    options: Options,
    services: Services,
    started: tokio::time::Instant,
    reports: Allowance,
    open_calls: Allowance,
    guests: Allowance,
}

impl Api {
    /// An API with these settings, over these services.
    pub fn new(options: Options, services: Services) -> Self {
        let guests = options.guests.as_ref().map_or(0, |guests| guests.per_minute);
        Self(Arc::new(Inner {
            reports: Allowance::new(options.reports_per_minute),
            open_calls: Allowance::new(options.open_calls_per_minute),
            guests: Allowance::new(guests),
            started: tokio::time::Instant::now(),
            options,
            services,
        }))
    }

    fn options(&self) -> &Options {
        &self.0.options
    }

    fn services(&self) -> &Services {
        &self.0.services
    }

    fn refuse(&self, refusal: impl Into<Refusal>) -> ApiError {
        ApiError::at(refusal.into(), self.services().clock.now())
    }
}

/// Every endpoint: method and path as OpenAPI writes them, and what answers.
fn routes() -> Vec<(&'static str, MethodRouter<Api>)> {
    vec![
        ("GET /health", get(health::get)),
        ("GET /api/openapi.json", get(openapi::get)),
        ("GET /api/ice-servers", get(ice::get)),
        ("POST /api/call-sessions", post(call_sessions::create)),
        ("GET /api/call-sessions/{callId}", get(call_sessions::show)),
        ("GET /api/rooms", get(rooms::list)),
        ("GET /api/rooms/{roomId}/messages", get(history::page)),
        ("GET /api/presence", get(presence::look_up)),
        ("GET /api/connected-users", get(presence::count)),
        ("POST /api/guest/session", post(guests::open)),
        ("POST /api/webrtc-stats", post(stats::take)),
    ]
}

/// The endpoints under their paths, and the pages under all others.
pub fn router(api: Api) -> Router {
    let mut endpoints = Router::new();
    for (name, endpoint) in routes() {
        let path = name.split_once(' ').map_or(name, |(_, path)| path);
        let metrics = api.services().metrics.clone();
        let counted = endpoint.layer(middleware::from_fn(move |request, next: Next| {
            count(&metrics.http_requests, name);
            next.run(request)
        }));
        endpoints = endpoints.route(path, counted);
    }
    endpoints
        .route("/api", any(unknown))
        .route("/api/{*path}", any(unknown))
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(api.clone(), finish))
        .layer(middleware::from_fn_with_state(api.clone(), across_origins))
        .fallback_service(get(pages::serve))
        .with_state(api)
}

/// Tells browsers which pages may read the answer, and answers their question in advance (Fetch standard, "CORS
/// protocol"). A page that may not is answered all the same, without its user's cookie: it cannot read that.
async fn across_origins(State(api): State<Api>, request: Request, next: Next) -> Response {
    let verdict = api.options().tokens.origins.judge(request.headers());
    if request.method() == Method::OPTIONS {
        return verdict.preflight(request.headers());
    }
    let mut response = next.run(request).await;
    verdict.apply(response.headers_mut());
    response
}

/// Counts what was refused, and keeps answers, which are one user's and of this moment, out of caches.
async fn finish(State(api): State<Api>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(code) = response.extensions().get::<Code>() {
        count(&api.services().metrics.refusals, code.as_str());
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn unknown() -> ApiError {
    Refusal::new(Code::NotFound).into()
}

async fn wrong_method() -> Response {
    ApiError::wrong_method().into_response()
}
