//! From long-polling to a WebSocket (Engine.IO protocol, "Upgrade").

use std::time::Duration;

use crate::client::{Http, Polling, WebSocket, open_polling};
use crate::running::{Running, eventually, long_times};
use crate::settings::Profile;

async fn probe(server: &Running, client: &Polling) -> WebSocket {
    let path = format!("/engine.io/?EIO=4&transport=websocket&sid={}", client.sid);
    let mut socket = WebSocket::connect(server.address, &path).await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    socket
}

#[tokio::test]
async fn messages_go_on_over_the_websocket() {
    let server = Running::quiet().await;
    let mut client = open_polling(server.address, "/engine.io/").await;
    let mut socket = probe(&server, &client).await;
    assert_eq!(client.packets().await, ["6"]);
    socket.send("5").await;
    socket.send("4hello").await;
    assert_eq!(socket.text().await, "4hello");
    assert_eq!((server.connections("polling"), server.connections("websocket")), (0, 1));
}

#[tokio::test]
async fn the_probe_ends_a_poll_that_waits() {
    let server = Running::quiet().await;
    let mut client = open_polling(server.address, "/engine.io/").await;
    client.begin_poll().await;
    let mut socket = probe(&server, &client).await;
    assert_eq!(client.end_poll().await.body, "6");
    socket.send("5").await;
    socket.send("4on").await;
    assert_eq!(socket.text().await, "4on");
}

#[tokio::test]
async fn a_message_that_waits_during_the_upgrade_is_not_lost() {
    let server = Running::quiet().await;
    let mut client = open_polling(server.address, "/engine.io/").await;
    let mut socket = probe(&server, &client).await;
    client.say("4before\u{1e}bAQI=").await;
    socket.send("5").await;
    socket.send("4after").await;
    assert_eq!(socket.text().await, "4before");
    assert_eq!(socket.binary().await, [1, 2]);
    assert_eq!(socket.text().await, "4after");
}

#[tokio::test]
async fn a_poll_right_after_the_upgrade_is_refused() {
    let server = Running::quiet().await;
    for _ in 0..20 {
        let mut client = open_polling(server.address, "/engine.io/").await;
        let mut socket = probe(&server, &client).await;
        socket.send("5").await;
        assert_eq!(client.poll().await.status, 400);
        socket.send("4hello").await;
        assert_eq!(socket.text().await, "4hello");
    }
}

#[tokio::test]
async fn a_second_websocket_is_closed_and_the_session_goes_on() {
    let server = Running::quiet().await;
    let client = open_polling(server.address, "/engine.io/").await;
    let mut socket = probe(&server, &client).await;
    socket.send("5").await;
    let path = format!("/engine.io/?EIO=4&transport=websocket&sid={}", client.sid);
    let mut second = WebSocket::connect(server.address, &path).await;
    second.closed().await;
    socket.send("4hello").await;
    assert_eq!(socket.text().await, "4hello");
}

#[tokio::test]
async fn a_websocket_that_does_not_probe_is_closed_and_polling_goes_on() {
    let server = Running::with(Profile::Suites, |options| {
        long_times(options);
        options.upgrade_timeout = Duration::from_millis(50);
    })
    .await;
    let mut client = open_polling(server.address, "/engine.io/").await;
    let path = format!("/engine.io/?EIO=4&transport=websocket&sid={}", client.sid);
    let mut rude = WebSocket::connect(server.address, &path).await;
    rude.send("4hello").await;
    rude.closed().await;
    let mut silent = WebSocket::connect(server.address, &path).await;
    silent.closed().await;
    drop(probe(&server, &client).await);
    client.say("4still here").await;
    loop {
        // The probe that was broken off may have ended polls.
        match client.packets().await.as_slice() {
            [noop] if noop == "6" => {}
            packets => break assert_eq!(packets, ["4still here"]),
        }
    }
}

#[tokio::test]
async fn a_websocket_for_a_session_that_is_gone_is_refused() {
    let server = Running::quiet().await;
    let mut client = open_polling(server.address, "/engine.io/").await;
    client.say("1").await;
    eventually(|| server.connections("polling") == 0).await;
    let path = format!("/engine.io/?EIO=4&transport=websocket&sid={}", client.sid);
    let refusal = WebSocket::try_connect(server.address, &path, &[]).await.err().expect("a refusal");
    assert_eq!((refusal.status, refusal.body.as_str()), (400, r#"{"code":1,"message":"Session ID unknown"}"#));
    let mut http = Http::connect(server.address).await;
    assert_eq!(http.get(&client.path).await.status, 400);
}
