//! The planned end of a server.

use std::time::{Duration, Instant};

use heliograph_websocket::Message;

use crate::client::{Http, SocketIo, WebSocket, open_polling};
use crate::running::{Running, eventually, long_times};
use crate::settings::Profile;

async fn server(period: Duration) -> Running {
    Running::with(Profile::Suites, |options| {
        long_times(options);
        options.drain_period = period;
    })
    .await
}

#[tokio::test]
async fn every_kind_of_client_is_let_go_in_its_own_way() {
    let server = server(Duration::from_millis(200)).await;
    let mut websocket = SocketIo::connect(server.address).await;
    let mut plain = WebSocket::connect(server.address, "/echo").await;
    let mut polling = open_polling(server.address, "/socket.io/").await;
    polling.begin_poll().await;
    server.stop();
    // No DISCONNECT, so that Socket.IO clients come back by themselves.
    assert!(
        matches!(websocket.websocket.message().await, Some(Message::Close(Some(close))) if close.code.get() == 1012)
    );
    assert_eq!(plain.close_code().await, Some(1012));
    assert_eq!(polling.end_poll().await.body, "1");
    drop((websocket, plain, polling));
    server.ended().await;
}

#[tokio::test]
async fn clients_are_closed_over_the_period_and_not_all_at_once() {
    let period = Duration::from_millis(1_000);
    let server = server(period).await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(SocketIo::connect(server.address).await);
    }
    server.stop();
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for mut client in clients {
        tasks.spawn(async move {
            client.websocket.closed().await;
            start.elapsed()
        });
    }
    let mut times = tasks.join_all().await;
    times.sort();
    assert!(times[0] < period / 2, "{times:?}");
    assert!(times[19] > period / 2, "{times:?}");
    server.ended().await;
}

#[tokio::test]
async fn no_new_session_begins_while_old_ones_go_on() {
    let server = server(Duration::from_millis(1_000)).await;
    let mut clients = [SocketIo::connect(server.address).await, SocketIo::connect(server.address).await];
    server.stop();
    let mut http = Http::connect(server.address).await;
    let answer = http.get("/socket.io/?EIO=4&transport=polling").await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")));
    // At least one of the two still has its time; packets go through until its turn comes.
    let mut served = 0;
    for client in &mut clients {
        client.send(r#"42["message"]"#).await;
        while let Some(message) = client.websocket.message().await {
            served += usize::from(message == Message::Text(r#"42["message-back"]"#.to_owned()));
        }
    }
    assert!(served > 0);
    server.ended().await;
}

#[tokio::test]
async fn nobody_changes_the_transport_any_more() {
    let server = server(Duration::from_millis(1_000)).await;
    let mut polling = open_polling(server.address, "/socket.io/").await;
    polling.begin_poll().await;
    server.stop();
    let path = format!("/socket.io/?EIO=4&transport=websocket&sid={}", polling.sid);
    let refusal = WebSocket::try_connect(server.address, &path, &[]).await.err().expect("a refusal");
    assert_eq!(refusal.status, 503);
    // It goes on as it was until its turn comes.
    assert_eq!(polling.end_poll().await.body, "1");
    drop(polling);
    server.ended().await;
}

#[tokio::test]
async fn what_waits_for_a_client_is_sent_before_it_is_let_go() {
    let server = server(Duration::ZERO).await;
    let mut socket = WebSocket::connect(server.address, "/echo").await;
    let large = vec![1; 8 * 1024 * 1024];
    socket.send_binary(&large).await;
    eventually(|| server.metrics.outbound_queued_bytes.get() > 0).await;
    server.stop();
    let mut received = Vec::new();
    while let Some(message) = socket.message().await {
        received.push(message);
    }
    assert!(matches!(received.last(), Some(Message::Close(Some(close))) if close.code.get() == 1012));
    assert!(received.iter().any(|message| matches!(message, Message::Binary(data) if *data == large)));
    server.ended().await;
}
