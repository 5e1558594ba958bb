//! Whom a process takes for another process of the cluster, if they are to show certificates.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use heliograph_servers::Certificates;

use crate::{
    program::{Running, run},
    settings::Settings,
};

const HISTORY: &str = "/api/rooms/nowhere/messages";

/// How a gateway says that it could not ask a room-router.
const UNAVAILABLE: u16 = 503;

fn token(settings: &Settings) -> String {
    run(&["token", "--user", "alice"], settings).stdout.trim().to_owned()
}

#[test]
fn who_shows_no_certificate_of_the_authority_is_not_answered_and_said_once() {
    let directory = tempfile::tempdir().unwrap();
    let files = Certificates::create(directory.path()).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let strangers = Certificates::create(elsewhere.path()).unwrap();
    let settings = Settings::shared();
    let token = token(&settings);
    let router = Running::ready("room-router", &settings.clone().of_node(&files));

    let known = Running::ready("gateway", &settings.clone().of_node(&files));
    let answered = known.get(HISTORY, &token);
    assert_ne!(answered, UNAVAILABLE);
    assert_eq!(router.metric("heliograph_grpc_refused", "handshake"), 0.0);
    assert_eq!(known.said(&["another process"]), Vec::<String>::new());

    for (count, peer) in [settings.clone(), settings.clone().of_node(&strangers)].into_iter().enumerate() {
        let gateway = Running::ready("gateway", &peer);
        for _ in 0..3 {
            assert_eq!(gateway.get(HISTORY, &token), UNAVAILABLE);
        }
        assert_eq!(gateway.said(&["WARN", "another process cannot be asked"]).len(), 1);
        assert!(router.metric("heliograph_grpc_refused", "handshake") > count as f64);
    }
    for _ in 0..3 {
        let mut plain = TcpStream::connect(router.grpc()).unwrap();
        plain.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        // It may be reset instead of being closed.
        let _ = plain.read_to_end(&mut Vec::new());
    }
    assert_eq!(router.said(&["WARN", "did not get through the TLS handshake"]).len(), 1);
    assert_eq!(known.get(HISTORY, &token), answered);
}
