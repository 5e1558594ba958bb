//! Whatever happens in whatever order, a session keeps what its owner relies on.

use heliograph_engineio::{CloseReason, Input, Output, Packet, Source, Transport};
use proptest::prelude::*;

use crate::{Scene, message};

fn any_packet() -> impl Strategy<Value = Packet<'static>> {
    prop::sample::select(vec![
        Packet::Open(""),
        Packet::Close,
        Packet::Ping(""),
        Packet::Ping("probe"),
        Packet::Pong(""),
        message(),
        Packet::Upgrade,
        Packet::Noop,
    ])
}

/// An input by number; packets come beside it because an input borrows them.
fn input<'a>(number: u8, packet: &'a Packet<'static>) -> Input<'a> {
    match number {
        0 => Input::Timer,
        1 => Input::Close(CloseReason::ForcedClose),
        2 => Input::Abort(CloseReason::SlowConsumer),
        3 => Input::Malformed(Source::Polling),
        4 => Input::Malformed(Source::WebSocket),
        5 => Input::PollGone,
        6 => Input::PostStarted,
        7 => Input::PostEnded,
        8 => Input::PostGone,
        9 => Input::Queued,
        10 => Input::WebSocketClosed,
        11 => Input::WebSocketFailed,
        12 => Input::Drained,
        13 | 14 => Input::WebSocketOpened,
        15 | 16 => Input::Poll { queued: false },
        17 | 18 => Input::Poll { queued: true },
        19..=22 => Input::Packet(Source::Polling, packet),
        _ => Input::Packet(Source::WebSocket, packet),
    }
}

fn is_request(input: &Input<'_>) -> bool {
    matches!(input, Input::Poll { .. } | Input::PostStarted | Input::WebSocketOpened)
}

proptest! {
    #[test]
    fn the_promises_to_the_owner_hold(
        on_websocket in any::<bool>(),
        steps in prop::collection::vec((0u8..27, any_packet(), 0u64..120), 0..60),
    ) {
        let mut scene = Scene::on(if on_websocket { Transport::WebSocket } else { Transport::Polling });
        let mut poll_waits = false;
        let mut websocket = on_websocket;
        let mut ms = 0;
        for (number, packet, pause) in steps {
            ms += pause;
            let input = input(number, &packet);
            let closed_before = scene.session.is_closed();
            if matches!(input, Input::PollGone) {
                poll_waits = false;
            }
            let outputs = scene.at(ms, input);
            let answers = outputs
                .iter()
                .filter(|output| matches!(output, Output::Accept | Output::Refuse(_)))
                .count();
            prop_assert_eq!(answers, usize::from(is_request(&input)), "every request is answered once");
            for output in &outputs {
                match output {
                    Output::Accept => match input {
                        Input::Poll { .. } => poll_waits = true,
                        Input::WebSocketOpened => {
                            prop_assert!(!websocket, "a session has one WebSocket");
                            websocket = true;
                        }
                        _ => {}
                    },
                    Output::AnswerPoll(_) => {
                        prop_assert!(poll_waits, "only a waiting poll is answered");
                        poll_waits = false;
                    }
                    Output::Send(_) | Output::Upgraded | Output::Drain => {
                        prop_assert!(websocket, "there is a WebSocket to write to");
                    }
                    Output::CloseWebSocket => {
                        prop_assert!(websocket, "there is a WebSocket to close");
                        websocket = false;
                    }
                    Output::Closed(_) => {
                        prop_assert!(!closed_before, "a session ends once");
                        prop_assert!(!poll_waits && !websocket, "nothing is left open");
                    }
                    Output::Refuse(_) | Output::Deliver => {}
                }
            }
            prop_assert_eq!(scene.session.is_closed(), scene.deadline().is_none());
            if let Some(deadline) = scene.deadline() {
                prop_assert!(deadline > u128::from(ms), "a deadline lies ahead");
            }
            if scene.session.writes_directly() {
                prop_assert!(websocket && !poll_waits);
            }
        }
    }
}
