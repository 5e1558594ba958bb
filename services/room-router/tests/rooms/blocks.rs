//! Who may write to whom.

use std::time::Duration;

use heliograph_cluster::store::Block;
use heliograph_domain::{
    command::{CallMedia, CallPlan, RoomCommand},
    outcome::RoomOutcome,
    refusal::Code,
    user::Actor,
};
use heliograph_room_router::Reach;

use crate::stage::{Stage, code, join_of, user};

const PAIR: &str = "direct:ann_bob";

async fn set_block(stage: &Stage, by: &str, whom: &str, on: bool) {
    let block = Block { on, most: 10, age: Duration::from_secs(3600), at: stage.now() };
    assert!(stage.store().blocks.set(&user(by), &user(whom), block).await.unwrap());
}

async fn pair(stage: &Stage) -> (Actor, Actor) {
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.join(&ann, PAIR).await;
    stage.join(&bob, PAIR).await;
    (ann, bob)
}

#[tokio::test(start_paused = true)]
async fn who_is_blocked_neither_writes_nor_types_nor_comes_in() {
    let stage = Stage::start().await;
    let (ann, bob) = pair(&stage).await;
    set_block(&stage, "bob", "ann", true).await;
    let refusal = stage.post(&ann, PAIR, "hello").await.unwrap_err();
    assert_eq!((refusal.code, &*refusal.message), (Code::Blocked, "Cannot send message to this user"));
    assert_eq!(code(stage.ask(&ann, PAIR, RoomCommand::SetTyping { on: true }).await), Code::Blocked);
    let again = stage.synapse("ann2", "g1").await;
    assert_eq!(code(stage.ask(&again, PAIR, RoomCommand::Join(join_of(&again))).await), Code::Blocked);
    // Who has blocked somebody may still write to them.
    stage.post(&bob, PAIR, "leave me alone").await.unwrap();
    set_block(&stage, "bob", "ann", false).await;
    stage.post(&ann, PAIR, "sorry").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_block_is_about_rooms_of_two() {
    let stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.join(&ann, "team").await;
    stage.join(&bob, "team").await;
    set_block(&stage, "bob", "ann", true).await;
    stage.post(&ann, "team", "hello").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_is_blocked_calls_in_vain() {
    let stage = Stage::start().await;
    let (ann, _bob) = pair(&stage).await;
    set_block(&stage, "bob", "ann", true).await;
    let plan = CallPlan { media: CallMedia::Audio, room: None, participants: vec![user("bob")] };
    match stage.ask(&ann, "call:c", RoomCommand::InitiateCall(plan)).await {
        Ok(RoomOutcome::CallInitiated { ringing, unavailable, .. }) => {
            assert_eq!((ringing, unavailable), (vec![], vec![user("bob")]));
        }
        other => panic!("not initiated: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn strangers_write_to_each_other_only_where_no_acquaintance_is_asked_for() {
    let stage = Stage::with(|options| options.reach = Reach::Acquainted).await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    let join = || RoomCommand::Join(join_of(&ann));
    let refusal = stage.ask(&ann, PAIR, join()).await.unwrap_err();
    assert_eq!((refusal.code, &*refusal.message), (Code::NotAllowed, "You can only message connected users"));
    stage.join(&ann, "team").await;
    stage.join(&bob, "team").await;
    stage.ask(&ann, PAIR, join()).await.unwrap();
    stage.post(&ann, PAIR, "hello").await.unwrap();
}
