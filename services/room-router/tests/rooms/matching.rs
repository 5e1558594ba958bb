//! People are matched and invited.

use std::time::Duration;

use heliograph_cluster::store::{Block, faulty::Outage};
use heliograph_domain::{
    command::{DisconnectCause, Join, Origin, RoomCommand},
    delivery::Outbound,
    event::Event,
    id::{CommandId, InviteId, MatchId, QueueName},
    matching::{
        Criteria, MatchMode, MatchState, MatchingCommand, MatchingEvent, MatchingOutcome, QueueState, QueueStatus,
    },
    outcome::RoomOutcome,
    refusal::{Code, Refusal},
    text::MessageText,
    user::{Actor, Vocabulary},
};
use heliograph_room_router::Options;

use crate::stage::{Answer, Stage, code, person, room, user};

const MATCHING: &str = "match:";

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn search() -> MatchingCommand {
    MatchingCommand::Enqueue { queue: QueueName::guests(), criteria: Criteria::default(), mode: MatchMode::Immediate }
}

fn wait_in(queue: &str) -> MatchingCommand {
    let queue = QueueName::parse(queue).unwrap();
    MatchingCommand::Enqueue { queue, criteria: Criteria::default(), mode: MatchMode::Proposal }
}

async fn ask(stage: &Stage, actor: &Actor, command: MatchingCommand) -> Result<MatchingOutcome, Refusal> {
    outcome(stage.ask(actor, MATCHING, RoomCommand::Matching(command)).await)
}

fn outcome(answer: Answer) -> Result<MatchingOutcome, Refusal> {
    match answer? {
        RoomOutcome::Matching(outcome) => Ok(outcome),
        other => panic!("not of matching: {other:?}"),
    }
}

async fn status(stage: &Stage, actor: &Actor) -> Option<QueueStatus> {
    match ask(stage, actor, MatchingCommand::GetQueueStatus).await.unwrap() {
        MatchingOutcome::Queue(status) => status,
        other => panic!("no status: {other:?}"),
    }
}

async fn state(stage: &Stage, actor: &Actor) -> QueueState {
    status(stage, actor).await.unwrap().state
}

async fn proposed(stage: &Stage, actor: &Actor) -> MatchId {
    match ask(stage, actor, MatchingCommand::GetPending).await.unwrap() {
        MatchingOutcome::Pending { proposal: Some(proposal), .. } => proposal.match_id,
        other => panic!("nothing is proposed: {other:?}"),
    }
}

async fn respond(stage: &Stage, actor: &Actor, match_id: &MatchId, accept: bool) -> Result<MatchState, Code> {
    let answer = ask(stage, actor, MatchingCommand::RespondToMatch { match_id: match_id.clone(), accept }).await;
    match answer.map_err(|refusal| refusal.code)? {
        MatchingOutcome::Answered { match_id: about, state } if about == *match_id => Ok(state),
        other => panic!("no answer: {other:?}"),
    }
}

/// A socket of a guest, whose id begins with `guest`.
async fn guest(stage: &Stage, id: &str) -> Actor {
    stage.synapse(id, "g1").await
}

async fn detach(stage: &Stage, actor: &Actor, cause: DisconnectCause) {
    let (socket, user) = (actor.socket.clone(), actor.user.id.clone());
    stage.system(MATCHING, RoomCommand::Detach { socket, user, cause }).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn guests_are_matched_at_once_and_each_hears_of_the_other() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.synapse("ann2", "g2").await;
    let waits = ask(&stage, &ann, search()).await.unwrap();
    let MatchingOutcome::Queue(Some(waits)) = waits else { panic!("{waits:?}") };
    assert_eq!((waits.state, waits.position, waits.size), (QueueState::Waiting, 1, 1));
    ask(&stage, &bob, search()).await.unwrap();
    assert_eq!(stage.heard("g1"), ["ann: waits as 1 of 1 in guests", "ann: has bob"]);
    let mut heard = stage.heard("g2");
    heard.sort_unstable();
    let expected = [
        "ann: has bob",
        "ann: waits as 1 of 1 in guests",
        "bob: has ann, whom to call",
        "bob: waits as 2 of 2 in guests",
    ];
    assert_eq!(heard, expected);
    assert_eq!(state(&stage, &ann).await, QueueState::Matched);
    assert!(stage.questions.queues().await.unwrap().is_empty());
}

async fn block(stage: &Stage, by: &str, whom: &str) {
    let block = Block { on: true, most: 10, age: seconds(3600), at: stage.now() };
    assert!(stage.store().blocks.set(&user(by), &user(whom), block).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn nobody_meets_or_invites_somebody_who_blocks_them() {
    let stage = Stage::start().await;
    let (ann, bob, cy) =
        (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g1").await, stage.synapse("cy1", "g1").await);
    block(&stage, "bob", "ann").await;
    ask(&stage, &ann, search()).await.unwrap();
    ask(&stage, &bob, search()).await.unwrap();
    assert_eq!([state(&stage, &ann).await, state(&stage, &bob).await], [QueueState::Waiting; 2]);
    ask(&stage, &cy, search()).await.unwrap();
    assert_eq!(state(&stage, &ann).await, QueueState::Matched);
    assert_eq!(state(&stage, &bob).await, QueueState::Waiting);
    stage.join(&ann, "session_1").await;
    assert_eq!(ask(&stage, &ann, invite("session_1", "bob")).await.unwrap_err().code, Code::Blocked);
    stage.join(&bob, "session_1").await;
    ask(&stage, &bob, invite("session_1", "ann")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_pair_has_a_room_that_nobody_else_may_enter() {
    for command in [search(), wait_in("default")] {
        let mut stage = Stage::start().await;
        let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
        let eve = stage.synapse("eve1", "g1").await;
        ask(&stage, &ann, command.clone()).await.unwrap();
        ask(&stage, &bob, command.clone()).await.unwrap();
        if command != search() {
            let id = proposed(&stage, &ann).await;
            respond(&stage, &ann, &id, true).await.unwrap();
            respond(&stage, &bob, &id, true).await.unwrap();
        }
        let made = stage.deliveries("g2").iter().find_map(confirmation).unwrap();
        let its_room = made.room.as_str();
        let join = |actor: &Actor| RoomCommand::Join(crate::stage::join_of(actor));
        assert_eq!(code(stage.ask(&eve, its_room, join(&eve)).await), Code::NotAllowed);
        let joined = stage.join(&ann, its_room).await;
        assert_eq!(joined.members, [person("ann"), person("bob")]);
        stage.join(&bob, its_room).await;
    }
}

#[tokio::test(start_paused = true)]
async fn two_tabs_of_one_user_have_one_place_and_do_not_meet() {
    let mut stage = Stage::start().await;
    let (ann, other_tab) = (stage.synapse("ann1", "g1").await, stage.synapse("ann2", "g1").await);
    ask(&stage, &ann, search()).await.unwrap();
    ask(&stage, &other_tab, search()).await.unwrap();
    let status = status(&stage, &ann).await.unwrap();
    assert_eq!((status.state, status.position, status.size), (QueueState::Waiting, 1, 1));
    assert_eq!(stage.heard("g1"), ["ann: waits as 1 of 1 in guests"; 2]);
}

#[tokio::test(start_paused = true)]
async fn a_search_in_vain_ends_after_its_time_whoever_has_the_partition_then() {
    let mut stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    ask(&stage, &ann, search()).await.unwrap();
    stage.clear();
    stage.pass(seconds(20)).await;
    stage.replace_killed().await;
    // What was told last may not have been.
    stage.clear();
    stage.pass(seconds(9)).await;
    assert_eq!(stage.heard("g1"), Vec::<String>::new());
    stage.pass(seconds(2)).await;
    assert_eq!(stage.heard("g1"), ["ann: waited in vain in guests"]);
    assert_eq!(state(&stage, &ann).await, QueueState::Expired);
    stage.pass(seconds(60)).await;
    assert_eq!(stage.heard("g1"), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn both_have_to_accept_what_is_proposed() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    ask(&stage, &ann, wait_in("default")).await.unwrap();
    ask(&stage, &bob, wait_in("default")).await.unwrap();
    let expected = ["ann: waits as 1 of 1 in default", "ann: is matched in default", "ann: is asked about bob"];
    assert_eq!(stage.heard("g1"), expected);
    stage.clear();
    let id = proposed(&stage, &ann).await;
    assert_eq!(proposed(&stage, &bob).await, id);
    assert_eq!(respond(&stage, &ann, &id, true).await, Ok(MatchState::Accepted));
    assert_eq!(respond(&stage, &ann, &id, true).await, Ok(MatchState::Accepted));
    assert_eq!(respond(&stage, &ann, &id, false).await, Err(Code::Conflict));
    assert_eq!(stage.heard("g2"), ["bob: hears that ann accepts"]);
    assert_eq!(respond(&stage, &bob, &id, true).await, Ok(MatchState::Confirmed));
    let confirmed = stage.deliveries("g2");
    let made: Vec<_> = confirmed.iter().filter_map(confirmation).collect();
    let [made] = &made[..] else { panic!("{confirmed:?}") };
    assert!(made.room.as_str().starts_with("session_"));
    assert_eq!((made.peer.clone(), made.initiator), (person("ann"), true));
    assert_eq!(made.participants, [person("ann"), person("bob")]);
    assert_eq!(stage.heard("g1"), ["ann: hears that bob accepts", "ann: has bob"]);
    assert_eq!(respond(&stage, &ann, &id, true).await, Ok(MatchState::Confirmed));
    assert_eq!(respond(&stage, &ann, &id, false).await, Err(Code::Conflict));
    let eve = stage.synapse("eve1", "g1").await;
    assert_eq!(respond(&stage, &eve, &id, true).await, Err(Code::NotFound));
}

fn confirmation(outbound: &Outbound) -> Option<heliograph_domain::matching::Match> {
    match outbound {
        Outbound::Deliver(delivery) => match &delivery.event {
            Event::Matching(MatchingEvent::MatchConfirmed(made)) => Some(made.clone()),
            _ => None,
        },
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn silence_cancels_and_who_accepted_is_first_again() {
    let mut stage = Stage::start().await;
    let (ann, bob, cy) =
        (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await, stage.synapse("cy1", "g2").await);
    ask(&stage, &ann, wait_in("default")).await.unwrap();
    ask(&stage, &bob, wait_in("default")).await.unwrap();
    let id = proposed(&stage, &bob).await;
    respond(&stage, &bob, &id, true).await.unwrap();
    stage.clear();
    stage.pass(seconds(31)).await;
    assert_eq!(stage.heard("g1"), ["ann: is not matched: expired"]);
    assert_eq!(stage.heard("g2"), ["bob: is not matched: expired, waits again", "bob: waits as 1 of 1 in default"]);
    assert_eq!(respond(&stage, &ann, &id, true).await, Err(Code::RoomClosed));
    assert_eq!(respond(&stage, &bob, &id, true).await, Err(Code::RoomClosed));
    ask(&stage, &cy, wait_in("default")).await.unwrap();
    assert_ne!(proposed(&stage, &bob).await, id);
}

#[tokio::test(start_paused = true)]
async fn who_waits_in_vain_for_a_proposal_is_told_after_five_minutes() {
    let mut stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    ask(&stage, &ann, wait_in("default")).await.unwrap();
    stage.clear();
    stage.pass(seconds(299)).await;
    assert_eq!(stage.heard("g1"), Vec::<String>::new());
    stage.pass(seconds(2)).await;
    assert_eq!(stage.heard("g1"), ["ann: waited in vain in default"]);
}

#[tokio::test(start_paused = true)]
async fn a_queue_can_be_left_and_changed_and_tells_who_moved_up() {
    let mut stage = Stage::start().await;
    let picky = |queue: &str| MatchingCommand::Enqueue {
        queue: QueueName::parse(queue).unwrap(),
        criteria: Criteria { offers: Some(Vec::new()), wants: vec!["company".into()], body: None },
        mode: MatchMode::Proposal,
    };
    let (ann, bob, cy) =
        (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g1").await, stage.synapse("cy1", "g2").await);
    for actor in [&ann, &bob, &cy] {
        ask(&stage, actor, picky("default")).await.unwrap();
    }
    stage.pass(seconds(3)).await;
    stage.clear();
    ask(&stage, &ann, picky("other")).await.unwrap();
    assert_eq!(stage.heard("g1"), ["ann: left default", "ann: waits as 1 of 1 in other"]);
    ask(&stage, &bob, MatchingCommand::Dequeue { queue: Some(QueueName::guests()) }).await.unwrap();
    assert_eq!(stage.heard("g1"), Vec::<String>::new());
    ask(&stage, &bob, MatchingCommand::Dequeue { queue: None }).await.unwrap();
    ask(&stage, &bob, MatchingCommand::Dequeue { queue: None }).await.unwrap();
    assert_eq!(stage.heard("g1"), ["bob: left default"]);
    assert_eq!(stage.heard("g2"), Vec::<String>::new());
    stage.pass(seconds(2)).await;
    assert_eq!(stage.heard("g2"), ["cy: is now 1 of 1 in default"]);
    let views = stage.questions.queues().await.unwrap();
    let views: Vec<_> = views.iter().map(|view| (view.queue.as_str(), view.size, view.proposals)).collect();
    assert_eq!(views, [("default", 1, 0), ("other", 1, 0)]);
}

#[tokio::test(start_paused = true)]
async fn the_place_is_kept_while_a_socket_keeps_it_and_for_the_grace() {
    let mut stage = Stage::start().await;
    let (ann, other) = (stage.synapse("ann1", "g1").await, stage.synapse("ann2", "g1").await);
    stage.synapse("ann3", "g1").await;
    ask(&stage, &ann, wait_in("default")).await.unwrap();
    ask(&stage, &other, MatchingCommand::GetQueueStatus).await.unwrap();
    stage.clear();
    stage.lose(&ann).await;
    detach(&stage, &ann, DisconnectCause::Lost).await;
    stage.pass(seconds(10)).await;
    assert_eq!(stage.heard("g1"), Vec::<String>::new());
    stage.lose(&other).await;
    detach(&stage, &other, DisconnectCause::Explicit).await;
    stage.pass(seconds(4)).await;
    // Another page of the queue.
    let back = stage.synapse("ann4", "g1").await;
    assert_eq!(state(&stage, &back).await, QueueState::Waiting);
    stage.pass(seconds(10)).await;
    assert_eq!(stage.heard("g1"), Vec::<String>::new());
    stage.lose(&back).await;
    detach(&stage, &back, DisconnectCause::Explicit).await;
    stage.pass(seconds(6)).await;
    assert_eq!(stage.heard("g1"), ["ann: left default"]);
}

#[tokio::test(start_paused = true)]
async fn a_guest_who_says_goodbye_searches_no_longer_and_one_who_is_gone_is_not_matched() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (guest(&stage, "guesta1").await, guest(&stage, "guestb1").await);
    ask(&stage, &ann, search()).await.unwrap();
    stage.lose(&ann).await;
    detach(&stage, &ann, DisconnectCause::Explicit).await;
    ask(&stage, &bob, search()).await.unwrap();
    assert_eq!(state(&stage, &bob).await, QueueState::Waiting);
    stage.disconnect(&ann).await;
    assert_eq!(ask(&stage, &ann, search()).await.unwrap_err().code, Code::UserNotConnected);
    assert!(stage.heard("g1").contains(&"guesta: left guests".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn who_is_gone_cancels_what_was_proposed() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    ask(&stage, &ann, wait_in("default")).await.unwrap();
    ask(&stage, &bob, wait_in("default")).await.unwrap();
    stage.clear();
    stage.lose(&ann).await;
    detach(&stage, &ann, DisconnectCause::Lost).await;
    let expected = ["bob: is not matched: disconnected, waits again", "bob: waits as 1 of 1 in default"];
    assert_eq!(stage.heard("g2"), expected);
}

#[tokio::test(start_paused = true)]
async fn a_recovered_session_keeps_the_place_and_nobody_joins_matching_otherwise() {
    let mut stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    ask(&stage, &ann, wait_in("default")).await.unwrap();
    let (session, _) = stage.store().sessions.load(&ann.socket).await.unwrap().unwrap();
    let [kept] = &session.rooms[..] else { panic!("{session:?}") };
    assert_eq!((kept.room.as_str(), kept.explicit), (MATCHING, false));
    let join = |explicit| RoomCommand::Join(Join { explicit, ..crate::stage::join_of(&ann) });
    let joined = crate::stage::joined(stage.ask(&ann, MATCHING, join(false)).await);
    assert_eq!(joined.ordinal, kept.ordinal);
    assert_eq!(code(stage.ask(&ann, MATCHING, join(true)).await), Code::NotAllowed);
    stage.clear();
}

#[tokio::test(start_paused = true)]
async fn a_command_that_comes_twice_is_carried_out_once() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    ask(&stage, &bob, search()).await.unwrap();
    let id = CommandId::generate();
    let again = async || {
        let search = RoomCommand::Matching(search());
        outcome(stage.send(id, Origin::Socket(ann.clone()), MATCHING, search).await).unwrap()
    };
    for _ in 0..2 {
        let MatchingOutcome::Queue(Some(status)) = again().await else { panic!("no status") };
        assert_eq!(status.state, QueueState::Matched);
    }
    let confirmed = stage.deliveries("g1").iter().filter_map(confirmation).count();
    assert_eq!(confirmed, 1);
}

#[tokio::test(start_paused = true)]
async fn a_pair_is_told_by_the_successor_of_a_router_that_died_before_it_could() {
    let outage = Outage::default();
    let presence = outage.clone();
    let mut stage = Stage::over(
        |_| {},
        move |store| {
            let away = presence.over(store.clone());
            heliograph_cluster::store::Store { presence: away.presence, ..store }
        },
    )
    .await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    ask(&stage, &ann, search()).await.unwrap();
    stage.clear();
    // Stored it is, but nobody knows where its people are.
    outage.begin();
    assert_eq!(ask(&stage, &bob, search()).await.unwrap_err().code, Code::Unavailable);
    assert_eq!((stage.heard("g1"), stage.heard("g2")), (Vec::new(), Vec::new()));
    outage.end();
    stage.replace_killed().await;
    assert_eq!(stage.heard("g1"), ["ann: has bob"]);
    assert_eq!(stage.heard("g2"), ["bob: waits as 2 of 2 in guests", "bob: has ann, whom to call"]);
}

#[tokio::test(start_paused = true)]
async fn a_pair_is_told_when_the_same_command_comes_again() {
    let outage = Outage::default();
    let presence = outage.clone();
    let mut stage = Stage::over(
        |_| {},
        move |store| {
            let away = presence.over(store.clone());
            heliograph_cluster::store::Store { presence: away.presence, ..store }
        },
    )
    .await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    ask(&stage, &ann, search()).await.unwrap();
    stage.clear();
    outage.begin();
    let id = CommandId::generate();
    let send = || stage.send(id, Origin::Socket(bob.clone()), MATCHING, RoomCommand::Matching(search()));
    assert_eq!(code(send().await), Code::Unavailable);
    outage.end();
    send().await.unwrap();
    assert_eq!(stage.heard("g1"), ["ann: has bob"]);
}

#[tokio::test(start_paused = true)]
async fn requests_are_limited_and_criteria_have_a_size() {
    let stage = Stage::with(|options: &mut Options| options.matching.waiting = 1).await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g1").await);
    for _ in 0..20 {
        ask(&stage, &ann, wait_in("default")).await.unwrap();
    }
    let refused = ask(&stage, &ann, wait_in("default")).await.unwrap_err();
    assert_eq!(refused.code, Code::RateLimited);
    assert!(refused.reset_at.is_some());
    assert_eq!(ask(&stage, &bob, wait_in("default")).await.unwrap_err().code, Code::RoomFull);
    let body = Some(heliograph_domain::text::RawJson::from_checked(" ".repeat(17_000)));
    let criteria = Criteria { body, ..Criteria::default() };
    let large = MatchingCommand::Enqueue { queue: QueueName::default(), criteria, mode: MatchMode::Proposal };
    assert_eq!(ask(&stage, &bob, large).await.unwrap_err().code, Code::TooLarge);
}

fn invite(session: &str, to: &str) -> MatchingCommand {
    let message = Some(MessageText::parse("<b>come</b>").unwrap());
    MatchingCommand::Invite { session: room(session), to: user(to), message }
}

async fn invited(stage: &Stage, actor: &Actor, session: &str, to: &str) -> (InviteId, bool) {
    match ask(stage, actor, invite(session, to)).await.unwrap() {
        MatchingOutcome::Invited { invite, delivered, .. } => (invite, delivered),
        other => panic!("not invited: {other:?}"),
    }
}

async fn answer(stage: &Stage, actor: &Actor, invite: &InviteId, accept: bool) -> Result<bool, Code> {
    let answer = ask(stage, actor, MatchingCommand::RespondToInvite { invite: invite.clone(), accept }).await;
    match answer.map_err(|refusal| refusal.code)? {
        MatchingOutcome::InviteAnswered { accepted, .. } => Ok(accepted),
        other => panic!("no answer: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn members_invite_and_who_accepts_is_a_member() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    assert_eq!(ask(&stage, &ann, invite("session_1", "bob")).await.unwrap_err().code, Code::NotAllowed);
    stage.join(&ann, "session_1").await;
    stage.clear();
    assert_eq!(ask(&stage, &bob, invite("session_1", "ann")).await.unwrap_err().code, Code::NotAllowed);
    assert_eq!(ask(&stage, &ann, invite("session_1", "ann")).await.unwrap_err().code, Code::InvalidPayload);
    let (first, delivered) = invited(&stage, &ann, "session_1", "bob").await;
    assert!(delivered);
    assert_eq!(invited(&stage, &ann, "session_1", "bob").await.0, first);
    assert_eq!(stage.heard("g2"), ["bob: is invited to session_1 by ann"; 2]);
    let MatchingOutcome::Pending { invitations, .. } = ask(&stage, &bob, MatchingCommand::GetPending).await.unwrap()
    else {
        panic!("nothing pending")
    };
    let [open] = &invitations[..] else { panic!("{invitations:?}") };
    assert_eq!((open.invite.clone(), open.message.as_ref().unwrap().as_str()), (first.clone(), "come"));
    assert_eq!(answer(&stage, &ann, &first, true).await, Err(Code::NotFound));
    assert_eq!(answer(&stage, &bob, &first, true).await, Ok(true));
    assert_eq!(answer(&stage, &bob, &first, true).await, Ok(true));
    assert_eq!(answer(&stage, &bob, &first, false).await, Err(Code::Conflict));
    assert_eq!(stage.heard("g1"), ["ann: hears of bob and session_1: accept"]);
    let view = stage.store().rooms.view(&room("session_1"), Some(&user("bob")), None, None).await.unwrap();
    assert!(view.member);
    // Another invitation is another one.
    assert_ne!(invited(&stage, &ann, "session_1", "bob").await.0, first);
}

#[tokio::test(start_paused = true)]
async fn an_invitation_expires_and_so_does_its_session() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    for session in ["session_1", "session_2"] {
        stage.join(&ann, session).await;
    }
    let (to_nobody, delivered) = invited(&stage, &ann, "session_1", "cy").await;
    assert!(!delivered);
    let (late, _) = invited(&stage, &ann, "session_1", "bob").await;
    stage.clear();
    stage.pass(seconds(301)).await;
    let mut heard = stage.heard("g1");
    heard.sort_unstable();
    assert_eq!(heard, ["ann: hears of bob and session_1: expired", "ann: hears of cy and session_1: expired"]);
    assert_eq!(answer(&stage, &bob, &late, true).await, Err(Code::RoomClosed));
    let (closed, _) = invited(&stage, &ann, "session_2", "bob").await;
    stage.system("session_2", RoomCommand::Close).await.unwrap();
    assert_eq!(answer(&stage, &bob, &closed, true).await, Err(Code::RoomClosed));
    assert_eq!(answer(&stage, &bob, &closed, false).await, Ok(false));
    stage.pass(seconds(700)).await;
    assert_eq!(answer(&stage, &bob, &to_nobody, true).await, Err(Code::NotFound));
}

#[tokio::test(start_paused = true)]
async fn users_and_the_system_cannot_wait() {
    let stage = Stage::start().await;
    let user = Origin::User(person("ann"));
    for origin in [user, Origin::System] {
        let answer = stage.send(CommandId::generate(), origin, MATCHING, RoomCommand::Matching(search())).await;
        assert_eq!(code(answer), Code::NotAllowed);
    }
    let mesh = stage.socket("bob1", "g1", Vocabulary::Mesh).await;
    assert!(status(&stage, &mesh).await.is_none());
}
