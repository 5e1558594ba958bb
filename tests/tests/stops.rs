//! How the process ends: SIGTERM and SIGINT drain, and then it is gone with exit code 0.

use std::io::{self, Read};

use heliograph_tests::http;
use heliograph_tests::server::{Launch, Server};
use rustix::process::Signal;

/// WebSocket close code 1012, service restart, as it stands in a close frame.
const SERVICE_RESTART: [u8; 2] = 1012_u16.to_be_bytes();

fn server(drain: &str) -> io::Result<Server> {
    Launch::new()?.variable("HELIOGRAPH_PUBLIC__DRAIN_PERIOD", drain).server()
}

#[test]
fn sigterm_without_clients_ends_it_at_once_and_well() {
    let mut server = server("20s").unwrap();
    server.signal(Signal::TERM).unwrap();
    assert_eq!(server.ends().unwrap().code(), Some(0));
}

#[test]
fn sigint_does_the_same() {
    let mut server = server("20s").unwrap();
    server.signal(Signal::INT).unwrap();
    assert_eq!(server.ends().unwrap().code(), Some(0));
}

#[test]
fn sigterm_with_clients_closes_each_with_the_code_that_brings_it_back() {
    let mut server = server("500ms").unwrap();
    let mut sockets: Vec<_> = (0..20).map(|_| http::websocket(server.public(), "/ws").unwrap()).collect();
    server.signal(Signal::TERM).unwrap();
    for socket in &mut sockets {
        let mut bytes = Vec::new();
        socket.read_to_end(&mut bytes).unwrap();
        let closes = bytes.windows(4).any(|frame| frame[0] == 0x88 && frame[2..4] == SERVICE_RESTART);
        assert!(closes, "{bytes:?}");
    }
    assert_eq!(server.ends().unwrap().code(), Some(0));
}

#[test]
fn while_it_drains_it_is_alive_but_neither_ready_nor_healthy_for_new_clients() {
    let mut server = server("5s").unwrap();
    let socket = http::websocket(server.public(), "/ws").unwrap();
    server.signal(Signal::TERM).unwrap();
    // Readiness goes first; until then both answers are possible.
    let unready =
        (0..500).any(|_| http::get(server.operations(), "/readyz", &[]).is_ok_and(|answer| answer.status == 503));
    assert!(unready);
    assert_eq!(http::get(server.operations(), "/healthz", &[]).unwrap().status, 200);
    drop(socket);
    assert_eq!(server.ends().unwrap().code(), Some(0));
}
