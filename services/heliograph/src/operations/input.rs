//! What operators send: paths, queries and bodies. Refusals say what was expected.

use std::{fmt::Display, sync::Arc};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::request::Parts,
    response::Response,
};
use heliograph_domain::refusal::{Code, Refusal};
use serde::de::DeserializeOwned;

use super::{Operations, refuse};

/// The one parameter in the path, as what it names.
pub(super) fn in_path<T, E: Display>(name: &str, text: &str, parse: fn(&str) -> Result<T, E>) -> Result<T, Refusal> {
    parse(text).map_err(|reason| Refusal::invalid(name, reason))
}

/// A number from 1 to `most`.
pub(super) fn within(name: &str, number: u32, most: u32) -> Result<u32, Refusal> {
    match (1..=most).contains(&number) {
        true => Ok(number),
        false => Err(Refusal::invalid(name, format_args!("must be from 1 to {most}"))),
    }
}

/// The parameters in the path.
pub(super) struct InPath<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Operations>> for InPath<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, operations: &Arc<Operations>) -> Result<Self, Response> {
        match Path::<T>::from_request_parts(parts, operations).await {
            Ok(Path(found)) => Ok(Self(found)),
            Err(_) => Err(refuse(Refusal::invalid("path", "must be percent-encoded UTF-8"))),
        }
    }
}

/// The query.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Operations>> for Asked<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, operations: &Arc<Operations>) -> Result<Self, Response> {
        match Query::<T>::from_request_parts(parts, operations).await {
            Ok(Query(found)) => Ok(Self(found)),
            Err(error) => Err(refuse(Refusal::invalid("query", error.body_text()))),
        }
    }
}

/// A JSON object in the body, whatever its content type says.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<Operations>> for Body<T> {
    type Rejection = Response;

    async fn from_request(request: Request, operations: &Arc<Operations>) -> Result<Self, Response> {
        // Its length is bounded by the router.
        let bytes = Bytes::from_request(request, operations).await.map_err(|_| refuse(Code::TooLarge))?;
        match serde_json::from_slice(&bytes) {
            Ok(found) => Ok(Self(found)),
            Err(error) => Err(refuse(Refusal::invalid("body", error))),
        }
    }
}
