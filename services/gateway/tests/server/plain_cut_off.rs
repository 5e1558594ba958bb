//! Plain WebSockets that do not take what they are sent.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use heliograph_gateway::application::{Class, Frame, PlainApplication, PlainClosed, PlainSocket, Sent};
use heliograph_gateway::listener::{Options, Server};
use heliograph_gateway::outlet::Bounds;
use heliograph_gateway::plain::PlainOptions;

use crate::client::WebSocket;
use crate::running::{Running, eventually};

/// Keeps its one socket, for the test to send to.
#[derive(Default)]
struct Lectern {
    socket: OnceLock<Arc<PlainSocket>>,
    closed: OnceLock<PlainClosed>,
}

impl PlainApplication for Lectern {
    fn open(&self, socket: &Arc<PlainSocket>) -> Option<BoxFuture<'static, ()>> {
        self.socket.set(Arc::clone(socket)).expect("one socket");
        None
    }

    fn text(&self, _: &Arc<PlainSocket>, _: String) -> Option<BoxFuture<'static, ()>> {
        None
    }

    fn binary(&self, _: &Arc<PlainSocket>, _: Bytes) -> Option<BoxFuture<'static, ()>> {
        None
    }

    fn closed(&self, _: &Arc<PlainSocket>, closed: PlainClosed) {
        self.closed.set(closed).expect("it closes once");
    }
}

/// A server whose one client has been sent so much that it was cut off.
async fn cut_off(close_timeout: Duration) -> (Running, Arc<Lectern>, WebSocket) {
    let lectern = Arc::new(Lectern::default());
    let options = Options { outbound: Bounds { soft: 64 * 1024, hard: 256 * 1024 }, ..Options::default() };
    let metrics = options.metrics.clone();
    let plain = PlainOptions { close_timeout, ..PlainOptions::default() };
    let server = Server::new(options).plain("/ws", plain, Arc::clone(&lectern) as Arc<dyn PlainApplication>);
    let server = Running::start(server, metrics).await;
    let client = WebSocket::connect(server.address, "/ws").await;
    eventually(|| lectern.socket.get().is_some()).await;
    let socket = lectern.socket.get().expect("it is open");
    let frame = Frame::text(&"x".repeat(50_000));
    while socket.send(&frame, Class::Message) != Sent::Closed {
        tokio::task::yield_now().await;
    }
    (server, lectern, client)
}

#[tokio::test]
async fn one_that_reads_on_too_late_is_told_why_it_was_cut_off() {
    let (server, lectern, mut client) = cut_off(Duration::from_secs(600)).await;
    assert_eq!(server.metrics.slow_consumers.get(), 1);
    // Whole messages first: those that the system had taken, and the one that was begun.
    let close = client.closed().await.expect("a close frame");
    assert_eq!((close.code.get(), close.reason.as_str()), (1013, "slow consumer"));
    eventually(|| lectern.closed.get() == Some(&PlainClosed::SlowConsumer)).await;
    assert_eq!(server.metrics.outbound_queued_bytes.get(), 0);
}

#[tokio::test]
async fn one_that_never_reads_is_gone_after_its_time() {
    let (server, lectern, _client) = cut_off(Duration::from_millis(50)).await;
    eventually(|| lectern.closed.get() == Some(&PlainClosed::SlowConsumer)).await;
    assert_eq!(server.metrics.outbound_queued_bytes.get(), 0);
}
