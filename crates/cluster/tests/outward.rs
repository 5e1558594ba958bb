//! What is sent to gateways: numbered, together under load, kept for those who have missed some.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, future::join_all, poll};
use heliograph_cluster::{
    bus::{Bus, MemoryBus, Subject, Subscription, faulty::FaultyBus},
    directory::{Directory, MemoryDirectory, Node, Role},
    grpc::{ChannelOptions, Channels, LinkClient, Process, Services},
    outward::{Outward, OutwardOptions, Resending},
};
use heliograph_domain::{
    delivery::{Outbound, Parcel},
    id::{NodeId, UserId},
    refusal::Code,
    time::Timestamp,
    wire,
};
use heliograph_telemetry::{metrics, readiness::Readiness};
use tokio_util::sync::CancellationToken;

/// A sender, its bus and its gateway.
struct Stage {
    outward: Outward,
    bus: Arc<dyn Bus>,
    directory: MemoryDirectory,
    gateway: NodeId,
    metrics: metrics::Outward,
}

impl Stage {
    /// A stage on a bus that can lose messages, with a gateway that lives.
    async fn new(options: OutwardOptions) -> Self {
        Self::on(Arc::new(FaultyBus::new(Arc::new(MemoryBus::new(64)), 1)), options).await
    }

    async fn on(bus: Arc<dyn Bus>, options: OutwardOptions) -> Self {
        let (directory, metrics) = (MemoryDirectory::default(), metrics::Outward::default());
        let gateway = node("gateway-1");
        directory.register(gateway_node(&gateway)).await.unwrap();
        let outward = Outward::new(node("router-1"), Arc::clone(&bus), directory.watch(), options, metrics.clone());
        Self { outward, bus, directory, gateway, metrics }
    }

    async fn listen(&self) -> Subscription {
        self.bus.subscribe(Subject::Gateway(self.gateway.clone()), None).await.unwrap()
    }

    async fn send(&self, name: &str) {
        self.outward.send(std::slice::from_ref(&self.gateway), &item(name)).await;
    }
}

fn node(id: &str) -> NodeId {
    NodeId::parse(id).unwrap()
}

fn gateway_node(id: &NodeId) -> Node {
    Node {
        id: id.clone(),
        role: Role::Gateway,
        grpc: String::new(),
        home: None,
        version: String::new(),
        started: Timestamp::default(),
        draining: false,
    }
}

fn item(name: &str) -> Outbound {
    Outbound::Disconnect { user: UserId::parse(name).unwrap() }
}

/// The names of a parcel's items, and the number of the first.
fn contents(parcel: Parcel) -> (u64, Vec<String>) {
    let names = parcel.items.into_iter().map(|item| match wire::decode_outbound(item).unwrap() {
        Outbound::Disconnect { user } => user.to_string(),
        other => panic!("not sent: {other:?}"),
    });
    (parcel.first, names.collect())
}

async fn next(subscription: &mut Subscription) -> Parcel {
    let message = tokio::time::timeout(Duration::from_secs(60), subscription.next()).await;
    wire::decode_parcel(message.unwrap().unwrap().payload).unwrap()
}

fn nothing_waits(subscription: &mut Subscription) -> bool {
    subscription.next().now_or_never().is_none()
}

#[tokio::test]
async fn an_item_goes_at_once_while_the_bus_is_free() {
    let stage = Stage::new(OutwardOptions::default()).await;
    let mut heard = stage.listen().await;
    for (number, name) in [(1, "ann"), (2, "bob")] {
        assert!(stage.send(name).now_or_never().is_some());
        let parcel = next(&mut heard).await;
        assert_eq!((parcel.sender.as_str(), parcel.link), ("router-1", 1));
        assert_eq!(contents(parcel), (number, vec![name.to_owned()]));
    }
    assert_eq!((stage.metrics.parcels.get(), stage.metrics.items.get()), (2, 2));
}

#[tokio::test]
async fn gateways_are_numbered_apart() {
    let stage = Stage::new(OutwardOptions::default()).await;
    let mut heard = stage.listen().await;
    let gateways = [node("gateway-2"), stage.gateway.clone()];
    stage.outward.send(&gateways[..1], &item("ann")).await;
    stage.outward.send(&gateways, &item("bob")).await;
    let parcel = next(&mut heard).await;
    assert_eq!((parcel.link, contents(parcel)), (2, (1, vec!["bob".to_owned()])));
}

#[tokio::test]
async fn what_is_sent_while_the_bus_is_busy_goes_together_and_in_order() {
    let options = OutwardOptions { parcel_bytes: 3 * encoded_len("c"), ..OutwardOptions::default() };
    let stage = Stage::on(Arc::new(MemoryBus::new(1)), options).await;
    let mut heard = stage.listen().await;
    stage.send("a").await;
    // The gateway's queue is full: this one is on its way until there is room.
    let mut busy = Box::pin(stage.send("b"));
    assert!(poll!(&mut busy).is_pending());
    for name in ["c", "d", "e", "f"] {
        assert!(stage.send(name).now_or_never().is_some());
    }
    assert_eq!(stage.metrics.waiting_bytes.get(), 4 * encoded_len("c") as i64);
    assert_eq!(contents(next(&mut heard).await), (1, vec!["a".to_owned()]));
    busy.await;
    assert_eq!(contents(next(&mut heard).await), (2, vec!["b".to_owned()]));
    assert_eq!(contents(next(&mut heard).await), (3, ["c", "d", "e"].map(str::to_owned).to_vec()));
    assert_eq!(contents(next(&mut heard).await), (6, vec!["f".to_owned()]));
    assert_eq!(stage.metrics.waiting_bytes.get(), 0);
}

#[tokio::test]
async fn beyond_the_bytes_that_may_wait_senders_wait() {
    let options = OutwardOptions { waiting_bytes: 1, ..OutwardOptions::default() };
    let stage = Stage::on(Arc::new(MemoryBus::new(1)), options).await;
    let mut heard = stage.listen().await;
    stage.send("a").await;
    let mut sending: Vec<_> = ["b", "c", "d", "e"].into_iter().map(|name| Box::pin(stage.send(name))).collect();
    let first: Vec<_> = sending.iter_mut().map(|sending| sending.now_or_never().is_some()).collect();
    assert_eq!(first, [false, true, false, false]);
    assert_eq!(stage.metrics.full.get(), 2);
    drop(sending.remove(1));
    let receive = async {
        let mut names = Vec::new();
        while names.len() < 5 {
            names.extend(contents(next(&mut heard).await).1);
        }
        names
    };
    let (mut names, _) = tokio::join!(receive, join_all(sending));
    assert_eq!(names[..3], ["a", "b", "c"]);
    names.sort();
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
}

#[tokio::test]
async fn a_sender_that_gives_up_holds_nobody_up() {
    let stage = Stage::on(Arc::new(MemoryBus::new(1)), OutwardOptions::default()).await;
    let mut heard = stage.listen().await;
    stage.send("a").await;
    let mut busy = Box::pin(stage.send("b"));
    assert!(poll!(&mut busy).is_pending());
    stage.send("c").await;
    drop(busy);
    assert_eq!(contents(next(&mut heard).await), (1, vec!["a".to_owned()]));
    // The number of what was given up is missing, and shows that.
    assert_eq!(contents(next(&mut heard).await), (3, vec!["c".to_owned()]));
    stage.send("d").await;
    assert_eq!(contents(next(&mut heard).await), (4, vec!["d".to_owned()]));
}

#[tokio::test]
async fn what_was_sent_can_be_sent_again() {
    let stage = Stage::new(OutwardOptions::default()).await;
    for name in ["a", "b", "c"] {
        stage.send(name).await;
    }
    let sender = node("router-1");
    for here in [&sender, &node("router-2")] {
        stage.directory.register(Node { role: Role::RoomRouter, ..gateway_node(here) }).await.unwrap();
    }
    let process = Process::new(Timestamp::default(), Readiness::default(), CancellationToken::new(), Vec::new());
    let services = Services::new(process, 1024).links(Resending::server([stage.outward.clone()]));
    let channels = Channels::new(stage.directory.watch(), ChannelOptions::default(), metrics::Grpc::default());
    channels.serve_here("", &services);
    let client = LinkClient::new(channels, Duration::from_secs(5));
    let again = client.resend(&sender, &stage.gateway, 2).await.unwrap();
    assert_eq!((again.sender.clone(), again.link), (sender.clone(), 1));
    assert_eq!(contents(again), (2, vec!["b".to_owned(), "c".to_owned()]));
    let nothing = client.resend(&sender, &stage.gateway, 4).await.unwrap();
    assert_eq!(contents(nothing), (4, vec![]));
    // Another sender, another gateway, and a sender that is gone.
    for (sender, gateway) in [("router-2", "gateway-1"), ("router-1", "gateway-2"), ("router-3", "gateway-1")] {
        let refused = client.resend(&node(sender), &node(gateway), 1).await.unwrap_err();
        assert_eq!(refused.code, Code::NotFound);
    }
}

#[tokio::test]
async fn only_so_much_is_kept() {
    let stage = Stage::new(OutwardOptions { kept_bytes: 200, ..OutwardOptions::default() }).await;
    for number in 1..=100 {
        stage.send(&format!("user-{number}")).await;
    }
    let again = stage.outward.resend(&stage.gateway, 50).unwrap();
    assert!(again.first > 90 && again.next() == 101, "{again:?}");
    let kept = stage.metrics.kept_bytes.get();
    assert!((1..=200).contains(&kept), "{kept}");
}

#[tokio::test]
async fn on_a_bus_that_loses_nothing_nothing_is_kept() {
    let stage = Stage::on(Arc::new(MemoryBus::new(64)), OutwardOptions::default()).await;
    stage.send("a").await;
    assert_eq!(contents(stage.outward.resend(&stage.gateway, 1).unwrap()), (2, vec![]));
    assert_eq!(stage.metrics.kept_bytes.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_link_says_its_number_once_a_second() {
    let stage = Stage::new(OutwardOptions::default()).await;
    let mut heard = stage.listen().await;
    let _links = stage.outward.look_after_links();
    stage.send("a").await;
    assert_eq!(contents(next(&mut heard).await), (1, vec!["a".to_owned()]));
    let begun = tokio::time::Instant::now();
    for _ in 0..3 {
        assert_eq!(contents(next(&mut heard).await), (2, vec![]));
    }
    assert!(begun.elapsed() <= Duration::from_millis(3100), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn on_a_bus_that_loses_nothing_silence_says_nothing() {
    let stage = Stage::on(Arc::new(MemoryBus::new(64)), OutwardOptions::default()).await;
    let mut heard = stage.listen().await;
    let _links = stage.outward.look_after_links();
    stage.send("a").await;
    next(&mut heard).await;
    tokio::time::advance(Duration::from_secs(100)).await;
    tokio::task::yield_now().await;
    assert!(nothing_waits(&mut heard));
}

#[tokio::test(start_paused = true)]
async fn the_link_to_a_gateway_that_is_gone_is_dropped_after_its_grace() {
    let stage = Stage::new(OutwardOptions::default()).await;
    let _links = stage.outward.look_after_links();
    stage.send("a").await;
    stage.directory.deregister(&stage.gateway).await.unwrap();
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(stage.outward.resend(&stage.gateway, 1).is_some());
    tokio::time::sleep(Duration::from_secs(32)).await;
    assert_eq!(stage.outward.resend(&stage.gateway, 1), None);
    assert_eq!(stage.metrics.kept_bytes.get(), 0);

    let mut heard = stage.listen().await;
    stage.send("b").await;
    let parcel = next(&mut heard).await;
    assert_eq!((parcel.link, contents(parcel)), (2, (1, vec!["b".to_owned()])));
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_is_back_within_the_grace_keeps_its_link() {
    let stage = Stage::new(OutwardOptions::default()).await;
    let _links = stage.outward.look_after_links();
    stage.send("a").await;
    for _ in 0..3 {
        stage.directory.deregister(&stage.gateway).await.unwrap();
        tokio::time::sleep(Duration::from_secs(30)).await;
        stage.directory.register(gateway_node(&stage.gateway)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    assert_eq!(stage.outward.resend(&stage.gateway, 1).unwrap().first, 1);
}

fn encoded_len(name: &str) -> usize {
    wire::encode_outbound(&item(name)).len()
}
