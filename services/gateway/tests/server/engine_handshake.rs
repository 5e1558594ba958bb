//! Opening sessions (Engine.IO protocol, "Handshake").

use serde_json::Value;

use crate::client::{Http, WebSocket};
use crate::running::Running;
use crate::settings::Profile;

const PATHS: [&str; 2] = ["/engine.io/", "/socket.io/"];

fn keys(open: &str) -> (Value, Vec<String>) {
    let open: Value = serde_json::from_str(open.strip_prefix('0').expect("an open packet")).expect("JSON");
    let mut keys: Vec<_> = open.as_object().expect("an object").keys().cloned().collect();
    keys.sort();
    (open, keys)
}

#[tokio::test]
async fn a_polling_session_opens_with_exactly_five_fields() {
    let server = Running::profile(Profile::Suites).await;
    let mut http = Http::connect(server.address).await;
    for path in PATHS {
        let answer = http.get(&format!("{path}?EIO=4&transport=polling")).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=UTF-8"));
        let (open, keys) = keys(&answer.body);
        assert_eq!(keys, ["maxPayload", "pingInterval", "pingTimeout", "sid", "upgrades"]);
        assert!(open["sid"].is_string());
        assert_eq!(open["upgrades"], serde_json::json!(["websocket"]));
        assert_eq!(open["pingInterval"], 300);
        assert_eq!(open["pingTimeout"], 200);
        assert_eq!(open["maxPayload"], 1_000_000);
    }
}

#[tokio::test]
async fn a_websocket_session_opens_with_the_same_fields_and_no_upgrades() {
    let server = Running::profile(Profile::Suites).await;
    for path in PATHS {
        let mut socket = WebSocket::connect(server.address, &format!("{path}?EIO=4&transport=websocket")).await;
        let (open, keys) = keys(&socket.text().await);
        assert_eq!(keys, ["maxPayload", "pingInterval", "pingTimeout", "sid", "upgrades"]);
        assert_eq!(open["upgrades"], serde_json::json!([]));
    }
}

#[tokio::test]
async fn requests_that_cannot_open_a_session_get_the_protocols_error() {
    let server = Running::quiet().await;
    let mut http = Http::connect(server.address).await;
    let table = [
        ("GET", "?transport=polling", 5, "Unsupported protocol version"),
        ("GET", "?EIO=abc&transport=polling", 5, "Unsupported protocol version"),
        ("GET", "?EIO=3&transport=polling", 5, "Unsupported protocol version"),
        ("GET", "?EIO=4", 0, "Transport unknown"),
        ("GET", "?EIO=4&transport=abc", 0, "Transport unknown"),
        ("POST", "?EIO=4&transport=polling", 2, "Bad handshake method"),
        ("PUT", "?EIO=4&transport=polling", 2, "Bad handshake method"),
        ("GET", "?EIO=4&transport=polling&sid=unknown", 1, "Session ID unknown"),
        ("POST", "?EIO=4&transport=polling&sid=unknown", 1, "Session ID unknown"),
        ("GET", "?EIO=4&transport=websocket", 3, "Bad request"),
    ];
    for path in PATHS {
        for (method, query, code, message) in table {
            let answer = http.request(method, &format!("{path}{query}"), &[], b"").await;
            assert_eq!(answer.status, 400, "{method} {query}");
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!(answer.body, format!(r#"{{"code":{code},"message":"{message}"}}"#), "{method} {query}");
        }
    }
}

#[tokio::test]
async fn websocket_requests_that_cannot_open_a_session_are_refused() {
    let server = Running::quiet().await;
    for path in PATHS {
        for query in [
            "?transport=websocket",
            "?EIO=abc&transport=websocket",
            "?EIO=4",
            "?EIO=4&transport=abc",
            "?EIO=4&transport=polling",
            "?EIO=4&transport=websocket&sid=unknown",
        ] {
            let refusal = WebSocket::try_connect(server.address, &format!("{path}{query}"), &[]).await;
            assert_eq!(refusal.err().map(|answer| answer.status), Some(400), "{query}");
        }
    }
}

#[tokio::test]
async fn a_malformed_websocket_handshake_is_refused() {
    let server = Running::quiet().await;
    let mut http = Http::connect(server.address).await;
    let headers =
        [("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")];
    let path = "/socket.io/?EIO=4&transport=websocket";
    let old = [&headers[..], &[("sec-websocket-version", "8")]].concat();
    let answer = http.request("GET", path, &old, b"").await;
    assert_eq!((answer.status, answer.header("sec-websocket-version")), (426, Some("13")));
    let keyless = [&headers[..2], &[("sec-websocket-version", "13"), ("sec-websocket-key", "short")]].concat();
    assert_eq!(http.request("GET", path, &keyless, b"").await.status, 400);
}

#[tokio::test]
async fn a_transport_that_is_switched_off_is_unknown() {
    let server = Running::with(Profile::Suites, |options| {
        options.transports.polling = false;
        options.allow_upgrades = false;
    })
    .await;
    let mut http = Http::connect(server.address).await;
    let answer = http.get("/socket.io/?EIO=4&transport=polling").await;
    assert_eq!((answer.status, answer.body.as_str()), (400, r#"{"code":0,"message":"Transport unknown"}"#));
    let mut socket = WebSocket::connect(server.address, "/socket.io/?EIO=4&transport=websocket").await;
    assert!(socket.text().await.starts_with("0{"));
}

#[tokio::test]
async fn other_paths_are_not_found() {
    let server = Running::quiet().await;
    let mut http = Http::connect(server.address).await;
    for path in ["/", "/socket.iox", "/socket.io/more", "/engine"] {
        assert_eq!(http.get(path).await.status, 404, "{path}");
    }
    // The path may come without its last slash.
    assert_eq!(http.get("/socket.io?EIO=4&transport=polling").await.status, 200);
}
