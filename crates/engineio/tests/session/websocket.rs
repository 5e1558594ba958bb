use heliograph_engineio::{CloseReason, Input, Output, Packet, ProtocolError, Source, Transport};

use crate::{Scene, message};

#[test]
fn messages_go_and_come_on_an_open_websocket() {
    let mut scene = Scene::on(Transport::WebSocket);
    assert!(scene.session.writes_directly());
    assert_eq!(scene.frame(10, &message()), [Output::Deliver]);
    assert_eq!(scene.at(20, Input::Queued), []);
}

#[test]
fn a_client_that_leaves_has_its_websocket_closed() {
    let mut scene = Scene::on(Transport::WebSocket);
    assert_eq!(scene.frame(10, &Packet::Close), [Output::CloseWebSocket, Output::Closed(CloseReason::TransportClose)]);
    assert!(!scene.session.writes_directly());
    assert_eq!(scene.frame(11, &message()), []);
}

#[test]
fn a_websocket_that_ends_ends_its_session() {
    let table = [
        (Input::WebSocketClosed, CloseReason::TransportClose),
        (Input::WebSocketFailed, CloseReason::TransportError),
        (Input::Malformed(Source::WebSocket), CloseReason::ParseError),
    ];
    for (input, reason) in table {
        let mut scene = Scene::on(Transport::WebSocket);
        assert_eq!(scene.at(10, input), [Output::CloseWebSocket, Output::Closed(reason)]);
        assert_eq!(scene.at(11, Input::WebSocketFailed), []);
    }
}

#[test]
fn polls_posts_and_further_websockets_are_refused_without_harm() {
    let mut scene = Scene::on(Transport::WebSocket);
    let refused = [Output::Refuse(ProtocolError::BadRequest)];
    assert_eq!(scene.poll(10), refused);
    assert_eq!(scene.at(10, Input::PostStarted), refused);
    assert_eq!(scene.at(10, Input::WebSocketOpened), refused);
    assert_eq!(scene.at(10, Input::PollGone), []);
    assert_eq!(scene.at(10, Input::PostGone), []);
    assert_eq!(scene.posted(10, &message()), []);
    assert_eq!(scene.at(10, Input::Malformed(Source::Polling)), []);
    assert_eq!(scene.frame(11, &message()), [Output::Deliver]);
}

#[test]
fn an_idle_session_is_small() {
    assert!(size_of::<heliograph_engineio::Session>() <= 96);
}
