//! `heliograph token`: signs a token with the configured secret.

use std::time::SystemTime;

use heliograph_domain::{id::UserId, time::Timestamp, user::Name};
use heliograph_gateway::identity::{Claims, IdClaim};
use jsonwebtoken::{EncodingKey, Header};

use crate::{cli::TokenArgs, config::Auth, keys};

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    /// An argument is bad.
    #[error("--{flag} {value:?} {reason}")]
    Argument {
        /// The flag.
        flag: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is nothing to sign with.
    #[error(
        "there is no secret to sign with: set auth.secret or auth.secret_file \
         (tokens of a public key's issuer are made by that issuer)"
    )]
    NoSecret,
    /// The secret cannot be read.
    #[error(transparent)]
    Key(#[from] keys::KeyFileError),
    /// Signing failed.
    #[error("signing failed: {0}")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

/// A signed token with these claims.
pub(crate) fn token(args: &TokenArgs, auth: &Auth) -> Result<String, TokenError> {
    let argument = |flag, value: &str, reason: String| TokenError::Argument { flag, value: value.to_owned(), reason };
    UserId::parse(&args.user).map_err(|error| argument("user", &args.user, error.to_string()))?;
    if let Some(name) = &args.name {
        Name::parse(name).map_err(|error| argument("name", name, error.to_string()))?;
    }
    let secret = keys::secret(auth)?.ok_or(TokenError::NoSecret)?;
    let expires = Timestamp::from_system(SystemTime::now()) + args.ttl;
    let claims = Claims {
        sub: Some(IdClaim::Text(args.user.clone())),
        name: args.name.clone(),
        exp: Some(expires.as_millis() as f64 / 1000.0),
        rooms: (!args.rooms.is_empty()).then(|| args.rooms.clone()),
        admin: args.admin,
        iss: auth.issuer.clone(),
        aud: auth.audience.clone(),
        ..Claims::default()
    };
    Ok(jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.as_bytes()))?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use heliograph_gateway::identity::{Key, Verifier};

    use super::*;

    fn args() -> TokenArgs {
        TokenArgs {
            user: "alice".to_owned(),
            name: Some("Alice".to_owned()),
            ttl: Duration::from_secs(60),
            rooms: vec!["team-*".to_owned()],
            admin: true,
        }
    }

    #[test]
    fn the_gateway_accepts_the_token() {
        let secret = "a secret of at least 32 bytes, really";
        let auth = Auth {
            secret: Some(secret.to_owned()),
            issuer: Some("us".to_owned()),
            audience: Some("calls".to_owned()),
            ..Auth::default()
        };
        let verifier = Verifier::jwt(Key::secret(secret).unwrap(), Some("us"), Some("calls"), Duration::ZERO);
        let now = Timestamp::from_system(SystemTime::now());
        let identity = verifier.verify(&token(&args(), &auth).unwrap(), now).unwrap();
        assert_eq!(identity.user.name.as_str(), "Alice");
        assert!(identity.admin && identity.rooms.unwrap().matches("team-1"));
    }

    #[test]
    fn what_is_missing_is_named() {
        assert!(token(&args(), &Auth::default()).unwrap_err().to_string().contains("auth.secret"));
        let auth = Auth { secret: Some("a secret of some length".to_owned()), ..Auth::default() };
        let bad = TokenArgs { user: String::new(), ..args() };
        assert!(token(&bad, &auth).unwrap_err().to_string().contains("--user"));
    }
}
