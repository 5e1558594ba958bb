//! What every store of presence has to do.

use std::time::Duration;

use heliograph_cluster::store::{PresenceRecord, Store, UserSocket};
use heliograph_domain::{
    command::Status,
    id::{CallId, NodeId, SocketId},
    room::RoomId,
    time::Timestamp,
    user::User,
};

use crate::{
    case::{Case, cases},
    scene::{actor, at_gateway, fresh, guest, node, now, user},
};

pub(crate) const CASES: &[Case<Store>] = cases![
    sockets_are_listed_in_the_order_of_connecting,
    a_socket_that_connects_again_moves,
    a_user_may_have_so_many_sockets_and_no_more,
    disconnecting_says_how_many_are_left,
    the_last_seen_time_is_that_of_the_last_socket,
    nothing_is_known_of_a_user_who_was_never_here,
    nothing_is_known_of_a_guest_who_is_gone,
    a_status_lasts_while_the_user_is_here,
    of_several_announcers_one_announces,
    sockets_that_are_not_looked_at_are_counted,
    of_several_who_tell_a_status_one_finds_it_changed,
    rooms_are_listed_by_their_last_use,
    a_room_that_was_left_is_not_listed,
    calls_are_noted_for_users_who_are_away_too,
    users_and_sockets_are_counted,
    sockets_are_noted_at_their_gateway,
];

fn socket(gateway: &str) -> UserSocket {
    let actor = at_gateway(&actor("somebody"), gateway);
    UserSocket { socket: actor.socket, gateway: actor.gateway, vocabulary: actor.vocabulary }
}

async fn connect(store: &Store, user: &User, socket: &UserSocket) -> bool {
    store.presence.connect(user, socket.clone(), 3, now()).await.unwrap()
}

async fn disconnect(store: &Store, user: &User, socket: &SocketId, at: Timestamp) -> usize {
    store.presence.disconnect(&user.id, socket, at).await.unwrap()
}

async fn record(store: &Store, user: &User) -> PresenceRecord {
    store.presence.record(&user.id).await.unwrap()
}

async fn sockets_are_listed_in_the_order_of_connecting(store: Store) {
    let (user, sockets) = (user("alice"), [socket("g2"), socket("g1"), socket("g2")]);
    for socket in &sockets {
        assert!(connect(&store, &user, socket).await);
    }
    assert_eq!(store.presence.sockets(&user.id).await.unwrap(), sockets);
}

async fn a_socket_that_connects_again_moves(store: Store) {
    let (user, one, other) = (user("alice"), socket("g1"), socket("g1"));
    connect(&store, &user, &one).await;
    connect(&store, &user, &other).await;
    let moved = UserSocket { gateway: socket("g2").gateway, ..one };
    assert!(store.presence.connect(&user, moved.clone(), 2, now()).await.unwrap());
    assert_eq!(store.presence.sockets(&user.id).await.unwrap(), [moved, other]);
}

async fn a_user_may_have_so_many_sockets_and_no_more(store: Store) {
    let user = user("alice");
    let sockets = [socket("g1"), socket("g1"), socket("g1")];
    for socket in &sockets {
        connect(&store, &user, socket).await;
    }
    assert!(!connect(&store, &user, &socket("g1")).await);
    assert_eq!(store.presence.sockets(&user.id).await.unwrap(), sockets);
}

async fn disconnecting_says_how_many_are_left(store: Store) {
    let (user, one, other) = (user("alice"), socket("g1"), socket("g1"));
    connect(&store, &user, &one).await;
    connect(&store, &user, &other).await;
    assert_eq!(disconnect(&store, &user, &one.socket, now()).await, 1);
    assert_eq!(disconnect(&store, &user, &one.socket, now()).await, 1);
    assert_eq!(disconnect(&store, &user, &other.socket, now()).await, 0);
}

async fn the_last_seen_time_is_that_of_the_last_socket(store: Store) {
    let (user, socket) = (user("alice"), socket("g1"));
    connect(&store, &user, &socket).await;
    let left_at = now() + Duration::from_secs(5);
    disconnect(&store, &user, &socket.socket, left_at).await;
    disconnect(&store, &user, &socket.socket, left_at + Duration::from_secs(5)).await;
    let expected = PresenceRecord { last_seen: left_at, ..PresenceRecord::default() };
    assert_eq!(record(&store, &user).await, expected);
}

async fn nothing_is_known_of_a_user_who_was_never_here(store: Store) {
    let user = user("alice");
    let status = store.presence.set_status(&user.id, Status::Busy, now()).await.unwrap();
    assert_eq!(status, Status::Online);
    assert_eq!(record(&store, &user).await, PresenceRecord::default());
    assert_eq!(store.presence.sockets(&user.id).await.unwrap(), []);
}

async fn nothing_is_known_of_a_guest_who_is_gone(store: Store) {
    let (user, socket) = (guest("visitor").user, socket("g1"));
    connect(&store, &user, &socket).await;
    disconnect(&store, &user, &socket.socket, now()).await;
    assert_eq!(record(&store, &user).await, PresenceRecord::default());
}

async fn a_status_lasts_while_the_user_is_here(store: Store) {
    let (user, page) = (user("alice"), socket("g1"));
    connect(&store, &user, &page).await;
    store.presence.announce(&user.id, true).await.unwrap();
    let before = store.presence.set_status(&user.id, Status::Busy, now()).await.unwrap();
    assert_eq!(before, Status::Online);

    // From one page to the next the user has no socket, but nobody has been told so.
    disconnect(&store, &user, &page.socket, now()).await;
    assert_eq!(record(&store, &user).await.status, Status::Busy);
    store.presence.announce(&user.id, false).await.unwrap();
    assert_eq!(record(&store, &user).await.status, Status::Online);
}

async fn of_several_announcers_one_announces(store: Store) {
    let user = user("alice");
    let announce = async |online| store.presence.announce(&user.id, online).await.unwrap();
    assert!(!announce(false).await);
    assert!(announce(true).await);
    assert!(!announce(true).await);
    assert!(record(&store, &user).await.announced);
    assert!(announce(false).await);
    assert!(!announce(false).await);
}

async fn sockets_that_are_not_looked_at_are_counted(store: Store) {
    let (user, one, other) = (user("alice"), socket("g1"), socket("g2"));
    let look_at = async |socket: &UserSocket, active| {
        store.presence.set_active(&user.id, &socket.socket, active, now()).await.unwrap();
        record(&store, &user).await.idle
    };
    connect(&store, &user, &one).await;
    connect(&store, &user, &other).await;
    assert_eq!(record(&store, &user).await.idle, 0);
    assert_eq!((look_at(&one, false).await, look_at(&one, false).await), (1, 1));
    assert_eq!((look_at(&other, false).await, look_at(&other, true).await), (2, 1));
    // Moving changes nothing; going does, and who comes back looks.
    connect(&store, &user, &UserSocket { gateway: other.gateway, ..one.clone() }).await;
    assert_eq!(record(&store, &user).await.idle, 1);
    disconnect(&store, &user, &one.socket, now()).await;
    assert_eq!(record(&store, &user).await.idle, 0);
    connect(&store, &user, &one).await;
    assert_eq!(record(&store, &user).await.idle, 0);
    assert_eq!(look_at(&socket("g1"), false).await, 0);
}

async fn of_several_who_tell_a_status_one_finds_it_changed(store: Store) {
    let (user, page) = (user("alice"), socket("g1"));
    connect(&store, &user, &page).await;
    let show = async |status| store.presence.show(&user.id, status).await.unwrap();
    assert_eq!(record(&store, &user).await.shown, Status::Online);
    assert_eq!((show(Status::Away).await, show(Status::Away).await), (Status::Online, Status::Away));
    assert_eq!(record(&store, &user).await.shown, Status::Away);
}

async fn rooms_are_listed_by_their_last_use(store: Store) {
    let user = user("alice").id;
    let rooms: Vec<_> = (0..40).map(|_| RoomId::parse(&fresh("room")).unwrap()).collect();
    for room in &rooms {
        store.presence.add_room(&user, room, now()).await.unwrap();
    }
    store.presence.add_room(&user, &rooms[5], now()).await.unwrap();
    let listed = store.presence.rooms(&user, 3).await.unwrap();
    assert_eq!(listed, [&rooms[5], &rooms[39], &rooms[38]].map(Clone::clone));
    assert_eq!(store.presence.rooms(&user, 100).await.unwrap().len(), 40);
}

async fn a_room_that_was_left_is_not_listed(store: Store) {
    let (user, room) = (user("alice").id, RoomId::parse(&fresh("room")).unwrap());
    store.presence.add_room(&user, &room, now()).await.unwrap();
    store.presence.remove_room(&user, &room).await.unwrap();
    store.presence.remove_room(&user, &room).await.unwrap();
    assert_eq!(store.presence.rooms(&user, 100).await.unwrap(), []);
}

async fn calls_are_noted_for_users_who_are_away_too(store: Store) {
    let (user, one, other) = (user("alice").id, CallId::generate(), CallId::generate());
    for call in [&one, &other, &one] {
        store.presence.add_call(&user, call).await.unwrap();
    }
    let mut calls = store.presence.calls(&user).await.unwrap();
    calls.sort_unstable();
    let mut expected = vec![one.clone(), other.clone()];
    expected.sort_unstable();
    assert_eq!(calls, expected);
    store.presence.remove_call(&user, &one).await.unwrap();
    assert_eq!(store.presence.calls(&user).await.unwrap(), [other]);
}

async fn users_and_sockets_are_counted(store: Store) {
    let counts = async || store.presence.counts().await.unwrap();
    let (alice, bob) = (user("alice"), user("bob"));
    let (one, other) = (socket("g1"), socket("g1"));
    connect(&store, &alice, &one).await;
    connect(&store, &alice, &other).await;
    connect(&store, &alice, &other).await;
    connect(&store, &bob, &socket("g1")).await;
    assert_eq!(counts().await, (2, 3));
    disconnect(&store, &alice, &one.socket, now()).await;
    assert_eq!(counts().await, (2, 2));
    disconnect(&store, &alice, &other.socket, now()).await;
    assert_eq!(counts().await, (1, 1));
}

async fn sockets_are_noted_at_their_gateway(store: Store) {
    let (alice, bob) = (user("alice"), user("bob"));
    let gateways = [fresh("gateway"), fresh("gateway")];
    let (one, other) = (node(&gateways[0]), node(&gateways[1]));
    let noted = async |gateway: &NodeId| {
        let mut noted = store.presence.at_gateway(gateway, 10).await.unwrap();
        noted.sort();
        noted
    };
    let mut expected = Vec::new();
    for user in [&alice, &bob] {
        let socket = socket(&gateways[0]);
        assert!(connect(&store, user, &socket).await);
        expected.push((socket.socket, user.id.clone()));
    }
    expected.sort();
    assert_eq!(noted(&one).await, expected);
    assert_eq!(store.presence.at_gateway(&one, 1).await.unwrap().len(), 1);
    // They are where they are noted: nothing is left over.
    store.presence.tidy(&one, &expected).await.unwrap();
    assert_eq!(noted(&one).await, expected);
    // One moves, the other goes.
    let moved = UserSocket { socket: expected[0].0.clone(), ..socket(&gateways[1]) };
    let mover = if expected[0].1 == alice.id { &alice } else { &bob };
    assert!(connect(&store, mover, &moved).await);
    assert_eq!(noted(&one).await, expected[1..]);
    assert_eq!(noted(&other).await, expected[..1]);
    let known = store.presence.gateways().await.unwrap();
    assert!(known.contains(&one) && known.contains(&other));
    let stayer = if mover.id == alice.id { &bob } else { &alice };
    assert_eq!(disconnect(&store, stayer, &expected[1].0, now()).await, 0);
    assert_eq!(noted(&one).await, []);
    assert!(!store.presence.gateways().await.unwrap().contains(&one));
    store.presence.tidy(&one, &expected).await.unwrap();
}
