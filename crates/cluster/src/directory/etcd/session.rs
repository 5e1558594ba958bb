//! A connection to one etcd server, and what is asked over it.

use std::{error::Error, time::Duration};

use futures_util::{StreamExt, stream};
use tokio::{sync::mpsc, time};
use tonic::{
    Code, Request, Response, Status, Streaming,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

use super::{
    record::Keys,
    stubs::{
        AuthenticateRequest, DeleteRangeRequest, KeyValue, LeaseGrantRequest, LeaseKeepAliveRequest,
        LeaseKeepAliveResponse, LeaseRevokeRequest, PutRequest, RangeRequest, StatusRequest, WatchCreateRequest,
        WatchRequest, WatchResponse, auth_client::AuthClient, kv_client::KvClient, lease_client::LeaseClient,
        maintenance_client::MaintenanceClient, watch_client::WatchClient, watch_request::RequestUnion,
    },
};
use crate::connect::{Obstacle, encryption_failed, story};

/// A user and how to prove it.
#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: String,
}

/// A lease, as etcd has granted it.
#[derive(Clone, Copy)]
pub(super) struct Lease {
    pub(super) id: i64,
    pub(super) ttl: Duration,
}

/// Why etcd did not do something.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(super) struct Failure {
    pub(super) obstacle: Obstacle,
    pub(super) reason: String,
}

/// What one server is asked through.
#[derive(Clone)]
pub(super) struct Session {
    channel: InterceptedService<Channel, Token>,
    patience: Duration,
}

/// Shown with every request, if the server wants one.
#[derive(Clone)]
struct Token(Option<MetadataValue<Ascii>>);

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("token", token.clone());
        }
        Ok(request)
    }
}

impl Session {
    /// Connects to a server and makes itself known.
    pub(super) async fn open(
        endpoint: &Endpoint,
        credentials: Option<&Credentials>,
        patience: Duration,
    ) -> Result<Self, Failure> {
        let channel = endpoint.connect().await.map_err(|error| Failure {
            obstacle: if encryption_failed(&error) { Obstacle::Encryption } else { Obstacle::Unreachable },
            reason: story(&error),
        })?;
        let token = match credentials {
            Some(credentials) => token(channel.clone(), credentials, patience).await?,
            None => None,
        };
        Ok(Self { channel: InterceptedService::new(channel, Token(token)), patience })
    }

    /// The server's version.
    pub(super) async fn version(&self) -> Result<String, Failure> {
        let mut client = MaintenanceClient::new(self.channel.clone());
        Ok(answer(self.patience, client.status(StatusRequest {})).await?.version)
    }

    /// All nodes, and the revision at which they are these.
    pub(super) async fn list(&self, keys: &Keys) -> Result<(Vec<KeyValue>, i64), Failure> {
        self.range(keys, 0).await
    }

    /// Asks for something that only a server with a quorum can answer.
    pub(super) async fn probe(&self, keys: &Keys) -> Result<(), Failure> {
        self.range(keys, 1).await.map(drop)
    }

    async fn range(&self, keys: &Keys, limit: i64) -> Result<(Vec<KeyValue>, i64), Failure> {
        let (key, range_end) = keys.range();
        let mut client = KvClient::new(self.channel.clone());
        let found = answer(self.patience, client.range(RangeRequest { key, range_end, limit })).await?;
        Ok((found.kvs, found.header.unwrap_or_default().revision))
    }

    /// Writes a key that ends with the lease. Gives the revision of that change; nothing if there is no
    /// such lease any more.
    pub(super) async fn put(&self, key: Vec<u8>, value: Vec<u8>, lease: Lease) -> Result<Option<i64>, Failure> {
        let mut client = KvClient::new(self.channel.clone());
        let put = time::timeout(self.patience, client.put(PutRequest { key, value, lease: lease.id })).await;
        match put {
            Ok(Err(status)) if status.code() == Code::NotFound => Ok(None),
            Ok(put) => Ok(Some(put?.into_inner().header.unwrap_or_default().revision)),
            Err(_) => Err(silent(self.patience)),
        }
    }

    /// Deletes a key.
    pub(super) async fn delete(&self, key: Vec<u8>) -> Result<(), Failure> {
        let mut client = KvClient::new(self.channel.clone());
        answer(self.patience, client.delete_range(DeleteRangeRequest { key })).await.map(drop)
    }

    /// Asks for a lease.
    pub(super) async fn grant(&self, ttl: Duration) -> Result<Lease, Failure> {
        let seconds = i64::try_from(ttl.as_secs().max(1)).unwrap_or(i64::MAX);
        let mut client = LeaseClient::new(self.channel.clone());
        let granted = answer(self.patience, client.lease_grant(LeaseGrantRequest { ttl: seconds })).await?;
        Ok(Lease { id: granted.id, ttl: seconds_of(granted.ttl) })
    }

    /// Ends a lease and all that was written with it.
    pub(super) async fn revoke(&self, lease: Lease) -> Result<(), Failure> {
        let mut client = LeaseClient::new(self.channel.clone());
        match time::timeout(self.patience, client.lease_revoke(LeaseRevokeRequest { id: lease.id })).await {
            Ok(Err(status)) if status.code() == Code::NotFound => Ok(()),
            Ok(revoked) => Ok(revoked.map(drop)?),
            Err(_) => Err(silent(self.patience)),
        }
    }

    /// Begins to give signs of life for a lease. Tells too whether there is such a lease.
    pub(super) async fn keep_alive(&self, lease: Lease) -> Result<(KeptAlive, bool), Failure> {
        // One is on its way at a time.
        let (signs, mut requests) = mpsc::channel(1);
        let mut client = LeaseClient::new(self.channel.clone());
        let requests = stream::poll_fn(move |context| requests.poll_recv(context));
        // The server opens its side when it has something to answer.
        let _ = signs.try_send(LeaseKeepAliveRequest { id: lease.id });
        let answers = answer(self.patience, client.lease_keep_alive(requests)).await?;
        let mut kept = KeptAlive { signs, answers };
        let alive = time::timeout(self.patience, kept.answer()).await.map_err(|_| silent(self.patience))??;
        Ok((kept, alive))
    }

    /// Receives what changes about the nodes from a revision on.
    pub(super) async fn watch(&self, keys: &Keys, start_revision: i64) -> Result<Watch, Failure> {
        let (key, range_end) = keys.range();
        let create = WatchCreateRequest { key, range_end, start_revision };
        let request = WatchRequest { request_union: Some(RequestUnion::CreateRequest(create)) };
        // The server ends the watch with the requests: they do not end.
        let requests = stream::iter([request]).chain(stream::pending());
        let mut client = WatchClient::new(self.channel.clone());
        Ok(Watch(answer(self.patience, client.watch(requests)).await?))
    }
}

/// Signs of life for a lease.
pub(super) struct KeptAlive {
    signs: mpsc::Sender<LeaseKeepAliveRequest>,
    answers: Streaming<LeaseKeepAliveResponse>,
}

impl KeptAlive {
    /// Sends one. False if the last one has not even left.
    pub(super) fn send(&self, lease: Lease) -> bool {
        self.signs.try_send(LeaseKeepAliveRequest { id: lease.id }).is_ok()
    }

    /// Waits for an answer: whether there is such a lease. Cancel-safe.
    pub(super) async fn answer(&mut self) -> Result<bool, Failure> {
        Ok(self.answers.message().await?.ok_or_else(ended)?.ttl > 0)
    }
}

/// Changes, as they come.
pub(super) struct Watch(Streaming<WatchResponse>);

impl Watch {
    /// Waits for changes. Cancel-safe.
    pub(super) async fn next(&mut self) -> Result<WatchResponse, Failure> {
        self.0.message().await?.ok_or_else(ended)
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        let message = status.message();
        // etcd says "invalid argument" to a wrong password and to whoever shows none.
        let unknown = status.code() == Code::InvalidArgument
            && (message.contains("authentication failed") || message.contains("user name is empty"));
        let obstacle = match status.code() {
            Code::Unauthenticated => Obstacle::Credentials,
            _ if unknown => Obstacle::Credentials,
            Code::PermissionDenied | Code::Unimplemented => Obstacle::Unsuitable,
            _ if encryption_failed(&status) => Obstacle::Encryption,
            _ => Obstacle::Unreachable,
        };
        // Its source is what went wrong on the way; without one the server has spoken.
        let reason = status.source().map_or_else(|| message.to_owned(), story);
        Self { obstacle, reason }
    }
}

/// A token for a user; none if the server asks nobody who they are.
async fn token(
    channel: Channel,
    credentials: &Credentials,
    patience: Duration,
) -> Result<Option<MetadataValue<Ascii>>, Failure> {
    let request = AuthenticateRequest { name: credentials.user.clone(), password: credentials.password.clone() };
    let authenticated = time::timeout(patience, AuthClient::new(channel).authenticate(request)).await;
    let token = match authenticated {
        Ok(Err(status)) if status.code() == Code::FailedPrecondition => return Ok(None),
        Ok(answer) => answer?.into_inner().token,
        Err(_) => return Err(silent(patience)),
    };
    let token = token
        .parse()
        .map_err(|_| Failure { obstacle: Obstacle::Unsuitable, reason: "its token cannot be sent back".to_owned() })?;
    Ok(Some(token))
}

async fn answer<T>(patience: Duration, call: impl Future<Output = Result<Response<T>, Status>>) -> Result<T, Failure> {
    match time::timeout(patience, call).await {
        Ok(answer) => Ok(answer?.into_inner()),
        Err(_) => Err(silent(patience)),
    }
}

fn silent(patience: Duration) -> Failure {
    Failure { obstacle: Obstacle::Unreachable, reason: format!("no answer within {patience:?}") }
}

fn ended() -> Failure {
    Failure { obstacle: Obstacle::Unreachable, reason: "the server has ended the stream".to_owned() }
}

fn seconds_of(ttl: i64) -> Duration {
    Duration::from_secs(u64::try_from(ttl).unwrap_or_default().max(1))
}
