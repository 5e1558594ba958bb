//! Questions by gRPC.

use heliograph_cluster::store::PageRange;
use heliograph_domain::{
    call::{CallPartyState, CallState},
    command::{CallMedia, CallPlan, Post, RoomCommand},
    id::CallId,
    refusal::Code,
    room::Position,
    text::RawJson,
};

use crate::stage::{Stage, person, post, room, user};

#[tokio::test(start_paused = true)]
async fn members_read_the_log_in_pages() {
    let stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    stage.join(&ann, "team").await;
    for text in ["one", "two", "three"] {
        stage.post(&ann, "team", text).await.unwrap();
    }
    let seqs = |page: &heliograph_cluster::grpc::History| page.entries.iter().map(|one| one.seq).collect::<Vec<_>>();
    let (team, reader) = (room("team"), user("ann"));
    let newest = stage.questions.history(&team, None, 2, Some(&reader)).await.unwrap();
    assert_eq!((seqs(&newest), newest.more, newest.head.seq, newest.read), (vec![2, 3], true, 3, 3));
    let older = stage.questions.history(&team, Some(PageRange::Before(2)), 2, None).await.unwrap();
    assert_eq!((seqs(&older), older.more), (vec![1], false));
    let newer = stage.questions.history(&team, Some(PageRange::After(1)), 0, None).await.unwrap();
    assert_eq!((seqs(&newer), newer.more), (vec![2, 3], false));
    let outsider = stage.questions.history(&team, None, 2, Some(&user("eve"))).await;
    assert_eq!(outsider.unwrap_err().code, Code::NotAllowed);
}

#[tokio::test(start_paused = true)]
async fn a_page_of_long_entries_is_a_short_page() {
    let stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    stage.join(&ann, "team").await;
    for length in [400_000, 400_000, 400_000, 400_000, 2_000_000] {
        let attachments = Some(RawJson::from_checked(format!("[{{\"name\":\"{}\"}}]", "x".repeat(length))));
        let long = RoomCommand::Post(Post { attachments, ..post("") });
        stage.ask(&ann, "team", long).await.unwrap();
    }
    let seqs = |page: &heliograph_cluster::grpc::History| page.entries.iter().map(|one| one.seq).collect::<Vec<_>>();
    let page = async |range| stage.questions.history(&room("team"), range, 0, None).await.unwrap();
    let oldest = page(Some(PageRange::After(0))).await;
    assert_eq!((seqs(&oldest), oldest.more), (vec![1, 2], true));
    let next = page(Some(PageRange::After(2))).await;
    assert_eq!((seqs(&next), next.more), (vec![3, 4], true));
    // One entry is always sent.
    let last = page(Some(PageRange::After(4))).await;
    assert_eq!((seqs(&last), last.more), (vec![5], false));
    let newest = page(None).await;
    assert_eq!((seqs(&newest), newest.more), (vec![5], true));
    let before = page(Some(PageRange::Before(5))).await;
    assert_eq!((seqs(&before), before.more), (vec![3, 4], true));
}

#[tokio::test(start_paused = true)]
async fn members_and_ends_of_logs_are_known() {
    let stage = Stage::start().await;
    for id in ["ann1", "bob1"] {
        let one = stage.synapse(id, "g1").await;
        stage.join(&one, "team").await;
    }
    let ann = stage.synapse("ann1", "g1").await;
    stage.post(&ann, "team", "hello").await.unwrap();
    let members = stage.questions.members(&room("team"), 1).await.unwrap();
    assert_eq!((members.members, members.more), (vec![person("ann")], true));
    assert_eq!(stage.questions.members(&room("nowhere"), 0).await.unwrap_err().code, Code::NotFound);
    let stand = stage.questions.positions(&[room("nowhere"), room("team")]).await.unwrap();
    assert_eq!((stand[0].position, stand[0].roster), (Position::default(), 0));
    let joined = stage.join(&ann, "team").await;
    assert_eq!((stand[1].position, stand[1].roster), (joined.position, joined.roster));
}

#[tokio::test(start_paused = true)]
async fn the_parties_of_a_call_see_how_it_stands() {
    let stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g1").await);
    let plan = CallPlan { media: CallMedia::Video, room: None, participants: vec![user("bob")] };
    stage.ask(&ann, "call:c", RoomCommand::InitiateCall(plan)).await.unwrap();
    let id = CallId::parse("c").unwrap();
    let view = stage.questions.call(&id, Some(&user("bob"))).await.unwrap();
    assert_eq!((view.state, view.parties[1].state), (CallState::Ringing, CallPartyState::Ringing));
    stage.ask(&bob, "call:c", RoomCommand::AcceptCall).await.unwrap();
    let view = stage.questions.call(&id, None).await.unwrap();
    assert_eq!((view.state, view.started_at), (CallState::Active, Some(stage.now())));
    assert_eq!(stage.questions.call(&id, Some(&user("eve"))).await.unwrap_err().code, Code::NotAllowed);
    let unknown = CallId::parse("d").unwrap();
    assert_eq!(stage.questions.call(&unknown, None).await.unwrap_err().code, Code::NotFound);
}
