//! Verification of JSON Web Tokens (RFC 7519).

use std::{fmt, time::Duration};

use heliograph_domain::{id::UserId, time::Timestamp, user::Name};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, dangerous, decode, errors::ErrorKind};

use super::{AuthError, Bearer, Claims, Identity};

/// How identities come about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// From verified tokens only.
    Jwt,
    /// For development: from whatever the client says. Signatures are not verified.
    Open,
}

/// The key that tokens are verified with.
#[derive(Clone)]
pub struct Key {
    key: DecodingKey,
    algorithms: Vec<Algorithm>,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    /// The text is no public key in PEM form of a kind that is known.
    #[error("is no RSA, EC or Ed25519 public key in PEM form")]
    NoPublicKey,
    /// The secret is too short to be one (RFC 7518, section 3.2, wants 32 bytes for HS256).
    #[error("must be at least {0} bytes long")]
    ShortSecret(usize),
}

/// Fewest bytes of a secret. RFC 7518 demands 32 for HS256; deployments that share a shorter one with an
/// existing issuer exist, so that only what can be guessed is refused.
const MIN_SECRET: usize = 8;

impl Key {
    /// A secret shared with the issuer, for HS256, HS384 and HS512.
    pub fn secret(secret: &str) -> Result<Self, KeyError> {
        if secret.len() < MIN_SECRET {
            return Err(KeyError::ShortSecret(MIN_SECRET));
        }
        let algorithms = vec![Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
        Ok(Self { key: DecodingKey::from_secret(secret.as_bytes()), algorithms })
    }

    /// The issuer's public key in PEM form: RSA (RS and PS algorithms), EC (ES256, ES384) or Ed25519.
    pub fn public(pem: &[u8]) -> Result<Self, KeyError> {
        // The PEM readers accept only their own kind of key, so that the first that accepts knows it.
        let (key, algorithms) = if let Ok(key) = DecodingKey::from_rsa_pem(pem) {
            use Algorithm::{PS256, PS384, PS512, RS256, RS384, RS512};
            (key, vec![RS256, RS384, RS512, PS256, PS384, PS512])
        } else if let Ok(key) = DecodingKey::from_ec_pem(pem) {
            (key, vec![Algorithm::ES256, Algorithm::ES384])
        } else if let Ok(key) = DecodingKey::from_ed_pem(pem) {
            (key, vec![Algorithm::EdDSA])
        } else {
            return Err(KeyError::NoPublicKey);
        };
        Ok(Self { key, algorithms })
    }
}

/// Turns tokens into identities.
pub struct Verifier {
    mode: Mode,
    key: Option<DecodingKey>,
    validation: Validation,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl Verifier {
    /// Verifies with a key, and the issuer and audience if they are given. `leeway` is how long after its
    /// end a token is still accepted.
    pub fn jwt(key: Key, issuer: Option<&str>, audience: Option<&str>, leeway: Duration) -> Self {
        let mut validation = validation(leeway);
        validation.algorithms = key.algorithms;
        if let Some(issuer) = issuer {
            validation.set_issuer(&[issuer]);
            validation.required_spec_claims.insert("iss".to_owned());
        }
        if let Some(audience) = audience {
            validation.set_audience(&[audience]);
            validation.validate_aud = true;
            validation.required_spec_claims.insert("aud".to_owned());
        }
        Self { mode: Mode::Jwt, key: Some(key.key), validation }
    }

    /// Accepts everybody, for development.
    pub fn open() -> Self {
        Self { mode: Mode::Open, key: None, validation: validation(Duration::ZERO) }
    }

    /// How identities come about.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The identity that a token gives at `now`. In open mode the signature is not looked at, and a token
    /// that is none gives [`AuthError::Failed`].
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Identity, AuthError> {
        let token = Bearer::new(token).ok_or(AuthError::Failed)?.token();
        let claims = match &self.key {
            Some(key) => {
                decode::<Claims>(token, key, &self.validation)
                    .map_err(|error| match error.kind() {
                        ErrorKind::ExpiredSignature => AuthError::Expired,
                        _ => AuthError::Failed,
                    })?
                    .claims
            }
            None => dangerous::insecure_decode_claims::<Claims>(token).map_err(|_| AuthError::Failed)?,
        };
        let identity = claims.identity()?;
        // The library compares whole seconds; a token that has ended must not live on for a part of one.
        let leeway = Duration::from_secs(self.validation.leeway);
        if identity.expires.is_some_and(|expires| expires + leeway <= now) {
            return Err(AuthError::Expired);
        }
        Ok(identity)
    }

    /// The identity of a client in open mode that has said who it is without a token.
    pub fn claimed(&self, id: Option<&str>, name: Option<Name>) -> Option<Identity> {
        if self.mode == Mode::Jwt {
            return None;
        }
        let id = UserId::parse(id?).ok()?;
        Some(Identity::claimed(id, name))
    }
}

fn validation(leeway: Duration) -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.leeway = leeway.as_secs();
    validation.required_spec_claims.clear();
    validation.validate_aud = false;
    validation.validate_nbf = true;
    validation
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &str = "a secret of at least 32 bytes, really";
    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn token(claims: &Value) -> String {
        encode(&Header::default(), claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
    }

    fn verifier() -> Verifier {
        Verifier::jwt(Key::secret(SECRET).unwrap(), None, None, Duration::ZERO)
    }

    #[test]
    fn the_first_of_several_claims_counts() {
        for (claims, id, name) in [
            (json!({"sub": "a", "userId": "b", "name": "A", "username": "B"}), "a", "A"),
            (json!({"userId": 7, "userName": " Seven "}), "7", "Seven"),
            (json!({"id": "x", "firstName": "X"}), "x", "X"),
            (json!({"id": "unnamed"}), "unnamed", "unnamed"),
        ] {
            let identity = verifier().verify(&token(&claims), NOW).unwrap();
            assert_eq!((identity.user.id.as_str(), identity.user.name.as_str()), (id, name));
        }
    }

    #[test]
    fn bad_tokens_are_told_from_expired_ones() {
        let other = encode(&Header::default(), &json!({"sub": "a"}), &EncodingKey::from_secret(b"other")).unwrap();
        for (token, error) in [
            ("".to_owned(), AuthError::Failed),
            ("a.b.c".to_owned(), AuthError::Failed),
            (other, AuthError::Failed),
            (token(&json!({"name": "no subject"})), AuthError::Failed),
            (token(&json!({"sub": "a", "exp": 1_000})), AuthError::Expired),
            (token(&json!({"sub": "", "name": "empty"})), AuthError::Failed),
        ] {
            assert_eq!(verifier().verify(&token, NOW), Err(error));
        }
    }

    #[test]
    fn an_unsigned_token_is_nothing_but_a_claim() {
        // {"alg":"none"} . {"sub":"a"} .
        let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.";
        assert_eq!(verifier().verify(unsigned, NOW), Err(AuthError::Failed));
    }

    #[test]
    fn issuer_and_audience_are_demanded_when_configured() {
        let strict = Verifier::jwt(Key::secret(SECRET).unwrap(), Some("us"), Some("calls"), Duration::ZERO);
        assert!(strict.verify(&token(&json!({"sub": "a", "iss": "us", "aud": "calls"})), NOW).is_ok());
        for claims in [
            json!({"sub": "a", "iss": "us"}),
            json!({"sub": "a", "aud": "calls"}),
            json!({"sub": "a", "iss": "them", "aud": "calls"}),
        ] {
            assert_eq!(strict.verify(&token(&claims), NOW), Err(AuthError::Failed));
        }
    }

    #[test]
    fn open_mode_reads_claims_without_a_key_but_refuses_what_has_expired() {
        let open = Verifier::open();
        let identity = open.verify(&token(&json!({"sub": "a", "rooms": ["team-*"]})), NOW).unwrap();
        assert!(identity.rooms.unwrap().matches("team-1"));
        assert_eq!(open.verify(&token(&json!({"sub": "a", "exp": 1_000})), NOW), Err(AuthError::Expired));
        assert_eq!(open.claimed(Some("bob"), Name::parse("Bob").ok()).unwrap().user.name.as_str(), "Bob");
        assert_eq!(verifier().claimed(Some("bob"), None), None);
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        assert_eq!(Key::secret("short").err(), Some(KeyError::ShortSecret(MIN_SECRET)));
        assert_eq!(Key::public(b"not a key").err(), Some(KeyError::NoPublicKey));
    }
}
