//! The Socket.IO contract: what each event does.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use heliograph_domain::id::SocketId;
use heliograph_gateway::application::{
    Accepted, Application, ClientEvent, ConnectRequest, DisconnectReason, Json, Refused, Socket,
};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::hub::{Audience, Hub, Restored};
use crate::lane::Lane;

/// How long a client may take to answer a question.
const QUESTION_LIMIT: Duration = Duration::from_secs(1);

/// From the CONNECT answer to the `auth` event. Suites that await one message at a time would miss a second one that
/// their WebSocket library hands out from the same read.
const GREETING_DELAY: Duration = Duration::from_millis(10);

/// How long a client's next packets wait for that event.
const GREETING_PATIENCE: Duration = Duration::from_millis(200);

/// The application at `/socket.io/`.
pub(crate) struct Contract {
    hub: Arc<dyn Hub>,
}

/// What the contract knows of a socket.
struct Context {
    auth: Json,
    pid: Option<String>,
    restored: Option<Restored>,
    lane: Lane,
}

impl Contract {
    /// An application whose sessions are those of a hub.
    pub(crate) fn new(hub: Arc<dyn Hub>) -> Self {
        Self { hub }
    }
}

/// Whether a client may enter a namespace, and what is known of it.
async fn admit(hub: &dyn Hub, request: ConnectRequest) -> Result<Accepted, Refused> {
    let auth: Value =
        request.auth.as_ref().and_then(|auth| serde_json::from_str(auth.as_str()).ok()).unwrap_or_default();
    match request.namespace.as_str() {
        "/" | "/custom" => {}
        "/x-guarded" if auth["token"] == "letmein" => {}
        "/x-guarded" => {
            let data = Some(r#"{"code":401}"#.to_owned());
            return Err(Refused { data, ..Refused::new("not authorized") });
        }
        _ => return Err(Refused::invalid_namespace()),
    }
    // Some clients cannot live with offsets, and say so in the query or in their auth payload.
    let declined = request.handshake.query("recovery").as_deref() == Some("off") || auth["recovery"] == "off";
    let recovers = hub.recovers() && !declined;
    let claim = request.recovery.as_ref().filter(|_| recovers);
    let restored = match claim {
        Some(claim) => hub.claim(&request.namespace, claim).await,
        None => None,
    };
    let sid = restored.as_ref().map_or_else(|| SocketId::random().to_string(), |restored| restored.sid.clone());
    let pid = match (&restored, claim) {
        (Some(_), Some(claim)) => Some(claim.pid.clone()),
        _ => recovers.then(|| secret(&sid)),
    };
    let auth = request.auth.clone().or_else(|| Json::new("{}").ok());
    let auth = auth.ok_or_else(|| Refused::new("no payload"))?;
    Ok(Accepted {
        sid: Some(sid),
        pid: pid.clone(),
        context: Box::new(Context { auth, pid, restored, lane: Lane::open() }),
    })
}

/// An event of the main namespace.
async fn main_event(hub: &dyn Hub, socket: &Arc<Socket>, event: ClientEvent) {
    let ClientEvent { namespace, name, args, ack, attachments } = event;
    let confirm = || {
        if let Some(id) = ack {
            socket.ack(id, &["true"], &[]);
        }
    };
    match (name.as_str(), args.as_slice()) {
        ("message", args) => {
            hub.emit(&namespace, Audience::Socket(socket.id()), "message-back", args, &attachments).await;
        }
        ("message-with-ack", args) => {
            if let Some(id) = ack {
                socket.ack(id, args, &attachments);
            }
        }
        ("x-broadcast", args) => hub.emit(&namespace, Audience::Everyone, &name, args, &attachments).await,
        ("x-join", [room, ..]) => {
            hub.attend(socket, room.as_str(), true).await;
            confirm();
        }
        ("x-leave", [room, ..]) => {
            hub.attend(socket, room.as_str(), false).await;
            confirm();
        }
        ("x-to", [room, ..]) => {
            let audience = Audience::Room { room: room.as_str(), except: socket.id() };
            hub.emit(&namespace, audience, &name, &args, &attachments).await;
        }
        ("x-ask", _) => {
            let socket = Arc::clone(socket);
            // Not waited for: the answer is a later packet of this client.
            tokio::spawn(async move {
                let answer = socket.emit_with_ack("x-question", &args, &attachments, QUESTION_LIMIT).await;
                let Some(id) = ack else { return };
                match answer {
                    Ok(answer) => {
                        let value = answer.args.first().map_or("null", Json::as_str);
                        socket.ack(id, &[r#""ok""#, value], &answer.attachments);
                    }
                    Err(_) => {
                        socket.ack(id, &[r#""timeout""#, "null"], &[]);
                    }
                }
            });
        }
        ("x-kick", args) => socket.disconnect(args.first().is_some_and(|close| close.as_str() == "true")),
        ("x-drop", _) => socket.connection().close(),
        _ => {}
    }
}

impl Application for Contract {
    fn connect(&self, request: ConnectRequest) -> BoxFuture<'static, Result<Accepted, Refused>> {
        let hub = Arc::clone(&self.hub);
        async move { admit(&*hub, request).await }.boxed()
    }

    fn connected(&self, socket: &Arc<Socket>) -> Option<BoxFuture<'static, ()>> {
        let hub = Arc::clone(&self.hub);
        let (greeted, done) = oneshot::channel::<()>();
        let full = in_order(socket, |socket| async move {
            let _greeted = greeted;
            let Some(Context { auth, pid, restored, .. }) = socket.context() else { return };
            hub.connected(&socket, pid.as_deref(), restored.as_ref()).await;
            tokio::time::sleep(GREETING_DELAY).await;
            let audience = Audience::Socket(socket.id());
            hub.emit(socket.namespace(), audience, "auth", std::slice::from_ref(auth), &[]).await;
        });
        // So that it comes before the answer to a POST, unless the store takes its time.
        let greeting = async move { drop(tokio::time::timeout(GREETING_PATIENCE, done).await) };
        full.or_else(|| Some(greeting.boxed()))
    }

    fn event(&self, socket: &Arc<Socket>, event: ClientEvent) -> Option<BoxFuture<'static, ()>> {
        if !event.namespace.is_main() {
            return None;
        }
        let hub = Arc::clone(&self.hub);
        in_order(socket, |socket| async move { main_event(&*hub, &socket, event).await })
    }

    fn disconnected(&self, socket: &Arc<Socket>, reason: DisconnectReason) {
        let hub = Arc::clone(&self.hub);
        if let Some(later) = in_order(socket, |socket| async move { hub.disconnected(&socket, reason) }) {
            tokio::spawn(later);
        }
    }
}

/// Does something for a socket after all that came before.
fn in_order<F: Future<Output = ()> + Send + 'static>(
    socket: &Arc<Socket>,
    work: impl FnOnce(Arc<Socket>) -> F,
) -> Option<BoxFuture<'static, ()>> {
    let Context { lane, .. } = socket.context()?;
    lane.put(work(Arc::clone(socket)).boxed())
}

/// The name of a session, unguessable beyond the id of its socket.
fn secret(sid: &str) -> String {
    format!("{sid}.{:032x}", rand::random::<u128>())
}
