use heliograph_engineio::{CloseReason, Control, Input, Output, Packet, PollAnswer, ProtocolError, Transport};

use crate::Scene;

const PING_ALONE: Output = Output::AnswerPoll(PollAnswer::Queue { ping: true });

#[test]
fn a_websocket_gets_a_ping_each_interval_after_its_pong() {
    let mut scene = Scene::on(Transport::WebSocket);
    assert_eq!(scene.deadline(), Some(300));
    assert_eq!(scene.at(299, Input::Timer), []);
    assert_eq!(scene.at(300, Input::Timer), [Output::Send(Control::Ping)]);
    assert_eq!(scene.deadline(), Some(500));
    assert_eq!(scene.frame(320, &Packet::Pong("")), []);
    assert_eq!(scene.deadline(), Some(620));
    assert_eq!(scene.at(620, Input::Timer), [Output::Send(Control::Ping)]);
}

#[test]
fn a_websocket_without_a_pong_is_closed() {
    let mut scene = Scene::on(Transport::WebSocket);
    let _ = scene.at(300, Input::Timer);
    assert_eq!(scene.at(499, Input::Timer), []);
    assert_eq!(scene.at(500, Input::Timer), [Output::CloseWebSocket, Output::Closed(CloseReason::PingTimeout)]);
    assert_eq!(scene.deadline(), None);
}

#[test]
fn messages_are_no_pong() {
    let mut scene = Scene::on(Transport::WebSocket);
    let _ = scene.at(300, Input::Timer);
    assert_eq!(scene.frame(400, &crate::message()), [Output::Deliver]);
    assert_eq!(scene.deadline(), Some(500));
}

#[test]
fn a_waiting_poll_takes_the_ping_alone() {
    let mut scene = Scene::on(Transport::Polling);
    assert_eq!(scene.poll(10), [Output::Accept]);
    assert_eq!(scene.at(300, Input::Timer), [PING_ALONE]);
    assert_eq!(scene.posted(310, &Packet::Pong("")), []);
    assert_eq!(scene.deadline(), Some(610));
    assert_eq!(scene.poll(315), [Output::Accept]);
    assert_eq!(scene.at(610, Input::Timer), [PING_ALONE]);
}

#[test]
fn a_ping_that_finds_no_poll_is_taken_by_the_next() {
    let mut scene = Scene::on(Transport::Polling);
    assert_eq!(scene.at(300, Input::Timer), []);
    assert_eq!(scene.poll(350), [Output::Accept, PING_ALONE]);
    assert_eq!(scene.poll(360), [Output::Accept]);
}

#[test]
fn a_poll_at_the_end_of_the_timeout_is_already_refused() {
    let mut scene = Scene::on(Transport::Polling);
    let _ = scene.at(302, Input::Timer);
    // The timer of 500 ms has not fired yet.
    assert_eq!(
        scene.poll(500),
        [Output::Closed(CloseReason::PingTimeout), Output::Refuse(ProtocolError::UnknownSession)]
    );
}

#[test]
fn a_late_timer_gives_nobody_more_time() {
    let mut scene = Scene::on(Transport::WebSocket);
    assert_eq!(scene.at(480, Input::Timer), [Output::Send(Control::Ping)]);
    assert_eq!(scene.deadline(), Some(500));
}

#[test]
fn a_pong_that_comes_too_late_revives_nobody() {
    let mut scene = Scene::on(Transport::Polling);
    let _ = scene.at(300, Input::Timer);
    assert_eq!(scene.posted(500, &Packet::Pong("")), [Output::Closed(CloseReason::PingTimeout)]);
    assert_eq!(scene.deadline(), None);
}

#[test]
fn a_waiting_poll_ends_with_the_session() {
    let mut scene = Scene::on(Transport::Polling);
    let _ = scene.at(300, Input::Timer);
    let _ = scene.poll(310);
    let _ = scene.poll(320);
    assert_eq!(
        scene.at(500, Input::Timer),
        [Output::AnswerPoll(PollAnswer::Close), Output::Closed(CloseReason::PingTimeout)]
    );
}

#[test]
fn a_pong_that_nobody_asked_for_starts_a_new_interval() {
    let mut scene = Scene::on(Transport::WebSocket);
    assert_eq!(scene.frame(100, &Packet::Pong("")), []);
    assert_eq!(scene.deadline(), Some(400));
}

#[test]
fn a_ping_from_the_client_breaks_the_protocol() {
    let mut scene = Scene::on(Transport::WebSocket);
    assert_eq!(
        scene.frame(10, &Packet::Ping("")),
        [Output::CloseWebSocket, Output::Closed(CloseReason::TransportError)]
    );
}
