//! The messages of a room.

use axum::http::Method;
use serde_json::{Value, json};

use crate::services::Log;
use crate::stage::{Setting, Stage, request, token};

fn stage(log: Log) -> Stage {
    Setting { log, ..Setting::default() }.stage()
}

async fn page(stage: &Stage, query: &str) -> Value {
    let answer = stage.get("alice", &format!("/api/rooms/standup/messages{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

fn contents(page: &Value) -> Vec<&str> {
    page["messages"].as_array().unwrap().iter().map(|message| message["content"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn messages_carry_the_marks_that_they_have_now() {
    let mut log = Log::default();
    log.post("msg_1", "hello").mark("carol", "msg_1", "👍", true).mark("bob", "msg_1", "👍", true);
    log.mark("bob", "msg_1", "🎉", true).mark("bob", "msg_1", "🎉", false).mark("carol", "msg_1", "👍", true);
    let page = page(&stage(log), "").await;
    assert_eq!(
        page,
        json!({
            "messages": [{
                "id": "msg_1",
                "seq": 1,
                "roomId": "standup",
                "userId": "bob",
                "userName": "BOB",
                "type": "text",
                "content": "hello",
                "attachments": [{"name": "a.pdf"}],
                "reactions": [{"emoji": "👍", "userIds": ["carol", "bob"]}],
                "timestamp": "2027-01-15T08:00:01.000Z",
            }],
            "more": false,
        })
    );
}

#[tokio::test]
async fn pages_follow_one_another_in_both_directions() {
    let mut log = Log::default();
    for index in 1..=5 {
        log.post(&format!("msg_{index}"), &index.to_string());
    }
    let stage = stage(log);
    for (query, expected, more) in [
        ("?limit=2", ["4", "5"].as_slice(), true),
        ("?before=4&limit=2", &["2", "3"], true),
        ("?before=2&limit=2", &["1"], false),
        ("?before=1", &[], false),
        ("?after=0&limit=2", &["1", "2"], true),
        ("?after=3&limit=2", &["4", "5"], false),
        ("?after=5", &[], false),
        ("", &["1", "2", "3", "4", "5"], false),
    ] {
        let page = page(&stage, query).await;
        assert_eq!((contents(&page).as_slice(), page["more"].as_bool().unwrap()), (expected, more), "{query}");
    }
}

#[tokio::test]
async fn marks_are_found_however_far_they_lie_from_their_message() {
    let mut log = Log::default();
    log.post("msg_1", "first").post("msg_2", "second");
    for index in 0..450 {
        log.mark(&format!("user{}", index % 7), "msg_2", "👍", true);
    }
    log.mark("carol", "msg_1", "🎉", true).post("msg_3", "third");
    let stage = stage(log);
    for query in ["", "?before=2", "?after=0&limit=1"] {
        let page = page(&stage, query).await;
        let first = &page["messages"][0];
        assert_eq!(first["reactions"], json!([{"emoji": "🎉", "userIds": ["carol"]}]), "{query}");
    }
    // The page goes on behind the marks until it is full.
    let page = page(&stage, "?limit=2").await;
    assert_eq!((contents(&page), &page["more"]), (vec!["second", "third"], &json!(true)));
}

#[tokio::test]
async fn outsiders_and_tokens_for_other_rooms_are_refused() {
    let stage = stage(Log::default());
    let path = "/api/rooms/standup/messages";
    assert_eq!(stage.get("mallory", path).await.refusal(), (403, "NOT_ALLOWED".to_owned()));
    let elsewhere = token("alice", json!({"rooms": ["team-*"]}));
    let answer = stage.ask(request(Method::GET, path, Some(&elsewhere), None)).await;
    assert_eq!(answer.refusal(), (403, "NOT_ALLOWED".to_owned()));
}

#[tokio::test]
async fn parameters_are_checked() {
    let stage = stage(Log::default());
    for query in ["limit=0", "limit=201", "limit=many", "before=-1", "before=1&after=1"] {
        let answer = stage.get("alice", &format!("/api/rooms/standup/messages?{query}")).await;
        assert_eq!(answer.refusal(), (400, "INVALID_PAYLOAD".to_owned()), "{query}");
    }
    let long = "x".repeat(129);
    assert_eq!(stage.get("alice", &format!("/api/rooms/{long}/messages")).await.status, 400);
}
