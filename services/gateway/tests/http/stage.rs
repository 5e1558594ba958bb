//! An API over stand-ins, and a way to ask it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use heliograph_cluster::clock::Clock;
use heliograph_cluster::commands::{CommandOptions, Commands};
use heliograph_cluster::grpc::stubs::presence_service_server::PresenceServiceServer;
use heliograph_cluster::grpc::stubs::room_service_server::RoomServiceServer;
use heliograph_cluster::grpc::{Link, PresenceClient, RoomClient};
use heliograph_domain::time::Timestamp;
use heliograph_gateway::http::{Api, GuestOptions, IceOptions, Options, Services, router};
use heliograph_gateway::identity::{Key, TokenSources, Verifier};
use heliograph_gateway::listener::Origins;
use heliograph_telemetry::metrics::Metrics;
use http_body_util::BodyExt;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::services::{Calls, Log, Users};

pub(crate) const SECRET: &str = "a secret of at least 32 bytes, really";
pub(crate) const ORIGIN: &str = "https://app.example";
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// An API, and what a test looks at beside its answers.
pub(crate) struct Stage {
    router: Router,
    pub(crate) metrics: Metrics,
    pub(crate) draining: CancellationToken,
    pub(crate) calls: Arc<Calls>,
}

/// What an API is made of, for a test to change.
pub(crate) struct Setting {
    pub(crate) verifier: Verifier,
    pub(crate) options: Options,
    pub(crate) log: Log,
    pub(crate) users: Users,
}

impl Default for Setting {
    fn default() -> Self {
        let options = Options {
            tokens: TokenSources { cookie: "token".into(), origins: Arc::new(Origins::List(vec![ORIGIN.to_owned()])) },
            anonymous: false,
            max_body: 10_000,
            body_timeout: Duration::from_secs(5),
            ice: IceOptions {
                stun: vec!["stun:stun.example".to_owned()],
                turn: vec!["turn:turn.example".to_owned()],
                turn_secret: Some("north".to_owned()),
                credential_ttl: Duration::from_secs(600),
            },
            guests: Some(GuestOptions {
                secret: SECRET.to_owned(),
                issuer: None,
                audience: None,
                token_ttl: Duration::from_secs(3600),
                session_ttl: Duration::from_secs(24 * 3600),
                per_minute: 3,
            }),
            open_calls_per_minute: 2,
            reports_per_minute: 3,
        };
        let key = Key::secret(SECRET).unwrap();
        let verifier = Verifier::jwt(key, None, None, Duration::ZERO);
        Self { verifier, options, log: Log::default(), users: Users::default() }
    }
}

impl Setting {
    /// The development mode.
    pub(crate) fn open() -> Self {
        let mut setting = Self { verifier: Verifier::open(), ..Self::default() };
        setting.options.anonymous = true;
        setting
    }

    pub(crate) fn stage(self) -> Stage {
        let deadline = Duration::from_secs(5);
        let calls = Arc::new(Calls::default());
        let metrics = Metrics::default();
        let draining = CancellationToken::new();
        let services = Services {
            verifier: Arc::new(self.verifier),
            commands: Commands::new(calls.clone(), CommandOptions::default()),
            rooms: RoomClient::new(Link::new(RoomServiceServer::new(self.log), deadline)),
            presence: PresenceClient::new(Link::new(PresenceServiceServer::new(self.users), deadline)),
            metrics: metrics.gateway.clone(),
            clock: Clock::with_timers(NOW),
            connections: Arc::new(|| 7),
            draining: draining.clone(),
        };
        Stage { router: router(Api::new(self.options, services)), metrics, draining, calls }
    }
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The status and the code of a refusal.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let body = self.json();
        assert!(body["error"].is_string(), "{body}");
        (self.status.as_u16(), body["code"].as_str().unwrap().to_owned())
    }

    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Stage {
    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// A GET by a user.
    pub(crate) async fn get(&self, user: &str, path: &str) -> Answer {
        self.ask(request(Method::GET, path, Some(&token(user, json!({}))), None)).await
    }

    /// A POST by a user.
    pub(crate) async fn post(&self, user: &str, path: &str, body: &Value) -> Answer {
        self.ask(request(Method::POST, path, Some(&token(user, json!({}))), Some(body))).await
    }

    /// The value of the series whose line begins with `series`.
    pub(crate) fn metric(&self, series: &str) -> f64 {
        let text = self.metrics.to_text();
        let line = text.lines().find_map(|line| line.strip_prefix(series)).unwrap_or("0");
        line.trim().parse().unwrap()
    }
}

/// A request, without a content type as some stock clients send it.
pub(crate) fn request(method: Method, path: &str, token: Option<&str>, body: Option<&Value>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_string()))).unwrap()
}

/// A signed token.
pub(crate) fn token(user: &str, more: Value) -> String {
    let mut claims = json!({"sub": user, "name": user.to_uppercase()});
    if let (Some(claims), Value::Object(more)) = (claims.as_object_mut(), more) {
        claims.extend(more);
    }
    jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}
