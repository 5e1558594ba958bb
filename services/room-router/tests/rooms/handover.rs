//! Partitions move between routers.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::future::join_all;
use heliograph_cluster::{
    commands::{CommandOptions, Commands},
    store::PageRange,
};
use heliograph_domain::{
    command::{CallMedia, CallPlan, Origin, RoomCommand, RoomRequest},
    id::{CallId, CommandId},
    outcome::RoomOutcome,
    user::Actor,
};
use heliograph_room_router::{Options, RoomRouter};
use tokio::{task::JoinHandle, time};
use tokio_util::sync::CancellationToken;

use crate::stage::{Stage, post, room, run, user};

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

/// Posts numbered messages to a room of one's own until told to stop, each after the answer to the one
/// before. Gives the numbers that the messages got.
fn talk(stage: &Stage, actor: Actor, target: String, stop: CancellationToken) -> JoinHandle<Vec<u64>> {
    let commands = Commands::new(Arc::clone(&stage.backends.bus), CommandOptions::default());
    tokio::spawn(async move {
        let mut numbers = Vec::new();
        while !stop.is_cancelled() {
            let command = RoomCommand::Post(post(&format!("{}", numbers.len())));
            let (id, origin) = (CommandId::generate(), Origin::Socket(actor.clone()));
            match commands.room(&RoomRequest { id, room: room(&target), origin, command }).await {
                Ok(RoomOutcome::Posted { seq, .. }) => numbers.push(seq),
                other => panic!("{target}: {other:?}"),
            }
            time::sleep(Duration::from_millis(20)).await;
        }
        numbers
    })
}

#[tokio::test(start_paused = true)]
async fn routers_are_restarted_one_after_the_other_and_nobody_notices() {
    let options = |options: &mut Options| options.limits.synapse_messages.max = u32::MAX;
    let mut stage = Stage::with(options).await;
    let ann = stage.synapse("ann1", "g1").await;
    let rooms: Vec<String> = (0..40).map(|n| format!("room{n}")).collect();
    for room in &rooms {
        stage.join(&ann, room).await;
    }
    let router = |stage: &Stage| {
        let mut changed = Options::default();
        options(&mut changed);
        RoomRouter::new(changed, stage.backends.clone(), String::new(), stage.metrics.rooms.clone())
    };
    let (mut stop, mut running) = run(router(&stage)).await;
    let done = CancellationToken::new();
    let talks: Vec<_> = rooms.iter().map(|room| talk(&stage, ann.clone(), room.clone(), done.clone())).collect();
    for _ in 0..6 {
        time::sleep(Duration::from_millis(150)).await;
        stop.cancel();
        running.await.unwrap();
        time::sleep(Duration::from_millis(150)).await;
        (stop, running) = run(router(&stage)).await;
        // Who does not take what it is sent makes routers wait.
        stage.clear();
    }
    done.cancel();
    let numbers = join_all(talks).await;
    for (name, numbers) in rooms.iter().zip(numbers) {
        let numbers = numbers.unwrap();
        assert!(numbers.len() > 40, "{name}: {numbers:?}");
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "{name}");
        let page = stage.store().rooms.read(&room(name), PageRange::After(0), 10_000).await.unwrap();
        assert_eq!(page.entries.len(), numbers.len(), "{name}");
    }
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn commands_that_find_nobody_wait_for_the_next_owner() {
    let mut stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    stage.join(&ann, "team").await;
    let done = CancellationToken::new();
    let talk = talk(&stage, ann, "team".to_owned(), done.clone());
    time::sleep(Duration::from_millis(100)).await;
    // As long as a lease lasts, and a second for the takeover.
    stage.kill().await;
    time::sleep(Duration::from_secs(6)).await;
    stage.replace(Options::default()).await;
    time::sleep(Duration::from_secs(1)).await;
    done.cancel();
    let numbers = talk.await.unwrap();
    assert_eq!(numbers.iter().copied().collect::<BTreeSet<_>>().len(), numbers.len());
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
}
