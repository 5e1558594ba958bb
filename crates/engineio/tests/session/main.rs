//! A session in simulated time: each step says when something happens and what has to follow.

mod closing;
mod heartbeat;
mod polling;
mod robustness;
mod upgrade;
mod websocket;

use std::sync::Arc;
use std::time::{Duration, Instant};

use heliograph_engineio::{Input, Message, Output, Packet, Session, SessionOptions, Source, Transport};

/// Times as in the public protocol suites.
fn options() -> SessionOptions {
    SessionOptions {
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        allow_upgrades: true,
        upgrade_timeout: Duration::from_millis(1000),
        probed_poll_hold: Duration::from_millis(50),
        close_timeout: Duration::from_millis(400),
    }
}

/// A session and the moment it was opened at.
struct Scene {
    session: Session,
    opened: Instant,
}

impl Scene {
    fn on(transport: Transport) -> Self {
        Self::with(transport, options())
    }

    fn with(transport: Transport, options: SessionOptions) -> Self {
        let opened = Instant::now();
        Self { session: Session::new(transport, Arc::new(options), opened), opened }
    }

    /// A session that went through the whole upgrade at 0 ms.
    fn upgraded() -> Self {
        let mut scene = Self::on(Transport::Polling);
        let _ = scene.at(0, Input::WebSocketOpened);
        let _ = scene.frame(0, &Packet::Ping("probe"));
        assert_eq!(scene.frame(0, &Packet::Upgrade), [Output::Upgraded]);
        scene
    }

    /// What follows from an input so many milliseconds after the opening.
    fn at(&mut self, ms: u64, input: Input<'_>) -> Vec<Output> {
        let now = self.opened + Duration::from_millis(ms);
        self.session.handle(input, now).collect()
    }

    fn posted(&mut self, ms: u64, packet: &Packet<'_>) -> Vec<Output> {
        self.at(ms, Input::Packet(Source::Polling, packet))
    }

    fn frame(&mut self, ms: u64, packet: &Packet<'_>) -> Vec<Output> {
        self.at(ms, Input::Packet(Source::WebSocket, packet))
    }

    /// A poll with nothing queued for it.
    fn poll(&mut self, ms: u64) -> Vec<Output> {
        self.at(ms, Input::Poll { queued: false })
    }

    /// The deadline, in milliseconds after the opening.
    fn deadline(&self) -> Option<u128> {
        let deadline = self.session.deadline()?;
        Some((deadline - self.opened).as_millis())
    }
}

fn message() -> Packet<'static> {
    Packet::Message(Message::Text("hello"))
}
