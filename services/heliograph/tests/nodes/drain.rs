//! Nodes stop as they are told.

use std::time::Duration;

use serde_json::json;

use crate::{
    client::Client,
    nodes::{Nodes, eventually},
};

#[tokio::test]
async fn clients_of_a_gateway_that_stops_go_on_at_another_and_miss_nothing() {
    let (nodes, _services) = Nodes::served().await;
    let first = nodes.gateway_with(|options| options.listener.drain_period = Duration::from_millis(300)).await;
    let second = nodes.gateway().await;
    let mut clients = Vec::new();
    for number in 0..10 {
        clients.push(Client::join(first.address, &format!("user{number}"), "team").await);
    }
    let mut bob = Client::join(second.address, "bob", "team").await;
    first.node.begin_to_stop();
    for client in &mut clients {
        assert_eq!(client.ended().await, Some(1012));
    }
    bob.post("meanwhile").await.unwrap();
    for client in &clients {
        let resume = json!({"room": "team", "resume": client.resume_token()});
        let user = client.peers["userId"].as_str().unwrap();
        let back = Client::join_with(second.address, user, resume).await;
        assert_eq!((&back.peers["resumed"], &back.peers["messages"][0]["text"]), (&json!(true), &json!("meanwhile")));
    }
    first.node.stopped().await;
    assert_eq!(nodes.gateways().len(), 1);
}

#[tokio::test]
async fn services_are_replaced_one_after_the_other_under_load_and_nothing_is_refused() {
    let (nodes, [mut router, mut presence]) = Nodes::served().await;
    let gateway = nodes.gateway().await;
    let mut talking = Vec::new();
    let done = tokio_util::sync::CancellationToken::new();
    for number in 0..8 {
        let (done, address) = (done.clone(), gateway.address);
        talking.push(tokio::spawn(async move {
            let mut client = Client::join(address, &format!("user{number}"), &format!("room{number}")).await;
            let mut posted = 0;
            while !done.is_cancelled() {
                posted += 1;
                assert_eq!(client.post(&format!("message {posted}")).await, Ok(posted));
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            posted
        }));
    }
    for _ in 0..3 {
        let next = nodes.router().await;
        std::mem::replace(&mut router, next).stopped().await;
        let next = nodes.presence().await;
        std::mem::replace(&mut presence, next).stopped().await;
    }
    done.cancel();
    for talk in talking {
        assert!(talk.await.unwrap() > 0);
    }
    eventually("everybody who went is gone", async || nodes.store().presence.counts().await.unwrap() == (0, 0)).await;
}
