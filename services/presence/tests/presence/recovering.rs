//! Lost sessions and their return.

use heliograph_domain::{
    command::{PresenceCommand, SessionSecret},
    outcome::PresenceOutcome,
};

use crate::stage::{Stage, node, room, socket, user};

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
async fn a_socket_that_comes_back_within_the_grace_was_never_gone() {
    let mut stage = team().await;
    stage.lose("ann1", "g1").await;
    stage.pass(3000).await;
    let Ok(PresenceOutcome::Resumed { session, previous }) = stage.resume("ann1", "g2").await else {
        panic!("not resumed")
    };
    assert_eq!((previous, &session.actor.gateway), (node("g1"), &node("g2")));
    assert_eq!(session.rooms[0].room, room("team"));
    stage.pass(10_000).await;
    assert_eq!(stage.heard("g1"), ["evict ann1"]);
    assert!(stage.heard("g2").is_empty() && stage.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn at_the_same_gateway_nobody_is_evicted() {
    let mut stage = team().await;
    stage.lose("ann1", "g1").await;
    assert!(matches!(stage.resume("ann1", "g1").await, Ok(PresenceOutcome::Resumed { .. })));
    assert!(stage.heard("g1").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_session_outlives_the_grace_and_its_user_is_announced_again() {
    let mut stage = team().await;
    stage.lose("ann1", "g1").await;
    stage.pass(60_000).await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is offline"]);
    let Ok(PresenceOutcome::Resumed { session, .. }) = stage.resume("ann1", "g1").await else { panic!("not resumed") };
    assert_eq!(session.rooms.len(), 1);
    assert_eq!(stage.heard("g2"), ["team but ann: ann is online"]);
    assert_eq!(stage.store().presence.sockets(&user("ann")).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn after_the_window_there_is_nothing_to_recover() {
    let stage = team().await;
    stage.lose("ann1", "g1").await;
    stage.pass(121_000).await;
    assert_eq!(stage.resume("ann1", "g1").await, Ok(PresenceOutcome::NotResumed));
}

#[tokio::test(start_paused = true)]
async fn who_said_goodbye_has_nothing_to_recover() {
    let stage = team().await;
    stage.goodbye("ann1", "g1").await;
    assert_eq!(stage.resume("ann1", "g1").await, Ok(PresenceOutcome::NotResumed));
}

#[tokio::test(start_paused = true)]
async fn others_do_not_recover_a_session() {
    let stage = team().await;
    stage.lose("ann1", "g1").await;
    let resume = |secret, user| {
        let (socket, gateway) = (socket("ann1"), node("g1"));
        PresenceCommand::Resume { socket, secret, user, gateway, holder: None }
    };
    let guessed = SessionSecret::from_bytes([7; 16]);
    assert_eq!(stage.ask(resume(guessed, None)).await, Ok(PresenceOutcome::NotResumed));
    let mut known = [0; 16];
    known[..4].copy_from_slice(b"ann1");
    let known = SessionSecret::from_bytes(known);
    assert_eq!(stage.ask(resume(known, Some(user("eve")))).await, Ok(PresenceOutcome::NotResumed));
    let own = stage.ask(resume(known, Some(user("ann")))).await;
    assert!(matches!(own, Ok(PresenceOutcome::Resumed { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_second_loss_has_a_grace_of_its_own() {
    let mut stage = team().await;
    stage.lose("ann1", "g1").await;
    stage.pass(3000).await;
    stage.resume("ann1", "g1").await.unwrap();
    stage.lose("ann1", "g1").await;
    stage.pass(4000).await;
    assert!(stage.heard("g2").is_empty());
    stage.pass(1100).await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is offline"]);
}

#[tokio::test(start_paused = true)]
async fn calls_greet_a_socket_that_is_back() {
    let stage = team().await;
    stage.call("ann", "c").await;
    stage.lose("ann1", "g1").await;
    stage.resume("ann1", "g2").await.unwrap();
    stage.pass(1).await;
    assert_eq!(stage.asked(), ["call:c: greet ann1 at g2"]);
}

#[tokio::test(start_paused = true)]
async fn another_user_beyond_the_limit_does_not_lose_the_session() {
    let stage = Stage::with(|options| options.sockets = 1).await;
    stage.connect("ann1", "g1").await;
    stage.lose("ann1", "g1").await;
    stage.pass(6000).await;
    stage.connect("ann2", "g1").await;
    assert!(stage.resume("ann1", "g1").await.is_err());
    stage.goodbye("ann2", "g1").await;
    assert!(matches!(stage.resume("ann1", "g1").await, Ok(PresenceOutcome::Resumed { .. })));
}

#[tokio::test(start_paused = true)]
async fn how_far_a_lost_socket_had_heard_is_kept() {
    let stage = team().await;
    let position = heliograph_domain::room::Position { epoch: 1, seq: 42 };
    let lost = PresenceCommand::Disconnect {
        socket: socket("ann1"),
        user: user("ann"),
        gateway: node("g1"),
        cause: heliograph_domain::command::DisconnectCause::Lost,
        age: std::time::Duration::ZERO,
        positions: vec![(room("team"), position)],
    };
    stage.ask(lost).await.unwrap();
    let Ok(PresenceOutcome::Resumed { session, .. }) = stage.resume("ann1", "g1").await else { panic!("not resumed") };
    assert_eq!(session.rooms[0].position, position);
}

#[tokio::test(start_paused = true)]
async fn a_resumption_whose_answer_was_lost_is_the_same_when_it_is_asked_for_again() {
    let mut stage = team().await;
    stage.lose("ann1", "g1").await;
    for previous in ["g1", "g2"] {
        let Ok(PresenceOutcome::Resumed { session, previous: held_by }) = stage.resume("ann1", "g2").await else {
            panic!("not resumed")
        };
        assert_eq!((session.rooms.len(), held_by), (1, node(previous)));
    }
    stage.pass(10_000).await;
    assert_eq!(stage.heard("g1"), ["evict ann1"]);
    assert!(stage.heard("g2").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_goes_on_under_another_id_keeps_its_sockets() {
    let mut stage = team().await;
    for _ in 0..2 {
        assert!(matches!(stage.take_along("ann1", "g1", "g3").await, Ok(PresenceOutcome::Resumed { .. })));
    }
    let sockets = stage.store().presence.sockets(&user("ann")).await.unwrap();
    assert_eq!(sockets.iter().map(|known| &known.gateway).collect::<Vec<_>>(), [&node("g3")]);
    // What is said of the old id concerns the socket no more.
    stage.lose("ann1", "g1").await;
    stage.pass(10_000).await;
    assert!(stage.heard("g1").is_empty() && stage.heard("g2").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_came_back_elsewhere_is_not_taken_along() {
    let stage = team().await;
    stage.resume("ann1", "g2").await.unwrap();
    assert_eq!(stage.take_along("ann1", "g1", "g3").await, Ok(PresenceOutcome::NotResumed));
    let sockets = stage.store().presence.sockets(&user("ann")).await.unwrap();
    assert_eq!(sockets[0].gateway, node("g2"));
}
