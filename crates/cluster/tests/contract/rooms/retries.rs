//! A command that is sent twice is carried out once.

use std::time::Duration;

use futures_util::future;
use heliograph_cluster::store::{Append, AppendOutcome, Attend, AttendOutcome, REMEMBERED, ReactOutcome, Store};
use heliograph_domain::{
    id::{CommandId, MessageId},
    text::Reference,
};

use super::messages::{marking, react};
use crate::{
    case::{Case, cases},
    scene::{Room, actor, another_socket, at_gateway, guest, joining, joining_as_peer, node, now, posting},
};

pub(crate) const CASES: &[Case<Store>] = cases![
    a_retried_message_is_appended_once,
    a_retry_reaches_those_who_attend_now,
    a_refused_message_stays_refused,
    a_retried_join_is_told_as_the_first,
    a_retried_join_shows_the_room_as_it_is_now,
    a_refused_join_stays_refused,
    a_retried_leave_is_told_as_the_first,
    the_leave_that_ended_a_room_can_be_retried,
    a_forgotten_room_remembers_and_a_closed_one_does_not,
    a_retried_mark_is_set_once,
    a_client_that_sends_again_gets_its_first_message,
    references_of_users_and_rooms_do_not_meet,
    a_busy_room_remembers_for_two_minutes,
];

/// The rate up to which nothing is forgotten before its time, with as many outcomes as are remembered by default.
const BUSY: usize = 136;

async fn a_retried_message_is_appended_once(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.join(&alice).await;
    let step = posting(&alice, "hello");
    let first = room.append(step.clone()).await;
    room.post(&alice, "something else").await;
    // The service draws a new id for the message each time.
    let retry = Append { message: MessageId::generate(), ..step };
    assert_eq!(room.append(retry).await, first);
    assert_eq!(room.join(&alice).await.position.seq, 2);
}

async fn a_retry_reaches_those_who_attend_now(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.join(&alice).await;
    let step = posting(&alice, "hello");
    room.append(step.clone()).await;
    room.join(&at_gateway(&actor("bob"), "g2")).await;
    let AppendOutcome::Appended(again) = room.append(step).await else {
        panic!("the first outcome");
    };
    assert_eq!(again.gateways, [node("g1"), node("g2")]);
}

async fn a_refused_message_stays_refused(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    room.join(&alice).await;
    let step = posting(&bob, "hello");
    assert_eq!(room.append(step.clone()).await, AppendOutcome::NotMember);
    room.join(&bob).await;
    assert_eq!(room.append(step).await, AppendOutcome::NotMember);
}

async fn a_retried_join_is_told_as_the_first(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.join_as_peer(&alice).await;
    let step = Attend { takeover: true, ..joining_as_peer(&another_socket(&alice)) };
    let first = room.attend(step.clone()).await;
    assert!(matches!(&first, AttendOutcome::Attending(attended) if attended.removed.len() == 1));
    assert_eq!(room.attend(step).await, first);
}

async fn a_retried_join_shows_the_room_as_it_is_now(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    let step = joining(&alice);
    let first = room.enter(step.clone()).await;
    room.join(&bob).await;
    room.post(&bob, "hello").await;
    let again = room.enter(step).await;
    assert!(again.joined && again.announced);
    assert_eq!(again.roster, first.roster);
    assert_eq!(again.members, [alice.user, bob.user]);
    assert_eq!(again.position.seq, 1);
}

async fn a_refused_join_stays_refused(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.join_as_peer(&alice).await;
    let step = Attend { max_peers: 1, ..joining_as_peer(&actor("bob")) };
    assert_eq!(room.attend(step.clone()).await, AttendOutcome::Full);
    room.leave(&alice).await;
    assert_eq!(room.attend(step).await, AttendOutcome::Full);
}

async fn a_retried_leave_is_told_as_the_first(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    room.join_as_peer(&alice).await;
    room.join_as_peer(&bob).await;
    let command = CommandId::generate();
    let first = room.leave_by(command, &alice, true).await;
    assert!(first.announced && first.membership_ended && first.new_host.is_some());
    assert_eq!(room.leave_by(command, &alice, true).await, first);
    // Even after a return: the retry belongs to the attendance that is over.
    room.join_as_peer(&alice).await;
    assert_eq!(room.leave_by(command, &alice, true).await, first);
    assert_eq!(room.members().await.unwrap().len(), 2);
}

async fn the_leave_that_ended_a_room_can_be_retried(store: Store) {
    let (room, visitor) = (Room::new(store), guest("visitor"));
    room.join(&visitor).await;
    let command = CommandId::generate();
    let first = room.leave_by(command, &visitor, false).await;
    assert!(first.membership_ended);
    assert_eq!(room.members().await, None);
    assert_eq!(room.leave_by(command, &visitor, false).await, first);
}

async fn a_forgotten_room_remembers_and_a_closed_one_does_not(store: Store) {
    let room = Room::new(store);
    let (visitor, alice) = (guest("visitor"), actor("alice"));
    let refused = async || {
        let step = posting(&alice, "hello");
        assert_eq!(room.append(step.clone()).await, AppendOutcome::NotMember);
        step
    };
    let never_was = refused().await;
    room.join(&visitor).await;
    let before = posting(&visitor, "hello");
    room.leave(&visitor).await;
    let forgotten = refused().await;
    room.join(&alice).await;
    assert_eq!(room.append(forgotten).await, AppendOutcome::NotMember);
    assert!(matches!(room.append(never_was).await, AppendOutcome::Appended(_)));
    assert_eq!(room.append(before.clone()).await, AppendOutcome::NotMember);

    room.rooms().close(&room.id).await.unwrap();
    let closed = refused().await;
    room.join(&alice).await;
    room.join(&visitor).await;
    for step in [closed, before] {
        assert!(matches!(room.append(step).await, AppendOutcome::Appended(_)));
    }
}

async fn a_retried_mark_is_set_once(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.join(&alice).await;
    let message = room.post(&alice, "hello").await.message;
    let step = marking(&alice, &message, "+1", true);
    let first = react(&room, step.clone()).await;
    assert!(matches!(first, ReactOutcome::Changed { .. }));
    assert_eq!(react(&room, step).await, first);
    assert_eq!(room.join(&alice).await.position.seq, 2);
}

async fn a_client_that_sends_again_gets_its_first_message(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.join(&alice).await;
    let reference = Some(Reference::from_checked("\"temp_1\""));
    let sending = || Append { reference: reference.clone(), ..posting(&alice, "hello") };
    let AppendOutcome::Appended(first) = room.append(sending()).await else {
        panic!("nobody has sent it before");
    };
    let again = sending();
    let repeated = AppendOutcome::Repeated { message: first.message, seq: 1, at: first.at };
    assert_eq!(room.append(again.clone()).await, repeated);
    assert_eq!(room.append(again).await, repeated);
    assert_eq!(room.join(&alice).await.position.seq, 1);
}

async fn references_of_users_and_rooms_do_not_meet(store: Store) {
    let (room, other_room) = (Room::new(store.clone()), Room::new(store));
    let (alice, bob) = (actor("alice"), actor("bob"));
    for (room, actor) in [(&room, &alice), (&room, &bob), (&other_room, &alice)] {
        room.join(actor).await;
        let reference = Some(Reference::from_checked("1"));
        let outcome = room.append(Append { reference, ..posting(actor, "hello") }).await;
        assert!(matches!(outcome, AppendOutcome::Appended(_)), "{outcome:?}");
    }
}

async fn a_busy_room_remembers_for_two_minutes(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.join(&alice).await;
    let begun = now();
    let sending = |number: usize, at| {
        let reference = Some(Reference::from_checked(&format!("\"{number}\"")));
        Append { reference, at, ..posting(&alice, "hello") }
    };
    let first = sending(0, begun);
    let outcome = room.append(first.clone()).await;
    let AppendOutcome::Appended(appended) = &outcome else { panic!("nobody has sent it before: {outcome:?}") };
    let seconds = REMEMBERED.as_secs() - 1;
    for second in 0..seconds {
        let at = begun + Duration::from_secs(second);
        let others = (1..=BUSY).map(|number| room.append(sending(second as usize * BUSY + number, at)));
        future::join_all(others).await;
    }
    let at = begun + Duration::from_secs(seconds);
    assert_eq!(room.append(Append { message: MessageId::generate(), at, ..first }).await, outcome);
    let repeated =
        AppendOutcome::Repeated { message: appended.message.clone(), seq: appended.position.seq, at: appended.at };
    assert_eq!(room.append(sending(0, at)).await, repeated);
}
