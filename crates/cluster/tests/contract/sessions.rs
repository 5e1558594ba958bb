//! What every store of sessions has to do.

use std::time::Duration;

use heliograph_cluster::store::{ResumeOutcome, Store};
use heliograph_domain::{
    command::{Session, SessionSecret},
    room::{Position, RoomId},
    time::Timestamp,
    user::{Actor, Vocabulary},
};

use crate::{
    case::{Case, cases},
    scene::{actor, eventually, fresh, node, now, user},
};

pub(crate) const CASES: &[Case<Store>] = cases![
    a_new_session_is_live,
    rooms_are_numbered_in_the_order_of_joining,
    a_room_that_is_attended_again_keeps_its_position,
    a_room_that_was_asked_for_stays_one,
    the_number_of_a_room_that_was_left_is_not_used_again,
    rooms_of_a_socket_without_session_are_not_noted,
    a_lost_session_keeps_its_positions_and_can_be_resumed_elsewhere,
    only_the_gateway_that_holds_a_session_can_lose_it,
    a_session_stays_lost_since_its_loss,
    only_a_session_that_is_not_lost_is_held,
    a_wrong_secret_or_user_is_refused,
    a_session_is_over_after_its_window,
    a_session_that_is_over_is_none,
    a_live_session_is_taken_over,
    opening_again_does_not_forget_rooms,
    a_session_that_is_opened_again_speaks_what_it_says_then,
    a_closed_session_is_gone,
    only_the_gateway_that_holds_a_session_can_close_it,
];

const WINDOW: Duration = Duration::from_secs(120);

fn room() -> RoomId {
    RoomId::parse(&fresh("room")).unwrap()
}

fn at(seq: u64) -> Position {
    Position { epoch: 7, seq }
}

/// Opens a session of a new user's socket, at gateway `g1`.
async fn open(store: &Store) -> Session {
    let session = Session { actor: actor("alice"), secret: SessionSecret::random(), rooms: Vec::new() };
    store.sessions.open(session.clone()).await.unwrap();
    session
}

async fn only_a_session_that_is_not_lost_is_held(store: Store) {
    let session = open(&store).await;
    let socket = &session.actor.socket;
    assert_eq!(store.sessions.held_by(socket).await.unwrap(), Some(node("g1")));
    assert!(lose(&store, &session.actor, "g1", now()).await);
    assert_eq!(store.sessions.held_by(socket).await.unwrap(), None);
    store.sessions.close(socket, None).await.unwrap();
    assert_eq!(store.sessions.held_by(socket).await.unwrap(), None);
}

async fn add_room(store: &Store, actor: &Actor, room: &RoomId) -> Option<u32> {
    store.sessions.add_room(&actor.socket, room, at(1), true).await.unwrap()
}

async fn lose(store: &Store, actor: &Actor, gateway: &str, now: Timestamp) -> bool {
    let gateway = node(gateway);
    let step = store.sessions.lose(&actor.socket, &gateway, &[], now, WINDOW);
    step.await.unwrap()
}

async fn resume(store: &Store, session: &Session, gateway: &str, now: Timestamp) -> ResumeOutcome {
    let Session { actor, secret, .. } = session;
    let (user, gateway) = (Some(&actor.user.id), node(gateway));
    let step = store.sessions.resume(&actor.socket, *secret, user, &gateway, now);
    step.await.unwrap()
}

async fn load(store: &Store, actor: &Actor) -> Option<(Session, Option<Timestamp>)> {
    store.sessions.load(&actor.socket).await.unwrap()
}

async fn a_new_session_is_live(store: Store) {
    let session = open(&store).await;
    assert_eq!(load(&store, &session.actor).await, Some((session, None)));
    assert_eq!(load(&store, &actor("nobody")).await, None);
}

async fn rooms_are_numbered_in_the_order_of_joining(store: Store) {
    let Session { actor, .. } = open(&store).await;
    let (one, other) = (room(), room());
    assert_eq!(add_room(&store, &actor, &one).await, Some(0));
    assert_eq!(add_room(&store, &actor, &other).await, Some(1));
    assert_eq!(add_room(&store, &actor, &one).await, Some(0));
    let (session, _) = load(&store, &actor).await.unwrap();
    let rooms: Vec<_> = session.rooms.iter().map(|room| (room.ordinal, &room.room)).collect();
    assert_eq!(rooms, [(0, &one), (1, &other)]);
}

async fn a_room_that_is_attended_again_keeps_its_position(store: Store) {
    let Session { actor, .. } = open(&store).await;
    let room = room();
    add_room(&store, &actor, &room).await;
    store.sessions.add_room(&actor.socket, &room, at(7), true).await.unwrap();
    let (session, _) = load(&store, &actor).await.unwrap();
    assert_eq!(session.rooms[0].position, at(1));
}

async fn a_room_that_was_asked_for_stays_one(store: Store) {
    let Session { actor, .. } = open(&store).await;
    let room = room();
    for (asked_for, then) in [(false, false), (true, true), (false, true)] {
        store.sessions.add_room(&actor.socket, &room, at(1), asked_for).await.unwrap();
        let (session, _) = load(&store, &actor).await.unwrap();
        assert_eq!(session.rooms[0].explicit, then);
    }
}

async fn the_number_of_a_room_that_was_left_is_not_used_again(store: Store) {
    let Session { actor, .. } = open(&store).await;
    let (left, other) = (room(), room());
    add_room(&store, &actor, &left).await;
    store.sessions.remove_room(&actor.socket, &left).await.unwrap();
    assert_eq!(add_room(&store, &actor, &other).await, Some(1));
    let (session, _) = load(&store, &actor).await.unwrap();
    assert_eq!(session.rooms.len(), 1);
}

async fn rooms_of_a_socket_without_session_are_not_noted(store: Store) {
    let nobody = actor("nobody");
    assert_eq!(add_room(&store, &nobody, &room()).await, None);
    assert_eq!(load(&store, &nobody).await, None);
}

async fn a_lost_session_keeps_its_positions_and_can_be_resumed_elsewhere(store: Store) {
    let opened = open(&store).await;
    let (heard, unheard) = (room(), room());
    add_room(&store, &opened.actor, &heard).await;
    add_room(&store, &opened.actor, &unheard).await;
    let lost_at = now();
    let positions = [(heard.clone(), at(5)), (room(), at(9))];
    let Actor { socket, gateway, .. } = &opened.actor;
    let lose = store.sessions.lose(socket, gateway, &positions, lost_at, WINDOW);
    assert!(lose.await.unwrap());
    assert_eq!(load(&store, &opened.actor).await.unwrap().1, Some(lost_at));

    let ResumeOutcome::Resumed { session, previous } = resume(&store, &opened, "g2", now()).await else {
        panic!("not resumed");
    };
    assert_eq!(previous, node("g1"));
    assert_eq!(session.actor.gateway, node("g2"));
    let rooms: Vec<_> = session.rooms.iter().map(|room| (&room.room, room.position)).collect();
    assert_eq!(rooms, [(&heard, at(5)), (&unheard, at(1))]);
    assert_eq!(load(&store, &opened.actor).await, Some((*session, None)));
}

async fn only_the_gateway_that_holds_a_session_can_lose_it(store: Store) {
    let session = open(&store).await;
    assert!(!lose(&store, &session.actor, "g2", now()).await);
    assert!(!lose(&store, &actor("nobody"), "g1", now()).await);
    assert_eq!(load(&store, &session.actor).await.unwrap().1, None);
}

async fn a_session_stays_lost_since_its_loss(store: Store) {
    let (session, lost_at) = (open(&store).await, now());
    assert!(lose(&store, &session.actor, "g1", lost_at).await);
    assert!(lose(&store, &session.actor, "g1", lost_at + Duration::from_secs(1)).await);
    assert_eq!(load(&store, &session.actor).await.unwrap().1, Some(lost_at));
}

async fn a_wrong_secret_or_user_is_refused(store: Store) {
    let session = open(&store).await;
    lose(&store, &session.actor, "g1", now()).await;
    let guessed = Session { secret: SessionSecret::random(), ..session.clone() };
    assert_eq!(resume(&store, &guessed, "g2", now()).await, ResumeOutcome::Refused);
    let mut stolen = session.clone();
    stolen.actor.user = user("mallory");
    assert_eq!(resume(&store, &stolen, "g2", now()).await, ResumeOutcome::Refused);

    let Session { actor, secret, .. } = session;
    let without_token = store.sessions.resume(&actor.socket, secret, None, &actor.gateway, now());
    assert!(matches!(without_token.await.unwrap(), ResumeOutcome::Resumed { .. }));
}

async fn a_session_is_over_after_its_window(store: Store) {
    let (session, lost_at) = (open(&store).await, now());
    lose(&store, &session.actor, "g1", lost_at).await;
    assert_eq!(resume(&store, &session, "g2", lost_at + WINDOW).await, ResumeOutcome::Refused);
}

async fn a_session_that_is_over_is_none(store: Store) {
    let session = open(&store).await;
    let Actor { socket, gateway, .. } = &session.actor;
    let short = Duration::from_millis(20);
    assert!(store.sessions.lose(socket, gateway, &[], now(), short).await.unwrap());
    eventually(|| async { load(&store, &session.actor).await.is_none().then_some(()) }).await;
    assert_eq!(add_room(&store, &session.actor, &room()).await, None);
    assert!(!lose(&store, &session.actor, "g1", now()).await);
    assert_eq!(store.sessions.close(socket, None).await.unwrap(), None);
    store.sessions.open(session.clone()).await.unwrap();
    assert_eq!(load(&store, &session.actor).await, Some((session, None)));
}

async fn a_live_session_is_taken_over(store: Store) {
    let session = open(&store).await;
    let outcome = resume(&store, &session, "g2", now()).await;
    assert!(matches!(outcome, ResumeOutcome::Resumed { previous, .. } if previous == node("g1")));
    assert!(!lose(&store, &session.actor, "g1", now()).await);
}

async fn opening_again_does_not_forget_rooms(store: Store) {
    let session = open(&store).await;
    add_room(&store, &session.actor, &room()).await;
    store.sessions.open(session.clone()).await.unwrap();
    assert_eq!(load(&store, &session.actor).await.unwrap().0.rooms.len(), 1);
}

async fn a_session_that_is_opened_again_speaks_what_it_says_then(store: Store) {
    let opened = open(&store).await;
    let actor = Actor { vocabulary: Vocabulary::DirectChat, ..opened.actor.clone() };
    store.sessions.open(Session { actor: actor.clone(), ..opened }).await.unwrap();
    assert_eq!(load(&store, &actor).await.unwrap().0.actor.vocabulary, Vocabulary::DirectChat);
}

async fn a_closed_session_is_gone(store: Store) {
    let session = open(&store).await;
    let close = || store.sessions.close(&session.actor.socket, None);
    assert_eq!(close().await.unwrap(), Some(session.clone()));
    assert_eq!(close().await.unwrap(), None);
    assert_eq!(resume(&store, &session, "g2", now()).await, ResumeOutcome::Refused);
}

async fn only_the_gateway_that_holds_a_session_can_close_it(store: Store) {
    let session = open(&store).await;
    let close = async |gateway| {
        let gateway = node(gateway);
        store.sessions.close(&session.actor.socket, Some(&gateway)).await.unwrap()
    };
    assert_eq!(close("g2").await, None);
    assert_eq!(close("g1").await, Some(session.clone()));
}
