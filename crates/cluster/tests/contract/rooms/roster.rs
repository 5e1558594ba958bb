//! The host, what peers send, and the chat switch.

use heliograph_cluster::store::{AppendOutcome, Attend, MediaOutcome, Store, SwitchOutcome};
use heliograph_domain::{
    room::{Media, MediaChange},
    user::Actor,
};

use crate::{
    case::{Case, cases},
    scene::{Room, actor, another_socket, joining, joining_as_peer, joining_silently, node, posting},
};

pub(crate) const CASES: &[Case<Store>] = cases![
    the_peer_that_is_there_longest_is_host,
    the_next_peer_becomes_host_when_the_host_leaves,
    only_what_others_are_told_is_a_change,
    whoever_becomes_a_peer_stands_behind_the_others,
    a_peer_changes_its_own_state,
    a_change_that_changes_nothing_keeps_the_version,
    only_the_host_or_an_admin_changes_anothers_state,
    only_peers_have_a_state,
    the_host_switches_the_chat,
    only_the_host_or_an_admin_switches_the_chat,
    while_the_chat_is_off_the_host_and_admins_may_post,
];

fn hand(up: bool) -> MediaChange {
    MediaChange { hand: Some(up), ..MediaChange::default() }
}

async fn change(room: &Room, by: &Actor, target: &Actor, as_admin: bool) -> MediaOutcome {
    let step = room.rooms().change_media(&room.id, &by.socket, &target.socket, hand(true), as_admin);
    step.await.unwrap()
}

async fn switch(room: &Room, by: &Actor, enabled: bool, as_admin: bool) -> SwitchOutcome {
    room.rooms().switch_chat(&room.id, &by.socket, enabled, as_admin).await.unwrap()
}

async fn the_peer_that_is_there_longest_is_host(store: Store) {
    let room = Room::new(store);
    let (reader, alice, bob) = (actor("reader"), actor("alice"), actor("bob"));
    assert_eq!(room.join(&reader).await.host, None);
    assert_eq!(room.join_as_peer(&alice).await.host.as_ref(), Some(&alice.socket));
    let joined = room.join_as_peer(&bob).await;
    assert_eq!(joined.host.as_ref(), Some(&alice.socket));
    let [peer] = &joined.peers[..] else {
        panic!("one other peer: {:?}", joined.peers);
    };
    assert_eq!((&peer.socket, &peer.user), (&alice.socket, &alice.user));
    assert_eq!(peer.media, Media { audio: true, ..Media::default() });
}

async fn the_next_peer_becomes_host_when_the_host_leaves(store: Store) {
    let room = Room::new(store);
    let (alice, bob, carol) = (actor("alice"), actor("bob"), actor("carol"));
    for actor in [&alice, &bob, &carol] {
        room.join_as_peer(actor).await;
    }
    assert_eq!(room.leave(&carol).await.new_host, None);
    assert_eq!(room.leave(&alice).await.new_host, Some(bob.socket.clone()));
    assert_eq!(room.leave(&bob).await.new_host, None);
}

async fn only_what_others_are_told_is_a_change(store: Store) {
    let (room, alice, silent) = (Room::new(store), actor("alice"), actor("silent"));
    let (tab, other_tab) = (another_socket(&alice), another_socket(&alice));
    let first = room.join(&alice).await.roster;
    assert_eq!(room.enter(joining_silently(&silent)).await.roster, first);
    assert_eq!(room.leave(&silent).await.roster, first);
    assert_eq!(room.join(&tab).await.roster, first);
    let replaced = room.enter(Attend { ghosts: vec![tab.socket.clone()], ..joining(&other_tab) }).await;
    assert_eq!((replaced.removed[0].1.roster, replaced.roster), (first, first));
    assert_eq!(room.leave(&other_tab).await.roster, first);

    assert_eq!(room.join_as_peer(&tab).await.roster, first + 1);
    assert_eq!(room.leave(&tab).await.roster, first + 2);
    let view = room.rooms().view(&room.id, None, None, None).await.unwrap();
    assert_eq!(view.roster, first + 2);
    let left = room.leave(&alice).await;
    assert_eq!((left.announced, left.roster), (true, first + 3));
}

async fn whoever_becomes_a_peer_stands_behind_the_others(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    room.join(&alice).await;
    let before = room.join_as_peer(&bob).await;
    let became = room.enter(joining_as_peer(&alice)).await;
    assert!(became.joined && !became.announced);
    assert_eq!(became.roster, before.roster + 1);
    assert_eq!(became.host, Some(bob.socket));
}

async fn a_peer_changes_its_own_state(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    room.join_as_peer(&alice).await;
    let joined = room.join_as_peer(&bob).await;
    let expected = Media { audio: true, hand: true, ..Media::default() };
    let changed = MediaOutcome::Changed { media: expected, roster: joined.roster + 1, gateways: vec![node("g1")] };
    assert_eq!(change(&room, &bob, &bob, false).await, changed);
    assert_eq!(room.join_as_peer(&alice).await.peers[0].media, expected);
}

async fn a_change_that_changes_nothing_keeps_the_version(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.join_as_peer(&alice).await;
    let first = change(&room, &alice, &alice, false).await;
    assert_eq!(change(&room, &alice, &alice, false).await, first);
    let first = switch(&room, &alice, false, false).await;
    assert_eq!(switch(&room, &alice, false, false).await, first);
}

async fn only_the_host_or_an_admin_changes_anothers_state(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    room.join_as_peer(&alice).await;
    room.join_as_peer(&bob).await;
    assert_eq!(change(&room, &bob, &alice, false).await, MediaOutcome::NotHost);
    for (by, target, as_admin) in [(&bob, &alice, true), (&alice, &bob, false)] {
        let outcome = change(&room, by, target, as_admin).await;
        assert!(matches!(outcome, MediaOutcome::Changed { .. }), "{outcome:?}");
    }
}

async fn only_peers_have_a_state(store: Store) {
    let room = Room::new(store);
    let (alice, reader, stranger) = (actor("alice"), actor("reader"), actor("stranger"));
    assert_eq!(change(&room, &alice, &alice, false).await, MediaOutcome::NotPeer);
    room.join_as_peer(&alice).await;
    room.join(&reader).await;
    assert_eq!(change(&room, &reader, &reader, false).await, MediaOutcome::NotPeer);
    assert_eq!(change(&room, &stranger, &alice, true).await, MediaOutcome::NotPeer);
    assert_eq!(change(&room, &alice, &reader, false).await, MediaOutcome::NoSuchPeer);
    assert_eq!(change(&room, &alice, &stranger, false).await, MediaOutcome::NoSuchPeer);
}

async fn the_host_switches_the_chat(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    let joined = room.join_as_peer(&alice).await;
    let switched = SwitchOutcome::Switched { roster: joined.roster + 1, gateways: vec![node("g1")] };
    assert_eq!(switch(&room, &alice, false, false).await, switched);
    assert!(!room.join(&bob).await.chat_enabled);
    switch(&room, &alice, true, false).await;
    assert!(room.join(&bob).await.chat_enabled);
}

async fn only_the_host_or_an_admin_switches_the_chat(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    room.join_as_peer(&alice).await;
    assert_eq!(switch(&room, &bob, false, true).await, SwitchOutcome::NotAttending);
    room.join(&bob).await;
    assert_eq!(switch(&room, &bob, false, false).await, SwitchOutcome::NotHost);
    assert!(matches!(switch(&room, &bob, false, true).await, SwitchOutcome::Switched { .. }));
}

async fn while_the_chat_is_off_the_host_and_admins_may_post(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    room.join_as_peer(&alice).await;
    room.join_as_peer(&bob).await;
    switch(&room, &alice, false, false).await;
    assert_eq!(room.append(posting(&bob, "hello")).await, AppendOutcome::ChatDisabled);
    let mut by_http = posting(&bob, "hello");
    by_http.socket = None;
    assert_eq!(room.append(by_http).await, AppendOutcome::ChatDisabled);
    let mut as_admin = posting(&bob, "hello");
    as_admin.as_admin = true;
    assert!(matches!(room.append(as_admin).await, AppendOutcome::Appended(_)));
    assert_eq!(room.post(&alice, "from the host").await.position.seq, 2);
}
