//! What members have read.

use heliograph_cluster::store::{Attend, Cursor, MarkOutcome, Marks, Store};
use heliograph_domain::{
    command::{Mark, Since},
    id::MessageId,
    user::Actor,
};

use crate::{
    case::{Case, cases},
    scene::{Room, actor, another_socket, joining, joining_silently},
};

pub(crate) const CASES: &[Case<Store>] = cases![
    a_new_member_has_read_what_was_there,
    a_member_who_is_away_has_read_up_to_their_mark,
    a_mark_moves_forward_only_and_not_beyond_the_end,
    a_mark_is_one_of_the_member_in_the_room,
    who_has_the_room_open_has_read_everything,
    a_socket_that_only_listens_reads_nothing,
    who_is_not_a_member_has_no_mark,
    a_mark_ends_with_the_membership_and_with_the_room,
    a_step_that_moves_a_mark_says_from_where_to_where,
    what_was_delivered_and_what_was_read_are_marked_apart,
    a_mark_goes_up_to_a_message,
    a_message_that_is_not_there_is_no_place_for_a_mark,
    a_new_member_has_been_delivered_what_was_there,
    a_join_brings_what_has_not_been_delivered,
];

/// How far somebody has read.
async fn read(room: &Room, actor: &Actor) -> u64 {
    room.rooms().view(&room.id, Some(&actor.user.id), None, None).await.unwrap().read
}

async fn mark_up_to(room: &Room, actor: &Actor, cursor: Cursor, up_to: Mark) -> MarkOutcome {
    room.rooms().mark(&room.id, &actor.user.id, cursor, &up_to).await.unwrap()
}

/// Moves the read mark. Gives whether it moved.
async fn mark(room: &Room, actor: &Actor, seq: u64) -> bool {
    matches!(mark_up_to(room, actor, Cursor::Read, Mark::Seq(seq)).await, MarkOutcome::Moved { .. })
}

async fn marks(room: &Room, actor: &Actor) -> Marks {
    room.rooms().view(&room.id, Some(&actor.user.id), None, None).await.unwrap().marks
}

/// A room with two members of whom the second does not attend, and three messages that came after that.
async fn spoken_to_an_absent(store: Store) -> (Room, Actor, Actor) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    room.join(&alice).await;
    room.join(&bob).await;
    room.leave(&bob).await;
    for text in ["one", "two", "three"] {
        room.post(&alice, text).await;
    }
    (room, alice, bob)
}

async fn a_new_member_has_read_what_was_there(store: Store) {
    let (room, alice, _) = spoken_to_an_absent(store).await;
    let carol = actor("carol");
    room.enter(joining_silently(&carol)).await;
    assert_eq!(read(&room, &carol).await, 3);
    room.post(&alice, "four").await;
    assert_eq!(read(&room, &carol).await, 3);
}

async fn a_member_who_is_away_has_read_up_to_their_mark(store: Store) {
    let (room, _, bob) = spoken_to_an_absent(store).await;
    assert_eq!(read(&room, &bob).await, 0);
    assert!(mark(&room, &bob, 2).await);
    assert_eq!(read(&room, &bob).await, 2);
}

async fn a_mark_moves_forward_only_and_not_beyond_the_end(store: Store) {
    let (room, alice, bob) = spoken_to_an_absent(store).await;
    assert!(mark(&room, &bob, 2).await);
    for seq in [0, 1, 2] {
        assert!(!mark(&room, &bob, seq).await);
    }
    assert!(mark(&room, &bob, u64::MAX).await);
    assert_eq!(read(&room, &bob).await, 3);
    assert!(!mark(&room, &bob, 4).await);
    room.post(&alice, "four").await;
    assert_eq!(read(&room, &bob).await, 3);
}

async fn a_mark_is_one_of_the_member_in_the_room(store: Store) {
    let (room, alice, bob) = spoken_to_an_absent(store.clone()).await;
    let (other, carol) = (Room::new(store), actor("carol"));
    for actor in [&alice, &bob] {
        other.join(actor).await;
        other.leave(actor).await;
    }
    room.enter(joining_silently(&carol)).await;
    assert!(mark(&room, &bob, 2).await);
    assert_eq!(read(&room, &carol).await, 3);
    assert_eq!(read(&other, &bob).await, 0);
}

async fn who_has_the_room_open_has_read_everything(store: Store) {
    let (room, alice, bob) = spoken_to_an_absent(store).await;
    room.join(&bob).await;
    assert_eq!(read(&room, &bob).await, 3);
    room.post(&alice, "four").await;
    assert_eq!(read(&room, &bob).await, 4);
    // Nobody has said how far, so that nothing more counts than before.
    room.leave(&bob).await;
    assert_eq!(read(&room, &bob).await, 0);
}

async fn a_socket_that_only_listens_reads_nothing(store: Store) {
    let (room, alice, bob) = spoken_to_an_absent(store).await;
    room.enter(joining_silently(&bob)).await;
    assert_eq!(read(&room, &bob).await, 0);
    let second = another_socket(&bob);
    room.join(&second).await;
    assert_eq!(read(&room, &bob).await, 3);
    room.leave(&second).await;
    room.post(&alice, "four").await;
    assert_eq!(read(&room, &bob).await, 0);
}

async fn who_is_not_a_member_has_no_mark(store: Store) {
    let (room, _, _) = spoken_to_an_absent(store.clone()).await;
    let (nowhere, carol) = (Room::new(store), actor("carol"));
    for room in [&room, &nowhere] {
        assert!(!mark(room, &carol, 2).await);
        assert_eq!(read(room, &carol).await, 0);
    }
}

async fn a_mark_ends_with_the_membership_and_with_the_room(store: Store) {
    let (room, alice, bob) = spoken_to_an_absent(store).await;
    assert!(mark(&room, &bob, 2).await);
    room.quit(&bob).await;
    assert_eq!(read(&room, &bob).await, 0);
    room.enter(joining_silently(&bob)).await;
    assert_eq!(read(&room, &bob).await, 3);

    room.rooms().close(&room.id).await.unwrap();
    assert_eq!(read(&room, &bob).await, 0);
    room.join(&alice).await;
    let silent = another_socket(&bob);
    room.enter(joining_silently(&silent)).await;
    room.leave(&silent).await;
    room.post(&alice, "again").await;
    assert_eq!(read(&room, &bob).await, 0);
    assert!(mark(&room, &bob, 1).await);
}

async fn a_step_that_moves_a_mark_says_from_where_to_where(store: Store) {
    let (room, alice, bob) = spoken_to_an_absent(store).await;
    for cursor in [Cursor::Delivered, Cursor::Read] {
        let moved = mark_up_to(&room, &bob, cursor, Mark::Seq(2)).await;
        assert_eq!(moved, MarkOutcome::Moved { from: 0, to: 2 });
        assert_eq!(mark_up_to(&room, &bob, cursor, Mark::Seq(1)).await, MarkOutcome::Unchanged);
        assert_eq!(mark_up_to(&room, &bob, cursor, Mark::Newest).await, MarkOutcome::Moved { from: 2, to: 3 });
        assert_eq!(mark_up_to(&room, &bob, cursor, Mark::Newest).await, MarkOutcome::Unchanged);
    }
    room.quit(&alice).await;
    assert_eq!(mark_up_to(&room, &alice, Cursor::Read, Mark::Newest).await, MarkOutcome::NotMember);
}

async fn what_was_delivered_and_what_was_read_are_marked_apart(store: Store) {
    let (room, _, bob) = spoken_to_an_absent(store).await;
    mark_up_to(&room, &bob, Cursor::Delivered, Mark::Seq(3)).await;
    assert_eq!(marks(&room, &bob).await, Marks { delivered: 3, read: 0 });
    mark_up_to(&room, &bob, Cursor::Read, Mark::Seq(1)).await;
    assert_eq!(marks(&room, &bob).await, Marks { delivered: 3, read: 1 });
    // Neither coming nor going changes them.
    room.join(&bob).await;
    room.leave(&bob).await;
    assert_eq!(marks(&room, &bob).await, Marks { delivered: 3, read: 1 });
}

async fn a_mark_goes_up_to_a_message(store: Store) {
    let (room, alice, bob) = spoken_to_an_absent(store).await;
    let fourth = room.post(&alice, "four").await.message;
    room.post(&alice, "five").await;
    let moved = mark_up_to(&room, &bob, Cursor::Read, Mark::Message(fourth.clone())).await;
    assert_eq!(moved, MarkOutcome::Moved { from: 0, to: 4 });
    assert_eq!(mark_up_to(&room, &bob, Cursor::Read, Mark::Message(fourth)).await, MarkOutcome::Unchanged);
}

async fn a_message_that_is_not_there_is_no_place_for_a_mark(store: Store) {
    let (room, alice, bob) = spoken_to_an_absent(store).await;
    let nothing = Mark::Message(MessageId::generate());
    assert_eq!(mark_up_to(&room, &bob, Cursor::Read, nothing.clone()).await, MarkOutcome::NoSuchMessage);
    assert_eq!(marks(&room, &bob).await, Marks::default());
    room.quit(&alice).await;
    assert_eq!(mark_up_to(&room, &alice, Cursor::Read, nothing).await, MarkOutcome::NotMember);
}

async fn a_new_member_has_been_delivered_what_was_there(store: Store) {
    let (room, ..) = spoken_to_an_absent(store).await;
    let carol = actor("carol");
    room.join(&carol).await;
    assert_eq!(marks(&room, &carol).await, Marks { delivered: 3, read: 3 });
}

async fn a_join_brings_what_has_not_been_delivered(store: Store) {
    let (room, alice, bob) = spoken_to_an_absent(store).await;
    mark_up_to(&room, &bob, Cursor::Delivered, Mark::Seq(1)).await;
    let again = |actor: &Actor| Attend { since: Some(Since::Delivered), ..joining(actor) };
    let joined = room.enter(again(&bob)).await;
    assert_eq!(joined.missed.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [2, 3]);
    assert!(joined.whole && !joined.more);
    // Whoever comes for the first time has missed nothing.
    assert!(room.enter(again(&actor("carol"))).await.missed.is_empty());
    // Nothing has reached the other one by that.
    mark_up_to(&room, &bob, Cursor::Delivered, Mark::Newest).await;
    assert!(room.enter(again(&another_socket(&bob))).await.missed.is_empty());
    assert_eq!(room.enter(Attend { missed_limit: 2, ..again(&alice) }).await.missed.len(), 2);
}
