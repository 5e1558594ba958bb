//! Who may enter a room, and how that ends.

use std::time::Duration;

use heliograph_domain::{
    command::{Access, Prepare, RoomCommand},
    content::Content,
    id::MessageId,
    outcome::RoomOutcome,
    refusal::Code,
    text::RawJson,
    user::Actor,
};

use crate::stage::{Answer, Stage, code, join_of, person, post, room, user};

const MATCH: &str = "match:match_1";

impl Stage {
    async fn try_join(&self, actor: &Actor, target: &str) -> Answer {
        self.ask(actor, target, RoomCommand::Join(join_of(actor))).await
    }

    async fn prepare(&self, target: &str, access: Option<Access>, members: &[&str]) {
        let members = members.iter().map(|id| person(id)).collect();
        let prepared = self.system(target, RoomCommand::Prepare(Prepare { access, members })).await;
        assert_eq!(prepared, Ok(RoomOutcome::Done));
    }

    async fn rooms_of(&self, id: &str) -> Vec<String> {
        let rooms = self.store().presence.rooms(&user(id), 10).await.unwrap();
        rooms.into_iter().map(|room| room.to_string()).collect()
    }

    async fn members_of(&self, target: &str) -> Option<Vec<String>> {
        let members = self.store().rooms.members(&room(target), 10).await.unwrap();
        members.map(|members| members.into_iter().map(|member| member.id.to_string()).collect())
    }
}

/// Two guests who were matched and have come.
async fn pair() -> (Stage, Actor, Actor) {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("guesta1", "g1").await, stage.synapse("guestb1", "g2").await);
    stage.prepare(MATCH, Some(Access::Members), &["guesta", "guestb"]).await;
    stage.join(&ann, MATCH).await;
    stage.join(&bob, MATCH).await;
    stage.clear();
    (stage, ann, bob)
}

#[tokio::test(start_paused = true)]
async fn a_room_of_members_admits_its_members_only() {
    let stage = Stage::start().await;
    let (ann, eve) = (stage.synapse("ann1", "g1").await, stage.synapse("eve1", "g1").await);
    stage.prepare("session_1", Some(Access::Members), &["ann", "bob"]).await;
    stage.join(&ann, "session_1").await;
    assert_eq!(code(stage.try_join(&eve, "session_1").await), Code::NotAllowed);
    assert_eq!(stage.rooms_of("bob").await, ["session_1"]);
    stage.prepare("session_1", None, &["eve"]).await;
    stage.join(&eve, "session_1").await;
    let by_client = RoomCommand::Prepare(Prepare { access: None, members: vec![] });
    assert_eq!(code(stage.ask(&ann, "session_1", by_client).await), Code::NotAllowed);
}

#[tokio::test(start_paused = true)]
async fn nobody_enters_a_match_that_is_not_theirs_or_was_not_made() {
    let (stage, ..) = pair().await;
    let eve = stage.synapse("eve1", "g1").await;
    assert_eq!(code(stage.try_join(&eve, MATCH).await), Code::NotAllowed);
    assert_eq!(code(stage.try_join(&eve, "match:nobodys").await), Code::NotAllowed);
}

#[tokio::test(start_paused = true)]
async fn matched_guests_come_back_and_the_match_ends_with_the_last_of_them() {
    let (mut stage, ann, bob) = pair().await;
    stage.ask(&ann, MATCH, RoomCommand::Leave { permanent: false }).await.unwrap();
    stage.join(&ann, MATCH).await;
    stage.ask(&ann, MATCH, RoomCommand::Leave { permanent: true }).await.unwrap();
    assert_eq!(code(stage.try_join(&ann, MATCH).await), Code::NotAllowed);
    assert_eq!(code(stage.post(&bob, MATCH, "still there?").await), Code::UserNotConnected);
    stage.clear();
    stage.ask(&bob, MATCH, RoomCommand::Leave { permanent: true }).await.unwrap();
    assert_eq!(stage.members_of(MATCH).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_match_is_closed_by_one_of_the_two_for_both() {
    let (mut stage, ann, _) = pair().await;
    let eve = stage.synapse("eve1", "g1").await;
    assert_eq!(code(stage.ask(&eve, MATCH, RoomCommand::Close).await), Code::NotInRoom);
    assert_eq!(stage.ask(&ann, MATCH, RoomCommand::Close).await, Ok(RoomOutcome::Done));
    assert_eq!(stage.heard("g2"), [format!("{MATCH}: closed by closed_by_user")]);
    assert_eq!(stage.members_of(MATCH).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_match_that_nobody_attends_expires_ten_minutes_after_its_last_event() {
    let (mut stage, ann, bob) = pair().await;
    stage.pass(Duration::from_secs(1500)).await;
    assert!(stage.members_of(MATCH).await.is_some());
    for guest in [&ann, &bob] {
        stage.ask(guest, MATCH, RoomCommand::Leave { permanent: false }).await.unwrap();
    }
    stage.clear();
    stage.pass(Duration::from_secs(599)).await;
    assert!(stage.members_of(MATCH).await.is_some());
    stage.pass(Duration::from_secs(3)).await;
    assert_eq!(stage.members_of(MATCH).await, None);
    assert_eq!(stage.heard("g1"), ["guesta: closed by expired"]);
    assert!(stage.rooms_of("guesta").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_match_expires_at_another_router_too() {
    let (mut stage, ann, bob) = pair().await;
    for guest in [&ann, &bob] {
        stage.ask(guest, MATCH, RoomCommand::Leave { permanent: false }).await.unwrap();
    }
    stage.replace_killed().await;
    stage.pass(Duration::from_secs(602)).await;
    assert_eq!(stage.members_of(MATCH).await, None);
}

#[tokio::test(start_paused = true)]
async fn clearing_empties_the_log_and_is_told_to_the_other() {
    let (mut stage, ann, bob) = pair().await;
    stage.post(&ann, MATCH, "forget this").await.unwrap();
    stage.clear();
    assert_eq!(stage.ask(&bob, MATCH, RoomCommand::ClearHistory).await, Ok(RoomOutcome::Done));
    assert_eq!(stage.heard("g1"), [format!("{MATCH} but guestb #2: history cleared by guestb")]);
    let page = stage.questions.history(&room(MATCH), None, 10, None).await.unwrap();
    assert_eq!(page.entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [2]);
    let eve = stage.synapse("eve1", "g1").await;
    assert_eq!(code(stage.ask(&eve, MATCH, RoomCommand::ClearHistory).await), Code::NotInRoom);
}

#[tokio::test(start_paused = true)]
async fn in_a_topic_clients_hear_and_do_not_speak() {
    let stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    stage.join(&ann, "topic:news").await;
    let typing = RoomCommand::SetTyping { on: true };
    for command in [RoomCommand::Post(post("hear me")), typing, RoomCommand::ClearHistory] {
        assert_eq!(code(stage.ask(&ann, "topic:news", command).await), Code::NotAllowed);
    }
    stage.ask(&ann, "topic:news", RoomCommand::Leave { permanent: true }).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_pair_room_is_that_of_both_from_the_first_join() {
    let stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    stage.join(&ann, "direct:ann_bob").await;
    assert_eq!(stage.members_of("direct:ann_bob").await, Some(vec!["ann".to_owned(), "bob".to_owned()]));
    assert_eq!(stage.rooms_of("bob").await, ["direct:ann_bob"]);
    for strange in ["direct:bob_cat", "direct:ann_ann", "direct:bob_ann"] {
        assert_eq!(code(stage.try_join(&ann, strange).await), Code::NotAllowed, "{strange}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_banned_user_is_out_until_the_ban_is_lifted() {
    let mut stage = Stage::start().await;
    let (ann, eve) = (stage.synapse("ann1", "g1").await, stage.synapse("eve1", "g2").await);
    stage.join(&ann, "team").await;
    stage.join(&eve, "team").await;
    stage.clear();
    let ban = || RoomCommand::RemoveMember { user: user("eve"), ban: true };
    assert_eq!(code(stage.ask(&ann, "team", ban()).await), Code::NotAllowed);
    assert_eq!(stage.system("team", ban()).await, Ok(RoomOutcome::Done));
    assert_eq!(stage.heard("g2"), ["eve1: closed by system", "take eve1 out of team"]);
    assert_eq!(stage.heard("g1").len(), 1);
    assert!(stage.rooms_of("eve").await.is_empty());
    assert_eq!(code(stage.try_join(&eve, "team").await), Code::NotAllowed);
    stage.system("team", RoomCommand::LiftBan { user: user("eve") }).await.unwrap();
    stage.join(&eve, "team").await;
}

#[tokio::test(start_paused = true)]
async fn a_deleted_message_is_gone_for_those_who_come_later() {
    let mut stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    stage.join(&ann, "team").await;
    let Ok(RoomOutcome::Posted { message, .. }) = stage.post(&ann, "team", "insult").await else {
        panic!("not posted")
    };
    stage.clear();
    let delete = |message: &MessageId| RoomCommand::DeleteMessage { message: message.clone() };
    assert_eq!(code(stage.ask(&ann, "team", delete(&message)).await), Code::NotAllowed);
    assert_eq!(stage.system("team", delete(&message)).await, Ok(RoomOutcome::Done));
    assert_eq!(stage.heard("g1"), [format!("team #2: {message} deleted")]);
    let page = stage.questions.history(&room("team"), None, 10, None).await.unwrap();
    assert_eq!(page.entries[0].event, page.entries[1].event);
    assert_eq!(code(stage.system("team", delete(&message)).await), Code::NotFound);
}

#[tokio::test(start_paused = true)]
async fn files_and_what_is_encrypted_need_no_text() {
    let stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    stage.join(&ann, "team").await;
    let json = || RawJson::from_checked("{}");
    for content in [Content::File(json()), Content::Voice(json()), Content::Encrypted(json())] {
        let post = heliograph_domain::command::Post { content, ..post("") };
        assert!(matches!(stage.ask(&ann, "team", RoomCommand::Post(post)).await, Ok(RoomOutcome::Posted { .. })));
    }
    assert_eq!(code(stage.post(&ann, "team", "").await), Code::InvalidPayload);
}
