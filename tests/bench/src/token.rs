//! Tokens for the users of the load.

use std::time::{Duration, SystemTime};

use jsonwebtoken::{EncodingKey, Header, encode};
use serde::Serialize;

use crate::Failure;

/// The HMAC secret that every contender verifies with.
pub(crate) const SECRET: &str = "benchmark-secret-of-32-characters";

const LIFETIME: Duration = Duration::from_secs(24 * 3600);

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    name: &'a str,
    exp: u64,
}

/// A token of a user, signed with [`SECRET`].
pub(crate) fn sign(user: &str) -> Result<String, Failure> {
    let expiry = SystemTime::now() + LIFETIME;
    let exp = expiry
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_err(|error| Failure::new(format!("the clock is before 1970: {error}")))?
        .as_secs();
    let claims = Claims { sub: user, name: user, exp };
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    encode(&Header::default(), &claims, &key).map_err(|error| Failure::new(format!("cannot sign a token: {error}")))
}
