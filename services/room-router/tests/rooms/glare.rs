//! Two people call each other.

use heliograph_domain::{
    command::{RoomCommand, Signal, SignalKind, SignalTarget},
    outcome::RoomOutcome,
    text::RawJson,
};

use crate::{
    calls::{call, initiated},
    stage::{Stage, user},
};

fn signal(to: &str) -> RoomCommand {
    let (to, body) = (SignalTarget::User(user(to)), RawJson::from_checked("{}"));
    RoomCommand::Signal(Signal { to, kind: SignalKind::Offer, body })
}

#[tokio::test(start_paused = true)]
async fn two_calls_that_meet_become_one() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    initiated(stage.ask(&ann, "call:x", call(&["bob"])).await);
    stage.clear();
    stage.pass(std::time::Duration::from_secs(1)).await;
    let met = initiated(stage.ask(&bob, "call:y", call(&["ann"])).await);
    assert_eq!(met, [vec!["ann".to_owned()], vec![], vec![]]);
    assert_eq!(stage.heard("g1"), ["ann: x accepted by bob"]);
    assert_eq!(stage.heard("g2"), ["bob: x accepted elsewhere", "bob: y accepted by ann"]);

    // Each goes on with the id of the call that they made.
    stage.ask(&bob, "call:y", signal("ann")).await.unwrap();
    stage.ask(&ann, "call:x", signal("bob")).await.unwrap();
    assert_eq!(stage.heard("g1"), ["ann1: bob1 signals {}"]);
    assert_eq!(stage.heard("g2"), ["bob1: ann1 signals {}"]);
    assert_eq!(stage.ask(&bob, "call:y", RoomCommand::EndCall { unanswered: false }).await, Ok(RoomOutcome::Done));
    assert_eq!(stage.heard("g1"), ["ann: x ended by bob: user-ended"]);
    assert_eq!(stage.heard("g2"), ["bob: y ended by bob: user-ended"]);
    for id in ["ann", "bob"] {
        assert!(stage.store().presence.calls(&user(id)).await.unwrap().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_to_somebody_who_calls_a_third_finds_them_busy() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.ask(&ann, "call:x", call(&["cat"])).await.unwrap();
    stage.clear();
    let answer = initiated(stage.ask(&bob, "call:y", call(&["ann"])).await);
    assert_eq!(answer[1], ["ann"]);
    assert_eq!(stage.heard("g2"), ["bob: y cannot reach ann: Busy"]);
}
