//! ICE servers for clients, with TURN credentials that end.
//!
//! The credentials follow the scheme that TURN servers share with applications (the TURN REST API draft,
//! coturn's `use-auth-secret`): user name `<expiry>:<user id>`, password the base64 of its HMAC-SHA1.

use std::time::Duration;

use axum::{Json, extract::State};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use heliograph_domain::{id::UserId, time::Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha1::Sha1;

use super::{Api, caller::Visitor};

/// What clients are told.
#[derive(Clone, Debug, Default)]
pub struct IceOptions {
    /// URLs of STUN servers.
    pub stun: Vec<String>,
    /// URLs of TURN servers.
    pub turn: Vec<String>,
    /// Secret shared with the TURN servers.
    pub turn_secret: Option<String>,
    /// How long credentials are valid.
    pub credential_ttl: Duration,
}

/// The answer of `GET /api/ice-servers`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IceServers {
    ice_servers: Vec<IceServer>,
    /// Seconds after which credentials end.
    ttl: u64,
}

pub(super) async fn get(State(api): State<Api>, visitor: Visitor) -> Json<IceServers> {
    let user = visitor.identity.map_or_else(UserId::new_guest, |identity| identity.user.id);
    let ice = &api.options().ice;
    let ice_servers = ice.servers(&user, api.services().clock.now());
    Json(IceServers { ice_servers, ttl: ice.credential_ttl.as_secs() })
}

/// An `RTCIceServer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct IceServer {
    urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
}

impl IceOptions {
    /// The servers for a user. Of several TURN servers each user gets another one first.
    pub(crate) fn servers(&self, user: &UserId, now: Timestamp) -> Vec<IceServer> {
        let mut servers = Vec::with_capacity(2);
        if !self.stun.is_empty() {
            servers.push(IceServer { urls: self.stun.clone(), username: None, credential: None });
        }
        let Some(secret) = self.turn_secret.as_ref().filter(|_| !self.turn.is_empty()) else { return servers };
        let expiry = (now + self.credential_ttl).as_millis() / 1000;
        let username = format!("{expiry}:{user}");
        // A MAC of this kind takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret.as_bytes()) else { return servers };
        mac.update(username.as_bytes());
        let credential = STANDARD.encode(mac.finalize().into_bytes());
        let first = user.as_str().bytes().fold(0_usize, |sum, byte| sum.wrapping_add(usize::from(byte)));
        let mut urls = self.turn.clone();
        let count = urls.len();
        urls.rotate_left(first % count);
        servers.push(IceServer { urls, username: Some(username), credential: Some(credential) });
        servers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turn_credentials_are_what_the_shared_secret_demands() {
        let options = IceOptions {
            stun: vec!["stun:s".to_owned()],
            turn: vec!["turn:a".to_owned(), "turn:b".to_owned()],
            turn_secret: Some("north".to_owned()),
            credential_ttl: Duration::from_secs(600),
        };
        let servers = options.servers(&UserId::parse("a").unwrap(), Timestamp::from_millis(1_000_000));
        assert_eq!(servers[0].urls, ["stun:s"]);
        assert_eq!(servers[1].username.as_deref(), Some("1600:a"));
        // echo -n 1600:a | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(servers[1].credential.as_deref(), Some("OajnJ8CxX1K6ZHkMHl5oSHuGuic="));
        // 97, the byte sum of "a", is odd: the second server comes first.
        assert_eq!(servers[1].urls, ["turn:b", "turn:a"]);
    }

    #[test]
    fn without_a_secret_there_is_no_turn() {
        let options = IceOptions { turn: vec!["turn:a".to_owned()], ..IceOptions::default() };
        assert_eq!(options.servers(&UserId::parse("a").unwrap(), Timestamp::default()), []);
    }
}
