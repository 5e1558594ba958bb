//! Reports of call statistics.

use axum::http::Method;
use serde_json::json;

use crate::stage::{Setting, request};

#[tokio::test]
async fn a_report_becomes_metrics() {
    let stage = Setting::default().stage();
    let body = json!({
        "vocabulary": "mesh", "roomId": "standup", "setupMs": 420, "quality": "good",
        "packetLoss": 0.02, "rttMs": 40, "bitrate": 250_000, "error": "ICE failed",
    });
    assert_eq!(stage.post("alice", "/api/webrtc-stats", &body).await.status, 204);
    for (series, value) in [
        ("heliograph_gateway_call_setup_seconds_sum", 0.42),
        ("heliograph_gateway_call_round_trip_seconds_sum", 0.04),
        ("heliograph_gateway_call_packet_loss_ratios_sum", 0.02),
        ("heliograph_gateway_call_bitrate_sum", 250_000.0),
        (r#"heliograph_gateway_call_quality_total{case="good"}"#, 1.0),
        (r#"heliograph_gateway_call_errors_total{case="mesh"}"#, 1.0),
    ] {
        assert_eq!(stage.metric(series), value, "{series}");
    }
}

#[tokio::test]
async fn what_is_no_measurement_is_refused_and_makes_no_metric() {
    let stage = Setting { options: unlimited(), ..Setting::default() }.stage();
    for body in [
        json!({}),
        json!({"vocabulary": "klingon"}),
        json!({"vocabulary": "mesh", "quality": "splendid"}),
        json!({"vocabulary": "mesh", "setupMs": -1}),
        json!({"vocabulary": "mesh", "rttMs": "40"}),
        json!({"vocabulary": "mesh", "packetLoss": 1.5}),
        json!({"vocabulary": "mesh", "error": "x".repeat(1_001)}),
        json!({"vocabulary": "mesh", "callId": ""}),
    ] {
        let answer = stage.post("alice", "/api/webrtc-stats", &body).await;
        assert_eq!(answer.refusal(), (400, "INVALID_PAYLOAD".to_owned()), "{body}");
    }
    assert_eq!(stage.metric("heliograph_gateway_call_setup_seconds_count"), 0.0);
}

fn unlimited() -> heliograph_gateway::http::Options {
    heliograph_gateway::http::Options { reports_per_minute: 1_000, ..Setting::default().options }
}

#[tokio::test]
async fn reports_are_limited_by_user_and_without_one_by_address() {
    let stage = Setting::open().stage();
    let body = json!({"vocabulary": "mesh"});
    for _ in 0..3 {
        assert_eq!(stage.post("alice", "/api/webrtc-stats", &body).await.status, 204);
    }
    assert_eq!(stage.post("alice", "/api/webrtc-stats", &body).await.refusal(), (429, "RATE_LIMITED".to_owned()));
    assert_eq!(stage.metric(r#"heliograph_gateway_limits_total{case="reports"}"#), 1.0);
    let nobody = stage.ask(request(Method::POST, "/api/webrtc-stats", None, Some(&body))).await;
    assert_eq!(nobody.status, 204);
}
