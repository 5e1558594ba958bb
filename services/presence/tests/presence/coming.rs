//! Sockets come.

use heliograph_domain::refusal::{Code, Refusal};
use heliograph_presence::AudienceKind;

use crate::stage::{Stage, room, user};

#[tokio::test(start_paused = true)]
async fn those_who_share_a_room_hear_of_the_first_socket() {
    let mut stage = Stage::start().await;
    for (id, gateway) in [("ann1", "g1"), ("bob1", "g2"), ("cat1", "g2")] {
        stage.connect(id, gateway).await;
    }
    stage.join("ann1", "g1", "team").await;
    stage.join("bob1", "g2", "team").await;
    stage.join("bob1", "g2", "lounge").await;
    stage.join("cat1", "g2", "elsewhere").await;
    stage.goodbye("ann1", "g1").await;
    stage.pass(1100).await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is offline"]);

    stage.connect("ann2", "g1").await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is online"]);
    assert!(stage.heard("g1").is_empty());
    stage.connect("ann3", "g2").await;
    assert!(stage.heard("g2").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_gateway_is_told_once_for_all_rooms_that_are_shared() {
    let mut stage = Stage::start().await;
    stage.connect("ann1", "g1").await;
    stage.connect("bob1", "g2").await;
    for target in ["team", "lounge"] {
        stage.join("ann1", "g1", target).await;
        stage.join("bob1", "g2", target).await;
    }
    stage.lose("ann1", "g1").await;
    stage.pass(5100).await;
    assert_eq!(stage.heard("g2"), ["lounge and team but ann: ann is offline"]);
}

#[tokio::test(start_paused = true)]
async fn everybody_hears_of_everybody_where_the_deployment_says_so() {
    let mut stage = Stage::with(|options| options.audience = AudienceKind::Everyone).await;
    stage.connect("ann1", "g1").await;
    for gateway in ["g1", "g2"] {
        assert_eq!(stage.heard(gateway), ["everyone but ann: ann is online"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_socket_learns_the_rooms_of_its_user_the_latest_first() {
    let stage = Stage::with(|options| options.rooms = 2).await;
    assert!(stage.connect("ann1", "g1").await.is_empty());
    for target in ["one", "two", "three"] {
        stage.join("ann1", "g1", target).await;
    }
    assert_eq!(stage.connect("ann2", "g1").await, [room("three"), room("two")]);
}

#[tokio::test(start_paused = true)]
async fn a_user_has_so_many_sockets_and_no_more() {
    let stage = Stage::with(|options| options.sockets = 2).await;
    stage.connect("ann1", "g1").await;
    stage.connect("ann2", "g2").await;
    let refusal = Refusal::with_message(Code::RateLimited, "Too many connections");
    assert_eq!(stage.try_connect("ann3", "g1").await, Err(refusal));
    assert!(stage.store().sessions.load(&crate::stage::socket("ann3")).await.unwrap().is_none());
    stage.goodbye("ann1", "g1").await;
    stage.connect("ann3", "g1").await;
    // A retry of what has succeeded is no further socket.
    stage.connect("ann3", "g1").await;
}

#[tokio::test(start_paused = true)]
async fn calls_of_the_user_greet_a_new_socket() {
    let stage = Stage::start().await;
    stage.connect("ann1", "g1").await;
    assert!(stage.asked().is_empty());
    for call in ["c1", "c2"] {
        stage.call("ann", call).await;
    }
    stage.connect("ann2", "g2").await;
    stage.pass(1).await;
    assert_eq!(stage.asked(), ["call:c1: greet ann2 at g2", "call:c2: greet ann2 at g2"]);
}

#[tokio::test(start_paused = true)]
async fn sockets_and_users_are_counted() {
    let stage = Stage::start().await;
    for id in ["ann1", "ann2", "bob1"] {
        stage.connect(id, "g1").await;
    }
    assert_eq!(stage.store().presence.counts().await.unwrap(), (2, 3));
    assert_eq!(stage.store().presence.sockets(&user("ann")).await.unwrap().len(), 2);
}
