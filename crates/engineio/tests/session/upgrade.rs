use std::time::Duration;

use heliograph_engineio::{
    CloseReason, Control, Input, Output, Packet, PollAnswer, ProtocolError, SessionOptions, Source, Transport,
};

use crate::{Scene, message, options};

const PROBE: Packet<'static> = Packet::Ping("probe");
const PROBE_PONG: Output = Output::Send(Control::ProbePong);
const NOOP: Output = Output::AnswerPoll(PollAnswer::Noop);

fn probed() -> Scene {
    let mut scene = Scene::on(Transport::Polling);
    assert_eq!(scene.at(0, Input::WebSocketOpened), [Output::Accept]);
    assert_eq!(scene.frame(0, &PROBE), [PROBE_PONG]);
    scene
}

#[test]
fn a_poll_under_way_ends_when_the_probe_comes() {
    let mut scene = Scene::on(Transport::Polling);
    let _ = scene.poll(10);
    assert_eq!(scene.at(20, Input::WebSocketOpened), [Output::Accept]);
    assert_eq!(scene.frame(21, &PROBE), [PROBE_PONG, NOOP]);
}

#[test]
fn a_poll_after_the_probe_ends_well_before_the_next_ping() {
    let mut scene = probed();
    assert_eq!(scene.poll(10), [Output::Accept]);
    assert_eq!(scene.deadline(), Some(60));
    assert_eq!(scene.at(60, Input::Timer), [NOOP]);
    assert_eq!(scene.poll(61), [Output::Accept]);
    assert_eq!(scene.at(111, Input::Timer), [NOOP]);
}

#[test]
fn messages_do_not_wait_for_an_upgrade() {
    let mut scene = probed();
    let queue = Output::AnswerPoll(PollAnswer::Queue { ping: false });
    assert_eq!(scene.poll(10), [Output::Accept]);
    assert_eq!(scene.at(20, Input::Queued), [queue]);
    assert_eq!(scene.at(30, Input::Poll { queued: true }), [Output::Accept, queue]);
}

#[test]
fn after_the_upgrade_messages_go_directly() {
    let mut scene = probed();
    assert!(!scene.session.writes_directly());
    assert_eq!(scene.frame(10, &Packet::Upgrade), [Output::Upgraded]);
    assert!(scene.session.writes_directly());
    assert_eq!(scene.frame(11, &message()), [Output::Deliver]);
    assert_eq!(scene.deadline(), Some(300));
}

#[test]
fn a_poll_beside_the_upgrade_is_refused() {
    let mut scene = probed();
    let _ = scene.poll(9);
    assert_eq!(
        scene.frame(10, &Packet::Upgrade),
        [Output::AnswerPoll(PollAnswer::Refused(ProtocolError::BadRequest)), Output::Upgraded]
    );
    assert_eq!(scene.poll(11), [Output::Refuse(ProtocolError::BadRequest)]);
}

#[test]
fn a_ping_that_no_poll_took_goes_to_the_websocket() {
    let mut scene = probed();
    assert_eq!(scene.at(300, Input::Timer), []);
    assert_eq!(scene.frame(310, &Packet::Upgrade), [Output::Upgraded, Output::Send(Control::Ping)]);
    assert_eq!(scene.deadline(), Some(500));
}

#[test]
fn a_pong_that_a_poll_was_asked_for_may_come_on_the_websocket() {
    let mut scene = probed();
    let _ = scene.at(300, Input::Poll { queued: false });
    let _ = scene.frame(310, &Packet::Upgrade);
    assert_eq!(scene.frame(320, &Packet::Pong("")), []);
    assert_eq!(scene.deadline(), Some(620));
}

#[test]
fn a_second_websocket_is_refused_and_the_first_goes_on() {
    let refused = [Output::Refuse(ProtocolError::BadRequest)];
    let mut scene = probed();
    assert_eq!(scene.at(10, Input::WebSocketOpened), refused);
    assert_eq!(scene.frame(20, &Packet::Upgrade), [Output::Upgraded]);
    assert_eq!(scene.at(30, Input::WebSocketOpened), refused);
    assert_eq!(scene.frame(40, &message()), [Output::Deliver]);
}

#[test]
fn a_websocket_that_does_not_probe_is_closed_and_the_session_goes_on() {
    for packet in [Packet::Upgrade, Packet::Ping(""), Packet::Pong(""), message(), Packet::Close] {
        let mut scene = Scene::on(Transport::Polling);
        let _ = scene.at(0, Input::WebSocketOpened);
        assert_eq!(scene.frame(10, &packet), [Output::CloseWebSocket], "{packet:?}");
        assert_eq!(scene.frame(10, &packet), [], "{packet:?}");
        assert_eq!(scene.poll(20), [Output::Accept]);
        assert_eq!(scene.at(30, Input::WebSocketOpened), [Output::Accept]);
    }
}

#[test]
fn a_websocket_that_is_lost_while_tried_is_forgotten() {
    for input in [Input::WebSocketClosed, Input::WebSocketFailed, Input::Malformed(Source::WebSocket)] {
        let mut scene = probed();
        let _ = scene.poll(10);
        assert_eq!(scene.at(20, input), [Output::CloseWebSocket]);
        // The poll waits again as any other.
        assert_eq!(scene.deadline(), Some(300));
        assert_eq!(scene.at(100, Input::Timer), []);
    }
}

#[test]
fn a_websocket_that_does_not_finish_in_time_is_closed() {
    let mut scene =
        Scene::with(Transport::Polling, SessionOptions { upgrade_timeout: Duration::from_millis(100), ..options() });
    let _ = scene.at(0, Input::WebSocketOpened);
    assert_eq!(scene.deadline(), Some(100));
    // The probe is no reason for more time.
    let _ = scene.frame(90, &PROBE);
    assert_eq!(scene.at(100, Input::Timer), [Output::CloseWebSocket]);
    assert_eq!(scene.frame(101, &Packet::Upgrade), []);
    assert_eq!(scene.session.transport(), Some(Transport::Polling));
}

#[test]
fn a_websocket_is_refused_where_upgrades_are_off() {
    let mut scene = Scene::with(Transport::Polling, SessionOptions { allow_upgrades: false, ..options() });
    assert_eq!(scene.at(0, Input::WebSocketOpened), [Output::Refuse(ProtocolError::BadRequest)]);
}

#[test]
fn a_session_that_ends_while_upgrading_closes_both_ways() {
    let mut scene = probed();
    let _ = scene.poll(10);
    assert_eq!(
        scene.posted(20, &Packet::Close),
        [NOOP, Output::CloseWebSocket, Output::Closed(CloseReason::TransportClose)]
    );
}

#[test]
fn an_upgraded_session_times_out_as_any_other() {
    let mut scene = Scene::upgraded();
    assert_eq!(scene.at(300, Input::Timer), [Output::Send(Control::Ping)]);
    assert_eq!(scene.at(500, Input::Timer), [Output::CloseWebSocket, Output::Closed(CloseReason::PingTimeout)]);
}
