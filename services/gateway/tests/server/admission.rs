//! Connections that do not become clients.

use std::net::Ipv4Addr;
use std::time::Duration;

use heliograph_gateway::listener::{Options, Server};
use tokio::net::TcpStream;

use crate::client::{Http, WebSocket};
use crate::running::{Running, eventually, long_times, soon};
use crate::settings::{self, Profile};

async fn server(change: impl FnOnce(&mut Options)) -> Running {
    Running::with(Profile::Suites, |options| {
        long_times(options);
        change(options);
    })
    .await
}

#[tokio::test]
async fn connections_that_never_speak_are_closed_by_their_deadline() {
    let server = server(|options| options.admission.request_timeout = Duration::from_millis(200)).await;
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(soon(TcpStream::connect(server.address)).await.expect("a connection"));
    }
    eventually(|| server.metrics.half_open_closed.get() == 200).await;
    eventually(|| server.metrics.tcp_connections.get() == 0).await;
}

#[tokio::test]
async fn requests_that_never_end_are_closed_by_their_deadline() {
    let server = server(|options| options.admission.request_timeout = Duration::from_millis(200)).await;
    for start in ["GET /soc", "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nhost: a\r\nx: "] {
        let mut http = Http::connect(server.address).await;
        http.write(start.as_bytes()).await;
        // hyper may say 408 before it closes.
        while http.answer().await.is_some() {}
    }
    eventually(|| server.metrics.tcp_connections.get() == 0).await;
    assert_eq!(server.metrics.half_open_closed.get(), 2);
}

#[tokio::test]
async fn a_connection_that_was_kept_alive_in_vain_is_closed() {
    let server = server(|options| options.admission.request_timeout = Duration::from_millis(200)).await;
    let mut http = Http::connect(server.address).await;
    assert_eq!(http.get("/socket.io/?EIO=4&transport=polling").await.status, 200);
    assert_eq!(http.answer().await, None);
    eventually(|| server.metrics.tcp_connections.get() == 0).await;
}

#[tokio::test]
async fn above_the_limit_clients_are_told_to_come_back_later() {
    let server = server(|options| {
        options.admission.max_connections = 2;
        options.admission.retry_after = Duration::from_secs(7);
    })
    .await;
    let path = "/socket.io/?EIO=4&transport=websocket";
    let first = WebSocket::connect(server.address, path).await;
    let _second = WebSocket::connect(server.address, path).await;
    let refusal = WebSocket::try_connect(server.address, path, &[]).await.err().expect("a refusal");
    assert_eq!((refusal.status, refusal.header("retry-after")), (503, Some("7")));
    drop(first);
    eventually(|| server.metrics.tcp_connections.get() == 1).await;
    WebSocket::connect(server.address, path).await;
}

#[tokio::test]
async fn one_address_cannot_take_all_places() {
    let server = server(|options| options.admission.max_per_address = Some(1)).await;
    let path = "/socket.io/?EIO=4&transport=websocket";
    let _first = WebSocket::connect(server.address, path).await;
    assert!(WebSocket::try_connect(server.address, path, &[]).await.is_err());
    let elsewhere = tokio::net::TcpSocket::new_v4().expect("a socket");
    elsewhere.bind((Ipv4Addr::new(127, 0, 0, 2), 0).into()).expect("another loopback address");
    let stream = soon(elsewhere.connect(server.address)).await.expect("a connection");
    let mut http = Http::from(stream);
    assert_eq!(http.get("/socket.io/?EIO=4&transport=polling").await.status, 200);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_its_own_places() {
    let server = server(|options| {
        options.admission.max_per_address = Some(1);
        options.proxies.trusted = vec!["127.0.0.1".parse().expect("an address")];
    })
    .await;
    let path = "/socket.io/?EIO=4&transport=websocket";
    let from = |client: &'static str| [("x-forwarded-for", client)];
    let first = WebSocket::try_connect(server.address, path, &from("1.1.1.1")).await.expect("a place");
    let refusal = WebSocket::try_connect(server.address, path, &from("1.1.1.1")).await.err().expect("a refusal");
    assert_eq!((refusal.status, refusal.header("retry-after")), (503, Some("5")));
    let _second = WebSocket::try_connect(server.address, path, &from("2.2.2.2")).await.expect("a place");
    // What a client writes there itself stands before what the proxy adds.
    let spoofed = WebSocket::try_connect(server.address, path, &from("3.3.3.3, 1.1.1.1")).await;
    assert_eq!(spoofed.err().expect("a refusal").status, 503);

    // A proxy may use one connection for many clients; one that is not busy holds nobody's place.
    let mut proxy = Http::connect(server.address).await;
    let poll = "/socket.io/?EIO=4&transport=polling";
    for client in ["4.4.4.4", "4.4.4.4", "5.5.5.5"] {
        assert_eq!(proxy.request("GET", poll, &from(client), b"").await.status, 200);
    }
    assert_eq!(proxy.request("GET", poll, &from("1.1.1.1"), b"").await.status, 503);
    drop(first);
    eventually(|| server.metrics.tcp_connections.get() == 2).await;
    assert_eq!(proxy.request("GET", poll, &from("1.1.1.1"), b"").await.status, 200);
}

#[tokio::test]
async fn whoever_is_no_trusted_proxy_speaks_for_nobody() {
    let server = server(|options| {
        options.admission.max_per_address = Some(1);
        options.proxies.trusted = vec!["10.0.0.0/8".parse().expect("a network")];
    })
    .await;
    let path = "/socket.io/?EIO=4&transport=websocket";
    let _first =
        WebSocket::try_connect(server.address, path, &[("x-forwarded-for", "1.1.1.1")]).await.expect("a place");
    assert!(WebSocket::try_connect(server.address, path, &[("x-forwarded-for", "2.2.2.2")]).await.is_err());
}

#[tokio::test]
async fn the_accept_rate_delays_and_does_not_refuse() {
    let server = server(|options| {
        options.admission.accept_rate = 100;
        options.admission.accept_burst = 1;
    })
    .await;
    let start = std::time::Instant::now();
    for _ in 0..11 {
        let mut http = Http::connect(server.address).await;
        assert_eq!(http.get("/").await.status, 404);
    }
    // Ten more than the burst, at a hundred a second; what one of them waits the next need not wait again.
    assert!(start.elapsed() >= Duration::from_millis(80), "{:?}", start.elapsed());
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_given_up() {
    let mut options = settings::options(Profile::Suites);
    options.admission.request_timeout = Duration::from_millis(200);
    let metrics = options.metrics.clone();
    // More than the kernel buffers for a connection.
    let large = axum::routing::get(|| async { vec![0_u8; 64 * 1024 * 1024] });
    let server = Server::new(options).router(axum::Router::new().route("/large", large));
    let server = Running::start(server, metrics).await;
    let mut http = Http::connect(server.address).await;
    http.send("GET", "/large", &[], b"").await;
    eventually(|| server.metrics.tcp_connections.get() == 1).await;
    eventually(|| server.metrics.tcp_connections.get() == 0).await;
}
