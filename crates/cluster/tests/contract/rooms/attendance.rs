//! Sockets come and go.

use heliograph_cluster::store::{Attend, AttendOutcome, Store};
use heliograph_domain::{id::SocketId, room::Media};

use crate::{
    case::{Case, cases},
    scene::{Room, actor, another_socket, at_gateway, joining, joining_as_peer, joining_silently, node},
};

pub(crate) const CASES: &[Case<Store>] = cases![
    a_join_tells_who_is_there_and_where,
    only_the_first_socket_of_a_user_is_announced,
    a_silent_attendance_is_announced_once_the_client_asks,
    only_the_last_socket_that_asked_announces_the_leave,
    attending_again_changes_nothing,
    attending_from_another_gateway_moves_the_socket,
    a_takeover_ends_the_users_other_peers_without_a_word,
    a_ghost_ends_before_its_successor_comes,
    only_the_users_own_sockets_can_be_ghosts,
    a_user_whose_asking_socket_was_a_ghost_is_announced_as_gone,
    a_full_room_refuses_peers_and_changes_nothing,
    a_full_room_takes_those_who_are_no_peers,
    a_replaced_peer_makes_room_for_its_successor,
    gateways_are_listed_while_they_hold_attendants,
    leaving_where_one_is_not_is_success,
    nobody_takes_another_users_socket_out,
    a_view_shows_what_one_socket_has_to_know,
];

async fn a_join_tells_who_is_there_and_where(store: Store) {
    let room = Room::new(store);
    let (alice, bob) = (actor("alice"), at_gateway(&actor("bob"), "g2"));
    let first = room.join(&alice).await;
    assert!(first.joined && first.announced && first.chat_enabled && first.whole);
    assert_eq!(first.gateways, [node("g1")]);
    assert_eq!(first.position.seq, 0);

    let second = room.join_as_peer(&bob).await;
    assert_eq!(second.members, [alice.user, bob.user]);
    assert_eq!(second.gateways, [node("g1"), node("g2")]);
    assert_eq!(second.position.epoch, first.position.epoch);
    assert_eq!(second.roster, first.roster + 1);
    assert_eq!(second.peers, []);
}

async fn only_the_first_socket_of_a_user_is_announced(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.join(&alice).await;
    let second = room.join(&another_socket(&alice)).await;
    assert!(second.joined && !second.announced);
    assert_eq!(second.members, [alice.user]);
}

async fn a_silent_attendance_is_announced_once_the_client_asks(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    let silent = room.enter(joining_silently(&alice)).await;
    assert!(silent.joined && !silent.announced);
    let asked = room.join(&alice).await;
    assert!(!asked.joined && asked.announced);
    assert_eq!(asked.roster, silent.roster + 1);
    let again = room.join(&alice).await;
    assert!(!again.joined && !again.announced);
    assert_eq!(again.roster, asked.roster);
}

async fn only_the_last_socket_that_asked_announces_the_leave(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    let (other, silent) = (another_socket(&alice), another_socket(&alice));
    room.join(&alice).await;
    room.join(&other).await;
    room.enter(joining_silently(&silent)).await;
    assert!(!room.leave(&alice).await.announced);
    assert!(room.leave(&other).await.announced);
    assert!(!room.leave(&silent).await.announced);
}

async fn attending_again_changes_nothing(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    let first = room.join_as_peer(&alice).await;
    let media = Some(Media { video: true, ..Media::default() });
    let again = room.enter(Attend { peer: media, ..joining(&alice) }).await;
    assert!(!again.joined && !again.announced);
    assert_eq!((again.roster, again.position), (first.roster, first.position));
    let attendant = room.leave(&alice).await.attendant.unwrap();
    assert_eq!(attendant.peer, Some(Media { audio: true, ..Media::default() }));
}

async fn attending_from_another_gateway_moves_the_socket(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.join(&alice).await;
    let moved = room.join(&at_gateway(&alice, "g2")).await;
    assert!(!moved.joined);
    assert_eq!(moved.gateways, [node("g2")]);
    let left = room.leave(&alice).await;
    assert_eq!(left.attendant.unwrap().gateway, node("g2"));
    assert!(left.gateways.is_empty());
}

async fn a_takeover_ends_the_users_other_peers_without_a_word(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    let (chat, new) = (another_socket(&alice), another_socket(&alice));
    room.join_as_peer(&alice).await;
    room.join(&chat).await;
    let before = room.join_as_peer(&bob).await;

    let taken = room.enter(Attend { takeover: true, ..joining_as_peer(&new) }).await;
    let [(attendant, left)] = &taken.removed[..] else {
        panic!("one peer is replaced: {:?}", taken.removed);
    };
    assert_eq!(attendant.socket, alice.socket);
    assert!(!left.announced && !taken.announced && taken.joined);
    assert_eq!(left.new_host.as_ref(), Some(&bob.socket));
    assert_eq!((left.roster, taken.roster), (before.roster + 1, before.roster + 2));
    assert_eq!(taken.host, Some(bob.socket));
}

async fn a_ghost_ends_before_its_successor_comes(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    let (lost, back) = (alice.clone(), another_socket(&alice));
    room.join_as_peer(&lost).await;
    let ghosts = vec![lost.socket.clone(), SocketId::random()];
    let returned = room.enter(Attend { ghosts, ..joining_as_peer(&back) }).await;
    assert_eq!(returned.removed.len(), 1);
    assert_eq!(returned.removed[0].1.roster + 1, returned.roster);
    assert_eq!(returned.peers, []);
    assert_eq!(returned.host, Some(back.socket));
}

async fn only_the_users_own_sockets_can_be_ghosts(store: Store) {
    let (room, alice, mallory) = (Room::new(store), actor("alice"), actor("mallory"));
    room.join_as_peer(&alice).await;
    let ghosts = vec![alice.socket.clone()];
    let joined = room.enter(Attend { ghosts, ..joining_as_peer(&mallory) }).await;
    assert_eq!(joined.removed, []);
    assert_eq!(joined.host, Some(alice.socket));
}

async fn a_user_whose_asking_socket_was_a_ghost_is_announced_as_gone(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.join(&alice).await;
    let silent = joining_silently(&another_socket(&alice));
    let attended = room.enter(Attend { ghosts: vec![alice.socket], ..silent }).await;
    assert!(attended.removed[0].1.announced);
    assert!(!attended.announced);
}

async fn a_full_room_refuses_peers_and_changes_nothing(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    let before = room.join_as_peer(&alice).await;
    let refused = room.attend(Attend { max_peers: 1, ..joining_as_peer(&bob) }).await;
    assert_eq!(refused, AttendOutcome::Full);
    let after = room.join(&alice).await;
    assert_eq!(after.members, [alice.user]);
    assert_eq!(after.roster, before.roster);
}

async fn a_full_room_takes_those_who_are_no_peers(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    room.join_as_peer(&alice).await;
    let reader = room.attend(Attend { max_peers: 1, ..joining(&bob) }).await;
    assert!(matches!(reader, AttendOutcome::Attending(_)));
    let same_peer = room.attend(Attend { max_peers: 1, ..joining_as_peer(&alice) }).await;
    assert!(matches!(same_peer, AttendOutcome::Attending(_)));
}

async fn a_replaced_peer_makes_room_for_its_successor(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.join_as_peer(&alice).await;
    let step = joining_as_peer(&another_socket(&alice));
    let taken = room.attend(Attend { max_peers: 1, takeover: true, ..step }).await;
    assert!(matches!(taken, AttendOutcome::Attending(_)));
}

async fn gateways_are_listed_while_they_hold_attendants(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    let (bob, carol) = (at_gateway(&actor("bob"), "g2"), at_gateway(&actor("carol"), "g2"));
    for actor in [&alice, &bob, &carol] {
        room.join(actor).await;
    }
    assert_eq!(room.leave(&bob).await.gateways, [node("g1"), node("g2")]);
    assert_eq!(room.leave(&carol).await.gateways, [node("g1")]);
    assert_eq!(room.leave(&alice).await.gateways, []);
}

async fn leaving_where_one_is_not_is_success(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    assert_eq!(room.leave(&alice).await.attendant, None);
    let joined = room.join(&alice).await;
    let left = room.leave(&bob).await;
    assert_eq!((left.attendant, left.roster), (None, joined.roster));
    assert!(!left.announced && !left.membership_ended);
}

async fn nobody_takes_another_users_socket_out(store: Store) {
    let (room, alice, mut mallory) = (Room::new(store), actor("alice"), actor("mallory"));
    room.join(&alice).await;
    mallory.socket = alice.socket.clone();
    assert_eq!(room.leave(&mallory).await.attendant, None);
    assert!(room.leave(&alice).await.attendant.is_some());
}

async fn a_view_shows_what_one_socket_has_to_know(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    room.join_as_peer(&alice).await;
    room.join(&at_gateway(&bob, "g2")).await;
    room.leave(&bob).await;
    let view = async |user, socket, addressee| room.rooms().view(&room.id, user, socket, addressee).await.unwrap();

    let of_bob = view(Some(&bob.user.id), Some(&bob.socket), Some(&alice.socket)).await;
    assert!(of_bob.member);
    assert_eq!(of_bob.attendant, None);
    assert_eq!(of_bob.addressee.unwrap().socket, alice.socket);
    assert_eq!(of_bob.gateways, [node("g1")]);
    let of_alice = view(None, Some(&alice.socket), None).await;
    assert!(!of_alice.member);
    assert_eq!(of_alice.attendant.unwrap().user, alice.user);
}
