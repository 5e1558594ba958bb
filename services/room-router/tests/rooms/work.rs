//! What people work on in a room.

use heliograph_domain::{
    activity::{ActivityKind, Contents, EphemeralKind, RoomState},
    command::{Join, RoomCommand, Signal, SignalKind, SignalTarget, Since},
    event::Event,
    id::CommandId,
    outcome::RoomOutcome,
    refusal::Code,
    room::MediaChange,
    text::RawJson,
    user::Actor,
};

use crate::stage::{Stage, code, join_of, joined};

fn json(text: &'static str) -> RawJson {
    RawJson::from_checked(text)
}

fn change(body: &'static str, base_version: Option<u64>) -> RoomCommand {
    RoomCommand::AppendActivity { kind: ActivityKind::CodeChange, body: json(body), base_version }
}

fn stroke() -> RoomCommand {
    RoomCommand::AppendActivity { kind: ActivityKind::Stroke, body: json("{}"), base_version: None }
}

fn recording(on: bool) -> RoomCommand {
    RoomCommand::SetState(RoomState::Recording { on, body: None })
}

/// Ann and Bob work in a studio; Cat does not.
async fn studio() -> (Stage, Actor, Actor, Actor) {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.mesh("ann1", "g1").await, stage.mesh("bob1", "g2").await);
    let cat = stage.mesh("cat1", "g1").await;
    stage.join(&ann, "studio").await;
    stage.join(&bob, "studio").await;
    stage.clear();
    (stage, ann, bob, cat)
}

async fn contents_for(stage: &Stage, actor: &Actor) -> Contents {
    let join = Join { contents: true, ..join_of(actor) };
    *joined(stage.ask(actor, "studio", RoomCommand::Join(join)).await).contents.expect("asked for")
}

#[tokio::test(start_paused = true)]
async fn the_room_numbers_code_changes_and_the_others_hear_them() {
    let (mut stage, ann, bob, cat) = studio().await;
    for (actor, seq) in [(&ann, 1), (&bob, 2)] {
        match stage.ask(actor, "studio", change("{}", Some(7))).await.unwrap() {
            RoomOutcome::Appended { seq: at, version, .. } => assert_eq!((at, version), (seq, Some(seq))),
            other => panic!("not appended: {other:?}"),
        }
    }
    let heard =
        ["studio but ann1 #1: ann1 added CodeChange Some(1)", "studio but bob1 #2: bob1 added CodeChange Some(2)"];
    assert_eq!(stage.heard("g2"), heard);
    let stroked = stage.ask(&ann, "studio", stroke()).await.unwrap();
    assert!(matches!(stroked, RoomOutcome::Appended { seq: 3, version: None, .. }));
    assert_eq!(code(stage.ask(&cat, "studio", stroke()).await), Code::NotInRoom);
}

#[tokio::test(start_paused = true)]
async fn whoever_missed_a_code_change_gets_it_with_its_number() {
    let (stage, ann, _, cat) = studio().await;
    stage.ask(&ann, "studio", change("{}", None)).await.unwrap();
    let join = Join { since: Some(Since::Seq(0)), ..join_of(&cat) };
    let missed = joined(stage.ask(&cat, "studio", RoomCommand::Join(join)).await).missed;
    assert!(matches!(missed.entries[0].event, Event::ActivityAppended { version: Some(1), .. }));
    let page = stage.questions.history(&crate::stage::room("studio"), None, 10, None).await.unwrap();
    assert!(matches!(page.entries[0].event, Event::ActivityAppended { version: Some(1), .. }));
}

#[tokio::test(start_paused = true)]
async fn a_code_change_that_is_sent_twice_is_appended_once() {
    let (mut stage, ann, ..) = studio().await;
    let (id, origin) = (CommandId::generate(), heliograph_domain::command::Origin::Socket(ann));
    let first = stage.send(id, origin.clone(), "studio", change("{}", None)).await;
    assert_eq!(stage.send(id, origin, "studio", change("{}", None)).await, first);
    assert_eq!(stage.heard("g2"), ["studio but ann1 #1: ann1 added CodeChange Some(1)"; 2]);
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_late_gets_what_the_room_holds() {
    let (stage, ann, _, cat) = studio().await;
    stage.post(&ann, "studio", "hello").await.unwrap();
    for _ in 0..2 {
        stage.ask(&ann, "studio", change("{}", None)).await.unwrap();
        stage.ask(&ann, "studio", stroke()).await.unwrap();
    }
    let snapshots = [
        RoomState::Code { data: json(r#""code""#), version: 1 },
        RoomState::Whiteboard { data: Some(json("[1]")), seq: Some(3) },
        RoomState::Recording { on: true, body: None },
    ];
    for state in snapshots {
        assert_eq!(stage.ask(&ann, "studio", RoomCommand::SetState(state)).await, Ok(RoomOutcome::Done));
    }
    let contents = contents_for(&stage, &cat).await;
    let seqs =
        |entries: &[heliograph_domain::delivery::LogEntry]| entries.iter().map(|one| one.seq).collect::<Vec<_>>();
    assert_eq!(seqs(&contents.messages), [1]);
    assert_eq!((contents.code.snapshot, contents.code.version), (Some(json(r#""code""#)), 1));
    assert_eq!((seqs(&contents.code.changes), contents.code.whole), (vec![4], true));
    assert!(matches!(contents.code.changes[0].event, Event::ActivityAppended { version: Some(2), .. }));
    assert_eq!((contents.whiteboard.snapshot, contents.whiteboard.version), (Some(json("[1]")), 3));
    assert_eq!((seqs(&contents.whiteboard.changes), contents.whiteboard.whole), (vec![5], true));
    assert!(contents.recording);
    let others: Vec<_> = contents.participants.iter().map(|one| one.socket.as_str()).collect();
    assert_eq!(others, ["ann1", "bob1"]);
}

#[tokio::test(start_paused = true)]
async fn everybody_hears_that_somebody_records() {
    let (mut stage, ann, _, cat) = studio().await;
    stage.ask(&ann, "studio", recording(true)).await.unwrap();
    assert_eq!(stage.heard("g1"), ["studio: ann1 records: true"]);
    assert_eq!(stage.heard("g2"), ["studio: ann1 records: true"]);
    assert_eq!(code(stage.ask(&cat, "studio", recording(false)).await), Code::NotInRoom);
}

#[tokio::test(start_paused = true)]
async fn a_signal_without_an_addressee_reaches_all_other_peers() {
    let (mut stage, ann, _, cat) = studio().await;
    let dan = stage.synapse("dan1", "g2").await;
    stage.join(&dan, "studio").await;
    stage.clear();
    let offer = || {
        let (to, kind, body) = (SignalTarget::Others, SignalKind::Offer, json("{}"));
        RoomCommand::Signal(Signal { to, kind, body })
    };
    assert_eq!(code(stage.ask(&cat, "studio", offer()).await), Code::NotInRoom);
    stage.ask(&ann, "studio", offer()).await.unwrap();
    assert_eq!(stage.heard("g2"), ["bob1: ann1 signals {}"]);
    stage.join(&cat, "studio").await;
    stage.clear();
    stage.ask(&ann, "studio", offer()).await.unwrap();
    assert_eq!(stage.heard("g1"), ["cat1: ann1 signals {}"]);
    stage.join(&dan, "elsewhere").await;
    stage.join(&ann, "elsewhere").await;
    assert_eq!(code(stage.ask(&ann, "elsewhere", offer()).await), Code::UserNotConnected);
}

#[tokio::test(start_paused = true)]
async fn cursors_go_to_the_others_and_speaking_is_a_state() {
    let (mut stage, ann, ..) = studio().await;
    let cursor = RoomCommand::SendEphemeral { to: None, kind: EphemeralKind::Cursor, body: json("{}") };
    stage.ask(&ann, "studio", cursor).await.unwrap();
    assert_eq!(stage.heard("g2"), ["studio but ann1: ann1 sent {}"]);
    let change = MediaChange { speaking: Some(true), ..MediaChange::default() };
    stage.ask(&ann, "studio", RoomCommand::SetMedia { target: None, change, body: None }).await.unwrap();
    let peers = stage.join(&stage.mesh("dan1", "g1").await, "studio").await.peers;
    assert!(peers[0].media.speaking && !peers[1].media.speaking);
}
