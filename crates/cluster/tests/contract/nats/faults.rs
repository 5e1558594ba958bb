//! What happens to messages when NATS is gone, silent, or too small.

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use heliograph_cluster::{
    bus::{Bus, BusError, DeliveryGuarantee, NatsBus, QueueGroup, Subject, nats::NatsOptions},
    partition::Partition,
};
use heliograph_servers::{Nats, NatsOptions as ServerOptions};
use tokio::{sync::watch, task::JoinSet};

use super::{connect, options};
use crate::{
    case::{Case, cases},
    scene::{eventually, fresh, node},
    servers::Servers,
};

pub(crate) const CASES: &[Case<Arc<Servers>>] = cases![
    buses_with_different_prefixes_do_not_hear_each_other,
    a_subscription_is_in_force_for_other_connections_too,
    the_first_connection_is_no_disturbance,
    a_new_connection_is_a_disturbance_after_which_nothing_is_missed,
    requests_that_are_sent_again_survive_restarts,
    a_slow_subscriber_is_a_disturbance_and_goes_on,
    without_a_connection_senders_are_told_at_once_and_nothing_is_put_by,
    a_silent_server_makes_nobody_wait_longer_than_agreed,
    a_message_that_is_too_large_is_refused_and_harms_nobody,
    a_reply_that_is_too_large_harms_nobody,
    a_server_of_the_list_that_is_gone_is_passed_over,
    another_server_of_the_list_takes_over,
];

/// Far more than it takes; less than what a test is given.
const PATIENCE: Duration = Duration::from_secs(20);

fn gateway() -> Subject {
    Subject::Gateway(node(&fresh("gateway")))
}

fn rooms() -> Subject {
    Subject::Rooms(Partition::of(&fresh("room")))
}

fn disturbances(bus: &NatsBus) -> watch::Receiver<u64> {
    match bus.delivery() {
        DeliveryGuarantee::AtMostOnce { disturbances } => disturbances,
        DeliveryGuarantee::Certain => panic!("NATS promises no such thing"),
    }
}

/// Answers every request with its payload.
async fn echo(bus: &NatsBus, subject: &Subject) -> JoinSet<()> {
    let mut subscription = bus.subscribe(subject.clone(), Some(QueueGroup::Rooms)).await.unwrap();
    let mut task = JoinSet::new();
    task.spawn(async move {
        while let Some(message) = subscription.next().await {
            message.reply.unwrap().send(message.payload);
        }
    });
    task
}

/// Asks until there is an answer.
async fn ask(bus: &NatsBus, subject: &Subject, payload: &str) -> String {
    let reply = eventually(|| async {
        bus.request(subject.clone(), payload.to_owned().into(), Duration::from_millis(500)).await.ok()
    });
    String::from_utf8_lossy(&reply.await).into_owned()
}

/// Waits until the bus knows that there is no connection.
async fn disconnected(bus: &NatsBus) {
    eventually(|| async {
        let published = bus.publish(gateway(), "anybody?".into()).await;
        matches!(published, Err(BusError::Unavailable(_))).then_some(())
    })
    .await;
}

/// Restarts a server while this test's other tasks go on.
async fn restart(nats: &Arc<Nats>) {
    let nats = Arc::clone(nats);
    tokio::task::spawn_blocking(move || nats.process.restart().unwrap()).await.unwrap();
}

async fn buses_with_different_prefixes_do_not_hear_each_other(servers: Arc<Servers>) {
    let (one, other) = (connect(options(servers.nats())).await, connect(options(servers.nats())).await);
    let subject = rooms();
    let _serving = echo(&one, &subject).await;
    assert_eq!(ask(&one, &subject, "hello").await, "hello");
    let reply = other.request(subject.clone(), "hello".into(), PATIENCE).await;
    assert_eq!(reply, Err(BusError::NoResponders(subject)));
}

async fn a_subscription_is_in_force_for_other_connections_too(servers: Arc<Servers>) {
    let options = options(servers.nats());
    let (server, client) = (connect(options.clone()).await, connect(options).await);
    for _ in 0..50 {
        let subject = rooms();
        let _serving = echo(&server, &subject).await;
        let reply = client.request(subject.clone(), "now".into(), PATIENCE).await;
        assert_eq!(reply.unwrap(), "now");
    }
}

async fn the_first_connection_is_no_disturbance(servers: Arc<Servers>) {
    let bus = connect(options(servers.nats())).await;
    let disturbances = disturbances(&bus);
    for _ in 0..10 {
        bus.probe().await.unwrap();
    }
    assert_eq!(*disturbances.borrow(), 0);
}

async fn a_new_connection_is_a_disturbance_after_which_nothing_is_missed(_: Arc<Servers>) {
    let nats = Arc::new(Nats::start().unwrap());
    let options = options(&nats);
    let (gateway_bus, service) = (connect(options.clone()).await, connect(options).await);
    let subject = gateway();
    let mut subscription = gateway_bus.subscribe(subject.clone(), None).await.unwrap();
    let mut disturbances = disturbances(&gateway_bus);
    for life in 1..=3_u64 {
        restart(&nats).await;
        disturbances.wait_for(|count| *count >= life).await.unwrap();
        let message = format!("after restart {life}");
        eventually(|| async { service.publish(subject.clone(), message.clone().into()).await.ok() }).await;
        assert_eq!(subscription.next().await.unwrap().payload, message);
    }
    assert_eq!(*disturbances.borrow(), 3);
}

async fn requests_that_are_sent_again_survive_restarts(_: Arc<Servers>) {
    const CLIENTS: usize = 8;
    let nats = Arc::new(Nats::start().unwrap());
    let options = options(&nats);
    let server = connect(options.clone()).await;
    let subject = rooms();
    let _serving = echo(&server, &subject).await;
    let done = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (bus, subject, done) = (connect(options.clone()).await, subject.clone(), Arc::clone(&done));
        clients.spawn(async move {
            let mut asked = 0_u32;
            while !done.load(Ordering::Relaxed) {
                let question = format!("{client}:{asked}");
                assert_eq!(ask(&bus, &subject, &question).await, question);
                asked += 1;
            }
            asked
        });
    }
    let monitor = connect(options).await;
    for _ in 0..3 {
        restart(&nats).await;
        // The load goes on before the next blow falls.
        assert_eq!(ask(&monitor, &subject, "on?").await, "on?");
    }
    done.store(true, Ordering::Relaxed);
    let asked = clients.join_all().await;
    assert!(asked.len() == CLIENTS && asked.iter().all(|asked| *asked > 0), "{asked:?}");
}

async fn a_slow_subscriber_is_a_disturbance_and_goes_on(servers: Arc<Servers>) {
    let options = NatsOptions { subscription_queue: 10, ..options(servers.nats()) };
    let (slow, service) = (connect(options.clone()).await, connect(options).await);
    let subject = gateway();
    let mut subscription = slow.subscribe(subject.clone(), None).await.unwrap();
    let mut disturbances = disturbances(&slow);
    for number in 0..200_u32 {
        service.publish(subject.clone(), number.to_string().into()).await.unwrap();
    }
    disturbances.wait_for(|count| *count > 0).await.unwrap();
    // What was not lost comes in order, and what comes later comes.
    service.probe().await.unwrap();
    slow.probe().await.unwrap();
    service.publish(subject.clone(), "the end".into()).await.unwrap();
    let mut received = Vec::new();
    let mut end = false;
    while !end {
        match tokio::time::timeout(Duration::from_millis(200), subscription.next()).await {
            Ok(message) => {
                let text = String::from_utf8_lossy(&message.unwrap().payload).into_owned();
                end = text == "the end";
                received.extend(text.parse::<u32>());
            }
            // It found the queue full too.
            Err(_) => service.publish(subject.clone(), "the end".into()).await.unwrap(),
        }
    }
    assert!(received.is_sorted() && (10..200).contains(&received.len()), "{received:?}");
}

async fn without_a_connection_senders_are_told_at_once_and_nothing_is_put_by(_: Arc<Servers>) {
    let nats = Arc::new(Nats::start().unwrap());
    let options = options(&nats);
    let (bus, listener) = (connect(options.clone()).await, connect(options).await);
    let subject = gateway();
    let mut subscription = listener.subscribe(subject.clone(), None).await.unwrap();
    nats.process.kill();
    disconnected(&bus).await;
    let started = Instant::now();
    for _ in 0..5000 {
        let published = bus.publish(subject.clone(), "stale".into()).await;
        assert!(matches!(published, Err(BusError::Unavailable(_))), "{published:?}");
    }
    let reply = bus.request(rooms(), "stale".into(), PATIENCE).await;
    assert!(matches!(reply, Err(BusError::Unavailable(_))), "{reply:?}");
    assert!(matches!(bus.subscribe(gateway(), None).await, Err(BusError::Unavailable(_))));
    assert!(bus.probe().await.is_err());
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());

    let mut disturbances = disturbances(&listener);
    restart(&nats).await;
    disturbances.wait_for(|count| *count > 0).await.unwrap();
    eventually(|| async { bus.publish(subject.clone(), "fresh".into()).await.ok() }).await;
    assert_eq!(subscription.next().await.unwrap().payload, "fresh");
}

async fn a_silent_server_makes_nobody_wait_longer_than_agreed(_: Arc<Servers>) {
    const AGREED: Duration = Duration::from_millis(300);
    let nats = Nats::start().unwrap();
    let options = NatsOptions {
        patience: AGREED,
        connect_timeout: AGREED,
        ping_interval: Duration::from_millis(200),
        ..options(&nats)
    };
    let bus = connect(options).await;
    let subject = rooms();
    let _serving = echo(&bus, &subject).await;
    nats.process.pause().unwrap();
    let started = Instant::now();
    let reply = bus.request(subject.clone(), "hello?".into(), AGREED).await;
    assert!(matches!(reply, Err(BusError::Timeout(_) | BusError::Unavailable(_))), "{reply:?}");
    assert!(bus.probe().await.is_err());
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    // Signs of life stay away, which ends the connection.
    disconnected(&bus).await;
    nats.process.resume().unwrap();
    assert_eq!(ask(&bus, &subject, "hello again").await, "hello again");
}

fn small_server() -> Nats {
    ServerOptions::default().line("max_payload: 1024").start().unwrap()
}

async fn a_message_that_is_too_large_is_refused_and_harms_nobody(_: Arc<Servers>) {
    let nats = small_server();
    let bus = connect(options(&nats)).await;
    let subject = rooms();
    let _serving = echo(&bus, &subject).await;
    let large = vec![b'x'; 2000];
    let refused = Err(BusError::TooLarge { subject: subject.clone(), size: 2000, limit: 1024 });
    assert_eq!(bus.publish(subject.clone(), large.clone().into()).await, refused);
    let reply = bus.request(subject.clone(), large.into(), PATIENCE).await;
    assert_eq!(reply.map(drop), refused);
    assert_eq!(ask(&bus, &subject, "small").await, "small");
    assert_eq!(*disturbances(&bus).borrow(), 0);
}

async fn a_reply_that_is_too_large_harms_nobody(_: Arc<Servers>) {
    let nats = small_server();
    let bus = connect(options(&nats)).await;
    let subject = rooms();
    let mut subscription = bus.subscribe(subject.clone(), Some(QueueGroup::Rooms)).await.unwrap();
    let asking = bus.request(subject.clone(), "much".into(), Duration::from_millis(100));
    let answering = async {
        let message = subscription.next().await.unwrap();
        message.reply.unwrap().send(vec![b'x'; 2000].into());
    };
    let (reply, ()) = tokio::join!(asking, answering);
    assert_eq!(reply, Err(BusError::Timeout(subject)));
    bus.probe().await.unwrap();
    assert_eq!(*disturbances(&bus).borrow(), 0);
}

async fn a_server_of_the_list_that_is_gone_is_passed_over(servers: Arc<Servers>) {
    // Bound and not listened to by NATS: it takes connections and says nothing.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let nats = servers.nats().address();
    let url = format!("nats://{gone},{},{nats}", silent.local_addr().unwrap());
    let options =
        NatsOptions { connect_timeout: Duration::from_millis(200), prefix: fresh("hg"), ..NatsOptions::new(url) };
    for _ in 0..3 {
        connect(options.clone()).await.probe().await.unwrap();
    }
}

async fn another_server_of_the_list_takes_over(_: Arc<Servers>) {
    let servers = [Nats::start().unwrap(), Nats::start().unwrap()];
    let url = format!("nats://{},{}", servers[0].address(), servers[1].address());
    let bus = connect(NatsOptions { prefix: fresh("hg"), ..NatsOptions::new(url) }).await;
    let mut disturbances = disturbances(&bus);
    let subject = rooms();
    let _serving = echo(&bus, &subject).await;
    servers[0].process.kill();
    assert_eq!(ask(&bus, &subject, "one").await, "one");
    servers[0].process.restart().unwrap();
    servers[1].process.kill();
    assert_eq!(ask(&bus, &subject, "other").await, "other");
    // It was connected to one of them.
    disturbances.wait_for(|count| *count > 0).await.unwrap();
}
