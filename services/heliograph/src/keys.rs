//! Keys that the configuration names.

use std::{fs, io, path::Path, path::PathBuf};

use heliograph_gateway::identity::{Key, KeyError, Verifier};

use crate::config::{Auth, AuthMode};

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFileError {
    /// The file cannot be read.
    #[error("{key}: cannot read {path}: {source}")]
    Unreadable {
        /// The configuration key that names the file.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The content is no key.
    #[error("{key} {source}")]
    NoKey {
        /// The configuration key.
        key: &'static str,
        /// What is wrong with it.
        source: KeyError,
    },
    /// There has to be a key and there is none.
    #[error("auth.mode is \"jwt\"; set one of auth.secret, auth.secret_file, auth.public_key_file")]
    Missing,
}

/// The secret, from the configuration or the file that it names.
pub(crate) fn secret(auth: &Auth) -> Result<Option<String>, KeyFileError> {
    if let Some(secret) = &auth.secret {
        return Ok(Some(secret.clone()));
    }
    let Some(path) = &auth.secret_file else { return Ok(None) };
    let text = fs::read_to_string(path).map_err(unreadable("auth.secret_file", path))?;
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// What verifies the tokens of clients.
pub(crate) fn verifier(auth: &Auth) -> Result<Verifier, KeyFileError> {
    match auth.mode {
        AuthMode::Open => Ok(Verifier::open()),
        AuthMode::Jwt => signed(auth)?.ok_or(KeyFileError::Missing),
    }
}

/// What verifies tokens that must be signed whatever the mode; `None` if no key is configured.
pub(crate) fn signed(auth: &Auth) -> Result<Option<Verifier>, KeyFileError> {
    let verifier = |key| Verifier::jwt(key, auth.issuer.as_deref(), auth.audience.as_deref(), auth.leeway);
    let no_key = |key| move |source| KeyFileError::NoKey { key, source };
    if let Some(secret) = secret(auth)? {
        let name = if auth.secret.is_some() { "auth.secret" } else { "auth.secret_file" };
        return Key::secret(&secret).map(|key| Some(verifier(key))).map_err(no_key(name));
    }
    let Some(path) = &auth.public_key_file else { return Ok(None) };
    let name = "auth.public_key_file";
    let pem = fs::read(path).map_err(unreadable(name, path))?;
    Key::public(&pem).map(|key| Some(verifier(key))).map_err(no_key(name))
}

fn unreadable(key: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyFileError {
    move |source| KeyFileError::Unreadable { key, path: path.to_owned(), source }
}
