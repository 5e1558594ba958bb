//! Messages, marks, typing.

use heliograph_domain::{
    command::{Origin, Post, RoomCommand},
    id::{CommandId, MessageId},
    outcome::RoomOutcome,
    refusal::{Code, Refusal},
    text::{Emoji, RawJson, Reference},
};
use heliograph_room_router::{Html, Rate};

use crate::stage::{Answer, Stage, code, person, post};

fn posted(answer: Answer) -> (MessageId, u64) {
    match answer {
        Ok(RoomOutcome::Posted { message, seq, .. }) => (message, seq),
        other => panic!("not posted: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn everybody_in_the_room_hears_a_message_once_for_each_gateway() {
    let mut stage = Stage::start().await;
    for (id, gateway) in [("ann1", "g1"), ("bob1", "g1"), ("cat1", "g2")] {
        let one = stage.synapse(id, gateway).await;
        stage.join(&one, "team").await;
    }
    stage.clear();
    let ann = stage.synapse("ann1", "g1").await;
    assert_eq!(posted(stage.post(&ann, "team", "hello").await).1, 1);
    assert_eq!(posted(stage.post(&ann, "team", "again").await).1, 2);
    let heard = ["team #1: ann wrote \"hello\"", "team #2: ann wrote \"again\""];
    assert_eq!(stage.heard("g1"), heard);
    assert_eq!(stage.heard("g2"), heard);
}

#[tokio::test(start_paused = true)]
async fn tags_are_taken_out_before_a_message_is_stored() {
    let mut stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    stage.join(&ann, "team").await;
    stage.clear();
    stage.post(&ann, "team", "<b>1 < 2</b><script>x</script>").await.unwrap();
    assert_eq!(stage.heard("g1"), ["team #1: ann wrote \"1 < 2\""]);
    assert_eq!(code(stage.post(&ann, "team", "<img src=x>").await), Code::InvalidPayload);
    let with_file = Post { attachments: Some(RawJson::from_checked("[{}]")), ..post("<img src=x>") };
    stage.ask(&ann, "team", RoomCommand::Post(with_file)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn tags_stay_where_the_deployment_wants_it() {
    let mut stage = Stage::with(|options| options.html = Html::Keep).await;
    let ann = stage.synapse("ann1", "g1").await;
    stage.join(&ann, "team").await;
    stage.clear();
    stage.post(&ann, "team", "<b>hi</b>").await.unwrap();
    assert_eq!(stage.heard("g1"), ["team #1: ann wrote \"<b>hi</b>\""]);
}

#[tokio::test(start_paused = true)]
async fn only_members_post() {
    let stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g1").await);
    stage.join(&ann, "team").await;
    assert_eq!(code(stage.post(&bob, "team", "hello").await), Code::NotInRoom);
    assert_eq!(code(stage.post(&bob, "nowhere", "hello").await), Code::NotInRoom);
    assert_eq!(code(stage.system("team", RoomCommand::Post(post("hello"))).await), Code::NotAllowed);
}

#[tokio::test(start_paused = true)]
async fn a_member_posts_by_http() {
    let mut stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    stage.join(&ann, "team").await;
    stage.clear();
    let by_http = Origin::User(person("ann"));
    posted(stage.send(CommandId::generate(), by_http, "team", RoomCommand::Post(post("hello"))).await);
    assert_eq!(stage.heard("g1"), ["team #1: ann wrote \"hello\""]);
}

#[tokio::test(start_paused = true)]
async fn a_command_sent_again_has_the_first_outcome_and_is_told_again() {
    let mut stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    stage.join(&ann, "team").await;
    let (id, origin) = (CommandId::generate(), Origin::Socket(ann.clone()));
    let first = posted(stage.send(id, origin.clone(), "team", RoomCommand::Post(post("hello"))).await);
    let told = stage.deliveries("g1").pop();
    let second = posted(stage.send(id, origin, "team", RoomCommand::Post(post("hello"))).await);
    assert_eq!(first, second);
    assert_eq!(stage.deliveries("g1").pop(), told);
}

#[tokio::test(start_paused = true)]
async fn a_reference_makes_one_message_of_two_commands() {
    let mut stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    stage.join(&ann, "team").await;
    let send = || RoomCommand::Post(Post { reference: Some(Reference::from_checked("7")), ..post("hello") });
    let first = posted(stage.ask(&ann, "team", send()).await);
    stage.clear();
    assert_eq!(posted(stage.ask(&ann, "team", send()).await), first);
    assert!(stage.heard("g1").is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_writes_too_much_is_told_until_when() {
    let minute = std::time::Duration::from_secs(60);
    let stage = Stage::with(|options| options.limits.synapse_messages = Rate { max: 2, window: minute }).await;
    let (one, two) = (stage.synapse("ann1", "g1").await, stage.synapse("ann2", "g2").await);
    stage.join(&one, "team").await;
    let began = stage.now();
    stage.post(&one, "team", "one").await.unwrap();
    stage.post(&two, "team", "two").await.unwrap();
    assert_eq!(stage.post(&one, "team", "three").await, Err(Refusal::too_many_messages(began + minute)));
    let mesh = stage.mesh("ann3", "g1").await;
    stage.post(&mesh, "team", "counted apart").await.unwrap();
    stage.pass(minute).await;
    stage.post(&one, "team", "four").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn marks_are_told_when_they_change() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.join(&ann, "team").await;
    stage.join(&bob, "team").await;
    let (message, _) = posted(stage.post(&ann, "team", "hello").await);
    stage.clear();
    let react = |on| RoomCommand::React { message: message.clone(), emoji: Emoji::parse("+1").unwrap(), on };
    for on in [true, true, false, false] {
        assert!(matches!(stage.ask(&bob, "team", react(on)).await, Ok(RoomOutcome::Reacted { .. })));
    }
    assert_eq!(stage.heard("g1"), ["team #2: bob set +1", "team #3: bob took back +1"]);
    let cat = stage.synapse("cat1", "g1").await;
    assert_eq!(code(stage.ask(&cat, "team", react(true)).await), Code::NotInRoom);
    let unknown = RoomCommand::React { message: MessageId::generate(), emoji: Emoji::parse("+1").unwrap(), on: true };
    assert_eq!(code(stage.ask(&bob, "team", unknown).await), Code::NotFound);
}

#[tokio::test(start_paused = true)]
async fn no_socket_of_the_typist_hears_typing() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.join(&ann, "team").await;
    stage.join(&bob, "team").await;
    stage.clear();
    stage.ask(&ann, "team", RoomCommand::SetTyping { on: true }).await.unwrap();
    stage.ask(&ann, "team", RoomCommand::SetTyping { on: false }).await.unwrap();
    assert_eq!(stage.heard("g2"), ["team but ann: ann types", "team but ann: ann stops typing"]);
    let cat = stage.synapse("cat1", "g1").await;
    assert_eq!(code(stage.ask(&cat, "team", RoomCommand::SetTyping { on: true }).await), Code::NotInRoom);
}
