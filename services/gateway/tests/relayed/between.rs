//! What can happen between a session's home and the server that its client is connected to.

use std::sync::Arc;
use std::time::Duration;

use heliograph_cluster::directory::{Directory, MemoryDirectory};
use heliograph_cluster::grpc::stubs::relay_service_client::RelayServiceClient;
use heliograph_cluster::grpc::{ChannelOptions, Channels};
use heliograph_domain::id::HomeId;
use heliograph_domain::wire::proto;
use heliograph_gateway::listener::Options;
use heliograph_gateway::outlet::Bounds;
use heliograph_telemetry::metrics::{self, Case};
use heliograph_websocket::Message;
use tonic::Code;

use crate::client::{Http, WebSocket, open_polling};
use crate::running::{Gateway, eventually, listen, long_times, node, soon};
use crate::settings::{self, Profile};

const UNKNOWN: &str = r#"{"code":1,"message":"Session ID unknown"}"#;

/// Servers of one directory.
struct Cluster {
    directory: Arc<dyn Directory>,
}

impl Cluster {
    fn new() -> Self {
        Self { directory: Arc::new(MemoryDirectory::new()) }
    }

    async fn gateway(&self) -> Gateway {
        self.gateway_with(|_| {}).await
    }

    async fn gateway_with(&self, change: impl FnOnce(&mut Options)) -> Gateway {
        let mut options = settings::options(Profile::Suites);
        long_times(&mut options);
        change(&mut options);
        let metrics = options.metrics.clone();
        Gateway::start(settings::server(options, false), metrics, Arc::clone(&self.directory)).await
    }
}

impl Gateway {
    fn sessions(&self, case: &'static str) -> i64 {
        self.metrics.connections.get_or_create(&Case { case }).get()
    }

    fn served(&self, case: &'static str) -> u64 {
        self.metrics.relay.served.get_or_create(&Case { case }).get()
    }

    fn failures(&self, case: &'static str) -> u64 {
        self.metrics.relay.failures.get_or_create(&Case { case }).get()
    }
}

async fn tunnel(at: &Gateway, sid: &str) -> WebSocket {
    let path = format!("/engine.io/?EIO=4&transport=websocket&sid={sid}");
    let mut socket = WebSocket::connect(at.address, &path).await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    socket.send("5").await;
    socket
}

#[tokio::test]
async fn every_request_may_arrive_at_another_server() {
    let cluster = Cluster::new();
    let gateways = [cluster.gateway().await, cluster.gateway().await, cluster.gateway().await];
    let client = open_polling(gateways[0].address, "/engine.io/").await;
    let mut turn = gateways.iter().cycle();
    for number in 0..9 {
        let message = format!("4{number}");
        let (mut poll, mut post) = (turn.next().unwrap(), turn.next().unwrap());
        if number % 2 == 0 {
            std::mem::swap(&mut poll, &mut post);
        }
        let mut waiting = Http::connect(poll.address).await;
        waiting.send("GET", &client.path, &[], b"").await;
        assert_eq!(Http::connect(post.address).await.post(&client.path, &message).await.body, "ok");
        assert_eq!(waiting.answer().await.unwrap().body, message);
    }
    let mut socket = tunnel(&gateways[2], &client.sid).await;
    socket.send("4over").await;
    assert_eq!(socket.text().await, "4over");
    assert_eq!((gateways[0].sessions("websocket"), gateways[2].metrics.relay.tunnels.get()), (1, 1));
    drop(socket);
    eventually(|| gateways[0].sessions("websocket") == 0).await;
    eventually(|| gateways.iter().all(|gateway| gateway.metrics.relay.open.get() == 0)).await;
    eventually(|| gateways[2].metrics.relay.tunnels.get() == 0).await;
}

#[tokio::test]
async fn a_session_whose_home_nobody_knows_is_unknown() {
    let gateway = Cluster::new().gateway().await;
    for sid in ["aaaaaaaabbbbbbbbbbbbbbbbbbbb", "short"] {
        let path = format!("/engine.io/?EIO=4&transport=polling&sid={sid}");
        let mut http = Http::connect(gateway.address).await;
        let answer = http.get(&path).await;
        assert_eq!((answer.status, answer.body.as_str()), (400, UNKNOWN));
        assert_eq!(http.post(&path, "4").await.body, UNKNOWN);
    }
    assert_eq!(gateway.failures("home unknown"), 2);
}

#[tokio::test]
async fn a_home_that_dies_leaves_its_sessions_unknown() {
    let cluster = Cluster::new();
    let (front, home) = (cluster.gateway().await, cluster.gateway().await);
    let client = open_polling(home.address, "/engine.io/").await;
    let upgraded = open_polling(home.address, "/engine.io/").await;
    let mut socket = tunnel(&front, &upgraded.sid).await;
    let mut poll = Http::connect(front.address).await;
    poll.send("GET", &client.path, &[], b"").await;
    eventually(|| home.served("poll") == 1).await;
    drop(home);
    let answer = poll.answer().await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (400, UNKNOWN));
    assert_eq!(socket.closed().await, None);
    // The directory may take its time to notice.
    assert_eq!(poll.post(&client.path, "4").await.body, UNKNOWN);
    assert!(WebSocket::try_connect(front.address, &client.path.replace("polling", "websocket"), &[]).await.is_err());
    assert!(front.failures("home failed") >= 3);
    eventually(|| front.metrics.relay.open.get() == 0).await;
}

#[tokio::test]
async fn a_home_that_says_nothing_is_given_up() {
    let cluster = Cluster::new();
    let short = Duration::from_millis(200);
    let front = cluster
        .gateway_with(|options| {
            options.ping_interval = short;
            options.ping_timeout = short;
            options.admission.request_timeout = short;
        })
        .await;
    let (silent, home) = (listen().await, HomeId::random());
    cluster.directory.register(node(silent.local_addr().unwrap(), &home)).await.unwrap();
    let path = format!("/engine.io/?EIO=4&transport=polling&sid={home}bbbbbbbbbbbbbbbbbbbb");
    let mut http = Http::connect(front.address).await;
    assert_eq!(http.get(&path).await.body, UNKNOWN);
    assert_eq!(http.post(&path, "4").await.body, UNKNOWN);
    let refusal = WebSocket::try_connect(front.address, &path.replace("polling", "websocket"), &[]).await;
    assert_eq!(refusal.err().unwrap().body, UNKNOWN);
    eventually(|| front.metrics.relay.open.get() == 0).await;
}

#[tokio::test]
async fn a_session_ends_with_the_server_that_held_its_poll_or_its_websocket() {
    let cluster = Cluster::new();
    let (front, home) = (cluster.gateway().await, cluster.gateway().await);
    let client = open_polling(home.address, "/engine.io/").await;
    let upgraded = open_polling(home.address, "/engine.io/").await;
    let _socket = tunnel(&front, &upgraded.sid).await;
    let mut poll = Http::connect(front.address).await;
    poll.send("GET", &client.path, &[], b"").await;
    eventually(|| home.served("poll") == 1).await;
    drop(front);
    eventually(|| home.sessions("polling") == 0 && home.sessions("websocket") == 0).await;
}

#[tokio::test]
async fn a_server_that_drains_lets_go_of_polls_and_websockets_of_other_homes() {
    let cluster = Cluster::new();
    let home = cluster.gateway().await;
    let mut front = cluster.gateway_with(|options| options.drain_period = Duration::from_millis(300)).await;
    let client = open_polling(home.address, "/engine.io/").await;
    let upgraded = open_polling(home.address, "/engine.io/").await;
    let tried = open_polling(home.address, "/engine.io/").await;
    let mut socket = tunnel(&front, &upgraded.sid).await;
    let path = format!("/engine.io/?EIO=4&transport=websocket&sid={}", tried.sid);
    let mut trial = WebSocket::connect(front.address, &path).await;
    let mut poll = Http::connect(front.address).await;
    poll.send("GET", &client.path, &[], b"").await;
    eventually(|| home.served("poll") == 1).await;
    front.stop();
    // The sessions on long-polling go on, at any other server; the WebSocket cannot.
    assert_eq!(poll.answer().await.unwrap().body, "6");
    assert_eq!(socket.close_code().await, Some(1012));
    trial.closed().await;
    drop((poll, socket, trial));
    soon(front.ended()).await;
    for client in [client, tried] {
        let mut http = Http::connect(home.address).await;
        assert_eq!(http.post(&client.path, "4on").await.body, "ok");
        assert_eq!(http.get(&client.path).await.body, "4on");
    }
    assert_eq!((home.sessions("polling"), home.sessions("websocket")), (2, 0));
}

#[tokio::test]
async fn relays_are_bounded() {
    let cluster = Cluster::new();
    let (front, home) = (cluster.gateway_with(|options| options.relays = 1).await, cluster.gateway().await);
    let client = open_polling(home.address, "/engine.io/").await;
    let mut poll = Http::connect(front.address).await;
    poll.send("GET", &client.path, &[], b"").await;
    eventually(|| home.served("poll") == 1).await;
    assert_eq!(Http::connect(front.address).await.post(&client.path, "4no").await.body, UNKNOWN);
    assert_eq!(front.failures("limit"), 1);
    assert_eq!(Http::connect(home.address).await.post(&client.path, "4yes").await.body, "ok");
    assert_eq!(poll.answer().await.unwrap().body, "4yes");
    eventually(|| front.metrics.relay.open.get() == 0).await;
    assert_eq!(Http::connect(front.address).await.post(&client.path, "4now").await.body, "ok");
}

#[tokio::test]
async fn what_was_relayed_is_not_relayed_again() {
    let cluster = Cluster::new();
    let (front, home) = (cluster.gateway().await, cluster.gateway().await);
    let client = open_polling(home.address, "/engine.io/").await;
    let asked = |gateway: &Gateway| {
        let nodes = cluster.directory.watch();
        let address = gateway.grpc.to_string();
        let id = nodes.borrow().values().find(|node| node.grpc == address).unwrap().id.clone();
        let channels = Channels::new(nodes, ChannelOptions::default(), metrics::Grpc::default());
        RelayServiceClient::new(channels.node(&id, Duration::from_secs(10)).unwrap().way())
    };
    let session = Some(proto::RelayedSession { path: "/engine.io".to_owned(), sid: client.sid.clone() });
    let request = proto::PollRequest { session };
    let refusal = asked(&front).poll(request.clone()).await.unwrap_err();
    assert_eq!(refusal.code(), Code::NotFound);
    Http::connect(home.address).await.post(&client.path, "4here").await;
    assert_eq!(asked(&home).poll(request).await.unwrap().into_inner().body, "4here");
}

#[tokio::test]
async fn a_tunnel_carries_much_both_ways() {
    let cluster = Cluster::new();
    let (front, home) = (cluster.gateway().await, cluster.gateway().await);
    let client = open_polling(home.address, "/engine.io/").await;
    let mut socket = tunnel(&front, &client.sid).await;
    let data: Vec<u8> = (0..900_000).map(|number: u32| number.to_le_bytes()[0]).collect();
    for _ in 0..20 {
        socket.send_binary(&data).await;
        assert!(socket.binary().await == data);
    }
}

/// Two servers, and a client at one of them whose session is at home at the other. It reads nothing of what a speaker
/// says until its session has ended, while others go on over the same connection between the two.
async fn speak_to_one_who_does_not_read(front: &Gateway, home: &Gateway) -> WebSocket {
    let slow = open_polling(home.address, "/socket.io/").await;
    let path = format!("/socket.io/?EIO=4&transport=websocket&sid={}", slow.sid);
    let mut socket = WebSocket::connect(front.address, &path).await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    socket.send("5").await;
    socket.send("40").await;
    let mut speaker = WebSocket::connect(home.address, "/socket.io/?EIO=4&transport=websocket").await;
    speaker.send("40").await;
    eventually(|| home.sessions("websocket") == 2).await;
    let event = format!(r#"42["x-broadcast","{}"]"#, "x".repeat(200_000));
    while home.sessions("websocket") == 2 {
        speaker.send(&event).await;
        while !matches!(speaker.message().await, Some(Message::Text(text)) if text == event) {}
        let other = open_polling(home.address, "/engine.io/").await;
        let mut http = Http::connect(front.address).await;
        assert_eq!(http.post(&other.path, "4hello").await.body, "ok");
        assert_eq!(http.get(&other.path).await.body, "4hello");
        http.post(&other.path, "1").await;
    }
    socket
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_cut_off_by_its_home() {
    let cluster = Cluster::new();
    let front = cluster.gateway().await;
    let home = cluster.gateway_with(|options| options.outbound = Bounds { soft: 64 * 1024, hard: 256 * 1024 }).await;
    let socket = speak_to_one_who_does_not_read(&front, &home).await;
    assert_eq!(home.metrics.slow_consumers.get(), 1);
    drop(socket);
    eventually(|| front.metrics.relay.tunnels.get() == 0).await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_given_up_by_the_server_that_it_is_connected_to() {
    let cluster = Cluster::new();
    let patience = Duration::from_secs(2);
    let front = cluster.gateway_with(|options| options.admission.request_timeout = patience).await;
    let home = cluster.gateway_with(|options| options.outbound = Bounds { soft: 1 << 30, hard: 1 << 30 }).await;
    let _socket = speak_to_one_who_does_not_read(&front, &home).await;
    assert_eq!(home.metrics.slow_consumers.get(), 0);
    eventually(|| front.metrics.relay.tunnels.get() == 0).await;
}
