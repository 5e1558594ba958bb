//! Keys that the configuration names.

use std::{fs, path::PathBuf};

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
        source: std::io::Error,
    },
    /// The content is no key.
    #[error("{key} {source}")]
    NoKey {
        /// The configuration key.
        key: &'static str,
        /// What is wrong with it.
        source: KeyError,
    },
}

/// The secret, from the configuration or the file that it names.
pub(crate) fn secret(auth: &Auth) -> Result<Option<String>, KeyFileError> {
    if let Some(secret) = &auth.secret {
        return Ok(Some(secret.clone()));
    }
    let Some(path) = &auth.secret_file else { return Ok(None) };
    let text = fs::read_to_string(path).map_err(|source| KeyFileError::Unreadable {
        key: "auth.secret_file",
        path: path.clone(),
        source,
    })?;
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// What verifies the tokens of clients.
pub(crate) fn verifier(auth: &Auth) -> Result<Verifier, KeyFileError> {
    if auth.mode == AuthMode::Open {
        return Ok(Verifier::open());
    }
    let key = match (secret(auth)?, &auth.public_key_file) {
        (Some(secret), _) => {
            let key = if auth.secret.is_some() { "auth.secret" } else { "auth.secret_file" };
            Key::secret(&secret).map_err(|source| KeyFileError::NoKey { key, source })?
        }
        (None, Some(path)) => {
            let key = "auth.public_key_file";
            let pem = fs::read(path).map_err(|source| KeyFileError::Unreadable { key, path: path.clone(), source })?;
            Key::public(&pem).map_err(|source| KeyFileError::NoKey { key, source })?
        }
        // Never open by accident, even though a checked configuration has a key in jwt mode.
        (None, None) => {
            return Err(KeyFileError::NoKey { key: "auth.secret", source: KeyError::ShortSecret(1) });
        }
    };
    Ok(Verifier::jwt(key, auth.issuer.as_deref(), auth.audience.as_deref(), auth.leeway))
}
