//! Who is asked.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use heliograph_cluster::{
    directory::{Directory, Node, Role},
    grpc::{ChannelOptions, Keepalive, ProcessClient, RoomClient, ServerOptions},
};
use heliograph_domain::refusal::Code;
use tokio::net::TcpListener;

use crate::{
    proxy::Proxy,
    stage::{Answering, Asking, PATIENCE, answer, name, node, services},
};

async fn answering(name: &str) -> Answering {
    Answering::start(name, ServerOptions::default()).await
}

/// An address where nobody listens.
async fn nowhere() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    listener.local_addr().unwrap().to_string()
}

#[tokio::test]
async fn questions_go_round_the_processes_of_a_role() {
    let (a, b, c) = (answering("a").await, answering("b").await, answering("c").await);
    let asking = Asking::new(&[&a, &b, &c]).await;
    let presence = node("p", Role::Presence, &nowhere().await);
    asking.learns_of(&presence).await;
    let mut answered = BTreeMap::new();
    for _ in 0..9 {
        *answered.entry(name(&asking.anyone()).await.unwrap()).or_insert(0) += 1;
    }
    assert_eq!(answered, BTreeMap::from([("a".to_owned(), 3), ("b".to_owned(), 3), ("c".to_owned(), 3)]));
    assert_eq!(asking.metrics.asked_again.get(), 0);
}

#[tokio::test]
async fn a_process_that_is_gone_is_passed_over_before_the_directory_notices() {
    let lives = answering("lives").await;
    let asking = Asking::new(&[&lives]).await;
    let gone = node("gone", Role::RoomRouter, &nowhere().await);
    asking.learns_of(&gone).await;
    for _ in 0..10 {
        assert_eq!(name(&asking.anyone()).await.unwrap(), "lives");
    }
    assert!(asking.metrics.asked_again.get() >= 1);
    assert_eq!(asking.metrics.channels.get(), 2);
    asking.directory.deregister(&gone.id).await.unwrap();
    assert_eq!(name(&asking.anyone()).await.unwrap(), "lives");
    assert_eq!(asking.metrics.channels.get(), 1);
}

#[tokio::test]
async fn a_process_that_accepts_and_says_nothing_costs_half_the_deadline() {
    let lives = answering("lives").await;
    let asking = Asking::new(&[&lives]).await;
    let mute = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = mute.local_addr().unwrap().to_string();
    asking.learns_of(&node("mute", Role::RoomRouter, &address)).await;
    let anyone = RoomClient::new(asking.channels.role(Role::RoomRouter, Duration::from_secs(4)));
    for _ in 0..4 {
        assert_eq!(name(&anyone).await.unwrap(), "lives");
    }
    assert!(asking.metrics.asked_again.get() >= 1);
}

#[tokio::test]
async fn a_peer_that_falls_silent_is_noticed_by_its_missing_signs_of_life() {
    let server = answering("a").await;
    let proxy = Proxy::before(server.address).await;
    let keepalive = Keepalive { interval: Duration::from_millis(100), timeout: Duration::from_millis(200) };
    let asking = Asking::with(ChannelOptions { keepalive, ..ChannelOptions::default() }, &[]).await;
    let behind = Node { grpc: proxy.address.to_string(), ..server.node.clone() };
    asking.learns_of(&behind).await;
    assert_eq!(name(&asking.one(&behind)).await.unwrap(), "a");
    proxy.fall_silent();
    let asked = Instant::now();
    assert_eq!(name(&asking.one(&behind)).await.unwrap_err().code, Code::Unavailable);
    assert!(asked.elapsed() < PATIENCE / 2, "it was the deadline that ended the call");
}

#[tokio::test]
async fn a_question_waits_for_a_process_to_come() {
    let a = answering("a").await;
    let asking = Asking::new(&[]).await;
    let anyone = asking.anyone();
    let waiting = tokio::spawn(async move { name(&anyone).await });
    asking.learns_of(&a.node).await;
    assert_eq!(waiting.await.unwrap().unwrap(), "a");
}

#[tokio::test(start_paused = true)]
async fn a_question_that_nobody_is_there_for_is_unavailable_at_its_deadline() {
    let asking = Asking::new(&[]).await;
    assert_eq!(name(&asking.anyone()).await.unwrap_err().code, Code::Unavailable);
}

#[tokio::test]
async fn processes_that_drain_are_asked_last() {
    let (a, b) = (answering("a").await, answering("b").await);
    let asking = Asking::new(&[&a, &b]).await;
    asking.learns_of(&Node { draining: true, ..a.node.clone() }).await;
    for _ in 0..4 {
        assert_eq!(name(&asking.anyone()).await.unwrap(), "b");
    }
    asking.directory.deregister(&b.node.id).await.unwrap();
    assert_eq!(name(&asking.anyone()).await.unwrap(), "a");
}

#[tokio::test]
async fn a_node_is_asked_by_its_id_while_it_lives() {
    let (a, b) = (answering("a").await, answering("b").await);
    let asking = Asking::new(&[&a, &b]).await;
    for _ in 0..2 {
        assert_eq!(name(&asking.one(&b.node)).await.unwrap(), "b");
    }
    assert_eq!((a.asked(), b.asked()), (0, 2));
    asking.directory.deregister(&b.node.id).await.unwrap();
    assert!(asking.channels.node(&b.node.id, PATIENCE).is_none());
}

#[tokio::test]
async fn a_process_says_how_it_is_and_begins_to_drain() {
    let a = answering("a").await;
    let asking = Asking::new(&[&a]).await;
    let _backend = a.readiness.hold("store");
    let client = ProcessClient::new(asking.channels.node(&a.node.id, PATIENCE).unwrap());
    let state = client.state().await.unwrap();
    assert_eq!((state.started, state.draining, state.waiting_for), (a.node.started, false, vec!["store".to_owned()]));
    assert_eq!((state.nodes.len(), &state.nodes[0].id, state.nodes[0].partitions), (1, &a.node.id, 7));
    client.drain().await.unwrap();
    assert!(a.shutdown.is_cancelled());
    assert!(client.state().await.unwrap().draining);
}

#[tokio::test]
async fn nodes_of_the_same_process_are_asked_without_a_connection() {
    let asking = Asking::new(&[]).await;
    let here = node("here", Role::RoomRouter, "");
    asking.learns_of(&here).await;
    assert!(asking.channels.node(&here.id, PATIENCE).is_none());
    let elsewhere = answering("elsewhere").await;
    let services = services(&here, &Default::default(), &Default::default());
    asking.channels.serve_here("", &services);
    let state = ProcessClient::new(asking.channels.node(&here.id, PATIENCE).unwrap()).state().await.unwrap();
    assert_eq!(state.nodes[0].id, here.id);
    // Others are still asked where they are.
    asking.learns_of(&elsewhere.node).await;
    assert_eq!(answer(&asking.one(&elsewhere.node), "any").await.unwrap(), "elsewhere");
}
