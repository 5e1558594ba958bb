//! The bus over NATS.
//!
//! NATS core carries each message at most once. What the client library does not do by itself:
//!
//! - A subscription is known to the server when [`Bus::subscribe`] returns.
//! - While there is no connection nothing is put by: senders are told so and decide themselves.
//! - Requests that are given up leave nothing behind (`replies`).
//! - A new connection counts as a disturbance once the subscriptions are in force again, so that
//!   whoever then asks what it has missed misses nothing after that either (`disturbances`).

mod disturbances;
mod options;
mod replies;

use std::{error::Error, io, sync::Arc, time::Duration};

use async_nats::{Client, ConnectErrorKind, PublishErrorKind, StatusCode, Subscriber, connection::State as Connection};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, future::BoxFuture};
use heliograph_telemetry::metrics::{self, count};
use tokio::{runtime::Handle, sync::watch, time};
use tokio_util::task::AbortOnDropHandle;
use tracing::error;

use super::{Bus, BusError, DeliveryGuarantee, Message, QueueGroup, Reply, Subject, Subscription};
use crate::connect::{ConnectError, Obstacle, encryption_failed, story};
use disturbances::Events;
pub use options::NatsOptions;
use options::failure;
use replies::Replies;

/// The first version that says at once when nobody is subscribed.
const OLDEST: (u64, u64) = (2, 2);

/// Passes messages between the processes of a cluster, over NATS.
pub struct NatsBus {
    link: Arc<Link>,
    prefix: String,
    disturbances: watch::Receiver<u64>,
    /// They hold the connection, which ends with them.
    _tasks: [AbortOnDropHandle<()>; 2],
}

/// The connection, and what it takes to send over it.
struct Link {
    client: Client,
    replies: Arc<Replies>,
    runtime: Handle,
    patience: Duration,
    metrics: metrics::Bus,
}

impl NatsBus {
    /// Connects to the first server of the list that answers. From then on the connection is made
    /// anew whenever it is lost.
    ///
    /// # Errors
    /// What is in the way, in one line.
    pub async fn connect(options: NatsOptions) -> Result<Self, ConnectError> {
        let address = options.address()?;
        let servers = address.hosts.iter().map(|host| format!("{}://{host}", address.scheme).parse());
        let servers: Vec<async_nats::ServerAddr> = servers
            .collect::<Result<_, io::Error>>()
            .map_err(|error| failure(&address.shown(), Obstacle::Settings, error.to_string()))?;
        let events = Events::new(options.metrics.clone());
        let callback = events.clone();
        let client = options.client(&address).await?.event_callback(move |event| {
            callback.note(event);
            std::future::ready(())
        });
        let client = client.connect(servers).await.map_err(|error| refused(&address.shown(), &error))?;
        let version = client.server_info().version;
        if !suits(&version) {
            let reason = format!("version {version} is too old, {}.{} or later is needed", OLDEST.0, OLDEST.1);
            return Err(failure(&address.shown(), Obstacle::Unsuitable, reason));
        }
        let replies = Arc::new(Replies::new(client.new_inbox()));
        let inbox = client.subscribe(replies.subject()).await;
        let inbox = inbox.map_err(|error| failure(&address.shown(), Obstacle::Unreachable, story(&error)))?;
        let receiving = tokio::spawn(Arc::clone(&replies).receive(inbox));
        let link = Arc::new(Link {
            client,
            replies,
            runtime: Handle::current(),
            patience: options.patience,
            metrics: options.metrics,
        });
        let (disturbed, disturbances) = watch::channel(0);
        let watching = tokio::spawn(disturbances::count(Arc::clone(&link), events.clone(), disturbed));
        let tasks = [receiving, watching].map(AbortOnDropHandle::new);
        let bus = Self { link, prefix: options.prefix, disturbances, _tasks: tasks };
        bus.probe().await.map_err(|error| match events.refusal() {
            Some(refusal) => {
                let reason = format!("{refusal}; may this user publish and subscribe below `{}`?", bus.prefix);
                failure(&address.shown(), Obstacle::Unsuitable, reason)
            }
            None => failure(&address.shown(), Obstacle::Unreachable, error.to_string()),
        })?;
        Ok(bus)
    }
}

impl Bus for NatsBus {
    fn publish(&self, subject: Subject, payload: Bytes) -> BoxFuture<'_, Result<(), BusError>> {
        async move {
            let sent = self.link.send(&subject, subject.name(&self.prefix), None, payload).await;
            sent.inspect_err(|error| count(&self.link.metrics.failures, error.name()))
        }
        .boxed()
    }

    fn request(&self, subject: Subject, payload: Bytes, timeout: Duration) -> BoxFuture<'_, Result<Bytes, BusError>> {
        async move {
            let exchange = async {
                let mut reply = self.link.replies.expect();
                self.link.send(&subject, subject.name(&self.prefix), Some(reply.subject()), payload).await?;
                let message = reply.arrival().await.ok_or_else(closed)?;
                match message.status {
                    Some(StatusCode::NO_RESPONDERS) => Err(BusError::NoResponders(subject.clone())),
                    _ => Ok(message.payload),
                }
            };
            let answer = time::timeout(timeout, exchange).await;
            let answer = answer.unwrap_or_else(|_| Err(BusError::Timeout(subject.clone())));
            answer.inspect_err(|error| count(&self.link.metrics.failures, error.name()))
        }
        .boxed()
    }

    fn subscribe(&self, subject: Subject, group: Option<QueueGroup>) -> BoxFuture<'_, Result<Subscription, BusError>> {
        async move {
            let name = subject.name(&self.prefix);
            let subscribing = async {
                match group {
                    Some(group) => self.link.client.queue_subscribe(name, group.name().to_owned()).await,
                    None => self.link.client.subscribe(name).await,
                }
            };
            self.link.require_connection()?;
            let subscriber = self.link.in_time(subscribing).await?.map_err(|error| unavailable(&error))?;
            // Messages of one connection are handled in their order: when this one has come back, the
            // server knows the subscription.
            self.link.round_trip().await?;
            Ok(Subscription::from_stream(self.link.messages(subscriber).boxed()))
        }
        .boxed()
    }

    fn delivery(&self) -> DeliveryGuarantee {
        DeliveryGuarantee::AtMostOnce { disturbances: self.disturbances.clone() }
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), BusError>> {
        self.link.round_trip().boxed()
    }
}

impl Link {
    /// Sends a message, or waits for room to do so.
    async fn send(
        &self,
        subject: &Subject,
        name: String,
        reply: Option<String>,
        payload: Bytes,
    ) -> Result<(), BusError> {
        self.require_connection()?;
        let size = payload.len();
        let sent = async {
            match reply {
                Some(reply) => self.client.publish_with_reply(name, reply, payload).await,
                None => self.client.publish(name, payload).await,
            }
        };
        self.in_time(sent).await?.map_err(|error| match error.kind() {
            PublishErrorKind::MaxPayloadExceeded => {
                BusError::TooLarge { subject: subject.clone(), size, limit: self.client.server_info().max_payload }
            }
            _ => unavailable(&error),
        })
    }

    /// Sends a message to this process and waits until it is back.
    async fn round_trip(&self) -> Result<(), BusError> {
        self.require_connection()?;
        let mut reply = self.replies.expect();
        self.in_time(async {
            self.client.publish(reply.subject(), Bytes::new()).await.map_err(|error| unavailable(&error))?;
            reply.arrival().await.map(drop).ok_or_else(closed)
        })
        .await?
    }

    /// What comes for a subscriber, each with the way back.
    fn messages(self: &Arc<Self>, subscriber: Subscriber) -> impl futures_util::Stream<Item = Message> + use<> {
        let link = Arc::clone(self);
        subscriber.map(move |message| {
            let link = Arc::clone(&link);
            let reply = message.reply.map(|to| Reply::new(move |payload| link.answer(to, payload)));
            Message { payload: message.payload, reply }
        })
    }

    /// Sends a reply. Nobody here can wait for that.
    fn answer(self: Arc<Self>, to: async_nats::Subject, payload: Bytes) {
        if self.require_connection().is_err() {
            // Whoever asked will ask again.
            return;
        }
        let sent = self.client.publish(to.clone(), payload.clone()).now_or_never();
        let Some(sent) = sent else {
            // There are at most as many of these as requests that wait for replies.
            let link = Arc::clone(&self);
            self.runtime.spawn(async move {
                if let Ok(Err(error)) = link.in_time(link.client.publish(to, payload)).await {
                    error!(error = %story(&error), "a reply is lost");
                }
            });
            return;
        };
        if let Err(error) = sent {
            error!(error = %story(&error), "a reply is lost");
        }
    }

    fn require_connection(&self) -> Result<(), BusError> {
        match self.client.connection_state() {
            Connection::Connected => Ok(()),
            Connection::Pending | Connection::Disconnected => {
                Err(BusError::Unavailable("not connected to NATS".to_owned()))
            }
        }
    }

    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T, BusError> {
        time::timeout(self.patience, work)
            .await
            .map_err(|_| BusError::Unavailable(format!("NATS does not react within {:?}", self.patience)))
    }
}

fn closed() -> BusError {
    BusError::Unavailable("the connection to NATS is closed".to_owned())
}

fn unavailable(error: &dyn Error) -> BusError {
    BusError::Unavailable(story(error))
}

/// Whether a server of this version will do.
fn suits(version: &str) -> bool {
    let mut parts = version.split('.').map_while(|part| part.parse().ok());
    // A version of another form is that of a build of one's own: its owner knows best.
    parts.next().zip(parts.next()).is_none_or(|version: (u64, u64)| version >= OLDEST)
}

fn refused(servers: &str, error: &async_nats::ConnectError) -> ConnectError {
    let obstacle = match error.kind() {
        ConnectErrorKind::ServerParse => Obstacle::Settings,
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => Obstacle::Credentials,
        ConnectErrorKind::Tls => Obstacle::Encryption,
        _ if encryption_failed(error) => Obstacle::Encryption,
        _ => Obstacle::Unreachable,
    };
    let hint = match obstacle {
        Obstacle::Credentials => "check user and password, token or credentials file",
        Obstacle::Encryption => "check the certificates, and whether the server encrypts",
        _ => "is a server running there?",
    };
    // The cause says more than the kind, where there is one.
    let reason = error.source().map_or_else(|| story(error), story);
    failure(servers, obstacle, format!("{reason}; {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_do_not_suit() {
        for (version, expected) in [
            ("2.1.9", false),
            ("1.4.1", false),
            ("2.2.0", true),
            ("2.9.10", true),
            ("3.0.0-beta", true),
            ("main", true),
        ] {
            assert_eq!(suits(version), expected, "{version}");
        }
    }
}
