//! Members come and go, and with the last of them the room.

use heliograph_cluster::store::Store;
use heliograph_domain::room::RoomId;

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
    the_name_of_a_member_is_the_newest,
    closing_gives_back_who_was_there,
    rooms_are_listed_page_by_page,
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
    assert!(after.roster >= before.roster);
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
