//! Messages of clients: decode, judge, send on, answer.

use std::sync::Arc;

use heliograph_domain::{
    command::RoomCommand,
    outcome::RoomOutcome,
    refusal::{Code, Refusal},
    room::RoomId,
    text::Reference,
    user::Vocabulary,
};
use heliograph_telemetry::metrics;
use heliograph_vocabulary::mesh::{self, Incoming, Request};

use super::{Connection, Mesh, send};
use crate::{
    application::PlainSocket,
    clients::{Client, Held, is_ordered},
};

impl Mesh {
    pub(super) fn handle(&self, socket: &Arc<PlainSocket>, text: &str) -> Held {
        let connection = socket.context::<Connection>()?;
        metrics::count(&self.clients.metrics.events, Vocabulary::Mesh.name());
        let client = connection.client();
        let room = client.with(|state| state.rooms.first().map(|attendance| attendance.room.clone()));
        let incoming = mesh::Message::read(text, &self.sizes).and_then(|message| {
            self.clients.judge(&client, message.claims());
            message.request(room.as_ref())
        });
        let Incoming { id, request } = match incoming {
            Ok(incoming) => incoming,
            Err(rejection) if rejection.malformed => {
                self.malformed(socket, connection, rejection.id.as_ref(), &rejection.refusal);
                return None;
            }
            Err(rejection) => {
                self.refuse(socket, rejection.id.as_ref(), None, &rejection.refusal);
                return None;
            }
        };
        *connection.malformed.lock() = 0;
        match request {
            Request::Ping(fields) => {
                send(socket, &mesh::pong(&fields));
                None
            }
            Request::Join(join) => {
                let mesh = self.clone();
                Some(Box::pin(mesh.join(Arc::clone(socket), id, join)))
            }
            Request::Leave => self.leave(socket, client, room, id),
            request => match room {
                Some(room) => self.command(socket, client, room, id, &request),
                None => {
                    self.refuse(socket, id.as_ref(), request.addressee(), &Code::NotInRoom.into());
                    None
                }
            },
        }
    }

    fn leave(
        &self,
        socket: &Arc<PlainSocket>,
        client: Arc<Client>,
        room: Option<RoomId>,
        id: Option<Reference>,
    ) -> Held {
        let (mesh, socket) = (self.clone(), Arc::clone(socket));
        Some(Box::pin(async move {
            let result = match &room {
                Some(room) => mesh.clients.leave(&client, room, false).await,
                None => Ok(RoomOutcome::Done),
            };
            mesh.answer(&socket, id.as_ref(), &Request::Leave, result);
        }))
    }

    fn command(
        &self,
        socket: &Arc<PlainSocket>,
        client: Arc<Client>,
        room: RoomId,
        id: Option<Reference>,
        request: &Request,
    ) -> Held {
        let Request::Room(command) = request else { return None };
        if let Err(refusal) = self.clients.permit(&client, &room, command) {
            self.refuse(socket, id.as_ref(), request.addressee(), &refusal);
            return None;
        }
        let (mesh, socket, request, asker, lane) =
            (self.clone(), Arc::clone(socket), request.clone(), Arc::clone(&client), room.clone());
        let (ordered, command): (bool, RoomCommand) = (is_ordered(command), command.clone());
        let work = async move {
            let own_media = match &command {
                RoomCommand::SetMedia { target: None, change, .. } => Some(*change),
                _ => None,
            };
            let result = mesh.clients.ask(&asker, &room, command).await;
            if let (Some(change), Ok(_)) = (own_media, &result) {
                asker.with(|state| state.media = state.media.map(|media| media.with(change)));
            }
            mesh.answer(&socket, id.as_ref(), &request, result);
        };
        self.clients.start(&client, Some((&lane, ordered)), work)
    }

    fn answer(
        &self,
        socket: &PlainSocket,
        id: Option<&Reference>,
        request: &Request,
        result: Result<RoomOutcome, Refusal>,
    ) {
        match result {
            Ok(outcome) => {
                if let Some(id) = id {
                    send(socket, &mesh::ack(id, Some(&outcome)));
                }
            }
            Err(refusal) => self.refuse(socket, id, request.addressee(), &refusal),
        }
    }
}
