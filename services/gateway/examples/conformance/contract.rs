//! The Socket.IO contract: what each event does.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use heliograph_gateway::application::{
    Accepted, Application, ClientEvent, ConnectRequest, DisconnectReason, Json, Refused, Socket,
};
use serde_json::Value;

use crate::hub::{Audience, Hub, Restored};

/// How long a client may take to answer a question.
const QUESTION_LIMIT: Duration = Duration::from_secs(1);

/// From the CONNECT answer to the `auth` event. Suites that await one message at a time would miss a second one that
/// their WebSocket library hands out from the same read.
const GREETING_DELAY: Duration = Duration::from_millis(10);

/// The application at `/socket.io/`.
pub(crate) struct Contract {
    hub: Arc<Hub>,
}

/// What the contract knows of a socket.
struct Context {
    auth: Json,
    pid: Option<String>,
    restored: Option<Restored>,
}

impl Contract {
    /// An application which keeps lost sessions for `recovery`, if at all.
    pub(crate) fn new(recovery: Option<Duration>) -> Self {
        Self { hub: Arc::new(Hub::new(recovery)) }
    }

    fn admit(&self, request: &ConnectRequest) -> Result<Accepted, Refused> {
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
        let recovers = self.hub.recovers() && !declined;
        let claim = request.recovery.as_ref().filter(|_| recovers);
        let restored = claim.and_then(|claim| self.hub.claim(&request.namespace, claim));
        let pid = match (&restored, claim) {
            (Some(_), Some(claim)) => Some(claim.pid.clone()),
            _ => recovers.then(secret),
        };
        let auth = request.auth.clone().or_else(|| Json::new("{}").ok());
        let auth = auth.ok_or_else(|| Refused::new("no payload"))?;
        Ok(Accepted {
            sid: restored.as_ref().map(|restored| restored.sid.clone()),
            pid: pid.clone(),
            context: Box::new(Context { auth, pid, restored }),
        })
    }

    fn main_event(&self, socket: &Arc<Socket>, event: ClientEvent) {
        let ClientEvent { namespace, name, args, ack, attachments } = event;
        let hub = &self.hub;
        let confirm = || {
            if let Some(id) = ack {
                socket.ack(id, &["true"], &[]);
            }
        };
        match (name.as_str(), args.as_slice()) {
            ("message", args) => {
                hub.emit(&namespace, Audience::Socket(socket.id()), "message-back", args, &attachments);
            }
            ("message-with-ack", args) => {
                if let Some(id) = ack {
                    socket.ack(id, args, &attachments);
                }
            }
            ("x-broadcast", args) => hub.emit(&namespace, Audience::Everyone, &name, args, &attachments),
            ("x-join", [room, ..]) => {
                hub.attend(socket, room.as_str(), true);
                confirm();
            }
            ("x-leave", [room, ..]) => {
                hub.attend(socket, room.as_str(), false);
                confirm();
            }
            ("x-to", [room, ..]) => {
                let audience = Audience::Room { room: room.as_str(), except: socket.id() };
                hub.emit(&namespace, audience, &name, &args, &attachments);
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
}

impl Application for Contract {
    fn connect(&self, request: ConnectRequest) -> BoxFuture<'static, Result<Accepted, Refused>> {
        futures_util::future::ready(self.admit(&request)).boxed()
    }

    fn connected(&self, socket: &Arc<Socket>) -> Option<BoxFuture<'static, ()>> {
        let context = socket.context::<Context>()?;
        self.hub.connected(socket, context.pid.as_deref(), context.restored.as_ref());
        let (hub, socket) = (Arc::clone(&self.hub), Arc::clone(socket));
        let greet = async move {
            tokio::time::sleep(GREETING_DELAY).await;
            if let Some(context) = socket.context::<Context>() {
                let auth = std::slice::from_ref(&context.auth);
                hub.emit(socket.namespace(), Audience::Socket(socket.id()), "auth", auth, &[]);
            }
        };
        Some(greet.boxed())
    }

    fn event(&self, socket: &Arc<Socket>, event: ClientEvent) -> Option<BoxFuture<'static, ()>> {
        if event.namespace.is_main() {
            self.main_event(socket, event);
        }
        None
    }

    fn disconnected(&self, socket: &Arc<Socket>, reason: DisconnectReason) {
        self.hub.disconnected(socket, reason);
    }
}

/// An unguessable name for a session.
fn secret() -> String {
    format!("{:032x}", rand::random::<u128>())
}
