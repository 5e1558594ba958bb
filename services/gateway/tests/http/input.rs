//! Bodies and paths that are not what was asked for.

use axum::body::Body;
use axum::http::{Method, Request, header};
use futures_util::stream;
use serde_json::{Value, json};

use crate::stage::{Setting, request, token};

#[tokio::test]
async fn a_body_that_is_not_what_was_asked_for_is_refused_with_the_fields_name() {
    let stage = Setting::default().stage();
    for (body, field) in [
        (json!({}), "type"),
        (json!({"type": "hologram"}), "type"),
        (json!({"type": "video"}), "roomId"),
        (json!({"type": "video", "roomId": {}}), "roomId"),
        (json!({"type": "video", "participants": "bob"}), "participants"),
        (json!({"type": "video", "participants": [""]}), "participants"),
        (json!([]), "body"),
        (json!("text"), "body"),
    ] {
        let answer = stage.post("alice", "/api/call-sessions", &body).await;
        assert_eq!(answer.refusal(), (400, "INVALID_PAYLOAD".to_owned()), "{body}");
        let message = format!("Invalid payload: {field} ");
        assert!(answer.json()["error"].as_str().unwrap().starts_with(&message), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_while_it_is_read() {
    let stage = Setting::default().stage();
    let chunk = || Ok::<_, std::io::Error>(vec![b' '; 4096]);
    // The fourth chunk is never asked for.
    let endless = stream::iter([chunk(), chunk(), chunk(), Err(std::io::Error::other("read too far"))]);
    let post = Request::builder()
        .method(Method::POST)
        .uri("/api/call-sessions")
        .header(header::AUTHORIZATION, format!("Bearer {}", token("alice", Value::Null)));
    let answer = stage.ask(post.body(Body::from_stream(endless)).unwrap()).await;
    assert_eq!(answer.refusal(), (413, "TOO_LARGE".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let stage = Setting::default().stage();
    let silent = stream::pending::<Result<Vec<u8>, std::io::Error>>();
    let post = Request::builder()
        .method(Method::POST)
        .uri("/api/call-sessions")
        .header(header::AUTHORIZATION, format!("Bearer {}", token("alice", Value::Null)));
    let answer = stage.ask(post.body(Body::from_stream(silent)).unwrap()).await;
    assert_eq!(answer.refusal(), (400, "INVALID_PAYLOAD".to_owned()));
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused_in_json() {
    let stage = Setting::default().stage();
    assert_eq!(stage.get("alice", "/api/nothing").await.refusal(), (404, "NOT_FOUND".to_owned()));
    let delete = stage.ask(request(Method::DELETE, "/api/rooms", None, None)).await;
    assert_eq!(delete.refusal().0, 405);
    assert!(delete.header(header::ALLOW).unwrap().contains("GET"));
}

#[tokio::test]
async fn a_path_that_is_no_text_is_refused_in_json() {
    let stage = Setting::default().stage();
    let answer = stage.get("alice", "/api/rooms/%ff/messages").await;
    assert_eq!(answer.refusal(), (400, "INVALID_PAYLOAD".to_owned()));
}

#[tokio::test]
async fn refusals_are_counted_and_nothing_is_kept_by_caches() {
    let stage = Setting::default().stage();
    let answer = stage.get("alice", "/api/nothing").await;
    assert_eq!(answer.header(header::CACHE_CONTROL), Some("no-store"));
    assert_eq!(stage.metric(r#"heliograph_gateway_refusals_total{case="NOT_FOUND"}"#), 1.0);
}

#[tokio::test]
async fn health_is_told_until_the_server_drains() {
    let stage = Setting::default().stage();
    let answer = stage.ask(request(Method::GET, "/health", None, None)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({"status": "ok", "uptime": 0, "connections": 7}));
    stage.draining.cancel();
    let answer = stage.ask(request(Method::GET, "/health", None, None)).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (503, json!({"status": "draining"})));
}

#[tokio::test]
async fn requests_are_counted_by_endpoint() {
    let stage = Setting::default().stage();
    stage.get("alice", "/api/rooms/a/messages").await;
    stage.get("alice", "/api/rooms/b/messages").await;
    let series = r#"heliograph_gateway_http_requests_total{case="GET /api/rooms/{roomId}/messages"}"#;
    assert_eq!(stage.metric(series), 2.0);
}
