use std::time::Duration;

use heliograph_engineio::{OpenPacket, SessionId, Transport};

fn open(sid: &SessionId, transport: Transport, allow_upgrades: bool) -> String {
    OpenPacket {
        sid,
        transport,
        allow_upgrades,
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        max_payload: 1_000_000,
    }
    .encode()
}

#[test]
fn a_polling_session_is_offered_the_websocket() {
    let sid = SessionId::new("lv_VI97HAXpY6yYWAAAC").unwrap();
    assert_eq!(
        open(&sid, Transport::Polling, true),
        r#"0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":1000000}"#
    );
}

#[test]
fn nothing_is_offered_where_there_is_nothing_to_upgrade_to() {
    let sid = SessionId::new("a").unwrap();
    let none = r#"0{"sid":"a","upgrades":[],"pingInterval":300,"pingTimeout":200,"maxPayload":1000000}"#;
    assert_eq!(open(&sid, Transport::WebSocket, true), none);
    assert_eq!(open(&sid, Transport::Polling, false), none);
}

#[test]
fn a_session_id_is_short_and_needs_no_escaping() {
    assert_eq!(SessionId::new("gw1.aZ09-_~").unwrap().as_str(), "gw1.aZ09-_~");
    for text in ["", "a b", "a\"b", "é", "a/b", &"a".repeat(129)] {
        assert!(SessionId::new(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_session_id_does_not_show_itself_in_logs() {
    let sid = SessionId::new("secret-secret").unwrap();
    assert_eq!(format!("{sid:?}"), "SessionId(secr…)");
}
