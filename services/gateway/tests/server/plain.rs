//! The plain WebSocket echo (RFC 6455).

use std::sync::Arc;
use std::time::{Duration, Instant};

use heliograph_gateway::listener::{Options, Server};
use heliograph_gateway::plain::PlainOptions;
use heliograph_websocket::{CloseCode, Message, Opcode};

use crate::client::{Http, WebSocket};
use crate::echo::Echo;
use crate::running::{Running, eventually};

async fn open(server: &Running) -> WebSocket {
    WebSocket::connect(server.address, "/echo").await
}

#[tokio::test]
async fn messages_of_every_length_come_back() {
    let server = Running::quiet().await;
    let mut socket = open(&server).await;
    for length in [0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000] {
        let text = "x".repeat(length);
        socket.send(&text).await;
        assert_eq!(socket.text().await, text);
        socket.send_binary(text.as_bytes()).await;
        assert_eq!(socket.binary().await, text.as_bytes());
    }
}

#[tokio::test]
async fn the_largest_message_comes_back_and_a_larger_one_is_refused_by_its_header() {
    let server = Running::quiet().await;
    let mut socket = open(&server).await;
    let largest = vec![7; 16 * 1024 * 1024];
    socket.send_binary(&largest).await;
    assert!(socket.binary().await == largest);
    socket.raw(&[0x82, 0xff, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0]).await;
    assert_eq!(socket.close_code().await, Some(1009));

    let mut socket = open(&server).await;
    socket.frame(false, Opcode::Binary, &largest).await;
    socket.frame(true, Opcode::Continuation, &[1]).await;
    assert_eq!(socket.close_code().await, Some(1009));
}

#[tokio::test]
async fn fragments_are_joined_and_control_frames_may_come_between() {
    let server = Running::quiet().await;
    let mut socket = open(&server).await;
    socket.frame(false, Opcode::Text, "a€".as_bytes().split_at(2).0).await;
    socket.frame(true, Opcode::Ping, b"between").await;
    socket.frame(false, Opcode::Continuation, &[]).await;
    socket.frame(true, Opcode::Pong, b"unasked").await;
    socket.frame(true, Opcode::Continuation, "a€".as_bytes().split_at(2).1).await;
    assert_eq!(socket.message().await, Some(Message::Pong("between".into())));
    assert_eq!(socket.text().await, "a€");
    for byte in b"bytes" {
        socket.frame(false, if *byte == b'b' { Opcode::Binary } else { Opcode::Continuation }, &[*byte]).await;
    }
    socket.frame(true, Opcode::Continuation, &[]).await;
    assert_eq!(socket.binary().await, b"bytes");
}

#[tokio::test]
async fn frames_that_arrive_byte_by_byte_are_read() {
    let server = Running::quiet().await;
    let mut socket = open(&server).await;
    for byte in heliograph_websocket::encode::masked_frame(true, Opcode::Text, "slow €".as_bytes(), [5, 6, 7, 8]) {
        socket.raw(&[byte]).await;
    }
    assert_eq!(socket.text().await, "slow €");
}

#[tokio::test]
async fn broken_rules_close_the_connection_with_their_code() {
    let server = Running::quiet().await;
    let table: &[(&str, u16, &[u8])] = &[
        ("reserved bit", 1002, b"\xc1\x80\0\0\0\0"),
        ("reserved opcode", 1002, b"\x83\x80\0\0\0\0"),
        ("no mask", 1002, b"\x81\x01a"),
        ("long ping", 1002, b"\x89\xfe\0\x7e\0\0\0\0"),
        ("fragmented ping", 1002, b"\x09\x80\0\0\0\0"),
        ("continuation of nothing", 1002, b"\x80\x80\0\0\0\0"),
        ("text within a text", 1002, b"\x01\x80\0\0\0\0\x81\x80\0\0\0\0"),
        ("close code cut off", 1002, b"\x88\x81\0\0\0\0\x03"),
        ("close code 1005", 1002, b"\x88\x82\0\0\0\0\x03\xed"),
        ("close reason not UTF-8", 1007, b"\x88\x83\0\0\0\0\x03\xe8\xff"),
        ("text not UTF-8", 1007, b"\x81\x81\0\0\0\0\xff"),
        ("text cut off", 1007, b"\x81\x82\0\0\0\0\xe2\x82"),
        // The frame announces more, and yet its first bytes settle the matter.
        ("text not UTF-8, early", 1007, b"\x81\x85\0\0\0\0\xf4\x90"),
    ];
    for (name, code, bytes) in table {
        let mut socket = open(&server).await;
        socket.raw(bytes).await;
        assert_eq!(socket.close_code().await, Some(*code), "{name}");
    }
    eventually(|| server.connections("plain") == 0).await;
}

#[tokio::test]
async fn a_close_frame_is_answered_with_its_code() {
    let server = Running::quiet().await;
    let mut socket = open(&server).await;
    socket.frame(true, Opcode::Close, b"\x0f\xa0bye").await;
    assert_eq!(socket.close_code().await, Some(4000));
    let mut socket = open(&server).await;
    socket.frame(true, Opcode::Close, b"").await;
    assert_eq!(socket.close_code().await, Some(1000));
}

#[tokio::test]
async fn paths_below_belong_to_it_and_plain_requests_do_not() {
    let server = Running::quiet().await;
    let mut socket = WebSocket::connect(server.address, "/echo/room%201?name=a").await;
    socket.send("hello").await;
    assert_eq!(socket.text().await, "hello");
    let mut http = Http::connect(server.address).await;
    assert_eq!(http.get("/echo").await.status, 426);
    assert_eq!(http.get("/echoes").await.status, 404);
}

#[tokio::test]
async fn the_server_pings_and_closes_a_socket_that_says_nothing() {
    let options = PlainOptions {
        ping_interval: Duration::from_millis(50),
        silent_timeout: Duration::from_millis(1_000),
        silent_code: CloseCode::new(4408).expect("a private code"),
        ..PlainOptions::default()
    };
    let server = Server::new(Options::default()).plain("/ws", options, Arc::new(Echo));
    let server = Running::start(server, Options::default().metrics).await;
    let mut socket = WebSocket::connect(server.address, "/ws").await;
    // As long as pings are answered the socket lives, far beyond the timeout.
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(1_500) {
        assert_eq!(socket.message().await, Some(Message::Ping("".into())));
        socket.frame(true, Opcode::Pong, b"").await;
    }
    assert_eq!(socket.close_code().await, Some(4408));
}
