//! A client that sends and does not read is not read from.

use crate::client::{SocketIo, WebSocket};
use crate::running::Running;

#[tokio::test]
async fn echoes_wait_for_the_client_to_read_and_none_is_lost() {
    let server = Running::quiet().await;
    let mut socket = WebSocket::connect(server.address, "/echo").await;
    let message = vec![1; 300_000];
    // More than the outlet's bound, if the server went on reading.
    let count = 40;
    let sending = socket.send_on_the_side(&message, count);
    for _ in 0..count {
        assert!(socket.binary().await == message);
    }
    sending.await.expect("all was sent");
    assert_eq!(server.metrics.slow_consumers.get(), 0);
}

#[tokio::test]
async fn requests_without_reading_do_not_cut_a_client_off() {
    let server = Running::quiet().await;
    let mut client = SocketIo::connect(server.address).await;
    let event = format!(r#"42["message","{}"]"#, "x".repeat(100_000));
    for _ in 0..5 {
        client.send(&event).await;
    }
    for _ in 0..5 {
        assert_eq!(client.packet().await.len(), event.len() + "-back".len());
    }
}
