//! Items reach the gateway each once and in order, whatever the bus does to them.

use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use heliograph_cluster::{
    bus::{
        Bus, CallerRuns, MemoryBus, Subject,
        faulty::{Faults, FaultyBus},
    },
    directory::{Directory, MemoryDirectory, Node, Role},
    outward::{Outward, OutwardOptions},
};
use heliograph_domain::{
    delivery::{Outbound, Parcel},
    id::{NodeId, UserId},
    refusal::{Code, Refusal},
    time::Timestamp,
    wire,
};
use heliograph_telemetry::metrics;
use parking_lot::Mutex;
use tokio::{sync::mpsc, time};
use tokio_util::task::AbortOnDropHandle;

use super::{Address, Errand, LinkOptions, Receiver, Sink, Surroundings, receiver::Resend};

/// A gateway, services that send to it, and a bus that misbehaves between them.
struct Stage {
    bus: Arc<FaultyBus>,
    directory: Arc<MemoryDirectory>,
    heard: Heard,
    services: Services,
    metrics: metrics::Links,
    errands: mpsc::Sender<Errand>,
    _receiving: AbortOnDropHandle<()>,
    links: HashMap<NodeId, AbortOnDropHandle<()>>,
}

/// What the gateway has carried out, by the name in each item; and how often something was lost.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<(Vec<String>, usize)>>);

impl Sink for Heard {
    async fn carry_out(&self, item: Outbound, _leisure: bool) {
        let Outbound::Disconnect { user } = item else { panic!("not sent: {item:?}") };
        self.0.lock().0.push(user.to_string());
    }

    fn lost(&self) {
        self.0.lock().1 += 1;
    }
}

impl Heard {
    fn of(&self, sender: &str) -> Vec<u32> {
        let number = |name: &String| name.strip_prefix(sender)?.strip_prefix('#')?.parse().ok();
        self.0.lock().0.iter().filter_map(number).collect()
    }

    fn losses(&self) -> usize {
        self.0.lock().1
    }
}

/// The services, as they are asked to send again.
#[derive(Clone, Default)]
struct Services(Arc<Mutex<Asked>>);

#[derive(Default)]
struct Asked {
    senders: HashMap<NodeId, Outward>,
    /// How questions are refused, if they are.
    refuse: Option<Code>,
}

impl Resend for Services {
    fn resend(&self, sender: NodeId, gateway: NodeId, from: u64) -> BoxFuture<'static, Result<Parcel, Refusal>> {
        let asked = self.0.lock();
        let again = asked.senders.get(&sender).and_then(|outward| outward.resend(&gateway, from));
        let answer = match asked.refuse {
            Some(code) => Err(code.into()),
            None => again.ok_or_else(|| Code::NotFound.into()),
        };
        Box::pin(async move {
            time::sleep(Duration::from_millis(3)).await;
            answer
        })
    }
}

impl Stage {
    async fn new() -> Self {
        Self::with(LinkOptions::default(), 1).await
    }

    async fn with(options: LinkOptions, seed: u64) -> Self {
        let bus = Arc::new(FaultyBus::new(Arc::new(MemoryBus::new(10_000)), seed));
        let (directory, heard, services) =
            (Arc::new(MemoryDirectory::default()), Heard::default(), Services::default());
        directory.register(record("gateway-1", Role::Gateway)).await.unwrap();
        let metrics = metrics::Links::default();
        let around = Surroundings {
            options,
            delivery: bus.delivery(),
            nodes: directory.watch(),
            resend: Arc::new(services.clone()),
            metrics: metrics.clone(),
        };
        let address = Address::open(&*bus, node("gateway-1")).await.unwrap();
        let (errands, told) = mpsc::channel(1);
        let receiving = tokio::spawn(Receiver::new(address, around, heard.clone()).run(told, CallerRuns::default()));
        let _receiving = AbortOnDropHandle::new(receiving);
        Self { bus, directory, heard, services, metrics, errands, _receiving, links: HashMap::new() }
    }

    /// A service that sends to the gateway.
    async fn service(&mut self, name: &str, options: OutwardOptions) -> Outward {
        self.directory.register(record(name, Role::RoomRouter)).await.unwrap();
        let bus: Arc<dyn Bus> = self.bus.clone();
        let (nodes, metrics) = (self.directory.watch(), metrics::Outward::default());
        let outward = Outward::new(node(name), bus, nodes, options, metrics);
        self.links.insert(node(name), outward.look_after_links());
        self.services.0.lock().senders.insert(node(name), outward.clone());
        outward
    }

    /// A service is gone, with what it could have sent again.
    async fn end(&mut self, name: &str) {
        self.links.remove(&node(name));
        self.services.0.lock().senders.remove(&node(name));
        self.directory.deregister(&node(name)).await.unwrap();
    }

    fn lose_everything(&self) {
        self.bus.set(Faults { lose: 1.0, ..Faults::default() });
    }
}

async fn send(outward: &Outward, number: u32) {
    let user = UserId::parse(&format!("{}#{number}", outward.sender())).unwrap();
    outward.send(&[node("gateway-1")], &Outbound::Disconnect { user }).await;
}

/// Waits until something is so.
async fn until(what: impl Fn() -> bool) {
    let waiting = async {
        while !what() {
            time::sleep(Duration::from_millis(1)).await;
        }
    };
    time::timeout(Duration::from_secs(60), waiting).await.expect("in a minute");
}

async fn takes<T>(work: impl Future<Output = T>) -> Duration {
    let begun = time::Instant::now();
    work.await;
    begun.elapsed()
}

fn node(id: &str) -> NodeId {
    NodeId::parse(id).unwrap()
}

fn record(id: &str, role: Role) -> Node {
    Node {
        id: node(id),
        role,
        grpc: String::new(),
        home: None,
        version: String::new(),
        started: Timestamp::default(),
        draining: false,
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_doubled_or_turned_round_by_a_bus_that_does_all_of_it() {
    for seed in 0..10 {
        let mut stage = Stage::with(LinkOptions::default(), seed).await;
        let lag = Duration::from_millis(40);
        stage.bus.set(Faults { lose: 0.1, duplicate: 0.1, delay: 0.05, reorder: 0.2, lag });
        let one = stage.service("router-1", OutwardOptions::default()).await;
        let other = stage.service("router-2", OutwardOptions::default()).await;
        for number in 0..300 {
            send(&one, number).await;
            send(&other, number).await;
            if number % 10 == 0 {
                time::sleep(Duration::from_millis(5)).await;
            }
        }
        let complete = || ["router-1", "router-2"].iter().all(|name| stage.heard.of(name).len() >= 300);
        until(complete).await;
        for name in ["router-1", "router-2"] {
            assert!(stage.heard.of(name).into_iter().eq(0..300), "{name}, seed {seed}: {:?}", stage.heard.of(name));
        }
        assert_eq!(stage.heard.losses(), 0, "seed {seed}");
        assert!(stage.metrics.repeats.get() > 0 && stage.metrics.gaps.get() > 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_item_before_a_silence_is_missed_for_a_second() {
    let mut stage = Stage::new().await;
    let router = stage.service("router-1", OutwardOptions::default()).await;
    send(&router, 1).await;
    until(|| stage.heard.of("router-1").len() == 1).await;
    stage.lose_everything();
    send(&router, 2).await;
    stage.bus.heal();
    let noticed = takes(until(|| stage.heard.of("router-1").len() == 2)).await;
    assert!(noticed < Duration::from_millis(1100), "{noticed:?}");
    assert_eq!(stage.heard.losses(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_very_first_item_is_missed_too() {
    let mut stage = Stage::new().await;
    let router = stage.service("router-1", OutwardOptions::default()).await;
    stage.lose_everything();
    send(&router, 1).await;
    stage.bus.heal();
    until(|| stage.heard.of("router-1") == [1]).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_sender_has_no_longer_is_lost_and_what_it_has_is_heard() {
    let mut stage = Stage::new().await;
    let router = stage.service("router-1", OutwardOptions { kept_bytes: 500, ..OutwardOptions::default() }).await;
    stage.lose_everything();
    for number in 1..=100 {
        send(&router, number).await;
    }
    stage.bus.heal();
    send(&router, 101).await;
    until(|| stage.heard.losses() == 1).await;
    let heard = stage.heard.of("router-1");
    assert!(heard.len() > 1 && heard.iter().copied().eq(102 - heard.len() as u32..=101), "{heard:?}");
    send(&router, 102).await;
    until(|| stage.heard.of("router-1").last() == Some(&102)).await;
    assert_eq!(stage.heard.losses(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_its_sender_what_is_missing_is_lost_at_once() {
    let mut stage = Stage::new().await;
    let router = stage.service("router-1", OutwardOptions::default()).await;
    stage.lose_everything();
    send(&router, 1).await;
    stage.bus.heal();
    stage.end("router-1").await;
    send(&router, 2).await;
    let noticed = takes(until(|| stage.heard.losses() == 1)).await;
    assert!(noticed < Duration::from_millis(100), "{noticed:?}");
    assert_eq!(stage.heard.of("router-1"), [2]);
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_does_not_answer_is_asked_for_a_while_and_holds_up_nobody_else() {
    let mut stage = Stage::new().await;
    let router = stage.service("router-1", OutwardOptions::default()).await;
    let other = stage.service("router-2", OutwardOptions::default()).await;
    stage.services.0.lock().refuse = Some(Code::Unavailable);
    stage.lose_everything();
    send(&router, 1).await;
    stage.bus.heal();
    send(&router, 2).await;
    send(&other, 1).await;
    until(|| stage.heard.of("router-2") == [1]).await;
    assert!(stage.heard.of("router-1").is_empty());
    let waited = takes(until(|| stage.heard.of("router-1") == [2])).await;
    assert!((4..7).contains(&waited.as_secs()), "{waited:?}");
    assert_eq!(stage.heard.losses(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_answers_in_time_loses_nothing() {
    let mut stage = Stage::new().await;
    let router = stage.service("router-1", OutwardOptions::default()).await;
    stage.services.0.lock().refuse = Some(Code::Unavailable);
    stage.lose_everything();
    send(&router, 1).await;
    stage.bus.heal();
    send(&router, 2).await;
    time::sleep(Duration::from_secs(3)).await;
    stage.services.0.lock().refuse = None;
    until(|| stage.heard.of("router-1") == [1, 2]).await;
    assert_eq!(stage.heard.losses(), 0);
}

#[tokio::test(start_paused = true)]
async fn only_so_much_is_kept_while_something_is_missing() {
    let mut stage = Stage::with(LinkOptions { early_bytes: 1000, ..LinkOptions::default() }, 1).await;
    let router = stage.service("router-1", OutwardOptions::default()).await;
    stage.services.0.lock().refuse = Some(Code::Unavailable);
    stage.lose_everything();
    send(&router, 0).await;
    stage.bus.heal();
    for number in 1..=100 {
        send(&router, number).await;
    }
    let waited = takes(until(|| stage.heard.of("router-1").into_iter().eq(1..=100))).await;
    assert!(waited < Duration::from_secs(1), "{waited:?}");
    assert_eq!(stage.heard.losses(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_ends_after_a_disturbance_may_have_been_missed() {
    let mut stage = Stage::new().await;
    let router = stage.service("router-1", OutwardOptions::default()).await;
    send(&router, 1).await;
    time::sleep(Duration::from_secs(3)).await;
    stage.lose_everything();
    send(&router, 2).await;
    stage.bus.disturb();
    stage.end("router-1").await;
    until(|| stage.heard.losses() == 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_has_said_its_number_since_a_disturbance_was_not_missed() {
    let mut stage = Stage::new().await;
    let router = stage.service("router-1", OutwardOptions::default()).await;
    let _quiet = stage.service("presence-1", OutwardOptions::default()).await;
    send(&router, 1).await;
    stage.bus.disturb();
    time::sleep(Duration::from_secs(5)).await;
    stage.end("router-1").await;
    time::sleep(Duration::from_secs(60)).await;
    stage.end("presence-1").await;
    time::sleep(Duration::from_secs(5)).await;
    assert_eq!(stage.heard.losses(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_was_silent_for_long_is_not_heard_twice() {
    let mut stage = Stage::new().await;
    let router = stage.service("router-1", OutwardOptions::default()).await;
    send(&router, 1).await;
    stage.directory.deregister(&node("router-1")).await.unwrap();
    time::sleep(Duration::from_secs(3600)).await;
    stage.directory.register(record("router-1", Role::RoomRouter)).await.unwrap();
    send(&router, 2).await;
    until(|| stage.heard.of("router-1") == [1, 2]).await;
    time::sleep(Duration::from_secs(10)).await;
    assert_eq!((stage.heard.of("router-1"), stage.heard.losses()), (vec![1, 2], 0));
}

#[tokio::test(start_paused = true)]
async fn a_gateway_with_another_node_id_hears_what_is_sent_to_either() {
    let mut stage = Stage::new().await;
    let router = stage.service("router-1", OutwardOptions::default()).await;
    send(&router, 1).await;
    until(|| stage.heard.of("router-1") == [1]).await;
    stage.directory.register(record("gateway-2", Role::Gateway)).await.unwrap();
    let address = Address::open(&*stage.bus, node("gateway-2")).await.unwrap();
    assert!(stage.errands.send(Errand::Move(address)).await.is_ok());
    send(&router, 2).await;
    until(|| stage.heard.of("router-1") == [1, 2]).await;
    let user = UserId::parse("router-1#3").unwrap();
    stage.lose_everything();
    router.send(&[node("gateway-2")], &Outbound::Disconnect { user }).await;
    stage.bus.heal();
    until(|| stage.heard.of("router-1") == [1, 2, 3]).await;
    assert_eq!(stage.heard.losses(), 0);

    assert!(stage.errands.send(Errand::Settle).await.is_ok());
    time::sleep(Duration::from_millis(10)).await;
    send(&router, 4).await;
    time::sleep(Duration::from_secs(10)).await;
    assert_eq!(stage.heard.of("router-1"), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn an_item_that_cannot_be_read_does_not_spoil_the_others() {
    let stage = Stage::new().await;
    let good = |name: &str| wire::encode_outbound(&Outbound::Disconnect { user: UserId::parse(name).unwrap() });
    let items = vec![good("a#1"), "rubbish".into(), good("a#2")];
    let parcel = Parcel { sender: node("a"), link: 1, first: 1, items };
    let subject = Subject::Gateway(node("gateway-1"));
    stage.bus.publish(subject.clone(), "rubbish".into()).await.unwrap();
    stage.bus.publish(subject, wire::encode_parcel(parcel)).await.unwrap();
    until(|| stage.heard.of("a") == [1, 2]).await;
    assert_eq!((stage.metrics.unreadable.get(), stage.heard.losses()), (2, 0));
}
