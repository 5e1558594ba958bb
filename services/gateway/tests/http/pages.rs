//! The pages.

use axum::body::Body;
use axum::http::{Method, Request, header};

use crate::stage::{Setting, request};

#[tokio::test]
async fn the_call_page_is_served_at_the_root_and_for_each_room() {
    let stage = Setting::default().stage();
    for path in ["/", "/?room=standup", "/room/stand%20up", "/index.html"] {
        let answer = stage.ask(request(Method::GET, path, None, None)).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header(header::CONTENT_TYPE), Some("text/html; charset=utf-8"));
        assert!(answer.header(header::CONTENT_SECURITY_POLICY).unwrap().contains("default-src 'self'"));
        assert!(answer.text.contains("<html"), "{path}");
    }
}

#[tokio::test]
async fn files_have_their_types_and_only_the_pages_files_are_served() {
    let stage = Setting::default().stage();
    for (path, kind) in [
        ("/app/main.js", "text/javascript; charset=utf-8"),
        ("/style/base.css", "text/css; charset=utf-8"),
        ("/favicon.svg", "image/svg+xml"),
    ] {
        let answer = stage.ask(request(Method::GET, path, None, None)).await;
        assert_eq!((answer.status.as_u16(), answer.header(header::CONTENT_TYPE)), (200, Some(kind)), "{path}");
    }
    for path in ["/package.json", "/tests/socket.test.js", "/../Cargo.toml", "/metrics", "/admin/sockets"] {
        assert_eq!(stage.ask(request(Method::GET, path, None, None)).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_page_that_the_browser_has_is_not_sent_again() {
    let stage = Setting::default().stage();
    let first = stage.ask(request(Method::GET, "/", None, None)).await;
    let tag = first.header(header::ETAG).unwrap().to_owned();
    let again = Request::builder().uri("/").header(header::IF_NONE_MATCH, &tag).body(Body::empty()).unwrap();
    let again = stage.ask(again).await;
    assert_eq!((again.status.as_u16(), again.text.len(), again.header(header::ETAG)), (304, 0, Some(&*tag)));
}

#[tokio::test]
async fn head_is_get_without_a_body_and_nothing_else_is_allowed() {
    let stage = Setting::default().stage();
    let head = stage.ask(request(Method::HEAD, "/", None, None)).await;
    assert_eq!((head.status.as_u16(), head.text.len()), (200, 0));
    assert!(head.header(header::ETAG).is_some());
    assert_eq!(stage.ask(request(Method::POST, "/", None, None)).await.status, 405);
}
