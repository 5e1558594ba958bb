//! `join`: who is it, which room, and does it have a session already.

use std::sync::Arc;

use heliograph_domain::{
    command::{Join, RoomCommand, Since},
    outcome::Joined,
    refusal::{Code, Refusal},
    room::RoomId,
    text::Reference,
    user::{Name, Vocabulary},
};
use heliograph_vocabulary::mesh::{self, Welcome};
use heliograph_websocket::CloseCode;

use super::{Connection, Mesh, send};
use crate::{
    application::PlainSocket,
    clients::{Claim, Client, Recipient, Resumption, Seen, Speech, recovery},
    fanout::Forms,
    identity::{AuthError, Identity},
};

/// Why a client is not let in.
enum NoEntry {
    /// It is nobody: the connection ends.
    Nobody(AuthError),
    /// It may not do that.
    Refused(Refusal),
}

impl<R: Into<Refusal>> From<R> for NoEntry {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal.into())
    }
}

impl Mesh {
    pub(super) async fn join(self, socket: Arc<PlainSocket>, id: Option<Reference>, request: mesh::Join) {
        match self.try_join(&socket, request).await {
            Ok(()) => {
                if let Some(id) = &id {
                    send(&socket, &mesh::ack(id, None));
                }
            }
            Err(NoEntry::Refused(refusal)) => self.refuse(&socket, id.as_ref(), None, &refusal),
            Err(NoEntry::Nobody(error)) => self.turn_away(&socket, id.as_ref(), error),
        }
    }

    async fn try_join(&self, socket: &Arc<PlainSocket>, request: mesh::Join) -> Result<(), NoEntry> {
        let Some(connection) = socket.context::<Connection>() else { return Err(Code::Unavailable.into()) };
        let room = match &request.room {
            Some(room) => room.clone(),
            None => room_of_handshake(socket)?,
        };
        let client = connection.client();
        if client.identity().is_none() {
            let identity = self.identity(socket, connection, &request)?;
            if request.user.as_ref().is_some_and(|user| *user != identity.user.id) {
                self.clients.metrics.identity_mismatches.inc();
            }
            if self.resume(socket, connection, &room, &request, &identity).await? {
                return Ok(());
            }
            self.announce(socket, &client, identity).await?;
        } else if let Some(token) = &request.token {
            self.renew(&client, token)?;
        }
        let elsewhere: Vec<_> =
            client.with(|state| state.rooms.iter().map(|a| a.room.clone()).filter(|other| *other != room).collect());
        let join = Join {
            since: request.since.map(Since::Seq),
            explicit: true,
            peer: Some(request.media),
            takeover: request.takeover,
            contents: false,
        };
        let command = RoomCommand::Join(join.clone());
        self.clients.permit(&client, &room, &command)?;
        for other in &elsewhere {
            self.clients.leave(&client, other, false).await?;
        }
        let recipient = Recipient::Plain(Arc::clone(socket), Arc::clone(&client));
        let with_messages = request.since.is_some();
        let answer = |joined: &Joined| self.tell_peers(socket, &client, &room, joined, false, with_messages);
        self.clients.join(&recipient, &client, &room, join, answer).await?;
        client.with(|state| state.media = Some(request.media));
        Ok(())
    }

    /// Who the client is: by the message's token, the handshake's, its own word where that counts, or as a
    /// guest where those are let in.
    fn identity(
        &self,
        socket: &PlainSocket,
        connection: &Connection,
        request: &mesh::Join,
    ) -> Result<Arc<Identity>, NoEntry> {
        let handshake = socket.handshake();
        let query = |name| handshake.query(name);
        let name = || {
            let given = ["username", "name"].into_iter().find_map(query);
            request.name.clone().or_else(|| Name::parse(&given?).ok())
        };
        let identity = if let Some(token) = &request.token {
            let verified = self.clients.verifier.verify(token, self.clients.clock.now());
            verified.map_err(NoEntry::Nobody)?
        } else if let Some(identity) = &connection.identity {
            Identity::clone(identity)
        } else if let Some(identity) = self.clients.verifier.claimed(query("userId").as_deref(), name()) {
            identity
        } else if self.anonymous {
            Identity::guest(name())
        } else {
            return Err(NoEntry::Nobody(AuthError::Failed));
        };
        Ok(Arc::new(identity.or_named(name())))
    }

    /// A client that is in shows a token again: the same user's renews its identity.
    fn renew(&self, client: &Arc<Client>, token: &str) -> Result<(), NoEntry> {
        let identity = self.clients.verifier.verify(token, self.clients.clock.now()).map_err(NoEntry::Nobody)?;
        let Some(current) = client.identity() else { return Ok(()) };
        if identity.user.id != current.user.id {
            return Err(Code::AuthFailed.into());
        }
        let renewed = Identity { user: current.user.clone(), named: current.named, ..identity };
        client.with(|state| state.identity = Some(Arc::new(renewed)));
        self.clients.watch_identity(client);
        Ok(())
    }

    async fn announce(
        &self,
        socket: &Arc<PlainSocket>,
        client: &Arc<Client>,
        identity: Arc<Identity>,
    ) -> Result<(), NoEntry> {
        let arrival = self.clients.announce(client, identity).await.inspect_err(|refusal| {
            if refusal.retryable() {
                // Whether the cluster knows the socket now is not certain: another one has to be made.
                socket.close(CloseCode::SERVICE_RESTART, "not available now");
            }
        })?;
        let recipient = Recipient::Plain(Arc::clone(socket), Arc::clone(client));
        for delivery in arrival.register(&recipient) {
            Forms::new(&delivery).send(&recipient, None);
        }
        Ok(())
    }

    /// Gives the client its session back if it has a right to it; whether it did. The connection ends if that
    /// cannot be found out now.
    async fn resume(
        &self,
        socket: &Arc<PlainSocket>,
        connection: &Connection,
        room: &RoomId,
        request: &mesh::Join,
        identity: &Arc<Identity>,
    ) -> Result<bool, Refusal> {
        let Some((id, secret)) = request.resume.as_deref().and_then(recovery::parse_pid) else { return Ok(false) };
        // An anonymous client is the guest that its session says.
        let proven = (request.token.is_some() || connection.identity.is_some()).then_some(identity);
        let claim = Claim {
            socket: id,
            secret,
            seen: request.since.map_or(Seen::Unsaid, Seen::Seq),
            peer: Some(request.media),
            identity: proven,
            provisional: false,
            speech: &|vocabulary| (vocabulary == Vocabulary::Mesh).then_some(Speech::Mesh),
        };
        let resumption = self.clients.resume(claim).await.inspect_err(|_| {
            socket.close(CloseCode::SERVICE_RESTART, "not available now");
        })?;
        let Some(resumption) = resumption.filter(|resumption| resumption.includes(room)) else { return Ok(false) };
        resumption.client.with(|state| state.media = Some(request.media));
        self.continue_session(socket, connection, resumption);
        Ok(true)
    }

    fn continue_session(&self, socket: &Arc<PlainSocket>, connection: &Connection, resumption: Resumption) {
        let client = Arc::clone(&resumption.client);
        let recipient = Recipient::Plain(Arc::clone(socket), Arc::clone(&client));
        let fresh = std::mem::replace(&mut *connection.client.lock(), Arc::clone(&client));
        self.clients.discard(&Recipient::Plain(Arc::clone(socket), Arc::clone(&fresh)), &fresh);
        if let Some(previous) = self.clients.registry.insert(&client.id, &recipient) {
            previous.cut();
        }
        let arrival = resumption.complete(&recipient, |room, joined, attendance| {
            attendance.advance(joined.position.seq);
            self.tell_peers(socket, &client, room, joined, true, true);
        });
        for delivery in arrival.register(&recipient) {
            Forms::new(&delivery).send(&recipient, None);
        }
    }

    fn tell_peers(
        &self,
        socket: &PlainSocket,
        client: &Client,
        room: &RoomId,
        joined: &Joined,
        resumed: bool,
        with_messages: bool,
    ) {
        let (Some(identity), Some(secret)) = (client.identity(), client.secret()) else { return };
        let servers = self.ice.servers(&identity.user.id, self.clients.clock.now());
        let welcome = Welcome {
            socket: &client.id,
            user: &identity.user,
            room,
            resume_token: &recovery::pid(&client.id, secret),
            resumed,
            with_messages,
            ice_servers: &serde_json::to_string(&servers).unwrap_or_else(|_| "[]".to_owned()),
        };
        send(socket, &mesh::peers(joined, &welcome));
    }
}

/// The room that the path `/ws/<room>` or the query names.
fn room_of_handshake(socket: &PlainSocket) -> Result<RoomId, NoEntry> {
    let handshake = socket.handshake();
    let in_path = handshake.path().strip_prefix("/ws/").filter(|room| !room.is_empty());
    let room = match in_path {
        Some(room) => percent_encoding::percent_decode_str(room).decode_utf8().ok(),
        None => handshake.query("room"),
    };
    let room = room.ok_or_else(|| Refusal::invalid("room", "is required"))?;
    Ok(RoomId::parse(&room).map_err(|error| Refusal::invalid("room", error))?)
}
