//! The faults of the faulty bus, in simulated time.

#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use heliograph_cluster::{
    bus::{
        Bus, BusError, MemoryBus, QueueGroup, Subject, Subscription,
        faulty::{Faults, FaultyBus},
    },
    partition::Partition,
};
use heliograph_domain::id::NodeId;
use tokio::time::{self, Instant};

const LAG: Duration = Duration::from_secs(1);

fn bus() -> FaultyBus {
    FaultyBus::new(Arc::new(MemoryBus::new(1000)), 1)
}

fn gateway(name: &str) -> Subject {
    Subject::Gateway(NodeId::parse(name).unwrap())
}

fn rooms() -> Subject {
    Subject::Rooms(Partition::of("room"))
}

async fn publish_numbers(bus: &FaultyBus, subject: &Subject) {
    for number in 0..100_u8 {
        bus.publish(subject.clone(), vec![number].into()).await.unwrap();
    }
}

/// What has arrived once everything that is late has.
async fn numbers(subscription: &mut Subscription) -> Vec<u8> {
    time::sleep(2 * LAG).await;
    let mut numbers = Vec::new();
    while let Some(Some(message)) = subscription.next().now_or_never() {
        numbers.push(message.payload[0]);
    }
    numbers
}

async fn numbers_with(faults: Faults) -> Vec<u8> {
    let bus = bus();
    let mut subscription = bus.subscribe(gateway("g1"), None).await.unwrap();
    bus.set(faults);
    publish_numbers(&bus, &gateway("g1")).await;
    numbers(&mut subscription).await
}

#[tokio::test(start_paused = true)]
async fn without_faults_nothing_happens_to_messages() {
    let all: Vec<u8> = (0..100).collect();
    assert_eq!(numbers_with(Faults::default()).await, all);
}

#[tokio::test(start_paused = true)]
async fn a_share_of_messages_is_lost() {
    let numbers = numbers_with(Faults { lose: 0.3, ..Faults::default() }).await;
    assert!((40..100).contains(&numbers.len()), "{numbers:?}");
    assert!(numbers.is_sorted());
}

#[tokio::test(start_paused = true)]
async fn a_share_of_messages_comes_twice() {
    let numbers = numbers_with(Faults { duplicate: 0.3, ..Faults::default() }).await;
    assert!((101..200).contains(&numbers.len()), "{numbers:?}");
    assert!(numbers.is_sorted());
}

#[tokio::test(start_paused = true)]
async fn delays_keep_the_order() {
    let started = Instant::now();
    let numbers = numbers_with(Faults { delay: 0.3, lag: LAG, ..Faults::default() }).await;
    assert_eq!(numbers, (0..100).collect::<Vec<_>>());
    assert!(started.elapsed() > 3 * LAG);
}

#[tokio::test(start_paused = true)]
async fn messages_overtake_each_other() {
    let mut numbers = numbers_with(Faults { reorder: 0.3, lag: LAG, ..Faults::default() }).await;
    assert!(!numbers.is_sorted());
    numbers.sort_unstable();
    assert_eq!(numbers, (0..100).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_faults() {
    let faults = Faults { lose: 0.3, duplicate: 0.3, ..Faults::default() };
    assert_eq!(numbers_with(faults).await, numbers_with(faults).await);
}

#[tokio::test(start_paused = true)]
async fn a_cut_subject_is_silent_until_it_is_healed() {
    let bus = bus();
    let mut cut = bus.subscribe(gateway("g1"), None).await.unwrap();
    let mut other = bus.subscribe(gateway("g2"), None).await.unwrap();
    bus.cut(gateway("g1"));
    publish_numbers(&bus, &gateway("g1")).await;
    publish_numbers(&bus, &gateway("g2")).await;
    assert!(numbers(&mut cut).await.is_empty());
    assert_eq!(numbers(&mut other).await.len(), 100);
    bus.heal();
    publish_numbers(&bus, &gateway("g1")).await;
    assert_eq!(numbers(&mut cut).await.len(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_lost_request_is_noticed_by_the_requesters_clock() {
    let bus = bus();
    let mut subscription = bus.subscribe(rooms(), Some(QueueGroup::Rooms)).await.unwrap();
    bus.set(Faults { lose: 1.0, ..Faults::default() });
    let started = Instant::now();
    let reply = bus.request(rooms(), vec![1].into(), LAG).await;
    assert_eq!(reply, Err(BusError::Timeout(rooms())));
    assert_eq!(started.elapsed(), LAG);
    assert!(numbers(&mut subscription).await.is_empty());
}
