//! Tokens that are verified with the issuer's public key: RSA, EC and Ed25519.

use std::time::{Duration, SystemTime};

use base64::{Engine, prelude::BASE64_STANDARD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PKCS_RSA_SHA256, PublicKeyData, RsaKeySize};
use serde_json::{Value, json};

use crate::program::{Configuration, Server, ask, heliograph, run};

/// Somebody who signs tokens.
struct Issuer {
    algorithm: Algorithm,
    key: EncodingKey,
    /// The public key, in PEM form.
    public: String,
}

impl Issuer {
    fn rsa() -> Self {
        let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        Self::new(Algorithm::RS256, &pair, EncodingKey::from_rsa_pem)
    }

    fn ec() -> Self {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        Self::new(Algorithm::ES256, &pair, EncodingKey::from_ec_pem)
    }

    fn ed() -> Self {
        let pair = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        Self::new(Algorithm::EdDSA, &pair, EncodingKey::from_ed_pem)
    }

    fn new<E: std::fmt::Debug>(
        algorithm: Algorithm,
        pair: &KeyPair,
        read: impl FnOnce(&[u8]) -> Result<EncodingKey, E>,
    ) -> Self {
        let private = pem("PRIVATE KEY", &pair.serialize_der());
        let public = pem("PUBLIC KEY", &pair.subject_public_key_info());
        Self { algorithm, key: read(private.as_bytes()).unwrap(), public }
    }

    fn token(&self, claims: &Value) -> String {
        encode(&Header::new(self.algorithm), claims, &self.key).unwrap()
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn in_seconds(seconds: u64) -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    (now + Duration::from_secs(seconds)).as_secs()
}

/// A token signed with the public key as if it were a secret: whoever knows it, and everybody may, could make one.
fn forged(algorithm: Algorithm, secret: &[u8], claims: &Value) -> String {
    encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret)).unwrap()
}

fn only_tokens_of(issuer: &Issuer, another: &Issuer, strangers: &[&Issuer]) {
    let file = Configuration::verbatim(&issuer.public);
    let settings = format!("auth.mode = \"jwt\"\nauth.public_key_file = {:?}\n", file.path());
    let configuration = Configuration::new(&settings);
    let checked = run(&mut heliograph(&["check", "--config", configuration.path()]));
    assert_eq!((checked.status.code(), checked.stderr.as_str()), (Some(0), ""));
    let server = Server::start(&configuration);
    let answer = |token: &str| ask(server.public, "GET", "/api/rooms", Some(token)).0;

    let claims = json!({ "sub": "alice", "exp": in_seconds(600) });
    assert_eq!(answer(&issuer.token(&claims)), 200, "{:?}", issuer.algorithm);
    let expired = json!({ "sub": "alice", "exp": in_seconds(0) - 60 });
    assert_eq!(answer(&issuer.token(&expired)), 401);
    // The same kind of key, but not this one.
    assert_eq!(another.algorithm, issuer.algorithm);
    assert_eq!(answer(&another.token(&claims)), 401);
    for stranger in strangers {
        assert_eq!(answer(&stranger.token(&claims)), 401, "{:?}", stranger.algorithm);
    }
    let der = issuer.public.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    let der = BASE64_STANDARD.decode(der).unwrap();
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        for secret in [issuer.public.as_bytes(), issuer.public.trim().as_bytes(), &der] {
            assert_eq!(answer(&forged(algorithm, secret, &claims)), 401, "{algorithm:?}");
        }
    }
    // Signed by the right key, and then changed.
    let [head, body, signature] =
        issuer.token(&claims).split('.').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
    let other = another.token(&json!({ "sub": "mallory" }));
    let other = other.split('.').nth(1).unwrap();
    assert_eq!(answer(&format!("{head}.{other}.{signature}")), 401);
    assert_eq!(answer(&format!("{head}.{body}.")), 401);
    // {"alg":"none"}
    assert_eq!(answer(&format!("eyJhbGciOiJub25lIn0.{body}.")), 401);
}

#[test]
fn an_rsa_key_verifies_tokens_of_its_issuer_alone() {
    only_tokens_of(&Issuer::rsa(), &Issuer::rsa(), &[&Issuer::ec(), &Issuer::ed()]);
}

#[test]
fn an_ec_key_verifies_tokens_of_its_issuer_alone() {
    only_tokens_of(&Issuer::ec(), &Issuer::ec(), &[&Issuer::rsa(), &Issuer::ed()]);
}

#[test]
fn an_ed25519_key_verifies_tokens_of_its_issuer_alone() {
    only_tokens_of(&Issuer::ed(), &Issuer::ed(), &[&Issuer::rsa(), &Issuer::ec()]);
}

#[test]
fn a_private_key_in_the_place_of_the_public_one_is_refused() {
    for pair in [KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256), KeyPair::generate_for(&PKCS_ED25519)] {
        let file = Configuration::verbatim(&pem("PRIVATE KEY", &pair.unwrap().serialize_der()));
        let settings = format!("auth.mode = \"jwt\"\nauth.public_key_file = {:?}\n", file.path());
        let ended = run(&mut heliograph(&["--config", Configuration::new(&settings).path()]));
        assert_eq!(ended.status.code(), Some(1));
        assert!(ended.stderr.contains("auth.public_key_file") && ended.stderr.lines().count() == 1, "{}", ended.stderr);
    }
}
