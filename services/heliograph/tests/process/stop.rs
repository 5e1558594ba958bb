//! How it stops.

use std::io::{Read, Write};
use std::net::TcpStream;

use rustix::process::Signal;

use crate::program::{Configuration, Server, get};

/// A plain WebSocket that has been accepted.
fn connect(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.public).unwrap();
    let request = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.extend(byte);
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&answer));
    stream
}

#[test]
fn a_server_without_clients_stops_when_it_is_asked_to() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = Server::start(&Configuration::jwt(""));
        server.signal(signal);
        assert_eq!(server.wait().code(), Some(0), "{signal:?}");
    }
}

#[test]
fn clients_are_told_to_go_elsewhere_before_the_server_ends() {
    let mut server = Server::start(&Configuration::jwt("public.drain_period = \"200ms\"\n"));
    let mut client = connect(&server);
    server.signal(Signal::TERM);
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).unwrap();
    // A close frame with code 1012, service restart (RFC 6455, section 5.5.1).
    let close = heard.windows(4).any(|frame| frame[0] == 0x88 && frame[2..4] == 1012_u16.to_be_bytes());
    assert!(close, "{heard:?}");
    drop(client);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_second_signal_does_not_wait_for_clients() {
    let mut server = Server::start(&Configuration::jwt(""));
    // It never answers the close, so that the server would wait for it a while.
    let _client = connect(&server);
    assert_eq!(get(server.operations, "/readyz").0, 200);
    server.signal(Signal::TERM);
    while get(server.operations, "/readyz").0 != 503 {}
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
}
