//! The pages: embedded in the binary, so that one file serves a person as well as a program.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri, header},
    response::IntoResponse,
};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../../web/"]
#[include = "index.html"]
#[include = "app/*"]
#[include = "style/*"]
#[include = "*.svg"]
#[include = "*.webmanifest"]
struct Files;

/// What a page may do: use what comes from here, nothing else. Media from the camera are `blob:` and
/// `mediastream:`; signaling goes to this origin.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob: mediastream:; \
                      connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'";

/// Serves a page or one of its files. `/room/<anything>` is the call page with that room.
pub(super) async fn serve(uri: Uri, headers: HeaderMap) -> Response<Body> {
    let path = uri.path().trim_start_matches('/');
    let name = if path.is_empty() || path.starts_with("room/") { "index.html" } else { path };
    match Files::get(name) {
        Some(file) => respond(name, &file, &headers),
        None => (StatusCode::NOT_FOUND, "Not found\n").into_response(),
    }
}

fn respond(name: &str, file: &EmbeddedFile, headers: &HeaderMap) -> Response<Body> {
    let tag: String = file.metadata.sha256_hash().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let fixed: [(HeaderName, &str); 5] = [
        (header::CONTENT_TYPE, content_type(name)),
        // Kept, but asked for again each time, so that a new version is seen at once.
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(file.data.clone().into_owned()).into_response()
    };
    for (key, value) in fixed {
        response.headers_mut().insert(key, HeaderValue::from_static(value));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    }
}
