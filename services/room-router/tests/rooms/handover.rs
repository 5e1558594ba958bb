//! Partitions move between routers.

use std::time::Duration;

use heliograph_domain::{
    command::{CallMedia, CallPlan, RoomCommand},
    id::CallId,
};
use heliograph_room_router::{Options, RoomRouter};

use crate::stage::{Stage, run, user};

#[tokio::test(start_paused = true)]
async fn another_router_takes_over_rooms_and_deadlines() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.join(&ann, "team").await;
    let plan = || CallPlan { media: CallMedia::Audio, room: None, participants: vec![user("bob")] };
    let calls: Vec<String> = (0..8).map(|n| format!("c{n}")).collect();
    for call in &calls {
        stage.ask(&ann, &format!("call:{call}"), RoomCommand::InitiateCall(plan())).await.unwrap();
    }
    let second =
        RoomRouter::new(Options::default(), stage.backends.clone(), String::new(), stage.metrics.rooms.clone());
    let (stop, second) = run(second).await;
    for text in ["one", "two", "three"] {
        stage.post(&ann, "team", text).await.unwrap();
    }
    stage.clear();
    stage.pass(Duration::from_secs(61)).await;
    let mut ended = stage.heard("g2");
    ended.sort();
    assert_eq!(ended, calls.iter().map(|call| format!("bob: {call} ended: no-answer")).collect::<Vec<_>>());
    stop.cancel();
    second.await.unwrap();
    // All rooms are the first router's again.
    stage.join(&bob, "team").await;
    stage.post(&bob, "team", "four").await.unwrap();
    for call in calls {
        let call = CallId::parse(&call).unwrap();
        assert!(stage.questions.call(&call, None).await.unwrap().ended_at.is_some());
    }
}
