//! Guest sessions: a name and a signed token for people without an account.
//!
//! All that there is to know about a session is in its token: no store is asked. A token lives for an hour or so
//! and is renewed, also when it has ended, for as long as its session lasts; the guest stays the same user.

use std::{fmt, time::Duration};

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
};
use heliograph_domain::{
    id::UserId,
    refusal::{Code, Refusal},
    time::Timestamp,
    user::Name,
};
use heliograph_telemetry::metrics::count;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::{Api, allowance::Client, caller, error::ApiError, input::Body};

/// How guest sessions are made.
#[derive(Clone)]
pub struct GuestOptions {
    /// The secret that guests' tokens are signed with: the one that tokens are verified with.
    pub secret: String,
    /// The issuer that tokens must name, if one is demanded.
    pub issuer: Option<String>,
    /// The audience that tokens must name, if one is demanded.
    pub audience: Option<String>,
    /// How long a token is valid.
    pub token_ttl: Duration,
    /// How long a session can be renewed.
    pub session_ttl: Duration,
    /// Sessions that an address may begin or renew in a minute.
    pub per_minute: u32,
}

impl fmt::Debug for GuestOptions {
    /// Leaves out the secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("GuestOptions").field("session_ttl", &self.session_ttl).finish_non_exhaustive()
    }
}

/// The claims of a guest's token.
#[derive(Deserialize, Serialize)]
struct GuestClaims {
    sub: String,
    name: String,
    guest: bool,
    /// The session's id.
    sid: String,
    /// When the session ends, in seconds since the epoch.
    session_exp: u64,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<String>,
}

/// The answer of `POST /api/guest/session`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Session {
    token: String,
    session_id: String,
    expires_at: String,
    renewed: bool,
    user: Guest,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Guest {
    user_id: String,
    id: String,
    username: String,
    is_guest: bool,
}

/// What a guest comes with.
pub(super) struct Arrival {
    token: Option<String>,
    client: Client,
}

impl FromRequestParts<Api> for Arrival {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        Ok(Self { token: caller::token(parts, api).1, client: Client::Address(caller::address(parts)) })
    }
}

/// `POST /api/guest/session`: a new session, or with a token of a session that lasts, that session renewed.
pub(super) async fn open(
    State(api): State<Api>,
    arrival: Arrival,
    body: Body,
) -> Result<(StatusCode, Json<Session>), ApiError> {
    let Some(options) = &api.options().guests else { return Err(Code::NotFound.into()) };
    let now = api.services().clock.now();
    api.0.guests.take(arrival.client, now).map_err(|refusal| {
        count(&api.services().metrics.limits, "guest_sessions");
        api.refuse(refusal)
    })?;
    let name = body.text("username")?.map(Name::parse).transpose();
    let name = name.map_err(|reason| Refusal::invalid("username", reason))?;
    let known = arrival.token.and_then(|token| options.session_of(&token, now));
    let renewed = known.is_some();
    let mut claims = known.unwrap_or_else(|| options.new_session(now));
    if let Some(name) = name {
        claims.name = name.to_string();
    }
    let ends = (now + options.token_ttl).min(Timestamp::from_millis(claims.session_exp.saturating_mul(1000)));
    claims.exp = ends.as_millis() / 1000;
    let token = options.sign(&claims)?;
    let status = if renewed { StatusCode::OK } else { StatusCode::CREATED };
    let user = Guest { user_id: claims.sub.clone(), id: claims.sub, username: claims.name, is_guest: true };
    let expires_at = Timestamp::from_millis(claims.exp * 1000).to_string();
    Ok((status, Json(Session { token, session_id: claims.sid, expires_at, renewed, user })))
}

impl GuestOptions {
    fn new_session(&self, now: Timestamp) -> GuestClaims {
        GuestClaims {
            sub: UserId::new_guest().to_string(),
            name: Name::of_guest(rand::random()).to_string(),
            guest: true,
            sid: format!("session_{}", Ulid::generate()),
            session_exp: (now + self.session_ttl).as_millis() / 1000,
            exp: 0,
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
        }
    }

    /// The session of a token that is signed with our secret, though it may have ended; `None` if it is no guest's
    /// or its session is over.
    fn session_of(&self, token: &str, now: Timestamp) -> Option<GuestClaims> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let key = DecodingKey::from_secret(self.secret.as_bytes());
        let claims = decode::<GuestClaims>(token, &key, &validation).ok()?.claims;
        let lasts = claims.session_exp.saturating_mul(1000) > now.as_millis();
        let ours = claims.iss == self.issuer && claims.aud == self.audience;
        (claims.guest && lasts && ours).then_some(claims)
    }

    fn sign(&self, claims: &GuestClaims) -> Result<String, Refusal> {
        encode(&Header::default(), claims, &EncodingKey::from_secret(self.secret.as_bytes())).map_err(|error| {
            tracing::error!(%error, "a guest's token cannot be signed");
            Refusal::new(Code::Unavailable)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn options() -> GuestOptions {
        GuestOptions {
            secret: "a secret of at least 32 bytes, really".to_owned(),
            issuer: None,
            audience: None,
            token_ttl: Duration::from_secs(3600),
            session_ttl: Duration::from_secs(24 * 3600),
            per_minute: 60,
        }
    }

    #[test]
    fn a_session_is_renewed_until_it_ends_and_no_longer() {
        let options = options();
        let token = options.sign(&options.new_session(NOW)).unwrap();
        let renewed = options.session_of(&token, NOW + Duration::from_secs(24 * 3600 - 1)).unwrap();
        assert!(renewed.sub.starts_with("guest_"));
        assert!(options.session_of(&token, NOW + Duration::from_secs(24 * 3600)).is_none());
    }

    #[test]
    fn only_a_guests_token_with_our_signature_is_renewed() {
        let options = options();
        let other = GuestOptions { secret: "another secret, just as long as ours".to_owned(), ..options.clone() };
        let token = other.sign(&other.new_session(NOW)).unwrap();
        assert!(options.session_of(&token, NOW).is_none());
        let user = GuestClaims { guest: false, ..options.new_session(NOW) };
        assert!(options.session_of(&options.sign(&user).unwrap(), NOW).is_none());
    }
}
