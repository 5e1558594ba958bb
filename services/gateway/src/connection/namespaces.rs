//! Socket.IO packets, and what the application makes of them.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use heliograph_engineio::{CloseReason, Input, Message};
use heliograph_socketio::{Decoder, Json, Namespace, Namespaces, Packet, Route, encode};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::driver::Work;
use super::{Acknowledgement, Driver, Protocol, Socket};
use crate::application::{Accepted, Application, ConnectRequest, DisconnectReason, RecoveryClaim, Refused};
use crate::frame::Frame;
use crate::outlet::Class;
use crate::token;

/// The Socket.IO side of a connection.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) decoder: Decoder,
    pub(super) namespaces: Namespaces<Arc<Socket>>,
}

/// The application's answer to a CONNECT.
pub(super) type Decision = Result<Accepted, Refused>;

impl Driver {
    fn application(&self) -> Option<Arc<dyn Application>> {
        match &self.endpoint.protocol {
            Protocol::SocketIo(application) => Some(Arc::clone(application)),
            Protocol::Messages(_) => None,
        }
    }

    pub(super) fn socket_io_message(&mut self, message: Message<'_>) {
        let Some(client) = &mut self.client else {
            return;
        };
        let decoded = match message {
            Message::Text(text) => client.decoder.text(text),
            Message::Binary(content) => client.decoder.binary(content),
        };
        match decoded {
            Ok(Some(packet)) => self.route(packet),
            Ok(None) => {}
            Err(error) => {
                tracing::debug!(%error, "a packet cannot be read");
                self.invalid_packet();
            }
        }
    }

    fn invalid_packet(&mut self) {
        self.endpoint.count_invalid("packet");
        self.handle(Input::Abort(CloseReason::ParseError));
    }

    fn route(&mut self, packet: Packet) {
        let (Some(application), Some(client)) = (self.application(), &mut self.client) else {
            return;
        };
        match (client.namespaces.route(&packet), packet) {
            (Route::Connect, Packet::Connect { namespace, auth }) => self.ask(&*application, namespace, auth),
            (Route::Full, packet) => {
                self.refuse(packet.namespace(), &Refused::new("Too many namespaces"));
            }
            (Route::Deliver(socket), Packet::Event(event)) => {
                let work = application.event(socket, event);
                self.wait_for(work);
            }
            (Route::Deliver(socket), Packet::Ack(ack)) => {
                socket.resolve(ack.id, Acknowledgement { args: ack.args, attachments: ack.attachments });
            }
            (Route::Left(socket), _) => {
                if socket.leave() {
                    application.disconnected(&socket, DisconnectReason::ClientNamespaceDisconnect);
                }
            }
            (Route::Close(violation), _) => {
                tracing::debug!(%violation, "a packet does not fit the connection's state");
                self.invalid_packet();
            }
            // Nothing is read while a CONNECT is being decided, so no packet has to be held; and of the packets that
            // are routed to a socket or to the application there are no others.
            (Route::Hold | Route::Connect | Route::Deliver(_), _) => self.invalid_packet(),
        }
    }

    fn ask(&mut self, application: &dyn Application, namespace: Namespace, auth: Option<Json>) {
        let request = ConnectRequest {
            namespace: namespace.clone(),
            recovery: auth.as_ref().and_then(recovery_claim),
            auth,
            handshake: Arc::clone(self.connection.handshake()),
            connection: Arc::clone(&self.connection),
        };
        self.work = Some(Work::Connect(Box::new((namespace, application.connect(request)))));
    }

    /// The application has decided about a CONNECT.
    pub(super) fn decided(&mut self, namespace: &Namespace, decision: Decision) {
        let (Some(application), Some(client)) = (self.application(), &mut self.client) else {
            return;
        };
        let mut accepted = match decision {
            Ok(accepted) => accepted,
            Err(refused) => {
                client.namespaces.refuse(namespace);
                return self.refuse(namespace, &refused);
            }
        };
        let id = accepted.sid.take().unwrap_or_else(token::draw);
        let answer = encode::connect(namespace.as_str(), &id, accepted.pid.as_deref());
        let socket = Socket::new(id.into(), namespace.clone(), Arc::clone(&self.connection), accepted);
        let socket = Arc::new(socket);
        if client.namespaces.accept(namespace, Arc::clone(&socket)) {
            self.connection.outlet.control(&Frame::packet(&answer, &[]));
            let work = application.connected(&socket);
            self.wait_for(work);
        }
    }

    fn refuse(&mut self, namespace: &Namespace, refused: &Refused) {
        if !refused.silent {
            let answer = encode::connect_error(namespace.as_str(), &refused.message, refused.data.as_deref());
            self.connection.outlet.send(&Frame::packet(&answer, &[]), Class::Message);
        }
        if refused.then_close {
            self.close(CloseReason::ForcedClose);
        }
    }

    /// The server takes the client out of a namespace.
    pub(super) fn leave(&mut self, namespace: &Namespace) {
        let socket = self.client.as_mut().and_then(|client| client.namespaces.leave(namespace));
        if let (Some(socket), Some(application)) = (socket, self.application()) {
            self.send_disconnect(&socket, &*application);
        }
    }

    /// The server takes the client out of all namespaces, and closes the connection.
    pub(super) fn disconnect(&mut self) {
        if let (Some(application), Some(client)) = (self.application(), &mut self.client) {
            for socket in client.namespaces.close() {
                self.send_disconnect(&socket, &*application);
            }
        }
        self.close(CloseReason::ForcedClose);
    }

    fn send_disconnect(&self, socket: &Arc<Socket>, application: &dyn Application) {
        let packet = Frame::packet(&encode::disconnect(socket.namespace().as_str()), &[]);
        self.connection.outlet.send(&packet, Class::Message);
        if socket.leave() {
            application.disconnected(socket, DisconnectReason::ServerNamespaceDisconnect);
        }
    }

    /// The connection is over for all of its sockets. They are told when `work`, the last thing that was done for
    /// them, is done.
    pub(super) fn abandon(&mut self, reason: DisconnectReason, work: Option<BoxFuture<'static, ()>>) {
        let (Some(application), Some(client)) = (self.application(), &mut self.client) else {
            return;
        };
        let sockets: Vec<_> = client.namespaces.close().filter(|socket| socket.leave()).collect();
        let tell = move || sockets.iter().for_each(|socket| application.disconnected(socket, reason));
        match work {
            None => tell(),
            Some(work) => {
                self.endpoint.tasks.spawn(async move {
                    work.await;
                    tell();
                });
            }
        }
    }
}

/// What an auth payload claims for recovery. A claim that is malformed is none.
fn recovery_claim(auth: &Json) -> Option<RecoveryClaim> {
    #[derive(Deserialize)]
    struct Claim<'a> {
        #[serde(borrow)]
        pid: Option<&'a RawValue>,
        #[serde(borrow)]
        offset: Option<&'a RawValue>,
    }
    let claim: Claim<'_> = serde_json::from_str(auth.as_str()).ok()?;
    let text = |value: Option<&RawValue>| serde_json::from_str::<String>(value?.get()).ok();
    Some(RecoveryClaim { pid: text(claim.pid)?, offset: text(claim.offset) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_read_from_the_auth_payload_and_a_malformed_one_is_none() {
        let claim = |auth: &str| recovery_claim(&Json::new(auth).expect("JSON"));
        let full = Some(RecoveryClaim { pid: "p".to_owned(), offset: Some("o".to_owned()) });
        assert_eq!(claim(r#"{"token":1,"pid":"p","offset":"o"}"#), full);
        assert_eq!(claim(r#"{"pid":"p"}"#), Some(RecoveryClaim { pid: "p".to_owned(), offset: None }));
        assert_eq!(claim(r#"{"pid":"p","offset":7}"#), Some(RecoveryClaim { pid: "p".to_owned(), offset: None }));
        assert_eq!(claim(r#"{"pid":null,"offset":"o"}"#), None);
        assert_eq!(claim(r#"{"pid":["p"]}"#), None);
        assert_eq!(claim("{}"), None);
    }
}
