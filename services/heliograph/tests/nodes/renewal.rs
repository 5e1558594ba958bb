//! Gateways are taken for dead though they live.

use std::time::Duration;

use heliograph_domain::{
    id::{CommandId, SocketId, UserId},
    room::RoomId,
};
use serde_json::json;

use crate::{
    client::Client,
    nodes::{Nodes, eventually},
};

#[tokio::test]
async fn clients_of_a_gateway_that_was_taken_for_dead_stay_connected_and_miss_nothing() {
    let (nodes, _services) = Nodes::served().await;
    let (first, second) = (nodes.gateway().await, nodes.gateway().await);
    let mut ann = Client::join(first.address, "ann", "team").await;
    let mut bob = Client::join(second.address, "bob", "team").await;
    let before = nodes.gateways();
    for round in 0..3 {
        first.node.lose_lease().await;
        let text = format!("while it is away {round}");
        bob.post(&text).await.unwrap();
        assert_eq!(ann.hear("chat").await["text"], text);
        let now = nodes.gateways();
        eventually("ann is known at a gateway that lives", async || {
            nodes.gateways_of("ann").await.iter().all(|gateway| nodes.gateways().contains(gateway))
        })
        .await;
        assert_eq!(now.len(), 2);
    }
    assert_ne!(nodes.gateways(), before);
    assert_eq!(first.node.metrics.gateway.renewals.get(), 3);
    assert_eq!(ann.post("still here").await, Ok(4));
    assert_eq!(bob.hear("chat").await["text"], "still here");
    second.node.stopped().await;
}

/// The lease has lasted longer than the grace: presence ends the sockets at once.
#[tokio::test]
async fn clients_whose_sockets_were_ended_are_back_in_their_rooms() {
    let mut nodes = Nodes::new();
    nodes.lease = Duration::from_secs(5);
    let _services = [nodes.router().await, nodes.presence().await];
    let (first, second) = (nodes.gateway().await, nodes.gateway().await);
    let mut ann = Client::join(first.address, "ann", "team").await;
    let mut bob = Client::join(second.address, "bob", "team").await;
    ann.send(json!({"type": "raise-hand"})).await;
    assert_eq!(bob.hear("raise-hand").await["peerId"], ann.peer_id());
    for round in 0..10 {
        first.node.lose_lease().await;
        bob.post(&format!("message {round}")).await.unwrap();
    }
    for round in 0..10 {
        assert_eq!(ann.hear("chat").await["text"], format!("message {round}"));
    }
    let room = RoomId::parse("team").unwrap();
    eventually("both attend under ids that the directory has", async || {
        let view = nodes.store().rooms.view(&room, None, None, None).await.unwrap();
        let mut known = nodes.gateways();
        known.sort();
        let mut gateways = view.gateways;
        gateways.sort();
        gateways == known
    })
    .await;
    // Her hand is still up, for whoever comes.
    let cat = Client::join(second.address, "cat", "team").await;
    let peers = cat.peers["peers"].as_array().unwrap();
    let hers = peers.iter().find(|peer| peer["userId"] == "ann").unwrap();
    assert_eq!((&hers["handRaised"], &hers["peerId"]), (&json!(true), &json!(ann.peer_id())));
    assert_eq!(ann.post("still here").await, Ok(11));
}

#[tokio::test]
async fn commands_wait_while_the_gateway_is_nobody() {
    let (nodes, _services) = Nodes::served().await;
    let gateway = nodes.gateway().await;
    let mut ann = Client::join(gateway.address, "ann", "team").await;
    for round in 1..=20 {
        gateway.node.lose_lease().await;
        assert_eq!(ann.post(&format!("message {round}")).await, Ok(round));
    }
    // New ones come in as well.
    gateway.node.lose_lease().await;
    let bob = Client::join(gateway.address, "bob", "team").await;
    assert_eq!(bob.peers["peers"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_client_that_has_come_back_elsewhere_is_dropped() {
    let (nodes, _services) = Nodes::served().await;
    let (first, second) = (nodes.gateway().await, nodes.gateway().await);
    let mut ann = Client::join(first.address, "ann", "team").await;
    // Another gateway has the session, and the word of it was lost.
    let (socket, secret) = ann.resume_token().rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let secret = u128::from_str_radix(&secret, 16).unwrap().to_be_bytes();
    let (socket, secret) =
        (SocketId::parse(&socket).unwrap(), heliograph_domain::command::SessionSecret::from_bytes(secret));
    let elsewhere = nodes
        .gateways()
        .into_iter()
        .find(|gateway| !futures_util::FutureExt::now_or_never(nodes.gateways_of("ann")).unwrap().contains(gateway));
    let now = heliograph_domain::time::Timestamp::default();
    nodes.store().sessions.resume(&socket, secret, None, &elsewhere.unwrap(), now).await.unwrap();
    first.node.lose_lease().await;
    assert_eq!(ann.ended().await, Some(1012));
    drop(second);
}

#[tokio::test]
async fn a_client_that_a_room_has_forgotten_comes_back_to_everything() {
    let (nodes, _services) = Nodes::served().await;
    let (first, second) = (nodes.gateway().await, nodes.gateway().await);
    let mut ann = Client::join(first.address, "ann", "team").await;
    let mut bob = Client::join(second.address, "bob", "team").await;
    let (room, socket, user) =
        (RoomId::parse("team").unwrap(), SocketId::parse(&ann.peer_id()).unwrap(), UserId::parse("ann").unwrap());
    let left = nodes.store().rooms.leave(&room, CommandId::generate(), &socket, &user, true).await.unwrap();
    assert!(left.attendant.is_some());
    bob.post("unheard").await.unwrap();
    assert_eq!(ann.post("refused").await, Err("NOT_IN_ROOM".to_owned()));
    // Nobody can tell the gateway what it has missed of who came and went, so that the client begins anew.
    assert_eq!(ann.ended().await, Some(1012));
    let again = json!({"room": "team", "resume": ann.resume_token(), "since": 0});
    let mut back = Client::join_with(first.address, "ann", again).await;
    assert_eq!(back.peers["messages"][0]["text"], "unheard");
    assert_eq!(back.post("taken").await, Ok(2));
}

#[tokio::test]
async fn a_client_whose_session_is_lost_is_sent_back() {
    let (nodes, _services) = Nodes::served().await;
    let gateway = nodes.gateway().await;
    let mut ann = Client::join(gateway.address, "ann", "team").await;
    let socket = SocketId::parse(&ann.peer_id()).unwrap();
    nodes.store().sessions.close(&socket, None).await.unwrap();
    gateway.node.lose_lease().await;
    assert_eq!(ann.ended().await, Some(1012));
    let back = Client::join_with(gateway.address, "ann", json!({"room": "team", "resume": ann.resume_token()})).await;
    assert_eq!(back.peers["resumed"], false);
}
