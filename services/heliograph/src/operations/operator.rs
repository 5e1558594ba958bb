//! Who may operate: whoever has a signed token that says so, over HTTP and gRPC alike.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
    response::Response,
};
use heliograph_domain::refusal::{Code, Refusal};
use heliograph_gateway::identity::Bearer;

use super::{Operations, refuse};

impl Operations {
    /// Judges what came as `Authorization`.
    ///
    /// # Errors
    /// `AUTH_REQUIRED`, `AUTH_FAILED`, `TOKEN_EXPIRED`; `NOT_ALLOWED` for somebody else's token, or if there is no key
    /// to verify tokens with.
    pub(super) fn authorize(&self, authorization: Option<&str>) -> Result<(), Refusal> {
        let Some(verifier) = &self.operators else {
            let hint = "There is no key to verify tokens with; set auth.secret or auth.public_key_file";
            return Err(Refusal::with_message(Code::NotAllowed, hint));
        };
        let bearer = authorization.and_then(Bearer::new).ok_or(Code::AuthRequired)?;
        match verifier.verify(bearer.token(), self.backends.clock.now()) {
            Ok(identity) if identity.admin => Ok(()),
            Ok(_) => Err(Code::NotAllowed.into()),
            Err(error) => Err(error.code().into()),
        }
    }
}

/// A request with an operator's token.
pub(super) struct Operator;

impl FromRequestParts<Arc<Operations>> for Operator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, operations: &Arc<Operations>) -> Result<Self, Response> {
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        operations.authorize(header).map(|()| Self).map_err(refuse)
    }
}
