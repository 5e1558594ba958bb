//! Gateways die.

use std::time::Duration;

use heliograph_cluster::store::UserSocket;
use heliograph_domain::{outcome::PresenceOutcome, user::Vocabulary};

use crate::stage::{LEASE, Stage, node, person, room, socket, user};

/// Ann and Bob share a room, on a gateway each.
async fn team() -> Stage {
    team_with(|_| {}).await
}

async fn team_with(change: impl FnOnce(&mut heliograph_presence::Options)) -> Stage {
    let mut stage = Stage::with(change).await;
    for (id, gateway) in [("ann1", "g1"), ("bob1", "g2")] {
        stage.connect(id, gateway).await;
        stage.join(id, gateway, "team").await;
    }
    stage.heard("g1");
    stage.heard("g2");
    stage
}

#[tokio::test(start_paused = true)]
async fn the_users_of_a_gateway_that_has_died_are_gone_when_its_lease_is_over() {
    let mut stage = team().await;
    stage.call("ann", "c").await;
    stage.end_lease("g1").await;
    stage.pass(900).await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is offline"]);
    assert_eq!(stage.asked(), ["call:c: depart ann", "team: ann1 is lost"]);
    assert!(stage.store().presence.sockets(&user("ann")).await.unwrap().is_empty());
    assert_eq!(stage.store().presence.gateways().await.unwrap(), [node("g2")]);
    // Whose socket it was may still have the session back.
    let Ok(PresenceOutcome::Resumed { session, .. }) = stage.resume("ann1", "g2").await else { panic!("not resumed") };
    assert_eq!(session.rooms[0].room, room("team"));
    assert_eq!(stage.heard("g2"), ["team but ann: ann is online"]);
}

#[tokio::test(start_paused = true)]
async fn a_grace_that_is_longer_than_the_lease_is_waited_for() {
    let mut stage = team_with(|options| options.loss_grace = LEASE + Duration::from_secs(3)).await;
    stage.end_lease("g1").await;
    stage.pass(2900).await;
    assert!(stage.heard("g2").is_empty());
    stage.pass(200).await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is offline"]);
}

#[tokio::test(start_paused = true)]
async fn of_sockets_that_a_gateway_leaves_behind_when_it_stops_the_grace_begins_then() {
    let mut stage = team().await;
    stage.register("g1", true).await;
    stage.pass(1).await;
    stage.end_lease("g1").await;
    stage.pass(4900).await;
    assert!(stage.heard("g2").is_empty());
    stage.pass(200).await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is offline"]);
}

#[tokio::test(start_paused = true)]
async fn who_has_come_back_elsewhere_stays() {
    let mut stage = team().await;
    assert!(matches!(stage.resume("ann1", "g2").await, Ok(PresenceOutcome::Resumed { .. })));
    stage.end_lease("g1").await;
    stage.pass(200_000).await;
    assert!(stage.heard("g2").is_empty() && stage.asked().is_empty());
    assert_eq!(stage.store().presence.sockets(&user("ann")).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_no_service_has_seen_is_missed_for_a_lease_and_then_taken_for_dead() {
    let mut stage = team().await;
    stage.kill_first().await;
    stage.end_lease("g1").await;
    let started = stage.reinforce().await;
    stage.pass(4_900).await;
    assert!(stage.heard("g2").is_empty());
    stage.pass(200).await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is offline"]);
    assert_eq!(stage.store().presence.gateways().await.unwrap(), [node("g2")]);
    started.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_the_store_knows_and_the_directory_does_not_is_looked_for_from_time_to_time() {
    let mut stage = team().await;
    stage.pass(1000).await;
    stage.connect("cat1", "g0").await;
    stage.join("cat1", "g0", "team").await;
    // The longest interval, and a lease.
    stage.pass(36_000 + 5_100).await;
    assert_eq!(stage.heard("g2"), ["team but cat: cat is offline"]);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_whose_registration_is_seen_late_is_not_taken_for_dead() {
    let mut stage = team().await;
    stage.pass(25_000).await;
    // Its first socket is known before the gateway is.
    stage.connect("cat1", "g3").await;
    stage.join("cat1", "g3", "team").await;
    stage.pass(4_900).await;
    stage.register("g3", false).await;
    stage.pass(200_000).await;
    assert!(stage.heard("g2").is_empty());
    assert_eq!(stage.store().presence.sockets(&user("cat")).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn while_the_directory_does_not_answer_nobody_is_taken_for_dead() {
    let mut stage = team().await;
    stage.directory_away(true);
    stage.connect("cat1", "g3").await;
    stage.join("cat1", "g3", "team").await;
    stage.heard("g2");
    stage.pass(300_000).await;
    assert!(stage.heard("g2").is_empty());
    stage.directory_away(false);
    stage.pass(45_000).await;
    assert_eq!(stage.heard("g2"), ["team but cat: cat is offline"]);
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_away_reaping_waits_for_it() {
    let mut stage = team().await;
    stage.outage.begin();
    stage.end_lease("g1").await;
    stage.pass(60_000).await;
    assert!(stage.heard("g2").is_empty());
    stage.outage.end();
    stage.pass(2_000).await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is offline"]);
}

#[tokio::test(start_paused = true)]
async fn another_service_goes_on_where_one_has_died() {
    let mut stage = team_with(|options| options.reap_at_once = 4).await;
    let second = stage.reinforce().await;
    // A gateway that the first of the two reaps.
    let gateway = (0..).map(|n| format!("gateway{n}")).find(|name| stage.first().reaps(name, &second)).unwrap();
    stage.register(&gateway, false).await;
    for n in 0..200 {
        stage.connect(&format!("u{n}x1"), &gateway).await;
        stage.join(&format!("u{n}x1"), &gateway, "team").await;
    }
    stage.outage.begin();
    stage.end_lease(&gateway).await;
    stage.kill_first().await;
    stage.outage.end();
    stage.pass(10_000).await;
    stage.heard("g2");
    assert_eq!(stage.store().presence.gateways().await.unwrap(), [node("g1"), node("g2")]);
    assert_eq!(stage.store().presence.counts().await.unwrap(), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn more_sockets_than_are_read_at_a_time_are_all_ended_after_their_grace() {
    let mut stage = team_with(|options| options.loss_grace = LEASE + Duration::from_secs(20)).await;
    for n in 0..5000 {
        stage.connect(&format!("u{n}x1"), "g1").await;
    }
    stage.end_lease("g1").await;
    stage.pass(15_000).await;
    assert_eq!(stage.store().presence.counts().await.unwrap().1, 5002);
    assert_eq!(stage.metrics.presence.reaped.get(), 5001, "each is told of once");
    stage.pass(6_000).await;
    assert_eq!(stage.store().presence.counts().await.unwrap().1, 1);
    assert_eq!(stage.heard("g2"), ["team but ann: ann is offline"]);
}

#[tokio::test(start_paused = true)]
async fn a_move_that_presence_was_not_told_of_is_followed() {
    let stage = team().await;
    // Whoever handed the session over has died before it could note where the socket is.
    let secret = stage.secret("ann1");
    stage.store().sessions.resume(&socket("ann1"), secret, None, &node("g2"), stage.now()).await.unwrap();
    stage.end_lease("g1").await;
    stage.pass(1000).await;
    let moved = UserSocket { socket: socket("ann1"), gateway: node("g2"), vocabulary: Vocabulary::Synapse };
    assert_eq!(stage.store().presence.sockets(&person("ann").id).await.unwrap(), [moved]);
    stage.end_lease("g2").await;
    stage.pass(1000).await;
    assert_eq!(stage.store().presence.counts().await.unwrap(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn of_guests_nothing_is_left() {
    let mut stage = Stage::start().await;
    stage.connect("guest1", "g1").await;
    stage.join("guest1", "g1", "team").await;
    stage.end_lease("g1").await;
    stage.pass(121_000).await;
    assert!(stage.store().presence.rooms(&user("guest"), 10).await.unwrap().is_empty());
    assert!(stage.store().sessions.load(&socket("guest1")).await.unwrap().is_none());
    assert!(stage.store().rooms.members(&room("team"), 10).await.unwrap().is_none());
    stage.heard("g2");
    stage.stop().await;
}
