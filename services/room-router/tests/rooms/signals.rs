//! Signals within a call.

use std::time::Duration;

use heliograph_domain::{
    command::{RoomCommand, Signal, SignalKind, SignalTarget},
    refusal::Code,
    text::RawJson,
    user::Actor,
};
use heliograph_room_router::Reach;

use crate::{
    calls::call,
    stage::{Stage, code, socket, user},
};

fn signal(to: &str, body: &'static str) -> RoomCommand {
    signal_of(SignalKind::Offer, SignalTarget::User(user(to)), body)
}

fn signal_of(kind: SignalKind, to: SignalTarget, body: &'static str) -> RoomCommand {
    RoomCommand::Signal(Signal { to, kind, body: RawJson::from_checked(body) })
}

fn greet(actor: &Actor) -> RoomCommand {
    let (user, socket, gateway) = (actor.user.id.clone(), actor.socket.clone(), actor.gateway.clone());
    RoomCommand::GreetSocket { user, socket, gateway }
}

/// Ann and Bob in a call.
async fn two() -> (Stage, Actor, Actor) {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.ask(&ann, "call:c", call(&["bob"])).await.unwrap();
    stage.ask(&bob, "call:c", RoomCommand::AcceptCall).await.unwrap();
    stage.clear();
    (stage, ann, bob)
}

#[tokio::test(start_paused = true)]
async fn a_signal_goes_to_the_socket_that_takes_part() {
    let (mut stage, ann, _) = two().await;
    stage.synapse("bob2", "g1").await;
    stage.ask(&ann, "call:c", signal("bob", "1")).await.unwrap();
    assert_eq!(stage.heard("g2"), ["bob1: ann1 signals 1"]);
    assert!(stage.heard("g1").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_socket_takes_part_from_its_first_event_on() {
    let (mut stage, ann, _) = two().await;
    let page = stage.synapse("bob2", "g2").await;
    stage.ask(&page, "call:c", signal("ann", "1")).await.unwrap();
    // Others still know the participant by the socket that came into the call.
    assert_eq!(stage.heard("g1"), ["ann1: bob1 signals 1"]);
    stage.ask(&ann, "call:c", signal("bob", "2")).await.unwrap();
    assert_eq!(stage.heard("g2"), ["bob2: ann1 signals 2"]);
}

#[tokio::test(start_paused = true)]
async fn without_a_socket_that_takes_part_all_devices_hear_it() {
    let mut stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    stage.synapse("bob1", "g2").await;
    stage.synapse("bob2", "g2").await;
    stage.ask(&ann, "call:c", call(&["bob"])).await.unwrap();
    stage.clear();
    stage.ask(&ann, "call:c", signal("bob", "1")).await.unwrap();
    assert_eq!(stage.heard("g2"), ["bob: ann1 signals 1"]);
}

#[tokio::test(start_paused = true)]
async fn signals_sent_while_the_page_changes_wait_for_the_next_one() {
    for lost in [true, false] {
        let (mut stage, ann, bob) = two().await;
        if lost {
            stage.lose(&bob).await
        } else {
            stage.disconnect(&bob).await
        }
        stage.ask(&ann, "call:c", signal("bob", "1")).await.unwrap();
        stage.ask(&ann, "call:c", signal("bob", "2")).await.unwrap();
        assert!(stage.heard("g2").is_empty());
        stage.pass(Duration::from_secs(2)).await;
        let page = stage.synapse("bob2", "g2").await;
        stage.system("call:c", greet(&page)).await.unwrap();
        stage.system("call:c", greet(&page)).await.unwrap();
        assert_eq!(stage.heard("g2"), ["bob2: ann1 signals 1", "bob2: ann1 signals 2"]);
    }
}

#[tokio::test(start_paused = true)]
async fn after_the_grace_the_user_is_not_connected() {
    let (stage, ann, bob) = two().await;
    stage.disconnect(&bob).await;
    stage.pass(Duration::from_secs(6)).await;
    let refusal = stage.ask(&ann, "call:c", signal("bob", "1")).await.unwrap_err();
    assert_eq!((refusal.code, &*refusal.message), (Code::UserNotConnected, "User not connected"));
    stage.system("call:c", RoomCommand::DepartCall { user: user("bob") }).await.unwrap();
    assert_eq!(code(stage.ask(&ann, "call:c", signal("bob", "1")).await), Code::NotFound);
}

#[tokio::test(start_paused = true)]
async fn only_so_much_waits() {
    let (mut stage, ann, bob) = two().await;
    stage.disconnect(&bob).await;
    for _ in 0..64 {
        stage.ask(&ann, "call:c", signal("bob", "1")).await.unwrap();
    }
    assert_eq!(code(stage.ask(&ann, "call:c", signal("bob", "1")).await), Code::UserNotConnected);
    let page = stage.synapse("bob2", "g2").await;
    stage.system("call:c", greet(&page)).await.unwrap();
    assert_eq!(stage.heard("g2").len(), 64);
}

#[tokio::test(start_paused = true)]
async fn outsiders_neither_send_nor_receive() {
    let (stage, ann, _) = two().await;
    let eve = stage.synapse("eve1", "g1").await;
    assert_eq!(code(stage.ask(&eve, "call:c", signal("ann", "1")).await), Code::NotAllowed);
    assert_eq!(code(stage.ask(&ann, "call:c", signal("eve", "1")).await), Code::NotAllowed);
    assert_eq!(code(stage.ask(&ann, "call:c", signal("ann", "1")).await), Code::NotAllowed);
}

#[tokio::test(start_paused = true)]
async fn a_signal_for_a_call_that_nobody_knows_begins_one() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.ask(&ann, "call:new", signal("bob", "1")).await.unwrap();
    assert_eq!(stage.heard("g2"), ["bob: ann1 signals 1"]);
    stage.ask(&bob, "call:new", signal("ann", "2")).await.unwrap();
    assert_eq!(stage.heard("g1"), ["ann1: bob1 signals 2"]);
    assert_eq!(code(stage.ask(&ann, "call:other", signal("dan", "1")).await), Code::UserNotConnected);
    stage.ask(&ann, "call:new", RoomCommand::EndCall { unanswered: false }).await.unwrap();
    assert_eq!(stage.heard("g2"), ["bob: new ended by ann: user-ended"]);
}

#[tokio::test(start_paused = true)]
async fn strangers_cannot_be_signalled_where_acquaintance_is_asked_for() {
    let stage = Stage::with(|options| options.reach = Reach::Acquainted).await;
    let ann = stage.synapse("ann1", "g1").await;
    stage.synapse("bob1", "g2").await;
    assert_eq!(code(stage.ask(&ann, "call:new", signal("bob", "1")).await), Code::NotAllowed);
}

#[tokio::test(start_paused = true)]
async fn a_peer_addresses_participants_by_the_socket_that_it_knows() {
    let mut stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    let bob = stage.mesh("bob1", "g2").await;
    stage.ask(&ann, "call:c", call(&["bob"])).await.unwrap();
    stage.join(&bob, "call:c").await;
    let page = stage.synapse("ann2", "g1").await;
    stage.ask(&page, "call:c", signal("bob", "1")).await.unwrap();
    stage.clear();
    let to_known = |id| signal_of(SignalKind::Answer, SignalTarget::Socket(socket(id)), "2");
    stage.ask(&bob, "call:c", to_known("ann1")).await.unwrap();
    assert_eq!(stage.heard("g1"), ["ann2: bob1 signals 2"]);
    let refusal = stage.ask(&bob, "call:c", to_known("nobody")).await.unwrap_err();
    assert_eq!((refusal.code, &*refusal.message), (Code::UserNotConnected, "Peer not connected"));
    let other = signal_of(SignalKind::Other, SignalTarget::User(user("bob")), "{}");
    assert_eq!(code(stage.ask(&page, "call:c", other).await), Code::InvalidPayload);
}
