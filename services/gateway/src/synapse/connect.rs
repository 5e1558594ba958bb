//! The CONNECT packet: who is it, and does it have a session already.

use std::sync::Arc;

use heliograph_domain::{
    command::SessionSecret,
    id::SocketId,
    refusal::{Code, Refusal},
    room::RoomId,
    user::{Name, Vocabulary},
};
use heliograph_telemetry::metrics;
use heliograph_vocabulary::synapse;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::Value;

use super::{Synapse, client, emit};
use crate::{
    application::{Accepted, ConnectRequest, Namespace, Refused, Socket},
    clients::{Arrival, Bound, Claim, Client, Entry, Held, Recipient, Resumption, Seen, recovery, replay},
    fanout::Forms,
    handshake::Handshake,
    identity::{AuthError, Identity, Mode},
};

/// What the auth payload of a CONNECT packet may say. Values of other types count as absent, but for the
/// token: one that is no string is a bad token.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Auth {
    token: Option<Value>,
    #[serde(rename = "userId")]
    user_id: Option<Value>,
    #[serde(rename = "userName")]
    user_name: Option<Value>,
    vocabulary: Option<Value>,
    recovery: Option<Value>,
}

/// Who a client is, as far as its CONNECT packet says.
struct Presented {
    identity: Option<Arc<Identity>>,
    /// Whether the client named its vocabulary, so that it need not be found out.
    declared: bool,
}

impl Synapse {
    pub(super) async fn enter(self, request: ConnectRequest) -> Result<Accepted, Refused> {
        if request.namespace != Namespace::MAIN {
            return Err(Refused::invalid_namespace());
        }
        let auth: Auth =
            request.auth.as_ref().and_then(|auth| serde_json::from_str(auth.as_str()).ok()).unwrap_or_default();
        let presented = self.presented(&auth, &request.handshake).map_err(|refusal| self.refused(&refusal))?;
        let secret = self.recovery_wanted(&auth, &request.handshake).then(SessionSecret::random);

        let claimed = request.recovery.as_ref().filter(|_| secret.is_some());
        let resumed = self.resumed(claimed, presented.identity.as_ref()).await;
        if let Some(resumption) = resumed.map_err(|refusal| self.refused(&refusal))? {
            let client = Arc::clone(&resumption.client);
            return Ok(accepted(client, Some(Entry::Resumed(resumption))));
        }

        let client = Arc::new(Client::new(SocketId::random(), Vocabulary::Synapse, secret));
        let identity = match presented.identity {
            None if self.clients.verifier.mode() == Mode::Open && presented.declared => {
                Some(Arc::new(Identity::guest(None)))
            }
            identity => identity,
        };
        let entry = match identity {
            Some(identity) => {
                let arrival = self.clients.announce(&client, identity).await;
                Some(Entry::New(arrival.map_err(|refusal| self.refused(&refusal))?))
            }
            None => None,
        };
        Ok(accepted(client, entry))
    }

    fn presented(&self, auth: &Auth, handshake: &Handshake) -> Result<Presented, Refusal> {
        let said = |value: &Option<Value>, name: &str| {
            value.as_ref().and_then(text).or_else(|| handshake.query(name).map(|value| value.into_owned()))
        };
        let declared = said(&auth.vocabulary, "vocabulary");
        if declared.as_ref().is_some_and(|name| name != Vocabulary::Synapse.name()) {
            return Err(Refusal::invalid("vocabulary", "must be \"synapse\""));
        }
        let open = self.clients.verifier.mode() == Mode::Open;
        let token = match &auth.token {
            None | Some(Value::Null) => self.tokens.bearer(handshake),
            Some(Value::String(token)) => Some(token.clone()),
            Some(_) if open => None,
            Some(_) => return Err(Code::AuthFailed.into()),
        };
        let name = said(&auth.user_name, "userName").and_then(|name| Name::parse(&name).ok());
        let verifier = &self.clients.verifier;
        let identity = match token.map(|token| verifier.verify(&token, self.clients.clock.now())) {
            Some(Ok(identity)) => Some(identity.or_named(name)),
            // Without a signature to verify, a text that is no token says nothing.
            Some(Err(error)) if !open || error == AuthError::Expired => return Err(error.code().into()),
            Some(Err(_)) | None => verifier.claimed(said(&auth.user_id, "userId").as_deref(), name),
        };
        Ok(Presented { identity: identity.map(Arc::new), declared: declared.is_some() })
    }

    /// Recovery is the deployment's choice, and then the connection's: stock clients show offsets to their
    /// application, and some others cannot cope with them.
    fn recovery_wanted(&self, auth: &Auth, handshake: &Handshake) -> bool {
        let declined = matches!(&auth.recovery, Some(Value::Bool(false)))
            || auth.recovery == Some("off".into())
            || handshake.query("recovery").as_deref() == Some("off");
        self.recovery && !declined
    }

    async fn resumed(
        &self,
        claim: Option<&crate::application::RecoveryClaim>,
        identity: Option<&Arc<Identity>>,
    ) -> Result<Option<Resumption>, Refusal> {
        // A session is proven by its secret, and in jwt mode by a valid token as well.
        let proven = identity.is_some() || self.clients.verifier.mode() != Mode::Jwt;
        let Some(claim) = claim.filter(|_| proven) else { return Ok(None) };
        let Some((socket, secret)) = recovery::parse_pid(&claim.pid) else { return Ok(None) };
        let seen = match &claim.offset {
            Some(offset) => match recovery::Offset::parse(offset) {
                Some(offset) => Seen::Offset(offset),
                None => return Ok(None),
            },
            None => Seen::Unsaid,
        };
        let (peer, vocabulary) = (None, Vocabulary::Synapse);
        self.clients.resume(Claim { socket, secret, seen, peer, identity, vocabulary }).await
    }

    fn refused(&self, refusal: &Refusal) -> Refused {
        metrics::count(&self.clients.metrics.refused, refusal.code.as_str());
        if refusal.retryable() {
            return Refused { then_close: true, silent: true, ..Refused::new(refusal.message.to_string()) };
        }
        let message = match refusal.code {
            Code::RateLimited => "Too many connections".to_owned(),
            _ => refusal.message.to_string(),
        };
        Refused { data: Some(format!(r#"{{"code":"{}"}}"#, refusal.code.as_str())), ..Refused::new(message) }
    }

    /// The CONNECT packet was answered; no later packet of the client was looked at.
    pub(super) fn entered(&self, socket: &Arc<Socket>) -> Held {
        let client = client(socket)?;
        let recipient = Recipient::SocketIo(Arc::clone(socket));
        if let Some(previous) = self.clients.registry.insert(&client.id, &recipient) {
            previous.cut();
        }
        let entry = socket.context::<Bound>()?.entry.lock().take();
        match entry.map(|entry| *entry) {
            None => {
                if self.clients.verifier.mode() == Mode::Jwt {
                    self.clients.watch_identity(client);
                }
                None
            }
            Some(Entry::Resumed(resumption)) => {
                let rooms = resumption.rooms();
                let arrival = resumption
                    .complete(&recipient, |room, joined, attendance| replay(&recipient, room, joined, attendance));
                self.welcome(socket, arrival, &recipient, &rooms);
                None
            }
            Some(Entry::New(arrival)) => {
                let (synapse, socket) = (self.clone(), Arc::clone(socket));
                Some(Box::pin(async move {
                    let rooms = arrival.attend_rooms(&recipient).await;
                    synapse.welcome(&socket, arrival, &recipient, &rooms);
                }))
            }
        }
    }

    /// Tells an authenticated client who it is and what it attends; from now on it hears everything.
    pub(super) fn welcome(&self, socket: &Socket, arrival: Arrival, recipient: &Recipient, rooms: &[RoomId]) {
        if let Some(client) = client(socket)
            && let Some(identity) = client.identity()
        {
            emit(socket, "authenticated", &synapse::authenticated(&identity.user, &client.id, rooms));
        }
        for delivery in arrival.register(recipient) {
            Forms::new(&delivery).send(recipient, None);
        }
    }
}

fn accepted(client: Arc<Client>, entry: Option<Entry>) -> Accepted {
    Accepted {
        sid: Some(client.id.as_str().to_owned()),
        pid: client.secret().map(|secret| recovery::pid(&client.id, secret)),
        context: Box::new(Bound { client, entry: Mutex::new(entry.map(Box::new)) }),
    }
}

/// A string, or an integer as its decimal text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}
