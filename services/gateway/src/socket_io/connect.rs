//! The CONNECT packet: who is it, and does it have a session already.

use std::sync::Arc;

use heliograph_domain::{
    command::SessionSecret,
    id::SocketId,
    refusal::{Code, Refusal},
    user::{Name, Vocabulary},
};
use heliograph_telemetry::metrics;
use heliograph_vocabulary::Dialect;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::Value;

use super::{SocketIo, client};
use crate::{
    application::{Accepted, ConnectRequest, Namespace, RecoveryClaim, Refused, Socket},
    clients::{Bound, Claim, Client, Entry, Held, Recipient, Resumption, Seen, Speech, recovery, replay},
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
    /// What it speaks; `None` if that has to be found out.
    dialect: Option<Dialect>,
}

impl SocketIo {
    pub(super) async fn enter(self, request: ConnectRequest) -> Result<Accepted, Refused> {
        let namespace = &request.namespace;
        if *namespace != Namespace::MAIN && Dialect::of(Vocabulary::Collaboration, namespace.as_str()).is_none() {
            return Err(Refused::invalid_namespace());
        }
        let auth: Auth =
            request.auth.as_ref().and_then(|auth| serde_json::from_str(auth.as_str()).ok()).unwrap_or_default();
        let presented =
            self.presented(namespace, &auth, &request.handshake).map_err(|refusal| self.refused(&refusal))?;
        let secret = self.recovery_wanted(&auth, &request.handshake).then(SessionSecret::random);

        let claimed = request.recovery.as_ref().filter(|_| secret.is_some());
        let resumed = self.resumed(namespace, claimed, &presented).await;
        if let Some(resumption) = resumed.map_err(|refusal| self.refused(&refusal))? {
            let client = Arc::clone(&resumption.client);
            return Ok(accepted(client, Some(Entry::Resumed(resumption))));
        }

        let client = Arc::new(Client::new(SocketId::random(), presented.dialect.map(Speech::SocketIo), secret));
        let identity = match presented.identity {
            None if presented.dialect.is_some() && self.clients.verifier.mode() == Mode::Open => {
                Some(Arc::new(Identity::guest(None)))
            }
            // Only synapse has an event by which a client says later who it is.
            None if presented.dialect.is_some_and(|dialect| dialect != Dialect::Synapse) => {
                return Err(self.refused(&Code::AuthFailed.into()));
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

    fn presented(&self, namespace: &Namespace, auth: &Auth, handshake: &Handshake) -> Result<Presented, Refusal> {
        let said = |value: &Option<Value>, name: &str| {
            value.as_ref().and_then(text).or_else(|| handshake.query(name).map(|value| value.into_owned()))
        };
        let dialect = self.dialect(namespace, said(&auth.vocabulary, "vocabulary").as_deref())?;
        let open = self.clients.verifier.mode() == Mode::Open;
        let token = match &auth.token {
            None | Some(Value::Null) => self.entrance.tokens.bearer(handshake),
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
        Ok(Presented { identity: identity.map(Arc::new), dialect })
    }

    /// What a client speaks by its namespace, its own word or the deployment's choice.
    fn dialect(&self, namespace: &Namespace, declared: Option<&str>) -> Result<Option<Dialect>, Refusal> {
        if *namespace != Namespace::MAIN {
            return Ok(Dialect::of(Vocabulary::Collaboration, namespace.as_str()));
        }
        let vocabulary = match declared {
            None => self.entrance.vocabulary,
            Some(name) => Some(Vocabulary::parse(name).ok_or_else(unknown_vocabulary)?),
        };
        let Some(vocabulary) = vocabulary else { return Ok(None) };
        Dialect::of(vocabulary, namespace.as_str()).map(Some).ok_or_else(unknown_vocabulary)
    }

    /// Recovery is the deployment's choice, and then the connection's: stock clients show offsets to their
    /// application, and some others cannot cope with them.
    fn recovery_wanted(&self, auth: &Auth, handshake: &Handshake) -> bool {
        let declined = matches!(&auth.recovery, Some(Value::Bool(false)))
            || auth.recovery == Some("off".into())
            || handshake.query("recovery").as_deref() == Some("off");
        self.entrance.recovery && !declined
    }

    async fn resumed(
        &self,
        namespace: &Namespace,
        claim: Option<&RecoveryClaim>,
        presented: &Presented,
    ) -> Result<Option<Resumption>, Refusal> {
        // A session is proven by its secret, and in jwt mode by a valid token as well.
        let identity = presented.identity.as_ref();
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
        let speech = |vocabulary| Dialect::of(vocabulary, namespace.as_str()).map(Speech::SocketIo);
        let provisional = presented.dialect.is_none();
        self.clients.resume(Claim { socket, secret, seen, peer: None, identity, speech: &speech, provisional }).await
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
                let arrival = resumption
                    .complete(&recipient, |room, joined, attendance| replay(&recipient, room, joined, attendance));
                self.welcome(socket, client, arrival, &recipient);
                None
            }
            Some(Entry::New(arrival)) => {
                let (server, socket, client) = (self.clone(), Arc::clone(socket), Arc::clone(client));
                Some(Box::pin(async move {
                    server.attend_rooms(&arrival, &client, &recipient).await;
                    server.welcome(&socket, &client, arrival, &recipient);
                    server.catch_up(&socket, &client).await;
                }))
            }
        }
    }
}

/// A refusal that names the vocabularies of the default namespace.
fn unknown_vocabulary() -> Refusal {
    let known: Vec<_> = Dialect::DEFAULT_NAMESPACE.iter().map(|dialect| dialect.vocabulary().name()).collect();
    Refusal::invalid("vocabulary", format_args!("must be one of {}", known.join(", ")))
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
