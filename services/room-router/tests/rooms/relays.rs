//! What passes between those who are in a room now.

use heliograph_domain::{
    activity::EphemeralKind,
    command::{RoomCommand, Signal, SignalKind, SignalTarget},
    refusal::Code,
    room::MediaChange,
    text::RawJson,
    user::Actor,
};

use crate::stage::{Stage, code, socket, user};

fn signal(to: SignalTarget, kind: SignalKind) -> RoomCommand {
    RoomCommand::Signal(Signal { to, kind, body: RawJson::from_checked("{\"sdp\":1}") })
}

fn to_peer(id: &str) -> RoomCommand {
    signal(SignalTarget::Socket(socket(id)), SignalKind::Offer)
}

fn data(to: Option<&str>) -> RoomCommand {
    RoomCommand::SendEphemeral { to: to.map(socket), kind: EphemeralKind::Data, body: RawJson::from_checked("{}") }
}

fn hand(target: Option<&str>, up: bool) -> RoomCommand {
    let change = MediaChange { hand: Some(up), ..MediaChange::default() };
    RoomCommand::SetMedia { target: target.map(socket), change, body: None }
}

/// Ann, who hosts, and Bob in a room; Cat is not.
async fn standup() -> (Stage, Actor, Actor, Actor) {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.mesh("ann1", "g1").await, stage.mesh("bob1", "g2").await);
    let cat = stage.mesh("cat1", "g1").await;
    stage.join(&ann, "standup").await;
    stage.join(&bob, "standup").await;
    stage.clear();
    (stage, ann, bob, cat)
}

#[tokio::test(start_paused = true)]
async fn a_signal_reaches_its_peer_alone() {
    let (mut stage, ann, ..) = standup().await;
    stage.ask(&ann, "standup", to_peer("bob1")).await.unwrap();
    assert_eq!(stage.heard("g2"), ["bob1: ann1 signals {\"sdp\":1}"]);
    assert!(stage.heard("g1").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_signal_for_nobody_is_refused() {
    let (stage, ann, _, cat) = standup().await;
    let refusal = stage.ask(&ann, "standup", to_peer("cat1")).await.unwrap_err();
    assert_eq!((refusal.code, &*refusal.message), (Code::UserNotConnected, "Peer not connected"));
    assert_eq!(code(stage.ask(&cat, "standup", to_peer("ann1")).await), Code::NotInRoom);
}

#[tokio::test(start_paused = true)]
async fn a_chat_attendant_is_no_peer() {
    let (stage, ann, ..) = standup().await;
    let dan = stage.synapse("dan1", "g1").await;
    stage.join(&dan, "standup").await;
    assert_eq!(code(stage.ask(&ann, "standup", to_peer("dan1")).await), Code::UserNotConnected);
}

#[tokio::test(start_paused = true)]
async fn a_signal_to_a_user_reaches_the_peer_that_came_last() {
    let (mut stage, ann, _, _) = standup().await;
    let second = stage.mesh("bob2", "g2").await;
    stage.join(&second, "standup").await;
    stage.clear();
    let to_bob = signal(SignalTarget::User(user("bob")), SignalKind::Candidate);
    stage.ask(&ann, "standup", to_bob).await.unwrap();
    assert_eq!(stage.heard("g2"), ["bob2: ann1 signals {\"sdp\":1}"]);
    let to_cat = signal(SignalTarget::User(user("cat")), SignalKind::Candidate);
    assert_eq!(code(stage.ask(&ann, "standup", to_cat).await), Code::UserNotConnected);
}

#[tokio::test(start_paused = true)]
async fn data_goes_to_the_others_or_to_one() {
    let (mut stage, ann, bob, cat) = standup().await;
    stage.ask(&ann, "standup", data(None)).await.unwrap();
    assert_eq!(stage.heard("g2"), ["standup but ann1: ann1 sent {}"]);
    stage.clear();
    stage.ask(&bob, "standup", data(Some("ann1"))).await.unwrap();
    assert_eq!(stage.heard("g1"), ["ann1: bob1 sent {}"]);
    assert!(stage.heard("g2").is_empty());
    assert_eq!(code(stage.ask(&bob, "standup", data(Some("cat1"))).await), Code::UserNotConnected);
    assert_eq!(code(stage.ask(&cat, "standup", data(None)).await), Code::NotInRoom);
}

#[tokio::test(start_paused = true)]
async fn the_others_hear_what_a_peer_shows() {
    let (mut stage, _, bob, cat) = standup().await;
    stage.ask(&bob, "standup", hand(None, true)).await.unwrap();
    assert_eq!(stage.heard("g1"), ["standup but bob1: bob1 changed bob1 to hand"]);
    assert_eq!(code(stage.ask(&cat, "standup", hand(None, true)).await), Code::NotInRoom);
}

#[tokio::test(start_paused = true)]
async fn the_host_lowers_a_hand_and_nobody_else_does() {
    let (mut stage, ann, bob, _) = standup().await;
    stage.ask(&bob, "standup", hand(None, true)).await.unwrap();
    stage.clear();
    assert_eq!(code(stage.ask(&bob, "standup", hand(Some("ann1"), false)).await), Code::NotAllowed);
    assert_eq!(code(stage.ask(&ann, "standup", hand(Some("cat1"), false)).await), Code::UserNotConnected);
    stage.ask(&ann, "standup", hand(Some("bob1"), false)).await.unwrap();
    assert_eq!(stage.heard("g2"), ["standup but ann1: ann1 changed bob1 to nothing"]);
}

#[tokio::test(start_paused = true)]
async fn while_the_chat_is_off_only_the_host_and_administrators_write() {
    let (mut stage, ann, bob, cat) = standup().await;
    let off = || RoomCommand::SwitchChat { enabled: false };
    assert_eq!(code(stage.ask(&bob, "standup", off()).await), Code::NotAllowed);
    assert_eq!(code(stage.ask(&cat, "standup", off()).await), Code::NotInRoom);
    stage.ask(&ann, "standup", off()).await.unwrap();
    assert_eq!(stage.heard("g2"), ["standup: ann switched chat off"]);
    assert_eq!(code(stage.post(&bob, "standup", "hello").await), Code::ChatDisabled);
    stage.post(&ann, "standup", "hush").await.unwrap();
    let admin = Actor { admin: true, ..bob.clone() };
    stage.post(&admin, "standup", "as an administrator").await.unwrap();
    stage.ask(&admin, "standup", RoomCommand::SwitchChat { enabled: true }).await.unwrap();
    stage.post(&bob, "standup", "hello").await.unwrap();
    let late = stage.mesh("dan1", "g1").await;
    assert!(stage.join(&late, "standup").await.chat_enabled);
}
