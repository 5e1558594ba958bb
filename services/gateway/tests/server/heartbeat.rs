//! Pings, pongs and silence (Engine.IO protocol, "Heartbeat"). These tests are about time, so real time passes.

use std::time::{Duration, Instant};

use crate::client::{Http, SocketIo, WebSocket, open_polling};
use crate::running::{Running, long_times};
use crate::settings::Profile;

const INTERVAL: Duration = Duration::from_millis(300);
const TIMEOUT: Duration = Duration::from_millis(200);

/// Pings at the suites' interval, to a client that may be slow to answer on a busy machine.
async fn patient() -> Running {
    Running::with(Profile::Suites, |options| {
        long_times(options);
        options.ping_interval = INTERVAL;
    })
    .await
}

#[tokio::test]
async fn over_polling_each_ping_comes_alone() {
    let server = patient().await;
    let mut client = open_polling(server.address, "/engine.io/").await;
    for _ in 0..3 {
        assert_eq!(client.packets().await, ["2"]);
        client.say("3").await;
    }
}

#[tokio::test]
async fn over_a_websocket_pings_come_at_their_interval() {
    let server = patient().await;
    let mut socket = WebSocket::connect(server.address, "/engine.io/?EIO=4&transport=websocket").await;
    assert!(socket.text().await.starts_with('0'));
    for _ in 0..3 {
        let since = Instant::now();
        assert_eq!(socket.text().await, "2");
        // What was received can be early only by the time it took to arrive before.
        assert!(since.elapsed() > INTERVAL - Duration::from_millis(50), "{:?}", since.elapsed());
        socket.send("3").await;
    }
}

#[tokio::test]
async fn a_silent_websocket_is_closed() {
    let server = Running::profile(Profile::Suites).await;
    for base in ["/engine.io/", "/socket.io/"] {
        let mut socket = WebSocket::connect(server.address, &format!("{base}?EIO=4&transport=websocket")).await;
        let since = Instant::now();
        socket.closed().await;
        assert!(since.elapsed() > INTERVAL + TIMEOUT - Duration::from_millis(50), "{:?}", since.elapsed());
    }
}

/// The deadline is judged when a request comes in, so that no timer has to be that sharp.
#[tokio::test]
async fn a_poll_at_the_very_deadline_comes_too_late() {
    let server = Running::profile(Profile::Suites).await;
    let mut http = Http::connect(server.address).await;
    for base in ["/engine.io/", "/socket.io/"] {
        let client = open_polling(server.address, base).await;
        tokio::time::sleep(INTERVAL + TIMEOUT).await;
        assert_eq!(http.get(&client.path).await.status, 400);
    }
}

#[tokio::test]
async fn a_client_that_joins_nothing_is_closed() {
    let server = Running::with(Profile::Suites, |options| {
        long_times(options);
        options.connect_timeout = Duration::from_millis(100);
    })
    .await;
    let mut idle = SocketIo::open(server.address).await;
    let mut joined = SocketIo::connect(server.address).await;
    idle.websocket.closed().await;
    let mut polling = open_polling(server.address, "/socket.io/").await;
    assert_eq!(polling.poll().await.body, "1");
    assert_eq!(polling.poll().await.status, 400);
    joined.send(r#"42["message",1]"#).await;
    assert_eq!(joined.packet().await, r#"42["message-back",1]"#);
}
