//! Members come and go, and with the last of them the room.

use heliograph_cluster::store::{Attend, Left, Store, View};
use heliograph_domain::{room::RoomId, time::Timestamp};

use crate::{
    case::{Case, cases},
    scene::{Room, actor, another_socket, fresh, guest, joining, user},
};

pub(crate) const CASES: &[Case<Store>] = cases![
    a_room_that_nobody_joined_does_not_exist,
    members_are_listed_in_the_order_of_joining,
    leaving_does_not_end_the_membership,
    leaving_for_good_ends_it,
    a_membership_can_be_ended_without_attending,
    a_guest_is_a_member_as_long_as_a_socket_is_there,
    a_room_without_anybody_is_forgotten,
    a_room_with_messages_outlives_its_members,
    a_room_that_is_made_again_has_a_new_log_and_a_later_roster,
    a_later_roster_does_not_rest_on_the_clock,
    the_name_of_a_member_is_the_newest,
    closing_gives_back_who_was_there,
    a_room_that_is_gone_has_no_roster,
    a_socket_that_comes_back_with_another_user_has_left_its_first,
    rooms_are_listed_page_by_page,
    rooms_that_are_gone_are_not_listed,
];

async fn a_room_that_nobody_joined_does_not_exist(store: Store) {
    let room = Room::new(store);
    assert_eq!(room.members().await, None);
    assert_eq!(room.rooms().close(&room.id).await.unwrap(), (vec![], vec![]));
}

async fn members_are_listed_in_the_order_of_joining(store: Store) {
    let room = Room::new(store);
    let mut users = Vec::new();
    for number in 0..40 {
        let actor = actor(&format!("user{number}"));
        room.join(&actor).await;
        users.push(actor.user);
    }
    assert_eq!(room.members().await.unwrap(), users);
    let first = room.rooms().members(&room.id, 3).await.unwrap().unwrap();
    assert_eq!(first, users[..3]);
}

async fn leaving_does_not_end_the_membership(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.join(&alice).await;
    assert!(!room.leave(&alice).await.membership_ended);
    assert_eq!(room.members().await.unwrap(), [alice.user]);
}

async fn leaving_for_good_ends_it(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    room.join(&alice).await;
    room.join(&bob).await;
    let left = room.quit(&alice).await;
    assert!(left.membership_ended && left.attendant.is_some());
    assert_eq!(room.members().await.unwrap(), [bob.user]);
}

async fn a_membership_can_be_ended_without_attending(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    room.join(&alice).await;
    room.join(&bob).await;
    room.leave(&alice).await;
    let left = room.quit(&another_socket(&alice)).await;
    assert!(left.membership_ended && left.attendant.is_none());
    assert!(!room.quit(&alice).await.membership_ended);
}

async fn a_guest_is_a_member_as_long_as_a_socket_is_there(store: Store) {
    let (room, alice, visitor) = (Room::new(store), actor("alice"), guest("visitor"));
    let second = another_socket(&visitor);
    for actor in [&alice, &visitor, &second] {
        room.join(actor).await;
    }
    assert!(!room.leave(&visitor).await.membership_ended);
    assert!(room.leave(&second).await.membership_ended);
    assert_eq!(room.members().await.unwrap(), [alice.user]);
}

async fn a_room_without_anybody_is_forgotten(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.join(&alice).await;
    room.quit(&alice).await;
    assert_eq!(room.members().await, None);
    assert!(!room.rooms().list(None, 100).await.unwrap().contains(&room.id));
}

async fn a_room_with_messages_outlives_its_members(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    let joined = room.join(&alice).await;
    room.post(&alice, "goodbye").await;
    room.quit(&alice).await;
    assert_eq!(room.members().await, Some(vec![]));
    assert_eq!(room.join(&alice).await.position.epoch, joined.position.epoch);
}

async fn a_room_that_is_made_again_has_a_new_log_and_a_later_roster(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    let before = room.join(&alice).await;
    room.post(&alice, "hello").await;
    room.rooms().close(&room.id).await.unwrap();
    let step = joining(&alice);
    let epoch = step.new_epoch;
    let after = room.enter(step).await;
    assert_eq!((after.position.epoch, after.position.seq), (epoch, 0));
    assert_ne!(epoch, before.position.epoch);
    assert!(after.roster > before.roster);
}

async fn a_later_roster_does_not_rest_on_the_clock(store: Store) {
    let (forgotten, closed) = (Room::new(store.clone()), Room::new(store));
    let alice = actor("alice");
    for room in [&forgotten, &closed] {
        let before = room.join_as_peer(&alice).await;
        let left = room.quit(&alice).await;
        room.join(&alice).await;
        if room.id == closed.id {
            room.rooms().close(&room.id).await.unwrap();
        } else {
            room.quit(&alice).await;
        }
        // Of a process whose clock is behind.
        let at = Timestamp::from_millis(before.roster - 60_000);
        let after = room.enter(Attend { at, ..joining(&alice) }).await;
        assert!(left.roster > before.roster && after.roster > left.roster, "{after:?}");
    }
}

async fn the_name_of_a_member_is_the_newest(store: Store) {
    let (room, mut alice) = (Room::new(store), actor("alice"));
    room.join(&alice).await;
    alice.user.name = user("Alice").name;
    assert_eq!(room.join(&another_socket(&alice)).await.members, [alice.user]);
}

async fn closing_gives_back_who_was_there(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    room.join(&alice).await;
    room.join(&bob).await;
    room.leave(&alice).await;
    let (attendants, members) = room.rooms().close(&room.id).await.unwrap();
    let sockets: Vec<_> = attendants.into_iter().map(|attendant| attendant.socket).collect();
    assert_eq!(sockets, [bob.socket]);
    assert_eq!(members, [alice.user, bob.user]);
    assert_eq!(room.members().await, None);
}

async fn a_room_that_is_gone_has_no_roster(store: Store) {
    let (room, visitor) = (Room::new(store), guest("visitor"));
    room.join(&visitor).await;
    room.leave(&visitor).await;
    assert_eq!(room.leave(&visitor).await, Left::default());
    assert_eq!(room.rooms().view(&room.id, None, None, None).await.unwrap(), View::default());
    room.join(&visitor).await;
    room.rooms().close(&room.id).await.unwrap();
    assert_eq!(room.leave(&visitor).await, Left::default());
}

async fn a_socket_that_comes_back_with_another_user_has_left_its_first(store: Store) {
    let (room, first, visitor) = (Room::new(store), actor("alice"), guest("visitor"));
    room.join_as_peer(&first).await;
    room.join_as_peer(&visitor).await;
    let mut successor = actor("bob");
    successor.socket = visitor.socket.clone();
    let joined = room.join(&successor).await;
    assert_eq!((joined.joined, &joined.removed[..]), (true, &[][..]));
    assert_eq!(joined.members, [first.user.clone(), successor.user.clone()]);
    assert_eq!(room.leave(&visitor).await.attendant, None);
    room.quit(&successor).await;
    room.quit(&first).await;
    assert_eq!(room.members().await, None);
}

async fn rooms_are_listed_page_by_page(store: Store) {
    let alice = actor("alice");
    let mut made: Vec<RoomId> = Vec::new();
    for _ in 0..25 {
        let id = RoomId::parse(&fresh("room")).unwrap();
        store.rooms.attend(&id, joining(&alice)).await.unwrap();
        made.push(id);
    }
    let mut listed = Vec::new();
    loop {
        let page = store.rooms.list(listed.last(), 10).await.unwrap();
        if page.is_empty() {
            break;
        }
        listed.extend(page);
    }
    listed.sort_unstable();
    made.sort_unstable();
    assert_eq!(listed, made);
}

async fn rooms_that_are_gone_are_not_listed(store: Store) {
    let (closed, forgotten, kept) = (Room::new(store.clone()), Room::new(store.clone()), Room::new(store.clone()));
    let alice = actor("alice");
    for room in [&closed, &forgotten, &kept] {
        room.join(&alice).await;
    }
    closed.rooms().close(&closed.id).await.unwrap();
    forgotten.quit(&alice).await;
    assert_eq!(store.rooms.list(None, 10).await.unwrap(), std::slice::from_ref(&kept.id));
    closed.join(&alice).await;
    let mut listed = store.rooms.list(None, 10).await.unwrap();
    listed.sort_unstable();
    let mut expected = [closed.id, kept.id];
    expected.sort_unstable();
    assert_eq!(listed, expected);
    assert_eq!(store.rooms.list(None, 0).await.unwrap(), []);
}
