//! Sockets go: at once for rooms, later for others.

use std::time::Duration;

use heliograph_domain::{
    command::{DisconnectCause, PresenceCommand},
    outcome::PresenceOutcome,
};

use crate::stage::{Stage, node, socket, user};

/// Ann and Bob share a room, on a gateway each.
async fn team() -> Stage {
    let mut stage = Stage::start().await;
    for (id, gateway) in [("ann1", "g1"), ("bob1", "g2")] {
        stage.connect(id, gateway).await;
        stage.join(id, gateway, "team").await;
    }
    stage.heard("g1");
    stage.heard("g2");
    stage
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_leaves_rooms_at_once_and_presence_after_a_second() {
    let mut stage = team().await;
    stage.goodbye("ann1", "g1").await;
    assert_eq!(stage.asked(), ["team: ann1 said goodbye"]);
    assert!(stage.store().sessions.load(&socket("ann1")).await.unwrap().is_none());
    assert!(stage.store().presence.sockets(&user("ann")).await.unwrap().is_empty());
    stage.pass(900).await;
    assert!(stage.heard("g2").is_empty());
    stage.pass(200).await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is offline"]);
}

#[tokio::test(start_paused = true)]
async fn a_change_of_page_does_not_flash_offline_or_end_calls() {
    let mut stage = team().await;
    stage.call("ann", "c").await;
    stage.goodbye("ann1", "g1").await;
    stage.pass(500).await;
    stage.connect("ann2", "g2").await;
    stage.pass(10_000).await;
    assert!(stage.heard("g2").is_empty());
    assert_eq!(stage.asked(), ["call:c: greet ann2 at g2", "team: ann1 said goodbye"]);
}

#[tokio::test(start_paused = true)]
async fn calls_are_left_five_seconds_after_the_last_goodbye() {
    let stage = team().await;
    stage.call("ann", "c").await;
    stage.goodbye("ann1", "g1").await;
    stage.asked();
    stage.pass(4900).await;
    assert!(stage.asked().is_empty());
    stage.pass(200).await;
    assert_eq!(stage.asked(), ["call:c: depart ann"]);
}

#[tokio::test(start_paused = true)]
async fn the_room_of_a_call_is_left_with_the_call() {
    let stage = team().await;
    stage.join("ann1", "g1", "call:c").await;
    stage.goodbye("ann1", "g1").await;
    assert_eq!(stage.asked(), ["team: ann1 said goodbye"]);
    stage.pass(5100).await;
    assert_eq!(stage.asked()[0], "call:c: ann1 said goodbye");
    assert!(stage.store().sessions.load(&socket("ann1")).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_lost_transport_is_nobodys_business_for_five_seconds() {
    let mut stage = team().await;
    stage.call("ann", "c").await;
    stage.lose("ann1", "g1").await;
    stage.pass(4900).await;
    assert!(stage.heard("g2").is_empty() && stage.asked().is_empty());
    stage.pass(200).await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is offline"]);
    assert_eq!(stage.asked(), ["call:c: depart ann", "team: ann1 is lost"]);
    assert_eq!(stage.metrics.presence.expired_graces.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_guest_is_still_announced_to_those_who_knew_them() {
    let mut stage = team().await;
    stage.connect("guest1", "g1").await;
    stage.join("guest1", "g1", "team").await;
    stage.heard("g2");
    stage.lose("guest1", "g1").await;
    stage.pass(5100).await;
    assert_eq!(stage.heard("g2"), ["team but guest: guest is offline"]);
}

#[tokio::test(start_paused = true)]
async fn a_user_with_another_socket_stays() {
    let mut stage = team().await;
    stage.connect("ann2", "g1").await;
    stage.call("ann", "c").await;
    stage.goodbye("ann1", "g1").await;
    stage.pass(10_000).await;
    assert!(stage.heard("g2").is_empty());
    assert_eq!(stage.asked(), ["team: ann1 said goodbye"]);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_no_longer_holds_the_socket_ends_nothing() {
    let stage = team().await;
    assert!(matches!(stage.resume("ann1", "g2").await, Ok(PresenceOutcome::Resumed { .. })));
    stage.asked();
    stage.goodbye("ann1", "g1").await;
    stage.pass(10_000).await;
    assert!(stage.asked().is_empty());
    assert_eq!(stage.store().presence.sockets(&user("ann")).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_same_goodbye_twice_is_one() {
    let mut stage = team().await;
    for _ in 0..2 {
        let gone = PresenceCommand::Disconnect {
            socket: socket("ann1"),
            user: user("ann"),
            gateway: node("g1"),
            cause: DisconnectCause::Explicit,
            age: Duration::ZERO,
            positions: Vec::new(),
        };
        assert_eq!(stage.ask(gone).await, Ok(PresenceOutcome::Done));
    }
    stage.pass(10_000).await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is offline"]);
    assert_eq!(stage.asked(), ["team: ann1 said goodbye"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_room_could_not_do_is_asked_of_it_again_and_stops_nothing_else() {
    let mut stage = team().await;
    stage.rooms_refuse(true);
    stage.goodbye("ann1", "g1").await;
    stage.pass(6000).await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is offline"]);
    assert!(stage.asked().is_empty());
    stage.rooms_refuse(false);
    stage.pass(5000).await;
    assert_eq!(stage.asked(), ["team: ann1 said goodbye"]);
    assert!(stage.store().sessions.load(&socket("ann1")).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_guest_is_left_behind() {
    let stage = Stage::start().await;
    for (id, lost) in [("guest1", true), ("guestb1", false)] {
        stage.connect(id, "g1").await;
        stage.join(id, "g1", "team").await;
        if lost { stage.lose(id, "g1").await } else { stage.goodbye(id, "g1").await }
    }
    stage.pass(20_000).await;
    let memory = stage.stop().await;
    tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    let held = memory.held();
    assert_eq!((held.users, held.sessions, held.deadlines), (0, 0, 0), "{held:?}");
}

#[tokio::test(start_paused = true)]
async fn the_grace_counts_from_the_loss_and_not_from_its_report() {
    let mut stage = team().await;
    let lost = PresenceCommand::Disconnect {
        socket: socket("ann1"),
        user: user("ann"),
        gateway: node("g1"),
        cause: DisconnectCause::Lost,
        age: Duration::from_millis(4500),
        positions: Vec::new(),
    };
    assert_eq!(stage.ask(lost).await, Ok(PresenceOutcome::Done));
    stage.pass(400).await;
    assert!(stage.heard("g2").is_empty());
    stage.pass(101).await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is offline"]);
    assert_eq!(stage.asked(), ["team: ann1 is lost"]);
}
