//! What the packets of a connection mean in the state that it is in.

use std::time::{Duration, Instant};

use heliograph_socketio::{Decoder, Json, Limits, Namespace, Namespaces, Packet, Route, Violation};

/// Sockets are known by a number here.
type Scene = Namespaces<u32>;

fn connection() -> Scene {
    Namespaces::new(Instant::now() + Duration::from_secs(1), 3)
}

fn packet(text: &str) -> Option<Packet> {
    Decoder::new(Limits::default()).text(text).ok().flatten()
}

fn custom() -> Option<Namespace> {
    Namespace::new("/custom").ok()
}

#[test]
fn a_connect_is_decided_and_then_events_are_delivered() {
    let mut scene = connection();
    assert_eq!(scene.route(&packet("0").unwrap()), Route::Connect);
    assert!(scene.accept(&Namespace::MAIN, 1));
    assert_eq!(scene.route(&packet(r#"2["e"]"#).unwrap()), Route::Deliver(&1));
    assert_eq!(scene.route(&packet("35[]").unwrap()), Route::Deliver(&1));
    assert_eq!(scene.get(&Namespace::MAIN), Some(&1));
}

#[test]
fn what_comes_right_behind_a_connect_is_held_until_it_is_decided() {
    let mut scene = connection();
    let _ = scene.route(&packet("0").unwrap());
    assert_eq!(scene.route(&packet(r#"2["e"]"#).unwrap()), Route::Hold);
    assert_eq!(scene.route(&packet("1").unwrap()), Route::Hold);
    assert_eq!(scene.get(&Namespace::MAIN), None);
    assert!(scene.accept(&Namespace::MAIN, 1));
    assert_eq!(scene.route(&packet(r#"2["e"]"#).unwrap()), Route::Deliver(&1));
    assert_eq!(scene.route(&packet("1").unwrap()), Route::Left(1));
}

#[test]
fn a_refused_namespace_may_be_asked_for_again() {
    let mut scene = connection();
    let connect = packet("0").unwrap();
    let _ = scene.route(&connect);
    scene.refuse(&Namespace::MAIN);
    assert!(!scene.accept(&Namespace::MAIN, 1));
    assert_eq!(scene.route(&connect), Route::Connect);
}

#[test]
fn a_second_connect_closes_the_connection() {
    let mut scene = connection();
    let connect = packet("0").unwrap();
    let violation = Route::Close(Violation::AlreadyConnected);
    let _ = scene.route(&connect);
    assert_eq!(scene.route(&connect), violation);
    assert!(scene.accept(&Namespace::MAIN, 1));
    assert_eq!(scene.route(&connect), violation);
}

#[test]
fn a_packet_for_a_namespace_that_is_not_joined_closes_the_connection() {
    let mut scene = connection();
    let _ = scene.route(&packet("0").unwrap());
    assert!(scene.accept(&Namespace::MAIN, 1));
    let violation = Route::Close(Violation::NotConnected);
    for text in [r#"2/custom,["e"]"#, "3/custom,1[]", "1/custom"] {
        assert_eq!(scene.route(&packet(text).unwrap()), violation, "{text}");
    }
}

#[test]
fn a_connect_error_from_a_client_closes_the_connection() {
    let mut scene = connection();
    let packet = Packet::ConnectError { namespace: Namespace::MAIN, data: Json::new("{}").unwrap() };
    assert_eq!(scene.route(&packet), Route::Close(Violation::ConnectErrorFromClient));
}

#[test]
fn namespaces_are_left_one_by_one() {
    let mut scene = connection();
    let custom = custom().unwrap();
    for text in ["0", "0/custom"] {
        assert_eq!(scene.route(&packet(text).unwrap()), Route::Connect);
    }
    assert!(scene.accept(&custom, 2));
    assert!(scene.accept(&Namespace::MAIN, 1));
    let joined: Vec<_> = scene.joined().collect();
    assert_eq!(joined, [(&Namespace::MAIN, &1), (&custom, &2)]);

    assert_eq!(scene.route(&packet("1").unwrap()), Route::Left(1));
    assert_eq!(scene.route(&packet(r#"2["e"]"#).unwrap()), Route::Close(Violation::NotConnected));
    assert_eq!(scene.route(&packet(r#"2/custom,["e"]"#).unwrap()), Route::Deliver(&2));
    assert_eq!(scene.leave(&custom), Some(2));
    assert_eq!(scene.leave(&custom), None);
}

#[test]
fn a_namespace_that_is_only_asked_for_has_nothing_to_leave() {
    let mut scene = connection();
    let _ = scene.route(&packet("0").unwrap());
    assert_eq!(scene.leave(&Namespace::MAIN), None);
    assert!(scene.accept(&Namespace::MAIN, 1));
}

#[test]
fn namespaces_beyond_the_limit_are_refused() {
    let mut scene = connection();
    for text in ["0", "0/a", "0/b"] {
        assert_eq!(scene.route(&packet(text).unwrap()), Route::Connect);
    }
    let another = packet("0/c").unwrap();
    assert_eq!(scene.route(&another), Route::Full);
    scene.refuse(&Namespace::MAIN);
    assert_eq!(scene.route(&another), Route::Connect);
}

#[test]
fn the_end_of_a_connection_gives_its_sockets_back() {
    let mut scene = connection();
    for text in ["0", "0/custom"] {
        let _ = scene.route(&packet(text).unwrap());
    }
    assert!(scene.accept(&Namespace::MAIN, 1));
    assert_eq!(scene.close().collect::<Vec<_>>(), [1]);
    assert_eq!(scene.joined().count(), 0);
    assert_eq!(scene.deadline(), None);
}

#[test]
fn a_connection_that_joins_nothing_in_time_is_to_be_closed() {
    let start = Instant::now();
    let end = start + Duration::from_secs(1);
    let mut scene = Scene::new(end, 3);
    assert_eq!(scene.deadline(), Some(end));
    assert!(!scene.has_timed_out(start));
    assert!(scene.has_timed_out(end));

    // A decision that takes longer is waited for; a refusal leaves no time over.
    let _ = scene.route(&packet("0/custom").unwrap());
    assert!(!scene.has_timed_out(end));
    scene.refuse(&custom().unwrap());
    assert!(scene.has_timed_out(end));

    // Who has joined once may leave and stay.
    let _ = scene.route(&packet("0").unwrap());
    assert!(scene.accept(&Namespace::MAIN, 1));
    let _ = scene.leave(&Namespace::MAIN);
    assert!(!scene.has_timed_out(end));
}

#[test]
fn a_connection_costs_little() {
    assert!(size_of::<Namespaces<std::sync::Arc<u32>>>() <= 48);
    assert!(size_of::<Decoder>() <= 32);
}
