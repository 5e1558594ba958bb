//! What members have read.

use heliograph_cluster::store::Store;
use heliograph_domain::user::Actor;

use crate::{
    case::{Case, cases},
    scene::{Room, actor, another_socket, joining_silently},
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
];

/// How far somebody has read.
async fn read(room: &Room, actor: &Actor) -> u64 {
    room.rooms().view(&room.id, Some(&actor.user.id), None, None).await.unwrap().read
}

async fn mark(room: &Room, actor: &Actor, seq: u64) -> bool {
    room.rooms().mark_read(&room.id, &actor.user.id, seq).await.unwrap()
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
