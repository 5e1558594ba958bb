//! The rooms of a user.

use axum::http::Method;
use serde_json::json;

use crate::stage::{Setting, request, token};

fn setting() -> Setting {
    let mut setting = Setting::default();
    setting.log.post("msg_1", "hello").post("msg_2", "the last word").mark("bob", "msg_2", "👍", true);
    // `gone` is a room that alice has left since.
    setting.users.rooms.insert("alice", vec!["gone", "standup"]);
    setting
}

#[tokio::test]
async fn rooms_are_listed_with_their_last_message() {
    let rooms = setting().stage().get("alice", "/api/rooms").await.json();
    assert_eq!(rooms["rooms"].as_array().map(Vec::len), Some(1), "{rooms}");
    let room = &rooms["rooms"][0];
    assert_eq!((&room["roomId"], &room["lastSeq"]), (&json!("standup"), &json!(3)));
    assert_eq!(room["lastMessage"]["content"], "the last word");
    assert_eq!(room["lastMessage"]["reactions"], json!([{"emoji": "👍", "userIds": ["bob"]}]));
}

#[tokio::test]
async fn rooms_that_the_token_does_not_open_are_left_out() {
    let elsewhere = token("alice", json!({"rooms": ["team-*"]}));
    let answer = setting().stage().ask(request(Method::GET, "/api/rooms", Some(&elsewhere), None)).await;
    assert_eq!(answer.json(), json!({"rooms": []}));
}
