use heliograph_engineio::{CloseReason, Input, Output, Packet, PollAnswer, ProtocolError, Transport};

use crate::{Scene, message};

const CLOSE: Input<'static> = Input::Close(CloseReason::ForcedClose);
const DRAIN: Output = Output::AnswerPoll(PollAnswer::Drain);
const CLOSED: Output = Output::Closed(CloseReason::ForcedClose);

#[test]
fn a_waiting_poll_takes_the_last_packets_away() {
    let mut scene = Scene::on(Transport::Polling);
    let _ = scene.poll(10);
    assert_eq!(scene.at(20, CLOSE), [DRAIN]);
    assert_eq!(scene.at(20, Input::Drained), [CLOSED]);
    assert_eq!(scene.poll(30), [Output::Refuse(ProtocolError::UnknownSession)]);
}

#[test]
fn polls_go_on_until_all_that_was_queued_has_left() {
    let mut scene = Scene::on(Transport::Polling);
    assert_eq!(scene.at(10, CLOSE), []);
    assert_eq!(scene.at(20, Input::Poll { queued: true }), [Output::Accept, DRAIN]);
    assert_eq!(scene.at(30, Input::Poll { queued: true }), [Output::Accept, DRAIN]);
    assert_eq!(scene.at(30, Input::Drained), [CLOSED]);
}

#[test]
fn a_client_that_does_not_come_for_the_rest_is_not_waited_for() {
    let mut scene = Scene::on(Transport::Polling);
    assert_eq!(scene.at(10, CLOSE), []);
    assert_eq!(scene.deadline(), Some(410));
    assert_eq!(scene.at(410, Input::Timer), [CLOSED]);
}

#[test]
fn a_websocket_is_closed_after_the_last_frame() {
    let mut scene = Scene::on(Transport::WebSocket);
    assert_eq!(scene.at(10, CLOSE), [Output::Drain]);
    assert!(!scene.session.writes_directly());
    assert_eq!(scene.at(20, Input::Drained), [Output::CloseWebSocket, CLOSED]);
}

#[test]
fn a_websocket_that_does_not_drain_is_not_waited_for() {
    let mut scene = Scene::on(Transport::WebSocket);
    let _ = scene.at(10, CLOSE);
    assert_eq!(scene.at(410, Input::Timer), [Output::CloseWebSocket, CLOSED]);
}

#[test]
fn a_websocket_that_was_being_tried_goes_first() {
    let mut scene = Scene::on(Transport::Polling);
    let _ = scene.at(0, Input::WebSocketOpened);
    let _ = scene.poll(5);
    assert_eq!(scene.at(10, CLOSE), [Output::CloseWebSocket, DRAIN]);
    assert_eq!(scene.at(11, Input::WebSocketClosed), []);
    assert_eq!(scene.at(12, Input::Drained), [CLOSED]);
}

#[test]
fn a_closing_session_takes_nothing_in() {
    let mut scene = Scene::on(Transport::Polling);
    let unknown = [Output::Refuse(ProtocolError::UnknownSession)];
    let _ = scene.at(10, CLOSE);
    assert_eq!(scene.posted(20, &message()), []);
    assert_eq!(scene.at(20, Input::PostStarted), unknown);
    assert_eq!(scene.at(20, Input::WebSocketOpened), unknown);
    assert_eq!(scene.at(20, Input::PostGone), []);
    assert_eq!(scene.at(20, CLOSE), []);
}

#[test]
fn a_client_that_leaves_meanwhile_ends_the_wait() {
    let table = [Input::WebSocketClosed, Input::WebSocketFailed];
    for input in table {
        let mut scene = Scene::on(Transport::WebSocket);
        let _ = scene.at(10, CLOSE);
        assert_eq!(scene.at(20, input), [Output::CloseWebSocket, CLOSED]);
    }
    let mut scene = Scene::on(Transport::WebSocket);
    let _ = scene.at(10, CLOSE);
    assert_eq!(scene.frame(20, &Packet::Close), [Output::CloseWebSocket, CLOSED]);

    let mut scene = Scene::on(Transport::Polling);
    let _ = scene.at(10, CLOSE);
    let _ = scene.at(20, Input::Poll { queued: true });
    assert_eq!(scene.at(21, Input::PollGone), [CLOSED]);
}

#[test]
fn an_abort_waits_for_nothing() {
    let abort = Input::Abort(CloseReason::SlowConsumer);
    let closed = Output::Closed(CloseReason::SlowConsumer);

    let mut scene = Scene::on(Transport::WebSocket);
    assert_eq!(scene.at(10, abort), [Output::CloseWebSocket, closed]);

    let mut scene = Scene::on(Transport::Polling);
    let _ = scene.poll(5);
    assert_eq!(scene.at(10, abort), [Output::AnswerPoll(PollAnswer::Close), closed]);

    let mut scene = Scene::on(Transport::Polling);
    let _ = scene.at(5, CLOSE);
    assert_eq!(scene.at(10, abort), [closed]);
}

#[test]
fn each_reason_has_a_name() {
    let table = [
        (CloseReason::TransportClose, "transport close"),
        (CloseReason::TransportError, "transport error"),
        (CloseReason::PingTimeout, "ping timeout"),
        (CloseReason::ForcedClose, "forced close"),
        (CloseReason::ParseError, "parse error"),
        (CloseReason::SlowConsumer, "slow consumer"),
        (CloseReason::ServerShuttingDown, "server shutting down"),
    ];
    for (reason, name) in table {
        assert_eq!(reason.to_string(), name);
    }
}
