//! Who a request comes from.

use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::json;

use crate::stage::{NOW, ORIGIN, Setting, request, token};

#[tokio::test]
async fn endpoints_that_need_a_user_refuse_everybody_else() {
    let stage = Setting::default().stage();
    for (method, path) in [
        (Method::POST, "/api/call-sessions"),
        (Method::GET, "/api/call-sessions/call_1"),
        (Method::GET, "/api/rooms"),
        (Method::GET, "/api/ice-servers"),
        (Method::GET, "/api/rooms/standup/messages"),
        (Method::GET, "/api/presence?users=alice"),
        (Method::POST, "/api/webrtc-stats"),
    ] {
        let answer =
            stage.ask(request(method.clone(), path, None, Some(&json!({"type": "video", "roomId": "x"})))).await;
        assert_eq!(answer.refusal(), (401, "AUTH_REQUIRED".to_owned()), "{method} {path}");
    }
}

#[tokio::test]
async fn a_wrong_token_and_an_expired_one_are_told_apart() {
    let stage = Setting::default().stage();
    let ask = |token: String| request(Method::GET, "/api/rooms", Some(&token), None);
    assert_eq!(stage.ask(ask("wrong".to_owned())).await.refusal(), (401, "AUTH_FAILED".to_owned()));
    let expired = token("alice", json!({"exp": NOW.as_millis() / 1000 - 60}));
    assert_eq!(stage.ask(ask(expired)).await.refusal(), (401, "TOKEN_EXPIRED".to_owned()));
}

#[tokio::test]
async fn a_cookie_counts_from_listed_pages_and_from_no_page() {
    let stage = Setting::default().stage();
    for (origin, status) in [(Some(ORIGIN), 200), (None, 200), (Some("https://evil.example"), 401)] {
        let mut get = Request::builder().uri("/api/rooms");
        get = get.header(header::COOKIE, format!("token={}", token("alice", json!({}))));
        if let Some(origin) = origin {
            get = get.header(header::ORIGIN, origin);
        }
        assert_eq!(stage.ask(get.body(Body::empty()).unwrap()).await.status, status, "{origin:?}");
    }
}

#[tokio::test]
async fn in_open_mode_clients_say_who_they_are_or_nothing() {
    let stage = Setting::open().stage();
    let ask = |path: &str| request(Method::GET, path, None, None);
    assert_eq!(stage.ask(ask("/api/rooms?userId=alice")).await.status, 200);
    assert_eq!(stage.ask(ask("/api/rooms")).await.refusal(), (401, "AUTH_REQUIRED".to_owned()));
    assert_eq!(stage.ask(ask("/api/ice-servers")).await.status, 200);
}

#[tokio::test]
async fn what_a_query_claims_is_nothing_in_jwt_mode() {
    let stage = Setting::default().stage();
    let answer = stage.ask(request(Method::GET, "/api/rooms?userId=alice", None, None)).await;
    assert_eq!(answer.status, 401);
}
