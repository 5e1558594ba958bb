//! The event `authenticate`: an identity for a socket that connected without one, or a new token for the
//! one that it has.

use std::sync::Arc;

use heliograph_domain::{
    refusal::{Code, Refusal},
    room::RoomId,
};
use heliograph_vocabulary::{Authenticate, synapse};

use super::{SocketIo, question::Question};
use crate::{
    application::Socket,
    clients::{Client, Recipient},
    identity::{AuthError, Identity, Mode},
};

impl SocketIo {
    pub(super) async fn authenticate(self, question: Question, request: Authenticate) {
        let (socket, client) = (&question.socket, &question.client);
        match self.try_authenticate(socket, client, request).await {
            Ok(rooms) => {
                if let Some(identity) = client.identity() {
                    question.answer(&synapse::authenticate_ack(&identity.user, &client.id, &rooms));
                }
            }
            Err(refusal) => {
                question.refuse(&self.clients, &refusal);
                if refusal.retryable() {
                    // Whether the cluster knows the socket now is not certain: another one has to be made.
                    socket.connection().close();
                    return;
                }
                if !matches!(refusal.code, Code::AuthFailed | Code::TokenExpired) {
                    return;
                }
                let failed = client.with(|state| {
                    state.failed_authentications = state.failed_authentications.saturating_add(1);
                    state.failed_authentications
                });
                if client.identity().is_none() && failed >= self.clients.limits.authentication_attempts {
                    heliograph_telemetry::metrics::count(&self.clients.metrics.limits, "authentication_attempts");
                    socket.disconnect(true);
                }
            }
        }
    }

    async fn try_authenticate(
        &self,
        socket: &Arc<Socket>,
        client: &Arc<Client>,
        request: Authenticate,
    ) -> Result<Vec<RoomId>, Refusal> {
        let open = self.clients.verifier.mode() == Mode::Open;
        let verified = match &request.token {
            Some(token) => match self.clients.verifier.verify(token, self.clients.clock.now()) {
                Ok(identity) => Some(identity),
                // Without a signature to verify, a text that is no token says nothing.
                Err(AuthError::Failed) if open => None,
                Err(error) => return Err(error.code().into()),
            },
            None if open => None,
            None => return Err(Code::AuthFailed.into()),
        };
        if let Some(identity) = &verified
            && request.user.as_ref().is_some_and(|user| *user != identity.user.id)
        {
            self.clients.metrics.identity_mismatches.inc();
        }
        if let Some(current) = client.identity() {
            return self.renew(client, &current, verified);
        }
        let identity = match verified {
            Some(identity) => identity.or_named(request.name),
            None => match request.user {
                Some(user) => Identity::claimed(user, request.name),
                None => Identity::guest(request.name),
            },
        };
        self.bind(socket, client, identity).await
    }

    /// A client that has an identity shows a token again: the same user's renews it, another's is refused.
    fn renew(
        &self,
        client: &Arc<Client>,
        current: &Arc<Identity>,
        verified: Option<Identity>,
    ) -> Result<Vec<RoomId>, Refusal> {
        if let Some(identity) = verified {
            if identity.user.id != current.user.id {
                return Err(Code::AuthFailed.into());
            }
            // The name that others know stays for the life of the socket.
            let renewed = Identity { user: current.user.clone(), named: current.named, ..identity };
            client.with(|state| state.identity = Some(Arc::new(renewed)));
            self.clients.watch_identity(client);
        }
        Ok(attended(client))
    }

    /// Gives a socket its identity. Gives the rooms that it attends from now on.
    pub(super) async fn bind(
        &self,
        socket: &Arc<Socket>,
        client: &Arc<Client>,
        identity: Identity,
    ) -> Result<Vec<RoomId>, Refusal> {
        let recipient = Recipient::SocketIo(Arc::clone(socket));
        let arrival = self.clients.announce(client, Arc::new(identity)).await?;
        self.attend_rooms(&arrival, client, &recipient).await;
        self.welcome(socket, client, arrival, &recipient);
        Ok(attended(client))
    }
}

fn attended(client: &Client) -> Vec<RoomId> {
    client.attendances().iter().map(|attendance| attendance.room.clone()).collect()
}
