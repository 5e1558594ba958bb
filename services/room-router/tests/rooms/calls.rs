//! Calls, from the first ring to the end.

use std::time::Duration;

use heliograph_domain::{
    command::{CallMedia, CallPlan, Origin, RoomCommand},
    id::CommandId,
    outcome::RoomOutcome,
    refusal::Code,
    room::{Media, MediaChange},
    text::MessageText,
    user::Actor,
};
use heliograph_room_router::{Rate, Reach};

use crate::stage::{Answer, Stage, code, join_of, joined, person, room, socket, user};

pub(crate) fn call(participants: &[&str]) -> RoomCommand {
    call_in(None, participants)
}

fn call_in(target: Option<&str>, participants: &[&str]) -> RoomCommand {
    RoomCommand::InitiateCall(plan(target, participants))
}

fn plan(target: Option<&str>, participants: &[&str]) -> CallPlan {
    let participants = participants.iter().map(|id| user(id)).collect();
    CallPlan { media: CallMedia::Video, room: target.map(room), participants }
}

pub(crate) fn initiated(answer: Answer) -> [Vec<String>; 3] {
    match answer {
        Ok(RoomOutcome::CallInitiated { ringing, unavailable, skipped }) => {
            [ringing, unavailable, skipped].map(|users| users.iter().map(ToString::to_string).collect())
        }
        other => panic!("not initiated: {other:?}"),
    }
}

fn reject(reason: Option<&str>) -> RoomCommand {
    RoomCommand::RejectCall { reason: reason.map(|text| MessageText::parse(text).unwrap()) }
}

const MUTE: RoomCommand = RoomCommand::SetMedia {
    target: None,
    change: MediaChange { audio: Some(false), video: None, screen: None, hand: None, speaking: None },
    body: None,
};

/// Ann at one gateway, Bob and Cat at the other.
async fn three() -> (Stage, Actor, Actor, Actor) {
    let stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    let (bob, cat) = (stage.synapse("bob1", "g2").await, stage.synapse("cat1", "g2").await);
    (stage, ann, bob, cat)
}

#[tokio::test(start_paused = true)]
async fn a_call_rings_on_every_device_and_one_answer_wins() {
    let (mut stage, ann, bob, _) = three().await;
    let tablet = stage.synapse("bob2", "g1").await;
    assert_eq!(initiated(stage.ask(&ann, "call:c", call(&["bob"])).await), [vec!["bob".to_owned()], vec![], vec![]]);
    assert_eq!(stage.heard("g1"), ["bob: c rings from ann"]);
    assert_eq!(stage.heard("g2"), ["bob: c rings from ann"]);

    let accepted = stage.ask(&bob, "call:c", RoomCommand::AcceptCall).await;
    let Ok(RoomOutcome::CallAccepted { participants }) = accepted else { panic!("{accepted:?}") };
    assert_eq!(participants.iter().map(|one| &one.user).collect::<Vec<_>>(), [&person("ann"), &person("bob")]);
    assert_eq!(participants[1].media, Media { audio: true, video: true, ..Media::default() });
    assert_eq!(stage.heard("g1"), ["ann: c accepted by bob", "bob but bob1: c accepted elsewhere"]);
    assert_eq!(stage.heard("g2"), ["bob but bob1: c accepted elsewhere"]);
    assert_eq!(code(stage.ask(&tablet, "call:c", RoomCommand::AcceptCall).await), Code::Conflict);
    assert_eq!(code(stage.ask(&tablet, "call:c", reject(None)).await), Code::Conflict);
}

#[tokio::test(start_paused = true)]
async fn those_in_the_call_hear_who_comes() {
    let (mut stage, ann, bob, cat) = three().await;
    stage.ask(&ann, "call:c", call(&["bob", "cat"])).await.unwrap();
    stage.ask(&bob, "call:c", RoomCommand::AcceptCall).await.unwrap();
    stage.clear();
    stage.ask(&cat, "call:c", RoomCommand::AcceptCall).await.unwrap();
    assert_eq!(stage.heard("g1"), ["ann: c accepted by cat"]);
    assert_eq!(stage.heard("g2"), ["bob: cat came into c as cat1", "cat but cat1: c accepted elsewhere"]);
}

#[tokio::test(start_paused = true)]
async fn an_acceptance_sent_again_is_answered_again() {
    let (mut stage, ann, bob, _) = three().await;
    stage.ask(&ann, "call:c", call(&["bob"])).await.unwrap();
    let (id, origin) = (CommandId::generate(), Origin::Socket(bob));
    let first = stage.send(id, origin.clone(), "call:c", RoomCommand::AcceptCall).await;
    stage.clear();
    assert_eq!(stage.send(id, origin, "call:c", RoomCommand::AcceptCall).await, first);
    assert_eq!(stage.heard("g1"), ["ann: c accepted by bob"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_everybody_rejects_is_over() {
    let (mut stage, ann, bob, cat) = three().await;
    stage.ask(&ann, "call:c", call(&["bob", "cat"])).await.unwrap();
    stage.clear();
    stage.ask(&bob, "call:c", reject(Some("later"))).await.unwrap();
    assert_eq!(stage.heard("g1"), ["ann: c rejected by bob: later"]);
    assert_eq!(stage.heard("g2"), ["bob but bob1: c rejected elsewhere"]);
    stage.ask(&cat, "call:c", reject(None)).await.unwrap();
    assert_eq!(stage.heard("g1"), ["ann: c rejected by cat", "ann: c ended: rejected"]);
    assert_eq!(code(stage.ask(&bob, "call:c", RoomCommand::AcceptCall).await), Code::NotFound);
}

#[tokio::test(start_paused = true)]
async fn nobody_answers() {
    let (mut stage, ann, _, _) = three().await;
    stage.ask(&ann, "call:c", call(&["bob", "cat"])).await.unwrap();
    stage.clear();
    stage.pass(Duration::from_secs(59)).await;
    assert!(stage.heard("g2").is_empty());
    stage.pass(Duration::from_secs(2)).await;
    assert_eq!(stage.heard("g1"), ["ann: c ended: no-answer"]);
    assert_eq!(stage.heard("g2"), ["bob and cat: c ended: no-answer"]);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_stops_ringing_while_the_others_talk() {
    let (mut stage, ann, bob, _) = three().await;
    stage.ask(&ann, "call:c", call(&["bob", "cat"])).await.unwrap();
    stage.ask(&bob, "call:c", RoomCommand::AcceptCall).await.unwrap();
    stage.clear();
    stage.pass(Duration::from_secs(61)).await;
    assert!(stage.heard("g1").is_empty());
    assert_eq!(stage.heard("g2"), ["cat: c ended: no-answer"]);
    stage.ask(&bob, "call:c", MUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_caller_ends_the_call_for_all_even_while_it_rings() {
    let (mut stage, ann, bob, _) = three().await;
    stage.ask(&ann, "call:c", call(&["bob", "cat"])).await.unwrap();
    stage.ask(&bob, "call:c", RoomCommand::AcceptCall).await.unwrap();
    stage.clear();
    stage.ask(&ann, "call:c", RoomCommand::EndCall { unanswered: false }).await.unwrap();
    assert_eq!(stage.heard("g1"), ["ann: c ended by ann: user-ended"]);
    assert_eq!(stage.heard("g2"), ["bob and cat: c ended by ann: user-ended"]);
    assert_eq!(stage.ask(&bob, "call:c", RoomCommand::EndCall { unanswered: false }).await, Ok(RoomOutcome::Done));
    assert!(stage.heard("g1").is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_of_several_leaves_and_the_last_ends_it() {
    let (mut stage, ann, bob, cat) = three().await;
    stage.ask(&ann, "call:c", call(&["bob", "cat"])).await.unwrap();
    for one in [&bob, &cat] {
        stage.ask(one, "call:c", RoomCommand::AcceptCall).await.unwrap();
    }
    stage.clear();
    stage.ask(&bob, "call:c", RoomCommand::EndCall { unanswered: false }).await.unwrap();
    assert_eq!(stage.heard("g1"), ["ann: bob left c"]);
    assert_eq!(stage.heard("g2"), ["bob: c ended by bob: user-ended", "cat: bob left c"]);
    stage.disconnect(&cat).await;
    stage.system("call:c", RoomCommand::DepartCall { user: user("cat") }).await.unwrap();
    assert_eq!(stage.heard("g1"), ["ann: cat left c", "ann: c ended: participants-left"]);
}

#[tokio::test(start_paused = true)]
async fn a_participant_who_is_back_does_not_depart() {
    let (mut stage, ann, bob, _) = three().await;
    stage.ask(&ann, "call:c", call(&["bob"])).await.unwrap();
    stage.ask(&bob, "call:c", RoomCommand::AcceptCall).await.unwrap();
    stage.disconnect(&bob).await;
    stage.synapse("bob2", "g2").await;
    stage.clear();
    stage.system("call:c", RoomCommand::DepartCall { user: user("bob") }).await.unwrap();
    assert!(stage.heard("g1").is_empty());
    assert_eq!(code(stage.ask(&ann, "call:c", RoomCommand::DepartCall { user: user("bob") }).await), Code::NotAllowed);
}

#[tokio::test(start_paused = true)]
async fn who_cannot_be_reached_is_named_and_rings_when_they_come() {
    let (mut stage, ann, bob, cat) = three().await;
    stage.ask(&cat, "call:other", call(&["eve"])).await.unwrap();
    stage.clear();
    let answer = initiated(stage.ask(&ann, "call:c", call(&["bob", "cat", "dan"])).await);
    assert_eq!(answer, [vec!["bob".to_owned()], vec!["cat".to_owned(), "dan".to_owned()], vec![]]);
    assert_eq!(stage.heard("g1"), ["ann: c cannot reach cat: Busy", "ann: c cannot reach dan: Offline"]);
    assert_eq!(stage.heard("g2"), ["bob: c rings from ann"]);
    let dan = stage.synapse("dan1", "g2").await;
    let greet = RoomCommand::GreetSocket { user: user("dan"), socket: socket("dan1"), gateway: dan.gateway.clone() };
    stage.system("call:c", greet.clone()).await.unwrap();
    assert_eq!(stage.heard("g2"), ["dan1: c rings from ann"]);
    stage.ask(&bob, "call:c", RoomCommand::AcceptCall).await.unwrap();
    stage.ask(&ann, "call:c", RoomCommand::EndCall { unanswered: false }).await.unwrap();
    stage.clear();
    stage.system("call:c", greet).await.unwrap();
    assert!(stage.heard("g2").is_empty());
}

#[tokio::test(start_paused = true)]
async fn all_other_members_of_a_room_are_called() {
    let (mut stage, ann, bob, cat) = three().await;
    for one in [&ann, &bob, &cat] {
        stage.join(one, "team").await;
    }
    stage.clear();
    let answer = initiated(stage.ask(&ann, "call:c", call_in(Some("team"), &[])).await);
    assert_eq!(answer, [vec!["bob".to_owned(), "cat".to_owned()], vec![], vec![]]);
    assert_eq!(stage.heard("g2"), ["bob and cat: c rings from ann"]);
}

#[tokio::test(start_paused = true)]
async fn who_is_not_in_the_room_of_the_call_is_skipped() {
    let (stage, ann, bob, cat) = three().await;
    stage.join(&ann, "team").await;
    stage.join(&bob, "team").await;
    let answer = initiated(stage.ask(&ann, "call:c", call_in(Some("team"), &["bob", "cat", "ann", "bob"])).await);
    assert_eq!(answer, [vec!["bob".to_owned()], vec![], vec!["cat".to_owned()]]);
    assert_eq!(code(stage.ask(&ann, "call:d", call_in(Some("team"), &["cat"])).await), Code::NotAllowed);
    assert_eq!(code(stage.ask(&cat, "call:e", call_in(Some("team"), &["bob"])).await), Code::NotAllowed);
    // A room that does not exist is a mere label.
    initiated(stage.ask(&cat, "call:f", call_in(Some("a label"), &["ann"])).await);
}

#[tokio::test(start_paused = true)]
async fn strangers_cannot_be_called_where_acquaintance_is_asked_for() {
    let stage = Stage::with(|options| options.reach = Reach::Acquainted).await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    assert_eq!(code(stage.ask(&ann, "call:c", call(&["bob"])).await), Code::NotAllowed);
    stage.join(&ann, "team").await;
    stage.join(&bob, "team").await;
    initiated(stage.ask(&ann, "call:c", call(&["bob"])).await);
}

#[tokio::test(start_paused = true)]
async fn a_call_needs_somebody_to_call_and_not_too_many() {
    let (stage, ann, ..) = three().await;
    for nobody in [&[][..], &["ann"][..]] {
        assert_eq!(code(stage.ask(&ann, "call:c", call(nobody)).await), Code::InvalidPayload);
    }
    let many: Vec<String> = (0..16).map(|n| format!("user{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(code(stage.ask(&ann, "call:c", call(&many)).await), Code::InvalidPayload);
    initiated(stage.ask(&ann, "call:c", call(&many[..15])).await);
}

#[tokio::test(start_paused = true)]
async fn calls_are_made_so_often_and_no_more() {
    let rate = Rate { max: 2, window: Duration::from_secs(60) };
    let stage = Stage::with(|options| options.limits.call_initiations = rate).await;
    let ann = stage.synapse("ann1", "g1").await;
    for id in ["call:1", "call:2"] {
        initiated(stage.ask(&ann, id, call(&["bob"])).await);
    }
    let refusal = stage.ask(&ann, "call:3", call(&["bob"])).await.unwrap_err();
    assert_eq!((refusal.code, refusal.reset_at), (Code::RateLimited, Some(stage.now() + rate.window)));
    assert_eq!(&*refusal.message, "Too many requests. Please slow down.");
}

#[tokio::test(start_paused = true)]
async fn the_id_of_a_call_belongs_to_its_maker() {
    let (stage, ann, bob, cat) = three().await;
    let create = RoomCommand::CreateCall(plan(None, &["bob"]));
    let made = stage.send(CommandId::generate(), Origin::User(person("ann")), "call:c", create.clone()).await;
    let Ok(RoomOutcome::CallCreated { call: id, participants, created_at, expires_at }) = made else {
        panic!("{made:?}")
    };
    assert_eq!((id.as_str(), participants), ("c", vec![user("bob")]));
    assert_eq!(expires_at.since(created_at), Duration::from_secs(600));
    assert_eq!(code(stage.ask(&cat, "call:c", create).await), Code::Conflict);
    assert_eq!(code(stage.ask(&cat, "call:c", call(&["bob"])).await), Code::Conflict);
    assert_eq!(code(stage.ask(&bob, "call:c", RoomCommand::AcceptCall).await), Code::NotFound);
    // The plan that was prepared is the one that counts if nothing else is said.
    assert_eq!(initiated(stage.ask(&ann, "call:c", call(&[])).await)[0], ["bob"]);
    assert_eq!(code(stage.ask(&cat, "call:c", RoomCommand::AcceptCall).await), Code::NotAllowed);
    assert_eq!(code(stage.ask(&cat, "call:c", RoomCommand::EndCall { unanswered: false }).await), Code::NotAllowed);
    assert_eq!(code(stage.ask(&cat, "call:c", reject(None)).await), Code::NotAllowed);
    assert_eq!(code(stage.ask(&cat, "call:c", MUTE).await), Code::NotAllowed);
}

#[tokio::test(start_paused = true)]
async fn a_call_prepared_by_nobody_is_the_first_ones() {
    let (stage, ann, _, cat) = three().await;
    stage.system("call:c", RoomCommand::CreateCall(plan(None, &["bob"]))).await.unwrap();
    initiated(stage.ask(&cat, "call:c", call(&[])).await);
    assert_eq!(code(stage.ask(&ann, "call:c", call(&["bob"])).await), Code::Conflict);
}

#[tokio::test(start_paused = true)]
async fn a_prepared_call_that_is_not_used_expires() {
    let (stage, ann, ..) = three().await;
    stage.ask(&ann, "call:c", RoomCommand::CreateCall(plan(None, &["bob"]))).await.unwrap();
    stage.pass(Duration::from_secs(601)).await;
    assert_eq!(code(stage.ask(&ann, "call:c", call(&[])).await), Code::Conflict);
}

#[tokio::test(start_paused = true)]
async fn calls_that_nobody_knows_are_not_found() {
    let (stage, ann, ..) = three().await;
    for command in [RoomCommand::AcceptCall, reject(None), RoomCommand::EndCall { unanswered: false }, MUTE] {
        assert_eq!(code(stage.ask(&ann, "call:nobodys", command).await), Code::NotFound);
    }
    assert_eq!(code(stage.ask(&ann, "team", RoomCommand::AcceptCall).await), Code::InvalidPayload);
}

#[tokio::test(start_paused = true)]
async fn the_others_hear_what_a_participant_shows() {
    let (mut stage, ann, bob, _) = three().await;
    stage.ask(&ann, "call:c", call(&["bob", "cat"])).await.unwrap();
    assert_eq!(code(stage.ask(&bob, "call:c", MUTE).await), Code::NotAllowed);
    stage.ask(&bob, "call:c", RoomCommand::AcceptCall).await.unwrap();
    stage.clear();
    stage.ask(&bob, "call:c", MUTE).await.unwrap();
    assert_eq!(stage.heard("g1"), ["ann: bob1 changed bob1 to video"]);
    assert!(stage.heard("g2").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_peer_accepts_by_joining_and_is_known_to_everybody() {
    let (mut stage, ann, ..) = three().await;
    let bob = stage.mesh("bob2", "g2").await;
    stage.ask(&ann, "call:c", call(&["bob", "cat"])).await.unwrap();
    stage.clear();
    let joined = stage.join(&bob, "call:c").await;
    assert_eq!(joined.peers.iter().map(|peer| &peer.socket).collect::<Vec<_>>(), [&socket("ann1")]);
    assert_eq!(stage.heard("g1"), ["ann: c accepted by bob"]);
    let eve = stage.mesh("eve1", "g1").await;
    assert_eq!(code(stage.ask(&eve, "call:c", RoomCommand::Join(join_of(&eve))).await), Code::NotAllowed);

    stage.clear();
    stage.ask(&bob, "call:c", RoomCommand::Leave { permanent: false }).await.unwrap();
    assert_eq!(stage.heard("g1"), ["ann: bob left c"]);
}

#[tokio::test(start_paused = true)]
async fn a_peer_in_a_call_hears_of_others_as_peers() {
    let (mut stage, ann, _, cat) = three().await;
    let bob = stage.mesh("bob2", "g2").await;
    stage.ask(&ann, "call:c", call(&["bob", "cat"])).await.unwrap();
    stage.join(&bob, "call:c").await;
    stage.clear();
    stage.ask(&cat, "call:c", RoomCommand::AcceptCall).await.unwrap();
    assert_eq!(stage.heard("g2"), ["bob: cat came into c as cat1", "cat but cat1: c accepted elsewhere"]);
}

#[tokio::test(start_paused = true)]
async fn participants_chat_in_the_room_of_the_call_until_it_ends() {
    let (mut stage, ann, bob, _) = three().await;
    stage.ask(&ann, "call:c", call(&["bob"])).await.unwrap();
    stage.ask(&bob, "call:c", RoomCommand::AcceptCall).await.unwrap();
    for one in [&ann, &bob] {
        joined(stage.ask(one, "call:c", RoomCommand::Join(join_of(one))).await);
    }
    stage.clear();
    stage.post(&ann, "call:c", "do you see me").await.unwrap();
    assert_eq!(stage.heard("g2"), ["call:c #1: ann wrote \"do you see me\""]);
    stage.ask(&ann, "call:c", RoomCommand::EndCall { unanswered: false }).await.unwrap();
    assert_eq!(stage.heard("g2"), ["bob: c ended by ann: user-ended", "call:c: closed by call-ended"]);
    assert!(stage.store().presence.rooms(&user("ann"), 10).await.unwrap().is_empty());
    assert_eq!(code(stage.ask(&ann, "call:c", RoomCommand::Join(join_of(&ann))).await), Code::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_room_is_closed_ends() {
    let (mut stage, ann, ..) = three().await;
    stage.ask(&ann, "call:c", call(&["bob"])).await.unwrap();
    stage.clear();
    stage.system("call:c", RoomCommand::Close).await.unwrap();
    assert_eq!(stage.heard("g1"), ["ann: c ended: room-closed"]);
    assert_eq!(stage.heard("g2"), ["bob: c ended: room-closed"]);
}

#[tokio::test(start_paused = true)]
async fn ended_calls_leave_nothing_behind() {
    let (stage, ann, bob, _) = three().await;
    for (id, answer) in [("call:1", RoomCommand::AcceptCall), ("call:2", reject(None))] {
        stage.ask(&ann, id, call(&["bob"])).await.unwrap();
        stage.ask(&bob, id, answer).await.unwrap();
        stage.ask(&ann, id, RoomCommand::EndCall { unanswered: false }).await.unwrap();
    }
    for id in ["ann", "bob"] {
        assert!(stage.store().presence.calls(&user(id)).await.unwrap().is_empty());
    }
    let memory = stage.stop().await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!((memory.held().calls, memory.held().deadlines), (0, 0), "{:?}", memory.held());
}
