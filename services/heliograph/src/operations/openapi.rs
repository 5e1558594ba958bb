//! The description of the operations port for programs (OpenAPI 3.1).

use axum::{
    http::{HeaderName, header},
    response::IntoResponse,
};

/// Written by hand; a test holds it against the list of endpoints.
const DOCUMENT: &str = include_str!("openapi.json");

const HEADERS: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];

pub(super) async fn document() -> impl IntoResponse {
    (HEADERS, DOCUMENT)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn every_endpoint_is_described_and_nothing_else() {
        let document: Value = serde_json::from_str(DOCUMENT).unwrap();
        let paths = document["paths"].as_object().unwrap().iter();
        let described: BTreeSet<_> = paths
            .flat_map(|(path, methods)| {
                methods.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
            })
            .collect();
        let routes = super::super::routes();
        let served =
            routes.iter().flat_map(|(path, methods, _)| methods.iter().map(move |method| format!("{method} {path}")));
        assert_eq!(described, served.collect());
    }
}
