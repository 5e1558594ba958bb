//! Pages of other origins.

use axum::body::Body;
use axum::http::{Request, header};

use crate::stage::{ORIGIN, Setting};

fn preflight(origin: &str) -> Request<Body> {
    Request::builder()
        .method("OPTIONS")
        .uri("/api/call-sessions")
        .header(header::ORIGIN, origin)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization")
        .body(Body::empty())
        .unwrap()
}

#[tokio::test]
async fn a_listed_page_is_told_in_advance_that_it_may() {
    let answer = Setting::default().stage().ask(preflight(ORIGIN)).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), Some(ORIGIN));
    assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_CREDENTIALS), Some("true"));
    assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_HEADERS), Some("authorization"));
}

#[tokio::test]
async fn another_page_is_told_nothing() {
    let stage = Setting::default().stage();
    let answer = stage.ask(preflight("https://evil.example")).await;
    assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), None);
    let get = Request::builder().uri("/health").header(header::ORIGIN, "https://evil.example");
    let answer = stage.ask(get.body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN)), (200, None));
}

#[tokio::test]
async fn refusals_can_be_read_by_listed_pages_too() {
    let get = Request::builder().uri("/api/rooms").header(header::ORIGIN, ORIGIN);
    let answer = Setting::default().stage().ask(get.body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN)), (401, Some(ORIGIN)));
}
