//! Which pages may connect, and what their browsers are told (Fetch standard, "CORS protocol").

use heliograph_gateway::listener::Origins;

use crate::client::{Http, WebSocket};
use crate::running::{Running, long_times};
use crate::settings::Profile;

const PATH: &str = "/socket.io/?EIO=4&transport=polling";
const PAGE: &str = "https://app.example.org";

async fn listed() -> Running {
    Running::with(Profile::Suites, |options| {
        long_times(options);
        options.origins = Origins::List(vec![PAGE.to_owned()]);
    })
    .await
}

#[tokio::test]
async fn any_page_is_answered_with_a_wildcard_and_without_credentials() {
    let server = Running::quiet().await;
    let mut http = Http::connect(server.address).await;
    for query in ["?EIO=4&transport=polling", "?transport=polling"] {
        let answer = http.request("GET", &format!("/engine.io/{query}"), &[("origin", PAGE)], b"").await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
}

#[tokio::test]
async fn a_listed_page_may_use_credentials() {
    let server = listed().await;
    let mut http = Http::connect(server.address).await;
    let answer = http.request("GET", PATH, &[("origin", PAGE)], b"").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(answer.header("vary"), Some("Origin"));
}

#[tokio::test]
async fn a_preflight_is_answered() {
    let server = listed().await;
    let mut http = Http::connect(server.address).await;
    let headers = [
        ("origin", PAGE),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization"),
    ];
    let answer = http.request("OPTIONS", PATH, &headers, b"").await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(answer.header("access-control-allow-methods"), Some("GET, POST"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("authorization"));
}

#[tokio::test]
async fn a_page_that_is_not_listed_is_refused_on_every_path_and_transport() {
    let server = listed().await;
    let elsewhere = [("origin", "https://elsewhere.example.org")];
    let mut http = Http::connect(server.address).await;
    for method in ["GET", "OPTIONS"] {
        let answer = http.request(method, PATH, &elsewhere, b"").await;
        assert_eq!((answer.status, answer.body.as_str()), (403, r#"{"code":4,"message":"Forbidden"}"#));
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    for path in ["/socket.io/?EIO=4&transport=websocket", "/echo"] {
        let refusal = WebSocket::try_connect(server.address, path, &elsewhere).await;
        assert_eq!(refusal.err().map(|answer| answer.status), Some(403));
    }
    // A program, which has no origin, and a page of the server's own.
    assert_eq!(http.get(PATH).await.status, 200);
    assert_eq!(http.request("GET", PATH, &[("origin", "http://localhost")], b"").await.status, 200);
}
