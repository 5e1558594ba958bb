//! Leaving rooms.

use std::time::Duration;

use heliograph_domain::{
    command::{DisconnectCause, Join, RoomCommand},
    outcome::RoomOutcome,
    refusal::Code,
};

use crate::stage::{Stage, code, join_of, joined, room, socket, user};

const LEAVE: RoomCommand = RoomCommand::Leave { permanent: false };

#[tokio::test(start_paused = true)]
async fn those_who_stay_hear_who_leaves() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.join(&ann, "team").await;
    stage.join(&bob, "team").await;
    stage.clear();
    assert_eq!(stage.ask(&bob, "team", LEAVE).await, Ok(RoomOutcome::Done));
    assert_eq!(stage.heard("g1"), ["team but bob1: member bob1 left, so did bob"]);
    assert!(stage.heard("g2").is_empty());
}

#[tokio::test(start_paused = true)]
async fn leaving_where_one_is_not_is_success() {
    let stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    assert_eq!(stage.ask(&ann, "nowhere", LEAVE).await, Ok(RoomOutcome::Done));
}

#[tokio::test(start_paused = true)]
async fn who_leaves_stays_a_member_unless_for_good() {
    let stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    stage.join(&ann, "team").await;
    stage.ask(&ann, "team", LEAVE).await.unwrap();
    stage.post(&ann, "team", "still a member").await.unwrap();
    stage.ask(&ann, "team", RoomCommand::Leave { permanent: true }).await.unwrap();
    assert_eq!(code(stage.post(&ann, "team", "no longer").await), Code::NotInRoom);
    assert!(stage.store().presence.rooms(&user("ann"), 10).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_guest_is_a_member_only_while_there() {
    let stage = Stage::start().await;
    let guest = stage.mesh("guest1", "g1").await;
    stage.join(&guest, "standup").await;
    stage.ask(&guest, "standup", LEAVE).await.unwrap();
    assert!(stage.store().presence.rooms(&user("guest"), 10).await.unwrap().is_empty());
}

/// How far a user has read `team`.
async fn read(stage: &Stage, who: &str) -> u64 {
    stage.store().rooms.view(&room("team"), Some(&user(who)), None, None).await.unwrap().read
}

#[tokio::test(start_paused = true)]
async fn who_leaves_has_read_what_was_said() {
    let stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.join(&ann, "team").await;
    stage.join(&bob, "team").await;
    stage.post(&ann, "team", "one").await.unwrap();
    stage.ask(&bob, "team", LEAVE).await.unwrap();
    stage.post(&ann, "team", "two").await.unwrap();
    assert_eq!((read(&stage, "bob").await, read(&stage, "ann").await), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn who_is_lost_has_read_what_came_before() {
    let stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    let (asked, silent) = (stage.synapse("bob1", "g2").await, stage.synapse("cat1", "g2").await);
    stage.join(&ann, "team").await;
    stage.join(&asked, "team").await;
    joined(stage.ask(&silent, "team", RoomCommand::Join(Join { explicit: false, ..join_of(&silent) })).await);
    for text in ["one", "two"] {
        stage.post(&ann, "team", text).await.unwrap();
    }
    stage.lose(&asked).await;
    stage.lose(&silent).await;
    stage.pass(Duration::from_millis(10)).await;
    stage.post(&ann, "team", "three").await.unwrap();
    for id in ["bob1", "cat1"] {
        stage.system("team", detach(id, DisconnectCause::Lost)).await.unwrap();
    }
    assert_eq!((read(&stage, "bob").await, read(&stage, "cat").await), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn where_much_came_since_a_loss_no_more_is_read_than_is_sure() {
    let stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.join(&ann, "team").await;
    stage.post(&ann, "team", "before").await.unwrap();
    stage.join(&bob, "team").await;
    stage.lose(&bob).await;
    stage.pass(Duration::from_millis(10)).await;
    for number in 0..60 {
        stage.post(&ann, "team", &number.to_string()).await.unwrap();
    }
    stage.system("team", detach("bob1", DisconnectCause::Lost)).await.unwrap();
    assert_eq!(read(&stage, "bob").await, 1);
}

#[tokio::test(start_paused = true)]
async fn the_last_socket_that_asked_for_the_room_takes_the_user_along() {
    let mut stage = Stage::start().await;
    let (one, two) = (stage.synapse("bob1", "g1").await, stage.synapse("bob2", "g1").await);
    let silent = stage.synapse("bob3", "g1").await;
    stage.join(&one, "team").await;
    stage.join(&two, "team").await;
    joined(stage.ask(&silent, "team", RoomCommand::Join(Join { explicit: false, ..join_of(&silent) })).await);
    stage.clear();
    stage.ask(&one, "team", LEAVE).await.unwrap();
    assert!(stage.heard("g1").is_empty());
    stage.ask(&two, "team", LEAVE).await.unwrap();
    assert_eq!(stage.heard("g1"), ["team but bob2: member bob2 left, so did bob"]);
}

#[tokio::test(start_paused = true)]
async fn the_peer_that_is_there_longest_is_the_next_host() {
    let mut stage = Stage::start().await;
    for (id, gateway) in [("ann1", "g1"), ("bob1", "g2"), ("cat1", "g2")] {
        let peer = stage.mesh(id, gateway).await;
        stage.join(&peer, "standup").await;
        stage.pass(Duration::from_millis(10)).await;
    }
    stage.clear();
    let ann = stage.mesh("ann1", "g1").await;
    stage.ask(&ann, "standup", LEAVE).await.unwrap();
    assert_eq!(stage.heard("g2"), ["standup but ann1: peer ann1 left, so did ann", "standup but ann1: bob1 hosts"]);
}

fn detach(id: &str, cause: DisconnectCause) -> RoomCommand {
    let user = user(id.trim_end_matches(|c: char| c.is_ascii_digit()));
    RoomCommand::Detach { socket: socket(id), user, cause }
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_is_gone_is_seen_to_leave_and_its_session_keeps_the_room() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.join(&ann, "team").await;
    stage.join(&bob, "team").await;
    stage.lose(&bob).await;
    stage.clear();
    stage.system("team", detach("bob1", DisconnectCause::Lost)).await.unwrap();
    stage.system("team", detach("bob1", DisconnectCause::Lost)).await.unwrap();
    assert_eq!(stage.heard("g1"), ["team but bob1: member bob1 disconnected, so did bob"]);
    let (session, _) = stage.store().sessions.load(&bob.socket).await.unwrap().unwrap();
    assert_eq!(session.rooms.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_has_come_back_is_not_detached() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.join(&ann, "team").await;
    stage.join(&bob, "team").await;
    stage.clear();
    stage.system("team", detach("bob1", DisconnectCause::Lost)).await.unwrap();
    assert!(stage.heard("g1").is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_said_goodbye_has_left() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.mesh("ann1", "g1").await, stage.mesh("bob1", "g2").await);
    stage.join(&ann, "standup").await;
    stage.join(&bob, "standup").await;
    stage.disconnect(&bob).await;
    stage.clear();
    stage.system("standup", detach("bob1", DisconnectCause::Explicit)).await.unwrap();
    assert_eq!(stage.heard("g1"), ["standup but bob1: peer bob1 left, so did bob"]);
}

#[tokio::test(start_paused = true)]
async fn only_the_cluster_detaches() {
    let stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    assert_eq!(code(stage.ask(&ann, "team", detach("bob1", DisconnectCause::Lost)).await), Code::NotAllowed);
}
