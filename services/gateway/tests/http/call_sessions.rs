//! Calls prepared and looked at by HTTP.

use axum::http::{Method, header};
use heliograph_domain::call::{CallParty, CallPartyState, CallState, CallView};
use heliograph_domain::command::{CallMedia, Origin, RoomCommand};
use heliograph_domain::id::UserId;
use heliograph_domain::room::Media;
use heliograph_domain::user::Name;
use serde_json::json;

use crate::stage::{NOW, Setting, request};

#[tokio::test]
async fn a_call_is_prepared_in_the_name_of_the_tokens_user() {
    let stage = Setting::default().stage();
    let body = json!({"roomId": "standup", "type": "video", "participants": ["bob", 7], "userId": "mallory"});
    let answer = stage.post("alice", "/api/call-sessions", &body).await;
    assert_eq!(answer.status, 201);
    let made = answer.json();
    assert_eq!(made["participants"], json!(["bob", "7"]));
    assert_eq!(
        (&made["roomId"], &made["type"], &made["status"]),
        (&json!("standup"), &json!("video"), &json!("created"))
    );
    assert_eq!(made["expiresAt"], "2027-01-15T08:10:00.000Z");
    assert_eq!(made["iceServers"][1]["username"], format!("{}:alice", NOW.as_millis() / 1000 + 600));

    let asked = stage.calls.asked.lock();
    assert_eq!(asked[0].room.as_str(), format!("call:{}", made["callId"].as_str().unwrap()));
    assert!(matches!(&asked[0].origin, Origin::User(user) if user.id.as_str() == "alice"));
    let RoomCommand::CreateCall(plan) = &asked[0].command else { panic!("{asked:?}") };
    assert_eq!((plan.media, plan.participants.len()), (CallMedia::Video, 2));
}

#[tokio::test]
async fn in_open_mode_a_call_may_be_nobodys_yet() {
    let stage = Setting::open().stage();
    let body = json!({"type": "audio", "participants": ["bob"]});
    let answer = stage.ask(request(Method::POST, "/api/call-sessions", None, Some(&body))).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["roomId"]), (201, &json!(null)));
    assert_eq!(stage.calls.asked.lock()[0].origin, Origin::System);
}

#[tokio::test]
async fn in_open_mode_an_address_prepares_a_few_calls_a_minute_whoever_it_says_it_is() {
    let stage = Setting::open().stage();
    let body = json!({"type": "audio", "participants": ["bob"]});
    for (who, status) in [("", 201), ("?userId=ann", 201), ("?userId=cat", 429), ("", 429)] {
        let path = format!("/api/call-sessions{who}");
        let answer = stage.ask(request(Method::POST, &path, None, Some(&body))).await;
        assert_eq!(answer.status, status, "{who}");
    }
    assert_eq!(stage.metric(r#"heliograph_gateway_limits_total{case="open_calls"}"#), 2.0);
    assert_eq!(stage.calls.asked.lock().len(), 2);
}

#[tokio::test]
async fn a_limit_comes_with_the_time_to_wait() {
    let stage = Setting::default().stage();
    let answer = stage.post("blocked", "/api/call-sessions", &json!({"type": "audio", "roomId": "x"})).await;
    assert_eq!(answer.refusal(), (429, "RATE_LIMITED".to_owned()));
    let seconds: u64 = answer.header(header::RETRY_AFTER).unwrap().parse().unwrap();
    assert!((1..=31).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn a_call_is_shown_to_its_parties_alone() {
    let party = |id: &str, name: Option<&str>, state| CallParty {
        user: UserId::parse(id).unwrap(),
        name: name.map(|name| Name::parse(name).unwrap()),
        state,
        media: Media { audio: true, ..Media::default() },
    };
    let mut setting = Setting::default();
    setting.log.call = Some(CallView {
        state: CallState::Active,
        media: CallMedia::Audio,
        parties: vec![
            party("alice", Some("Alice"), CallPartyState::Joined),
            party("bob", None, CallPartyState::Ringing),
        ],
        started_at: Some(NOW),
        ended_at: None,
        end_reason: None,
    });
    let stage = setting.stage();
    let answer = stage.get("bob", "/api/call-sessions/call_1").await;
    assert_eq!(
        answer.json(),
        json!({
            "callId": "call_1",
            "status": "active",
            "type": "audio",
            "participants": [
                {"userId": "alice", "userName": "Alice", "state": "joined", "audio": true, "video": false, "screen": false},
                {"userId": "bob", "userName": null, "state": "ringing", "audio": true, "video": false, "screen": false},
            ],
            "startedAt": "2027-01-15T08:00:00.000Z",
            "endedAt": null,
            "endReason": null,
        })
    );
    let outsider = stage.get("mallory", "/api/call-sessions/call_1").await;
    assert_eq!(outsider.refusal(), (403, "NOT_ALLOWED".to_owned()));
    assert_eq!(stage.get("bob", "/api/call-sessions/call_2").await.refusal(), (404, "NOT_FOUND".to_owned()));
}
