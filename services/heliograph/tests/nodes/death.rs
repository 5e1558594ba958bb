//! Gateways die.

use std::time::Duration;

use serde_json::json;

use crate::{
    client::Client,
    nodes::{Nodes, eventually},
};

#[tokio::test]
async fn others_see_the_clients_of_a_gateway_that_has_died_leave() {
    let mut nodes = Nodes::new();
    nodes.lease = Duration::from_secs(5);
    let _services = [nodes.router().await, nodes.presence().await];
    let (first, second) = (nodes.gateway().await, nodes.gateway().await);
    let ann = Client::join(first.address, "ann", "team").await;
    let mut bob = Client::join(second.address, "bob", "team").await;
    first.node.kill().await;
    let left = bob.hear("peer-left").await;
    assert_eq!((&left["peerId"], &left["reason"]), (&json!(ann.peer_id()), &json!("disconnected")));
    eventually("nothing is known of her socket", async || nodes.gateways_of("ann").await.is_empty()).await;
}

#[tokio::test]
async fn a_client_of_a_gateway_that_has_died_goes_on_at_another() {
    let (nodes, _services) = Nodes::served().await;
    let (first, second) = (nodes.gateway().await, nodes.gateway().await);
    let ann = Client::join(first.address, "ann", "team").await;
    let mut bob = Client::join(second.address, "bob", "team").await;
    first.node.kill().await;
    bob.post("while she is away").await.unwrap();
    let resume = json!({"room": "team", "resume": ann.resume_token(), "since": 0});
    let mut back = Client::join_with(second.address, "ann", resume).await;
    assert_eq!(back.peers["resumed"], true);
    assert_eq!(back.peers["messages"][0]["text"], "while she is away");
    assert_eq!(back.peer_id(), ann.peer_id());
    assert_eq!(back.post("here again").await, Ok(2));
    assert_eq!(bob.hear("chat").await["text"], "here again");
}

#[tokio::test]
async fn a_router_and_a_presence_service_that_die_are_replaced() {
    let (nodes, [router, presence]) = Nodes::served().await;
    let gateway = nodes.gateway().await;
    let mut ann = Client::join(gateway.address, "ann", "team").await;
    let (other_router, other_presence) = (nodes.router().await, nodes.presence().await);
    router.kill().await;
    presence.kill().await;
    for number in 1..=10 {
        assert_eq!(ann.post(&format!("message {number}")).await, Ok(number));
    }
    let mut bob = Client::join(gateway.address, "bob", "team").await;
    assert_eq!(bob.post("hello").await, Ok(11));
    other_router.stopped().await;
    other_presence.stopped().await;
}
