//! Guest sessions.

use axum::http::Method;
use serde_json::json;

use crate::stage::{Answer, Setting, Stage, request, token};

async fn open(stage: &Stage, token: Option<&str>, body: &serde_json::Value) -> Answer {
    stage.ask(request(Method::POST, "/api/guest/session", token, Some(body))).await
}

#[tokio::test]
async fn a_guests_token_is_accepted_and_renewed_for_the_same_user() {
    let stage = Setting::default().stage();
    let made = open(&stage, None, &json!({"username": " Visitor "})).await;
    assert_eq!(made.status, 201);
    let made = made.json();
    assert_eq!((&made["renewed"], &made["user"]["username"]), (&json!(false), &json!("Visitor")));
    assert_eq!(made["user"]["id"], made["user"]["userId"]);
    let first = made["token"].as_str().unwrap();
    assert_eq!(stage.ask(request(Method::GET, "/api/rooms", Some(first), None)).await.status, 200);

    let renewed = open(&stage, Some(first), &json!({})).await;
    assert_eq!(renewed.status, 200);
    let renewed = renewed.json();
    assert_eq!(renewed["renewed"], true);
    assert_eq!((&renewed["user"], &renewed["sessionId"]), (&made["user"], &made["sessionId"]));
}

#[tokio::test]
async fn a_guest_without_a_name_gets_one() {
    let answer = open(&Setting::default().stage(), None, &json!({})).await.json();
    let name = answer["user"]["username"].as_str().unwrap();
    assert!(name.starts_with("Guest-") && name.len() == 10, "{name}");
}

#[tokio::test]
async fn the_token_of_somebody_else_makes_no_renewal() {
    let stage = Setting::default().stage();
    let alice = token("alice", json!({}));
    let answer = open(&stage, Some(&alice), &json!({"username": "Alice"})).await;
    assert_eq!(answer.status, 201);
    assert!(answer.json()["user"]["id"].as_str().unwrap().starts_with("guest_"));
}

#[tokio::test]
async fn names_are_checked_and_sessions_are_limited() {
    let stage = Setting::default().stage();
    let answer = open(&stage, None, &json!({"username": "x".repeat(65)})).await;
    assert_eq!(answer.refusal(), (400, "INVALID_PAYLOAD".to_owned()));
    open(&stage, None, &json!({})).await;
    open(&stage, None, &json!({})).await;
    assert_eq!(open(&stage, None, &json!({})).await.refusal(), (429, "RATE_LIMITED".to_owned()));
}

#[tokio::test]
async fn a_deployment_without_guests_has_no_such_endpoint() {
    let mut setting = Setting::default();
    setting.options.guests = None;
    assert_eq!(open(&setting.stage(), None, &json!({})).await.refusal(), (404, "NOT_FOUND".to_owned()));
}
