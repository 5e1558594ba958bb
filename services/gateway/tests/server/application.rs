//! What an application may rely on: order, back pressure, and being told of every end.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use heliograph_gateway::application::{
    Accepted, AckError, Application, Class, ClientEvent, ConnectRequest, DisconnectReason, Frame, Refused, Sent, Socket,
};
use heliograph_gateway::listener::Server;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::client::SocketIo;
use crate::running::{Running, eventually, long_times, soon};
use crate::settings::{self, Profile};

/// Takes notes, and waits where it is told to.
#[derive(Default)]
struct Scripted {
    notes: Mutex<Vec<String>>,
    sockets: Mutex<Vec<Arc<Socket>>>,
    /// Lets one CONNECT be decided.
    decide: Arc<Notify>,
    /// Lets one `wait` event be done.
    done: Arc<Notify>,
}

impl Scripted {
    fn note(&self, note: impl Into<String>) {
        self.notes.lock().push(note.into());
    }

    async fn noted(&self, notes: &[&str]) {
        eventually(|| *self.notes.lock() == notes).await;
    }
}

impl Application for Scripted {
    fn connect(&self, request: ConnectRequest) -> BoxFuture<'static, Result<Accepted, Refused>> {
        self.note(format!("connect {}", request.namespace));
        let decide = Arc::clone(&self.decide);
        async move {
            decide.notified().await;
            match request.namespace.as_str() {
                "/never" => Err(Refused { then_close: true, ..Refused::new("never") }),
                _ => Ok(Accepted { sid: None, pid: None, context: Box::new(7_u32) }),
            }
        }
        .boxed()
    }

    fn connected(&self, socket: &Arc<Socket>) -> Option<BoxFuture<'static, ()>> {
        self.note("connected");
        self.sockets.lock().push(Arc::clone(socket));
        None
    }

    fn event(&self, _socket: &Arc<Socket>, event: ClientEvent) -> Option<BoxFuture<'static, ()>> {
        self.note(event.name.clone());
        let done = Arc::clone(&self.done);
        (event.name == "wait").then(|| async move { done.notified().await }.boxed())
    }

    fn disconnected(&self, _socket: &Arc<Socket>, reason: DisconnectReason) {
        self.note(reason.as_str());
    }
}

async fn server() -> (Running, Arc<Scripted>) {
    let application = Arc::new(Scripted::default());
    let mut options = settings::options(Profile::Suites);
    long_times(&mut options);
    let metrics = options.metrics.clone();
    let serving = Arc::clone(&application) as Arc<dyn Application>;
    (Running::start(Server::new(options).socket_io("/socket.io/", serving), metrics).await, application)
}

async fn connected(server: &Running, application: &Scripted) -> SocketIo {
    let mut client = SocketIo::open(server.address).await;
    application.decide.notify_one();
    client.send("40").await;
    assert!(client.packet().await.starts_with("40{"));
    application.noted(&["connect /", "connected"]).await;
    application.notes.lock().clear();
    client
}

#[tokio::test]
async fn packets_wait_in_order_while_a_connect_is_decided() {
    let (server, application) = server().await;
    let mut client = SocketIo::open(server.address).await;
    for packet in ["40", r#"42["first"]"#, r#"42["second"]"#, "41"] {
        client.send(packet).await;
    }
    application.noted(&["connect /"]).await;
    application.decide.notify_one();
    application.noted(&["connect /", "connected", "first", "second", "client namespace disconnect"]).await;
}

#[tokio::test]
async fn nothing_more_is_read_while_an_event_is_being_handled() {
    let (server, application) = server().await;
    let mut client = connected(&server, &application).await;
    for name in ["wait", "next", "wait", "last"] {
        client.send(&format!(r#"42["{name}"]"#)).await;
    }
    application.noted(&["wait"]).await;
    application.done.notify_one();
    application.noted(&["wait", "next", "wait"]).await;
    application.done.notify_one();
    application.noted(&["wait", "next", "wait", "last"]).await;
}

#[tokio::test]
async fn the_end_is_told_after_the_last_event_was_handled() {
    let (server, application) = server().await;
    let mut client = connected(&server, &application).await;
    client.send(r#"42["wait"]"#).await;
    application.noted(&["wait"]).await;
    application.sockets.lock()[0].disconnect(true);
    client.websocket.closed().await;
    assert_eq!(
        application.sockets.lock()[0].send(&Frame::event("/", "late", &[""; 0], None, &[]), Class::Message),
        Sent::Closed
    );
    application.done.notify_one();
    application.noted(&["wait", "server namespace disconnect"]).await;
}

#[tokio::test]
async fn a_client_that_leaves_before_the_decision_is_never_connected() {
    let (server, application) = server().await;
    let mut client = SocketIo::open(server.address).await;
    client.send("40").await;
    application.noted(&["connect /"]).await;
    server.stop();
    client.websocket.closed().await;
    drop(client);
    server.ended().await;
    assert_eq!(*application.notes.lock(), ["connect /"]);
}

#[tokio::test]
async fn a_refusal_may_close_the_connection_behind_its_answer() {
    let (server, application) = server().await;
    let mut client = SocketIo::open(server.address).await;
    application.decide.notify_one();
    client.send("40/never,").await;
    assert_eq!(client.packet().await, r#"44/never,{"message":"never"}"#);
    client.websocket.closed().await;
    assert_eq!(*application.notes.lock(), ["connect /never"]);
}

#[tokio::test]
async fn a_socket_knows_its_context_and_its_request() {
    let (server, application) = server().await;
    let _client = connected(&server, &application).await;
    let socket = Arc::clone(&application.sockets.lock()[0]);
    assert_eq!(socket.context::<u32>(), Some(&7));
    assert_eq!(socket.context::<String>(), None);
    assert_eq!(socket.handshake().query("transport").as_deref(), Some("websocket"));
    assert_eq!(socket.handshake().path(), "/socket.io/");
}

#[tokio::test]
async fn a_question_to_a_client_that_leaves_has_no_answer() {
    let (server, application) = server().await;
    let mut client = connected(&server, &application).await;
    let socket = Arc::clone(&application.sockets.lock()[0]);
    let patience = Duration::from_secs(600);
    let question = tokio::spawn({
        let socket = Arc::clone(&socket);
        async move { socket.emit_with_ack("question", &["1"], &[], patience).await }
    });
    assert_eq!(client.packet().await, r#"420["question",1]"#);
    client.send("41").await;
    assert_eq!(soon(question).await.expect("no panic"), Err(AckError::Disconnected));
    assert_eq!(socket.emit_with_ack("question", &["1"], &[], patience).await, Err(AckError::Disconnected));
}

#[tokio::test]
async fn every_lost_connection_is_told_once() {
    let (server, application) = server().await;
    let client = connected(&server, &application).await;
    drop(client);
    application.noted(&["transport error"]).await;
    eventually(|| server.connections("websocket") == 0).await;
    assert_eq!(*application.notes.lock(), ["transport error"]);
}
