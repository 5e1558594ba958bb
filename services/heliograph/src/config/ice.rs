//! STUN and TURN.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seconds;

/// STUN and TURN servers that clients are told.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Ice {
    /// STUN servers, such as `stun:stun.example.com:3478`.
    pub stun: Vec<String>,
    /// TURN servers, such as `turn:turn.example.com:3478?transport=udp`. Need `turn_secret`.
    pub turn: Vec<String>,
    /// Secret shared with the TURN servers (coturn: `static-auth-secret`), from which time-limited credentials are made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_secret: Option<String>,
    /// How long TURN credentials are valid.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub credential_ttl: Duration,
}

impl Default for Ice {
    fn default() -> Self {
        Self {
            stun: vec!["stun:stun.l.google.com:19302".to_owned(), "stun:stun1.l.google.com:19302".to_owned()],
            turn: Vec::new(),
            turn_secret: None,
            credential_ttl: seconds(3600),
        }
    }
}
