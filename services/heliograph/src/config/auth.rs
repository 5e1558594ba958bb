//! Who clients are.

use std::{path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seconds;

/// How identities come about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AuthMode {
    /// From verified tokens only.
    Jwt,
    /// For development: clients are who they say they are.
    #[default]
    Open,
}

/// Who clients are.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Auth {
    /// `jwt`: verified tokens only. `open`: for development, everybody is who they say they are.
    pub mode: AuthMode,
    /// Allows the open mode although other processes share the backends.
    pub open_in_cluster: bool,
    /// Secret of HS256, HS384 and HS512 tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// File with that secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub secret_file: Option<PathBuf>,
    /// File with the issuer's RSA, EC or Ed25519 public key in PEM form.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub public_key_file: Option<PathBuf>,
    /// Demanded `iss` claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Demanded `aud` claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// How long after its end a token is still accepted.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub leeway: Duration,
    /// Whether guests can have a token of their own; needs a secret to sign it with.
    pub guests: bool,
    /// How long a guest's token is valid; it can be renewed.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub guest_token: Duration,
    /// How long a guest's session lasts.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub guest_session: Duration,
    /// Name of the cookie that may hold the token.
    pub cookie: String,
    /// Whether `/ws` admits clients without a token as guests. Default: in open mode only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anonymous_mesh: Option<bool>,
    /// A socket that has not authenticated (mesh: joined) by then is disconnected.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub deadline: Duration,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            mode: AuthMode::Open,
            open_in_cluster: false,
            secret: None,
            secret_file: None,
            public_key_file: None,
            issuer: None,
            audience: None,
            leeway: Duration::ZERO,
            guests: false,
            guest_token: seconds(3600),
            guest_session: seconds(24 * 3600),
            cookie: "token".to_owned(),
            anonymous_mesh: None,
            deadline: seconds(10),
        }
    }
}
