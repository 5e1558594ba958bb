use heliograph_engineio::{CloseReason, Input, Output, Packet, PollAnswer, ProtocolError, Source, Transport};

use crate::{Scene, message};

const QUEUE: Output = Output::AnswerPoll(PollAnswer::Queue { ping: false });

#[test]
fn a_poll_waits_until_there_is_something_to_say() {
    let mut scene = Scene::on(Transport::Polling);
    assert_eq!(scene.poll(10), [Output::Accept]);
    assert_eq!(scene.at(20, Input::Queued), [QUEUE]);
    assert_eq!(scene.at(30, Input::Queued), []);
}

#[test]
fn a_poll_that_is_released_ends_with_nothing_and_the_session_goes_on() {
    let mut scene = Scene::on(Transport::Polling);
    let _ = scene.poll(10);
    assert_eq!(scene.at(20, Input::ReleasePoll), [Output::AnswerPoll(PollAnswer::Noop)]);
    assert_eq!(scene.at(30, Input::ReleasePoll), []);
    assert_eq!(scene.poll(40), [Output::Accept]);
    assert_eq!(scene.at(50, Input::Queued), [QUEUE]);
}

#[test]
fn a_poll_that_finds_something_queued_does_not_wait() {
    let mut scene = Scene::on(Transport::Polling);
    assert_eq!(scene.at(10, Input::Queued), []);
    assert_eq!(scene.at(20, Input::Poll { queued: true }), [Output::Accept, QUEUE]);
    assert_eq!(scene.poll(30), [Output::Accept]);
}

#[test]
fn a_ping_goes_before_what_is_queued() {
    let mut scene = Scene::on(Transport::Polling);
    let _ = scene.at(300, Input::Timer);
    assert_eq!(
        scene.at(310, Input::Poll { queued: true }),
        [Output::Accept, Output::AnswerPoll(PollAnswer::Queue { ping: true })]
    );
}

#[test]
fn the_packets_of_a_post_are_delivered_in_order() {
    let mut scene = Scene::on(Transport::Polling);
    assert_eq!(scene.at(10, Input::PostStarted), [Output::Accept]);
    assert_eq!(scene.posted(11, &message()), [Output::Deliver]);
    assert_eq!(scene.posted(11, &message()), [Output::Deliver]);
    assert_eq!(scene.at(11, Input::PostEnded), []);
    assert_eq!(scene.at(12, Input::PostStarted), [Output::Accept]);
}

#[test]
fn a_second_poll_ends_both_and_the_session() {
    let mut scene = Scene::on(Transport::Polling);
    let _ = scene.poll(10);
    assert_eq!(
        scene.poll(20),
        [
            Output::Refuse(ProtocolError::BadRequest),
            Output::AnswerPoll(PollAnswer::Close),
            Output::Closed(CloseReason::TransportError)
        ]
    );
    assert_eq!(scene.poll(30), [Output::Refuse(ProtocolError::UnknownSession)]);
}

#[test]
fn a_second_post_at_a_time_ends_the_session() {
    let mut scene = Scene::on(Transport::Polling);
    let _ = scene.at(10, Input::PostStarted);
    assert_eq!(
        scene.at(11, Input::PostStarted),
        [Output::Refuse(ProtocolError::BadRequest), Output::Closed(CloseReason::TransportError)]
    );
}

#[test]
fn a_poll_that_the_client_gives_up_ends_the_session() {
    let mut scene = Scene::on(Transport::Polling);
    let _ = scene.poll(10);
    assert_eq!(scene.at(20, Input::PollGone), [Output::Closed(CloseReason::TransportError)]);
    assert_eq!(scene.poll(30), [Output::Refuse(ProtocolError::UnknownSession)]);
}

#[test]
fn a_heartbeat_that_falls_due_as_the_poll_is_given_up_answers_nobody() {
    let mut scene = Scene::on(Transport::Polling);
    let _ = scene.poll(10);
    assert_eq!(scene.at(300, Input::PollGone), [Output::Closed(CloseReason::TransportError)]);
}

#[test]
fn an_answer_that_could_not_be_written_ends_the_session() {
    let mut scene = Scene::on(Transport::Polling);
    let _ = scene.at(10, Input::Poll { queued: true });
    assert_eq!(scene.at(11, Input::PollGone), [Output::Closed(CloseReason::TransportError)]);
}

#[test]
fn a_post_that_breaks_off_ends_the_session_and_its_poll() {
    let mut scene = Scene::on(Transport::Polling);
    let _ = scene.poll(5);
    let _ = scene.at(10, Input::PostStarted);
    assert_eq!(
        scene.at(20, Input::PostGone),
        [Output::AnswerPoll(PollAnswer::Close), Output::Closed(CloseReason::TransportError)]
    );
}

#[test]
fn a_malformed_post_ends_the_session_and_its_poll() {
    let mut scene = Scene::on(Transport::Polling);
    let _ = scene.poll(10);
    let _ = scene.at(20, Input::PostStarted);
    assert_eq!(
        scene.at(20, Input::Malformed(Source::Polling)),
        [Output::AnswerPoll(PollAnswer::Close), Output::Closed(CloseReason::ParseError)]
    );
    assert_eq!(scene.poll(30), [Output::Refuse(ProtocolError::UnknownSession)]);
}

#[test]
fn a_client_that_leaves_gets_a_noop_for_its_waiting_poll() {
    let mut scene = Scene::on(Transport::Polling);
    let _ = scene.poll(10);
    let _ = scene.at(20, Input::PostStarted);
    assert_eq!(
        scene.posted(20, &Packet::Close),
        [Output::AnswerPoll(PollAnswer::Noop), Output::Closed(CloseReason::TransportClose)]
    );
    assert_eq!(scene.posted(20, &message()), []);
    assert_eq!(scene.poll(30), [Output::Refuse(ProtocolError::UnknownSession)]);
}

#[test]
fn packets_that_say_nothing_to_an_open_session_pass() {
    let mut scene = Scene::on(Transport::Polling);
    for packet in [Packet::Open("{}"), Packet::Upgrade, Packet::Noop] {
        assert_eq!(scene.posted(10, &packet), []);
    }
    assert!(!scene.session.is_closed());
}

#[test]
fn messages_of_a_polling_session_are_queued() {
    let scene = Scene::on(Transport::Polling);
    assert!(!scene.session.writes_directly());
    assert_eq!(scene.session.transport(), Some(Transport::Polling));
}
