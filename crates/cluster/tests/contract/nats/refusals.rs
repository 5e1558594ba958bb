//! Servers that cannot be used, and how that is said.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener},
    sync::Arc,
    thread,
    time::Duration,
};

use heliograph_cluster::{
    bus::{Bus, NatsBus, nats::NatsOptions},
    connect::{ConnectError, Obstacle},
};
use heliograph_servers::{Certificates, Encryption, Nats, NatsOptions as ServerOptions};

use super::{connect, options};
use crate::{
    case::{Case, cases},
    servers::Servers,
};

pub(crate) const CASES: &[Case<Arc<Servers>>] = cases![
    a_server_that_is_not_there,
    a_server_that_says_nothing,
    a_server_that_is_too_old,
    an_address_that_is_none,
    a_file_that_is_not_there,
    a_prefix_that_is_none,
    certificates_that_nobody_trusts,
    encryption_that_the_server_does_not_offer,
    a_client_without_the_certificate_that_is_asked_for,
    a_user_that_may_not_use_the_prefix,
];

async fn refused(options: NatsOptions) -> ConnectError {
    NatsBus::connect(options).await.err().expect("a refusal")
}

/// The obstacle, and that everything is said in one line that has these words.
fn assert_says(error: &ConnectError, obstacle: Obstacle, words: &[&str]) {
    let line = error.to_string();
    assert_eq!(error.obstacle, obstacle, "{line}");
    assert!(!line.contains('\n') && line.starts_with("NATS at "), "{line}");
    for word in words {
        assert!(line.contains(word), "no `{word}` in: {line}");
    }
}

async fn a_server_that_is_not_there(_: Arc<Servers>) {
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let error = refused(NatsOptions::new(format!("nats://user:secret@{address}"))).await;
    assert_says(&error, Obstacle::Unreachable, &[&address.to_string(), "refused", "is a server running there?"]);
    assert!(error.is_passing() && !error.to_string().contains("secret"));
}

async fn a_server_that_says_nothing(_: Arc<Servers>) {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("nats://{}", silent.local_addr().unwrap());
    let error = refused(NatsOptions { connect_timeout: Duration::from_millis(100), ..NatsOptions::new(url) }).await;
    assert_says(&error, Obstacle::Unreachable, &["timed out"]);
}

async fn a_server_that_is_too_old(_: Arc<Servers>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("nats://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let info = r#"{"server_id":"old","version":"2.1.9","max_payload":1048576,"headers":false}"#;
        write!(stream, "INFO {info}\r\n").unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().starts_with("PING")));
        stream.write_all(b"PONG\r\n").unwrap();
        // Until the client hangs up.
        lines.for_each(drop);
    });
    let error = refused(NatsOptions::new(url)).await;
    assert_says(&error, Obstacle::Unsuitable, &["2.1.9", "2.2 or later"]);
    tokio::task::spawn_blocking(|| server.join().unwrap()).await.unwrap();
}

async fn an_address_that_is_none(_: Arc<Servers>) {
    for url in ["redis://localhost", "nats://", "nats://localhost:port"] {
        assert_says(&refused(NatsOptions::new(url)).await, Obstacle::Settings, &[]);
    }
}

async fn a_file_that_is_not_there(servers: Arc<Servers>) {
    let missing = Some("/nonexistent/file.pem".into());
    let base = options(servers.nats());
    for options in [
        NatsOptions { ca_file: missing.clone(), ..base.clone() },
        NatsOptions { credentials_file: missing.clone(), ..base.clone() },
        NatsOptions { cert_file: missing.clone(), key_file: missing.clone(), ..base.clone() },
    ] {
        assert_says(&refused(options).await, Obstacle::Settings, &["cannot read /nonexistent/file.pem"]);
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("certificate.pem");
    fs::write(&file, "").unwrap();
    let error = refused(NatsOptions { cert_file: Some(file), ..base }).await;
    assert_says(&error, Obstacle::Settings, &["a certificate needs its key"]);
}

async fn a_prefix_that_is_none(servers: Arc<Servers>) {
    for prefix in ["", "a b", "a.*", ">"] {
        let options = NatsOptions { prefix: prefix.to_owned(), ..options(servers.nats()) };
        assert_says(&refused(options).await, Obstacle::Settings, &["cannot begin a subject"]);
    }
}

fn encrypted(nats: &Nats) -> NatsOptions {
    let files = nats.certificates().unwrap();
    NatsOptions {
        ca_file: Some(files.ca.clone()),
        cert_file: Some(files.client_cert.clone()),
        key_file: Some(files.client_key.clone()),
        ..options(nats)
    }
}

async fn certificates_that_nobody_trusts(_: Arc<Servers>) {
    let nats = ServerOptions::default().encryption(Encryption::Server).start().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let others = Certificates::create(directory.path()).unwrap();
    let known = encrypted(&nats);
    for options in [
        NatsOptions { ca_file: Some(others.ca), ..known.clone() },
        // The system's authorities.
        NatsOptions { ca_file: None, ..known.clone() },
    ] {
        assert_says(&refused(options).await, Obstacle::Encryption, &["certificate", "check the certificates"]);
    }
    connect(NatsOptions { cert_file: None, key_file: None, ..known.clone() }).await.probe().await.unwrap();
    // The server asks for encryption, whatever the URL says.
    connect(NatsOptions { url: format!("nats://{}", nats.address()), ..known }).await.probe().await.unwrap();
}

async fn encryption_that_the_server_does_not_offer(servers: Arc<Servers>) {
    let url = format!("tls://{}", servers.nats().address());
    let error = refused(NatsOptions::new(url)).await;
    assert_says(&error, Obstacle::Encryption, &["whether the server encrypts"]);
}

async fn a_client_without_the_certificate_that_is_asked_for(_: Arc<Servers>) {
    let nats = ServerOptions::default().encryption(Encryption::Mutual).start().unwrap();
    let known = encrypted(&nats);
    let error = refused(NatsOptions { cert_file: None, key_file: None, ..known.clone() }).await;
    assert_says(&error, Obstacle::Encryption, &[]);
    connect(known).await.probe().await.unwrap();
}

async fn a_user_that_may_not_use_the_prefix(_: Arc<Servers>) {
    let user = r#"{ user: "app", password: "secret", permissions: { publish: "mine.>", subscribe: "mine.>" } }"#;
    let nats = ServerOptions::default().line(&format!("authorization {{ users: [{user}] }}")).start().unwrap();
    let url = format!("nats://app:secret@{}", nats.address());
    let options = NatsOptions { patience: Duration::from_millis(300), ..NatsOptions::new(url) };
    let error = refused(options.clone()).await;
    assert_says(&error, Obstacle::Unsuitable, &["ermissions", "below `hg`"]);
    connect(NatsOptions { prefix: "mine".to_owned(), ..options }).await.probe().await.unwrap();
}
