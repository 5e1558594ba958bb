//! Events of clients: decode, judge, send on, answer.

use std::sync::Arc;

use heliograph_domain::{
    command::{PresenceCommand, PresenceRequest, RoomCommand, Status},
    id::CommandId,
    outcome::RoomOutcome,
    refusal::{Code, Refusal},
    user::Vocabulary,
};
use heliograph_telemetry::metrics;
use heliograph_vocabulary::synapse::{self, Request};

use super::{Synapse, client};
use crate::{
    application::{AckId, ClientEvent, Socket},
    clients::{Client, Held, Recipient, is_ordered},
    identity::{Identity, Mode},
    policy::Kind,
};

/// An event that is being handled, and the way to answer it.
struct Asked {
    socket: Arc<Socket>,
    client: Arc<Client>,
    event: String,
    ack: Option<AckId>,
}

impl Synapse {
    pub(super) fn handle(&self, socket: &Arc<Socket>, event: ClientEvent) -> Held {
        let client = client(socket)?;
        metrics::count(&self.clients.metrics.events, Vocabulary::Synapse.name());
        let argument = event.args.first().map(|argument| argument.as_str());
        let request = if event.attachments.is_empty() {
            synapse::Event::read(&event.name, argument.as_slice(), &self.sizes).and_then(|event| {
                self.clients.judge(client, event.claims());
                event.request()
            })
        } else {
            Err(Refusal::invalid("event", "must not have binary attachments"))
        };
        let asked = Asked { socket: Arc::clone(socket), client: Arc::clone(client), event: event.name, ack: event.ack };
        match request {
            Ok(Request::Authenticate(request)) => {
                let synapse = self.clone();
                Some(Box::pin(synapse.authenticate(asked.socket, asked.client, request, asked.ack)))
            }
            Err(refusal) if refusal.code == Code::UnknownEvent => {
                // Clients of other servers may emit what we do not know; it hurts nobody.
                self.clients.count_refusal(&refusal);
                if let Some(ack) = asked.ack {
                    asked.socket.ack(ack, &[&synapse::failure_ack(&asked.event, &refusal)], &[]);
                }
                None
            }
            request if client.identity().is_some() => self.carry_out(asked, request),
            request if self.clients.verifier.mode() == Mode::Open => {
                // In the development mode the first event makes a guest of a client that named nobody.
                let synapse = self.clone();
                Some(Box::pin(async move {
                    let bound = synapse.bind(&asked.socket, &asked.client, Identity::guest(None)).await;
                    let request = bound.and(request);
                    if let Some(held) = synapse.carry_out(asked, request) {
                        held.await;
                    }
                }))
            }
            Ok(_) | Err(_) => {
                self.refuse(&asked.socket, &asked.event, asked.ack, &Code::AuthRequired.into());
                None
            }
        }
    }

    fn carry_out(&self, asked: Asked, request: Result<Request, Refusal>) -> Held {
        match request {
            Ok(Request::SetStatus(status)) => self.set_status(asked, status),
            Ok(request @ (Request::Room { .. } | Request::Call { .. })) => self.command(asked, request),
            Ok(Request::Authenticate(_)) => None,
            Err(refusal) => {
                self.refuse(&asked.socket, &asked.event, asked.ack, &refusal);
                None
            }
        }
    }

    fn command(&self, asked: Asked, request: Request) -> Held {
        let room = request.target()?;
        let (Request::Room { command, .. } | Request::Call { command, .. }) = &request else { return None };
        if let Err(refusal) = self.clients.permit(&asked.client, &room, command) {
            self.refuse(&asked.socket, &asked.event, asked.ack, &refusal);
            return None;
        }
        let (synapse, client, lane) = (self.clone(), Arc::clone(&asked.client), room.clone());
        let ordered = is_ordered(command);
        let command = command.clone();
        let work = async move {
            let clients = &synapse.clients;
            let result = match command {
                RoomCommand::Join(join) => {
                    let recipient = Recipient::SocketIo(Arc::clone(&asked.socket));
                    let answer = |joined: &_| {
                        let outcome = RoomOutcome::Joined(Box::new(Clone::clone(joined)));
                        asked.acknowledge(&request, &outcome);
                    };
                    if let Err(refusal) = clients.join(&recipient, &asked.client, &room, join, answer).await {
                        synapse.refuse(&asked.socket, &asked.event, asked.ack, &refusal);
                    }
                    return;
                }
                RoomCommand::Leave { permanent } => clients.leave(&asked.client, &room, permanent).await,
                RoomCommand::SetTyping { on } => clients.set_typing(&asked.client, &room, on).await,
                command => clients.ask(&asked.client, &room, command).await,
            };
            match result {
                Ok(outcome) => asked.acknowledge(&request, &outcome),
                Err(refusal) => synapse.refuse(&asked.socket, &asked.event, asked.ack, &refusal),
            }
        };
        self.clients.start(&client, Some((&lane, ordered)), work)
    }

    fn set_status(&self, asked: Asked, status: Status) -> Held {
        if let Err(refusal) = self.clients.take(&asked.client, Kind::Typing) {
            self.refuse(&asked.socket, &asked.event, asked.ack, &refusal);
            return None;
        }
        let (synapse, client) = (self.clone(), Arc::clone(&asked.client));
        let work = async move {
            let Some(identity) = asked.client.identity() else { return };
            let command = PresenceCommand::SetStatus { user: identity.user.clone(), status };
            let request = PresenceRequest { id: CommandId::generate(), command };
            match synapse.clients.commands.presence(&request).await {
                Ok(_) => asked.answer(&synapse::status_ack(status)),
                Err(refusal) => synapse.refuse(&asked.socket, &asked.event, asked.ack, &refusal),
            }
        };
        self.clients.start(&client, None, work)
    }
}

impl Asked {
    fn acknowledge(&self, request: &Request, outcome: &RoomOutcome) {
        if self.ack.is_some() {
            self.answer(&synapse::ack(request, outcome));
        }
    }

    fn answer(&self, argument: &str) {
        if let Some(ack) = self.ack {
            self.socket.ack(ack, &[argument], &[]);
        }
    }
}
