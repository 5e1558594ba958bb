//! How far members have the log, and who hears of it.

use heliograph_domain::{
    command::{Join, Mark, Origin, RoomCommand, Since},
    id::{CommandId, MessageId},
    outcome::RoomOutcome,
    refusal::Code,
    user::Actor,
};

use crate::stage::{Answer, Stage, code, joined, person};

const PAIR: &str = "direct:ann_bob";

/// Two users who have joined their room, at a gateway each.
async fn pair() -> (Stage, Actor, Actor) {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.join(&ann, PAIR).await;
    stage.join(&bob, PAIR).await;
    stage.clear();
    (stage, ann, bob)
}

fn posted(answer: Answer) -> MessageId {
    match answer {
        Ok(RoomOutcome::Posted { message, .. }) => message,
        other => panic!("not posted: {other:?}"),
    }
}

fn marked(answer: Answer) -> u64 {
    match answer {
        Ok(RoomOutcome::Marked { count }) => count,
        other => panic!("not marked: {other:?}"),
    }
}

async fn delivered(stage: &Stage, actor: &Actor, target: &str, up_to: Mark) -> Answer {
    stage.ask(actor, target, RoomCommand::MarkDelivered { up_to }).await
}

async fn read(stage: &Stage, actor: &Actor, target: &str, up_to: Mark) -> Answer {
    stage.ask(actor, target, RoomCommand::MarkRead { up_to }).await
}

#[tokio::test(start_paused = true)]
async fn an_author_hears_once_that_each_message_was_delivered() {
    let (mut stage, ann, bob) = pair().await;
    for text in ["one", "two"] {
        posted(stage.post(&ann, PAIR, text).await);
    }
    stage.clear();
    assert_eq!(marked(delivered(&stage, &bob, PAIR, Mark::Seq(1)).await), 1);
    assert_eq!(marked(delivered(&stage, &bob, PAIR, Mark::Seq(1)).await), 0);
    assert_eq!(marked(delivered(&stage, &bob, PAIR, Mark::Newest).await), 1);
    assert_eq!(marked(delivered(&stage, &bob, PAIR, Mark::Seq(1)).await), 0);
    let heard = stage.heard("g1");
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(heard.iter().all(|line| line.ends_with("a message of ann has reached bob")), "{heard:?}");
    assert!(stage.heard("g2").is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_has_written_hears_nothing_of_their_own_messages() {
    let (mut stage, ann, _) = pair().await;
    posted(stage.post(&ann, PAIR, "hello").await);
    stage.clear();
    assert_eq!(marked(delivered(&stage, &ann, PAIR, Mark::Newest).await), 0);
    assert_eq!(marked(read(&stage, &ann, PAIR, Mark::Newest).await), 0);
    assert!(stage.heard("g1").is_empty());
    assert!(stage.heard("g2").is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_author_hears_how_far_the_other_has_read() {
    let (mut stage, ann, bob) = pair().await;
    let first = posted(stage.post(&ann, PAIR, "one").await);
    for text in ["two", "three"] {
        posted(stage.post(&ann, PAIR, text).await);
    }
    stage.clear();
    assert_eq!(marked(read(&stage, &bob, PAIR, Mark::Message(first.clone())).await), 1);
    assert_eq!(marked(read(&stage, &bob, PAIR, Mark::Newest).await), 2);
    assert_eq!(marked(read(&stage, &bob, PAIR, Mark::Message(first)).await), 0);
    let heard = stage.heard("g1");
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(heard.iter().all(|line| line.ends_with("bob has read")), "{heard:?}");
}

#[tokio::test(start_paused = true)]
async fn in_a_room_of_many_marks_move_and_nobody_hears_of_it() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.join(&ann, "team").await;
    stage.join(&bob, "team").await;
    posted(stage.post(&ann, "team", "hello").await);
    stage.clear();
    assert_eq!(marked(delivered(&stage, &bob, "team", Mark::Newest).await), 1);
    assert_eq!(marked(read(&stage, &bob, "team", Mark::Newest).await), 1);
    assert!(stage.heard("g1").is_empty());
}

#[tokio::test(start_paused = true)]
async fn marks_are_for_members_and_for_messages_that_there_are() {
    let (stage, ann, bob) = pair().await;
    let cat = stage.synapse("cat1", "g1").await;
    posted(stage.post(&ann, PAIR, "hello").await);
    assert_eq!(code(read(&stage, &cat, PAIR, Mark::Newest).await), Code::NotInRoom);
    assert_eq!(code(delivered(&stage, &cat, PAIR, Mark::Newest).await), Code::NotInRoom);
    assert_eq!(code(read(&stage, &bob, PAIR, Mark::Message(MessageId::generate())).await), Code::NotFound);
    let by_system = stage.system(PAIR, RoomCommand::MarkRead { up_to: Mark::Newest });
    assert_eq!(code(by_system.await), Code::NotAllowed);
    let by_http = Origin::User(person("bob"));
    let mark = RoomCommand::MarkRead { up_to: Mark::Newest };
    assert_eq!(marked(stage.send(CommandId::generate(), by_http, PAIR, mark).await), 1);
}

#[tokio::test(start_paused = true)]
async fn a_join_brings_what_was_not_delivered_on_any_device() {
    let (stage, ann, bob) = pair().await;
    for text in ["one", "two", "three"] {
        posted(stage.post(&ann, PAIR, text).await);
    }
    marked(delivered(&stage, &bob, PAIR, Mark::Seq(1)).await);
    let second = stage.synapse("bob2", "g2").await;
    let join = Join { since: Some(Since::Delivered), explicit: true, peer: None, takeover: false, contents: false };
    let brought = joined(stage.ask(&second, PAIR, RoomCommand::Join(join.clone())).await);
    assert_eq!(brought.missed.entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [2, 3]);
    // Nobody is brought what they have written themselves.
    let own = joined(stage.ask(&ann, PAIR, RoomCommand::Join(join)).await);
    assert!(own.missed.entries.is_empty());
}
