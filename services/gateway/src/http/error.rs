//! Errors of the HTTP API: `{error, code}` with the status that fits.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use heliograph_domain::{
    refusal::{Code, Refusal},
    time::Timestamp,
};
use serde_json::json;

/// A refusal as an HTTP response.
#[derive(Debug)]
pub(super) struct ApiError {
    refusal: Refusal,
    /// The status, if it is not the code's own.
    status: Option<StatusCode>,
    /// Seconds after which a limited request may be tried again.
    retry_after: Option<u64>,
}

impl ApiError {
    /// The refusal, with the time that is left until its limit's window ends.
    pub(super) fn at(refusal: Refusal, now: Timestamp) -> Self {
        let retry_after = refusal.reset_at.map(|at| at.since(now).as_secs() + 1);
        Self { refusal, status: None, retry_after }
    }

    /// The path exists, with other methods.
    pub(super) fn wrong_method() -> Self {
        let refusal = Refusal::with_message(Code::NotFound, "Method not allowed");
        Self { refusal, status: Some(StatusCode::METHOD_NOT_ALLOWED), retry_after: None }
    }

    fn status(&self) -> StatusCode {
        if let Some(status) = self.status {
            return status;
        }
        match self.refusal.code {
            Code::InvalidPayload => StatusCode::BAD_REQUEST,
            Code::AuthRequired | Code::AuthFailed | Code::TokenExpired => StatusCode::UNAUTHORIZED,
            Code::NotAllowed | Code::Blocked | Code::NotInRoom | Code::ChatDisabled => StatusCode::FORBIDDEN,
            Code::NotFound | Code::UnknownEvent | Code::UserNotConnected => StatusCode::NOT_FOUND,
            Code::Conflict | Code::RoomClosed | Code::RoomFull => StatusCode::CONFLICT,
            Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl<R: Into<Refusal>> From<R> for ApiError {
    fn from(refusal: R) -> Self {
        Self { refusal: refusal.into(), status: None, retry_after: None }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({"error": self.refusal.message, "code": self.refusal.code.as_str()});
        let mut response = (self.status(), Json(body)).into_response();
        let after = match self.refusal.code {
            Code::RateLimited => Some(self.retry_after.unwrap_or(1)),
            Code::Unavailable => Some(1),
            _ => None,
        };
        if let Some(after) = after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(after));
        }
        // For whoever counts refusals.
        response.extensions_mut().insert(self.refusal.code);
        response
    }
}
