//! An event that is being handled, and the way to answer it.

use std::sync::Arc;

use heliograph_domain::{outcome::RoomOutcome, refusal::Refusal, text::Reference};
use heliograph_vocabulary::{Dialect, Request, failure_ack};

use super::emit;
use crate::{
    application::{AckId, Socket},
    clients::{Client, Clients},
};

pub(super) struct Question {
    pub(super) socket: Arc<Socket>,
    pub(super) client: Arc<Client>,
    pub(super) dialect: Dialect,
    /// The event's name.
    pub(super) event: String,
    /// The client's own name for what it asks for.
    pub(super) reference: Option<Reference>,
    pub(super) ack: Option<AckId>,
}

impl Question {
    /// Tells the client what came of its request.
    pub(super) fn acknowledge(&self, request: &Request, outcome: &RoomOutcome) {
        if self.ack.is_some() {
            self.answer(&self.dialect.ack(&self.event, request, outcome));
        }
        for (name, payload) in self.dialect.told(&self.event, request, outcome) {
            emit(&self.socket, name, &payload);
        }
    }

    pub(super) fn answer(&self, argument: &str) {
        if let Some(ack) = self.ack {
            self.socket.ack(ack, &[argument], &[]);
        }
    }

    /// Tells the client that its event was refused: in the acknowledgement, if it waits for one, and by the dialect's
    /// events.
    pub(super) fn refuse(&self, clients: &Clients, refusal: &Refusal) {
        clients.count_refusal(refusal);
        let refusal = &self.dialect.worded(&self.event, refusal);
        if self.ack.is_some() {
            self.answer(&failure_ack(&self.event, refusal));
        }
        for (name, payload) in self.dialect.refused(&self.event, self.reference.as_ref(), refusal) {
            emit(&self.socket, name, &payload);
        }
    }
}
