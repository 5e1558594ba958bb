//! How users are.

use axum::http::Method;
use serde_json::json;

use crate::services::Users;
use crate::stage::{Setting, Stage, request};

fn stage() -> Stage {
    let rooms = [("alice", vec!["standup"]), ("bob", vec!["standup", "other"]), ("stranger", vec!["other"])];
    let users = Users { rooms: rooms.into_iter().collect() };
    Setting { users, ..Setting::default() }.stage()
}

#[tokio::test]
async fn presence_is_told_of_those_of_whom_the_asker_may_hear() {
    let answer = stage().get("alice", "/api/presence?users=stranger,%20bob,alice,").await;
    assert_eq!(
        answer.json(),
        json!([
            {"userId": "bob", "status": "away", "lastSeen": "2027-01-15T08:00:00.000Z"},
            {"userId": "alice", "status": "away", "lastSeen": null},
        ])
    );
}

#[tokio::test]
async fn a_question_names_users_and_not_too_many() {
    let stage = stage();
    let many = format!("?users={}", ["u"; 201].join(","));
    for query in ["", "?users=", "?users=,", &many] {
        let answer = stage.get("alice", &format!("/api/presence{query}")).await;
        assert_eq!(answer.refusal(), (400, "INVALID_PAYLOAD".to_owned()), "{query}");
    }
}

#[tokio::test]
async fn anybody_may_know_how_many_users_are_connected() {
    let answer = stage().ask(request(Method::GET, "/api/connected-users", None, None)).await;
    assert_eq!(answer.json(), json!({"count": 3}));
}
