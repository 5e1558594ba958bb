//! Engine.IO over a WebSocket.

use heliograph_websocket::{Message, Opcode};

use crate::client::{Http, WebSocket};
use crate::running::{Running, eventually};

async fn open(server: &Running) -> WebSocket {
    let mut socket = WebSocket::connect(server.address, "/engine.io/?EIO=4&transport=websocket").await;
    assert!(socket.text().await.starts_with("0{"));
    socket
}

#[tokio::test]
async fn text_comes_back_as_text_and_bytes_as_bytes() {
    let server = Running::quiet().await;
    let mut socket = open(&server).await;
    socket.send("4hello €").await;
    assert_eq!(socket.text().await, "4hello €");
    socket.send_binary(&[1, 2, 3, 4]).await;
    assert_eq!(socket.binary().await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_frame_that_comes_with_the_handshake_is_not_lost() {
    let server = Running::quiet().await;
    let mut http = Http::connect(server.address).await;
    let mut bytes = b"GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\n\
        upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        .to_vec();
    for text in ["4one", "4two"] {
        bytes.extend(heliograph_websocket::encode::masked_frame(true, Opcode::Text, text.as_bytes(), [9; 4]));
    }
    http.write(&bytes).await;
    assert_eq!(http.answer().await.map(|answer| answer.status), Some(101));
    let mut socket = WebSocket::from(http);
    assert!(socket.text().await.starts_with("0{"));
    assert_eq!([socket.text().await, socket.text().await], ["4one", "4two"]);
}

#[tokio::test]
async fn invalid_packets_and_frames_close_the_connection() {
    let server = Running::quiet().await;
    for packet in ["abc", "", "9", "1more", "2"] {
        let mut socket = open(&server).await;
        socket.send(packet).await;
        socket.closed().await;
    }
    let mut socket = open(&server).await;
    socket.raw(b"\x81\x05hello").await;
    assert_eq!(socket.close_code().await, Some(1002));
}

#[tokio::test]
async fn a_message_above_max_payload_closes_the_connection() {
    let server = Running::quiet().await;
    let mut socket = open(&server).await;
    let largest = format!("4{}", "x".repeat(999_999));
    socket.send(&largest).await;
    assert_eq!(socket.text().await, largest);
    // The header alone gives it away.
    socket.raw(&[0x82, 0xff, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x41, 0, 0, 0, 0]).await;
    assert_eq!(socket.close_code().await, Some(1009));
}

#[tokio::test]
async fn either_close_ends_the_session() {
    let server = Running::quiet().await;
    let mut packet = open(&server).await;
    packet.send("1").await;
    packet.closed().await;
    let mut frame = open(&server).await;
    frame.frame(true, Opcode::Close, &1001_u16.to_be_bytes()).await;
    assert_eq!(frame.close_code().await, Some(1001));
    drop(open(&server).await);
    eventually(|| server.connections("websocket") == 0).await;
}

#[tokio::test]
async fn a_websocket_ping_is_answered() {
    let server = Running::quiet().await;
    let mut socket = open(&server).await;
    socket.frame(true, Opcode::Ping, b"are you there").await;
    assert_eq!(socket.message().await, Some(Message::Pong("are you there".into())));
}

#[tokio::test]
async fn polling_requests_for_a_websocket_session_are_refused() {
    let server = Running::quiet().await;
    let mut socket = WebSocket::connect(server.address, "/engine.io/?EIO=4&transport=websocket").await;
    let open: serde_json::Value = serde_json::from_str(&socket.text().await[1..]).expect("JSON");
    let path = format!("/engine.io/?EIO=4&transport=polling&sid={}", open["sid"].as_str().expect("a sid"));
    let mut http = Http::connect(server.address).await;
    for answer in [http.get(&path).await, http.post(&path, "4a").await] {
        assert_eq!((answer.status, answer.body.as_str()), (400, r#"{"code":3,"message":"Bad request"}"#));
    }
    socket.send("4undisturbed").await;
    assert_eq!(socket.text().await, "4undisturbed");
}
