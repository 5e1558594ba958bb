//! A connection to one etcd server, and what is asked over it.
//!
//! The library is given a connection instead of the list of servers: which server is used next, and when,
//! is for the keeper to say.

use std::{error::Error as _, time::Duration};

use etcd_client::{
    Channel, Client, ConnectOptions, Error, GetOptions, KeyValue, LeaseKeepAliveStream, LeaseKeeper, PutOptions,
    ResponseHeader, WatchOptions, WatchResponse, WatchStream,
};
use tokio::time;
use tonic::{Code, Status, transport::Endpoint};

use super::record::Keys;
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
    client: Client,
    patience: Duration,
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
        let channel = Channel::Tonic(channel);
        let options = credentials.map(|Credentials { user, password }| {
            ConnectOptions::new().with_user(user, password).with_auto_token_refresh(true)
        });
        let client = async {
            match Client::from_channel(channel.clone(), options).await {
                // The server asks nobody who they are.
                Err(Error::GRpcStatus(status)) if status.code() == Code::FailedPrecondition => {
                    Client::from_channel(channel, None).await
                }
                client => client,
            }
        };
        Ok(Self { client: answer(patience, client).await?, patience })
    }

    /// The server's version.
    pub(super) async fn version(&self) -> Result<String, Failure> {
        let mut client = self.client.maintenance_client();
        Ok(answer(self.patience, client.status()).await?.version().to_owned())
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
        let (key, end) = keys.range();
        let options = GetOptions::new().with_range(end).with_limit(limit);
        let mut client = self.client.kv_client();
        let mut found = answer(self.patience, client.get(key, Some(options))).await?;
        let revision = found.header().map_or(0, ResponseHeader::revision);
        Ok((found.take_kvs(), revision))
    }

    /// Writes a key that ends with the lease. Gives the revision of that change; nothing if there is no
    /// such lease any more.
    pub(super) async fn put(&self, key: Vec<u8>, value: Vec<u8>, lease: Lease) -> Result<Option<i64>, Failure> {
        let options = PutOptions::new().with_lease(lease.id);
        let mut client = self.client.kv_client();
        let put = unless_not_found(client.put(key, value, Some(options)));
        let put = answer(self.patience, put).await?;
        Ok(put.map(|put| put.header().map_or(0, ResponseHeader::revision)))
    }

    /// Deletes a key.
    pub(super) async fn delete(&self, key: Vec<u8>) -> Result<(), Failure> {
        let mut client = self.client.kv_client();
        answer(self.patience, client.delete(key, None)).await.map(drop)
    }

    /// Asks for a lease.
    pub(super) async fn grant(&self, ttl: Duration) -> Result<Lease, Failure> {
        let seconds = i64::try_from(ttl.as_secs().max(1)).unwrap_or(i64::MAX);
        let mut client = self.client.lease_client();
        let granted = answer(self.patience, client.grant(seconds, None)).await?;
        Ok(Lease { id: granted.id(), ttl: seconds_of(granted.ttl()) })
    }

    /// Ends a lease and all that was written with it.
    pub(super) async fn revoke(&self, lease: Lease) -> Result<(), Failure> {
        let mut client = self.client.lease_client();
        answer(self.patience, unless_not_found(client.revoke(lease.id))).await.map(drop)
    }

    /// Begins to give signs of life for a lease; nothing if there is no such lease.
    pub(super) async fn keep_alive(&self, lease: Lease) -> Result<Option<KeptAlive>, Failure> {
        let mut client = self.client.lease_client();
        let kept = async {
            match client.keep_alive(lease.id).await {
                Ok((signs, answers)) => Ok(Some(KeptAlive { signs, answers })),
                // The library waits for the first answer, and says this if etcd has no such lease.
                Err(Error::LeaseKeepAliveError(_)) => Ok(None),
                Err(error) => Err(error),
            }
        };
        answer(self.patience, kept).await
    }

    /// Receives what changes about the nodes from a revision on.
    pub(super) async fn watch(&self, keys: &Keys, start_revision: i64) -> Result<Watch, Failure> {
        let (key, end) = keys.range();
        let options = WatchOptions::new().with_range(end).with_start_revision(start_revision);
        let mut client = self.client.watch_client();
        Ok(Watch(answer(self.patience, client.watch(key, Some(options))).await?))
    }
}

/// Signs of life for a lease.
pub(super) struct KeptAlive {
    signs: LeaseKeeper,
    answers: LeaseKeepAliveStream,
}

impl KeptAlive {
    /// Sends one. It is for the caller to wait for the last one's answer first: the library has a queue.
    pub(super) async fn send(&mut self) -> Result<(), Failure> {
        Ok(self.signs.keep_alive().await?)
    }

    /// Waits for an answer: whether there is such a lease. Cancel-safe.
    pub(super) async fn answer(&mut self) -> Result<bool, Failure> {
        Ok(self.answers.message().await?.ok_or_else(ended)?.ttl() > 0)
    }
}

/// Changes, as they come. The server ends them when this is dropped.
pub(super) struct Watch(WatchStream);

impl Watch {
    /// Waits for changes. Cancel-safe.
    pub(super) async fn next(&mut self) -> Result<WatchResponse, Failure> {
        self.0.message().await?.ok_or_else(ended)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::GRpcStatus(status) => status.into(),
            Error::InvalidMetadataValue(_) => {
                Self { obstacle: Obstacle::Unsuitable, reason: "its token cannot be sent back".to_owned() }
            }
            error => Self { obstacle: Obstacle::Unreachable, reason: error.to_string() },
        }
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

/// What came of a call, with nothing in the place of what etcd has not found.
async fn unless_not_found<T>(call: impl Future<Output = Result<T, Error>>) -> Result<Option<T>, Error> {
    match call.await {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::GRpcStatus(status)) if status.code() == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

async fn answer<T>(patience: Duration, call: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
    match time::timeout(patience, call).await {
        Ok(answer) => Ok(answer?),
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
