//! Events of clients: decode, judge, send on, answer.

use std::sync::Arc;

use heliograph_domain::{
    command::{PresenceCommand, PresenceRequest, RoomCommand},
    id::CommandId,
    matching::{MatchMode, MatchingCommand},
    outcome::RoomOutcome,
    refusal::{Code, Refusal},
    room::RoomKind,
};
use heliograph_telemetry::metrics;
use heliograph_vocabulary::{Dialect, Request, Said, Standpoint, synapse};

use super::{SocketIo, client, question::Question};
use crate::{
    application::{ClientEvent, Socket},
    clients::{Held, Recipient, Speech, is_ordered},
    identity::{Identity, Mode},
    policy::Kind,
};

impl SocketIo {
    pub(super) fn handle(&self, socket: &Arc<Socket>, event: ClientEvent) -> Held {
        let client = client(socket)?;
        if client.is_provisional()
            && let Some(dialect) = self.recognize(client, &event.name)
        {
            let (server, socket) = (self.clone(), Arc::clone(socket));
            return Some(Box::pin(async move {
                server.change(&socket, dialect).await;
                if let Some(held) = server.handle(&socket, event) {
                    held.await;
                }
            }));
        }
        let Speech::SocketIo(dialect) = client.speech() else { return None };
        metrics::count(&self.clients.metrics.events, dialect.vocabulary().name());
        let argument = event.args.first().map(|argument| argument.as_str());
        let said = Said { name: &event.name, args: argument.as_slice(), attachments: &event.attachments };
        let identity = client.identity();
        let latest = |kind| client.latest(kind);
        let standpoint = Standpoint { user: identity.as_ref().map(|identity| &identity.user.id), latest: &latest };
        let asked = dialect.read(&said, &standpoint, &self.sizes);
        self.clients.judge(client, asked.claims.into_iter());
        let (request, reference) = (asked.request, asked.reference);
        let (ack, asking) = (event.ack, Arc::clone(client));
        let on = Arc::clone(socket);
        let question = move |name| Question { socket: on, client: asking, dialect, event: name, reference, ack };
        match request {
            Ok(Request::Authenticate(request)) => {
                let server = self.clone();
                Some(Box::pin(server.authenticate(question(event.name), request)))
            }
            Err(refusal) if refusal.code == Code::UnknownEvent => {
                // Clients of other servers may emit what we do not know; it hurts nobody.
                question(event.name).refuse(&self.clients, &refusal);
                None
            }
            request if identity.is_some() => self.carry_out(question(event.name), request),
            _ if self.clients.verifier.mode() == Mode::Open => {
                // In the development mode the first event makes a guest of a client that named nobody.
                let (server, socket) = (self.clone(), Arc::clone(socket));
                Some(Box::pin(async move {
                    let Some(client) = super::client(&socket) else { return };
                    if let Err(refusal) = server.bind(&socket, client, Identity::guest(None)).await {
                        return question(event.name).refuse(&server.clients, &refusal);
                    }
                    if let Some(held) = server.handle(&socket, event) {
                        held.await;
                    }
                }))
            }
            _ => {
                question(event.name).refuse(&self.clients, &Code::AuthRequired.into());
                // Only synapse has an event by which a client says later who it is.
                if dialect != Dialect::Synapse {
                    socket.disconnect(true);
                }
                None
            }
        }
    }

    fn carry_out(&self, question: Question, request: Result<Request, Refusal>) -> Held {
        match request {
            Ok(request @ (Request::SetStatus(_) | Request::SetActive(_) | Request::Appear | Request::Block { .. })) => {
                self.ask_presence(question, request)
            }
            Ok(request @ (Request::Room { .. } | Request::Call { .. })) => self.command(question, request),
            Ok(request @ Request::Nothing) => {
                question.acknowledge(&request, &RoomOutcome::Done);
                None
            }
            Ok(Request::Authenticate(_)) => None,
            Err(refusal) => {
                question.refuse(&self.clients, &refusal);
                None
            }
        }
    }

    fn command(&self, question: Question, request: Request) -> Held {
        let room = request.target()?;
        let (Request::Room { command, .. } | Request::Call { command, .. }) = &request else { return None };
        if let Err(refusal) = self.clients.permit(&question.client, &room, command) {
            question.refuse(&self.clients, &refusal);
            return None;
        }
        let (server, client, lane) = (self.clone(), Arc::clone(&question.client), room.clone());
        let ordered = is_ordered(command);
        let command = command.clone();
        // What few commands need is apart, so that the others do not carry its size.
        let work = async move {
            let clients = &server.clients;
            if let RoomCommand::Matching(MatchingCommand::Enqueue { mode: MatchMode::Immediate, .. }) = &command
                && let Some(pair) = question.client.latest(RoomKind::Match)
                && let Err(refusal) = clients.leave(&question.client, &pair, true).await
            {
                // Who looks for somebody else leaves the one they were with.
                return question.refuse(clients, &refusal);
            }
            let result = match command {
                RoomCommand::Join(join) => {
                    let recipient = Recipient::SocketIo(Arc::clone(&question.socket));
                    let answer = |joined: &_| {
                        let outcome = RoomOutcome::Joined(Box::new(Clone::clone(joined)));
                        question.acknowledge(&request, &outcome);
                    };
                    let joining = Box::pin(clients.join(&recipient, &question.client, &room, join, answer));
                    if let Err(refusal) = joining.await {
                        question.refuse(clients, &refusal);
                    }
                    return;
                }
                RoomCommand::Leave { permanent } => Box::pin(clients.leave(&question.client, &room, permanent)).await,
                RoomCommand::SetTyping { on } => Box::pin(clients.set_typing(&question.client, &room, on)).await,
                command => clients.ask(&question.client, &room, command).await,
            };
            match result {
                Ok(outcome) => question.acknowledge(&request, &outcome),
                Err(refusal) => question.refuse(clients, &refusal),
            }
        };
        self.clients.start(&client, Some((&lane, ordered)), work)
    }

    fn ask_presence(&self, question: Question, request: Request) -> Held {
        if let Err(refusal) = self.clients.take(&question.client, Kind::Typing) {
            question.refuse(&self.clients, &refusal);
            return None;
        }
        let (server, client) = (self.clone(), Arc::clone(&question.client));
        let work = async move {
            let Some(identity) = question.client.identity() else { return };
            let (user, socket) = (identity.user.clone(), question.client.id.clone());
            let command = match &request {
                Request::SetStatus(status) => PresenceCommand::SetStatus { user, status: *status },
                Request::SetActive(active) => PresenceCommand::SetActive { user, socket, active: *active },
                Request::Appear => PresenceCommand::Appear { user, socket },
                Request::Block { user: other, on: true } => {
                    PresenceCommand::BlockUser { user: user.id, other: other.clone() }
                }
                Request::Block { user: other, on: false } => {
                    PresenceCommand::UnblockUser { user: user.id, other: other.clone() }
                }
                Request::Authenticate(_) | Request::Room { .. } | Request::Call { .. } | Request::Nothing => return,
            };
            let asked = PresenceRequest { id: CommandId::generate(), command };
            match (server.clients.commands.presence(&asked).await, request) {
                (Ok(_), Request::SetStatus(status)) => question.answer(&synapse::status_ack(status)),
                (Ok(_), request) => question.acknowledge(&request, &RoomOutcome::Done),
                (Err(refusal), _) => question.refuse(&server.clients, &refusal),
            }
        };
        self.clients.start(&client, None, work)
    }
}
