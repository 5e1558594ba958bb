//! The rooms of a user.

use axum::http::Method;
use serde_json::json;

use crate::services::Log;
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
async fn messages_of_others_are_unread_until_they_were_read_or_answered() {
    let more = |log: &mut Log| {
        log.post("msg_3", "and one more");
    };
    for (read, left) in [(0, 3), (2, 1), (4, 0)] {
        assert_eq!(unread(read, more).await, left);
    }
    let answered = |log: &mut Log| {
        log.post_by("alice", "msg_3", "mine").mark("bob", "msg_3", "👍", true).post("msg_4", "so");
    };
    assert_eq!(unread(0, answered).await, 1);
}

#[tokio::test]
async fn unread_messages_are_counted_to_a_bound() {
    let many = |log: &mut Log| {
        for number in 0..400 {
            log.post(&format!("msg_many_{number}"), "more");
        }
    };
    assert_eq!(unread(0, many).await, 250);
    assert_eq!(unread(300, many).await, 103);
}

/// What `alice` has not read of a log, if her mark is at `read`.
async fn unread(read: u64, write: impl FnOnce(&mut Log)) -> u64 {
    let mut setting = setting();
    setting.log.read = read;
    write(&mut setting.log);
    let rooms = setting.stage().get("alice", "/api/rooms").await.json();
    rooms["rooms"][0]["unread"].as_u64().unwrap()
}

#[tokio::test]
async fn rooms_that_the_token_does_not_open_are_left_out() {
    let elsewhere = token("alice", json!({"rooms": ["team-*"]}));
    let answer = setting().stage().ask(request(Method::GET, "/api/rooms", Some(&elsewhere), None)).await;
    assert_eq!(answer.json(), json!({"rooms": []}));
}
