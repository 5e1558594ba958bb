//! Sessions that are at home elsewhere.

use std::convert::Infallible;
use std::future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use heliograph_cluster::grpc::stubs::relay_service_client::RelayServiceClient;
use heliograph_cluster::grpc::{Link, Way};
use heliograph_domain::id::HomeId;
use heliograph_domain::wire::proto::{self, post_part, tunnel_up};
use heliograph_engineio::{ProtocolError, SessionId};
use heliograph_telemetry::metrics::count;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::{Code, Response, Status};

use super::tunnel::Tunnel;
use super::{Metrics, Peers};
use crate::connection::{PollAnswered, Unreadable};
use crate::listener::Options;

/// Parts of a call that wait to be sent.
const PARTS: usize = 2;

/// Sends requests to the homes of their sessions.
pub(crate) struct Relays {
    /// Where this server's own sessions are.
    home: HomeId,
    peers: Peers,
    places: Arc<Semaphore>,
    times: Times,
    /// Largest answer to a poll, in bytes.
    largest: usize,
    metrics: Metrics,
    pub(super) tasks: TaskTracker,
    draining: CancellationToken,
    closing: CancellationToken,
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
struct Times {
    /// A poll: by then the heartbeat has ended it, or its session.
    poll: Duration,
    /// Everything that does not wait for events.
    answer: Duration,
    drain: Duration,
    linger: Duration,
}

impl Relays {
    pub(crate) fn new(
        home: HomeId,
        peers: Peers,
        options: &Options,
        tasks: TaskTracker,
        [draining, closing]: [CancellationToken; 2],
    ) -> Self {
        Self {
            home,
            peers,
            places: Arc::new(Semaphore::new(options.relays.min(Semaphore::MAX_PERMITS))),
            times: Times {
                poll: options.ping_interval + options.ping_timeout + options.admission.request_timeout,
                answer: options.admission.request_timeout,
                drain: options.drain_period,
                linger: options.linger,
            },
            largest: options.largest_relayed(),
            metrics: options.metrics.relay.clone(),
            tasks,
            draining,
            closing,
        }
    }

    /// The session of that id, if it is at home at another gateway that lives. `path` is where it was opened.
    pub(crate) fn find(self: &Arc<Self>, path: &str, sid: &SessionId) -> Option<Away> {
        let home = HomeId::parse(sid.as_str().get(..HomeId::LENGTH)?).ok()?;
        if home == self.home {
            return None;
        }
        let Some(link) = self.peers.link(&home, self.times.answer) else {
            count(&self.metrics.failures, "home unknown");
            return None;
        };
        let session = proto::RelayedSession { path: path.to_owned(), sid: sid.as_str().to_owned() };
        Some(Away { relays: Arc::clone(self), link: link.with_largest(self.largest), session })
    }

    fn enter(&self, kind: &'static str) -> Result<Place, ProtocolError> {
        let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() else {
            count(&self.metrics.failures, "limit");
            return Err(ProtocolError::UnknownSession);
        };
        count(&self.metrics.sent, kind);
        Ok(Place::new(&self.metrics.open, permit))
    }

    /// Waits for the drain, and then for a random part of its period: so clients leave one after the other.
    pub(super) async fn farewell(&self) {
        self.draining.cancelled().await;
        let moment = self.times.drain.mul_f64(rand::random());
        self.closing.run_until_cancelled(tokio::time::sleep(moment)).await;
    }

    pub(super) fn linger(&self) -> Duration {
        self.times.linger
    }

    /// How long a client may take nothing of what it is sent.
    pub(super) fn patience(&self) -> Duration {
        self.times.answer
    }

    pub(super) fn tunnels(&self) -> &Gauge {
        &self.metrics.tunnels
    }

    /// What an answer means to the client.
    fn answered<T>(&self, answer: Result<Response<T>, Status>) -> Result<T, ProtocolError> {
        answer.map(Response::into_inner).map_err(|status| match status.code() {
            Code::NotFound => ProtocolError::UnknownSession,
            Code::FailedPrecondition => ProtocolError::BadRequest,
            code => {
                tracing::debug!(?code, message = status.message(), "the home of a session did not serve a request");
                count(&self.metrics.failures, "home failed");
                // The client comes back with a new session, and is recovered.
                ProtocolError::UnknownSession
            }
        })
    }
}

/// One of the relays that may be open at a time.
#[derive(Debug)]
pub(super) struct Place {
    gauge: Gauge,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    fn new(gauge: &Gauge, permit: OwnedSemaphorePermit) -> Self {
        gauge.inc();
        Self { gauge: gauge.clone(), _permit: permit }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}

/// A session at another gateway.
#[derive(Clone)]
pub(crate) struct Away {
    relays: Arc<Relays>,
    link: Link,
    session: proto::RelayedSession,
}

impl Away {
    fn client(&self) -> RelayServiceClient<Way> {
        RelayServiceClient::new(self.link.way()).max_decoding_message_size(self.link.largest())
    }

    fn session(&self) -> Option<proto::RelayedSession> {
        Some(self.session.clone())
    }

    pub(super) async fn poll(&self) -> Result<PollAnswered, ProtocolError> {
        let _place = self.relays.enter("poll")?;
        let mut given_up = GivenUp(Some(self));
        let mut client = self.client();
        let answer = client.poll(proto::PollRequest { session: self.session() });
        let answer = async {
            tokio::select! {
                answer = answer => answer,
                never = self.release() => match never {},
            }
        };
        let answer = timeout(self.relays.times.poll, answer).await.unwrap_or_else(|_| Err(overdue()));
        given_up.0 = None;
        let proto::PollResponse { body, number } = self.relays.answered(answer)?;
        Ok(PollAnswered { body: body.into(), number })
    }

    /// Ends the waiting poll when this server drains. The session goes on elsewhere.
    async fn release(&self) -> Infallible {
        self.relays.farewell().await;
        let request = proto::ReleasePollRequest { session: self.session() };
        let mut client = self.client();
        // Without success the poll waits until the server closes, and its client loses the session.
        let _ = self.link.answer(client.release_poll(self.link.request(request))).await;
        future::pending().await
    }

    /// Tells the home that an answer did not reach the client, or, without a number, that a poll was given up.
    pub(super) fn lose_poll(&self, number: Option<u32>) {
        let away = self.clone();
        self.relays.tasks.spawn(async move {
            let request = proto::LosePollRequest { session: away.session(), number };
            let mut client = away.client();
            // A session that does not hear of it ends by its heartbeat.
            let _ = away.link.answer(client.lose_poll(away.link.request(request))).await;
        });
    }

    pub(super) fn begin_post(self) -> Result<Posting, ProtocolError> {
        let place = self.relays.enter("post")?;
        let first = proto::PostPart { part: self.session().map(post_part::Part::Session) };
        let (parts, call) = call(first);
        let (mut client, times) = (self.client(), self.relays.times);
        // Under way while the body is read, so that the session knows of the POST from its beginning. Whatever
        // becomes of the client, the call is brought to its end: one without a body ends the session.
        let answer = self.relays.tasks.spawn(async move {
            let _place = place;
            timeout(2 * times.answer, client.post(call)).await.unwrap_or_else(|_| Err(overdue()))
        });
        Ok(Posting { relays: self.relays, parts, answer })
    }

    pub(super) async fn open_websocket(self) -> Result<Tunnel, ProtocolError> {
        let place = self.relays.enter("websocket")?;
        let first = proto::TunnelUp { part: self.session().map(tunnel_up::Part::Session) };
        let (up, call) = call(first);
        let mut client = self.client();
        let begun = Instant::now();
        let answer = timeout(self.relays.times.answer, client.tunnel(call)).await.unwrap_or_else(|_| Err(overdue()));
        self.relays.metrics.seconds.observe(begun.elapsed().as_secs_f64());
        let down = self.relays.answered(answer)?;
        Ok(Tunnel::new(self.relays, up, down, place))
    }
}

/// A poll whose client may go away before it has an answer. Its home may have given one at that moment, and has to
/// know that it was lost.
struct GivenUp<'a>(Option<&'a Away>);

impl Drop for GivenUp<'_> {
    fn drop(&mut self) {
        if let Some(away) = self.0 {
            away.lose_poll(None);
        }
    }
}

/// A POST that its home has heard of.
pub(crate) struct Posting {
    relays: Arc<Relays>,
    parts: mpsc::Sender<proto::PostPart>,
    answer: JoinHandle<Result<Response<proto::PostResponse>, Status>>,
}

impl Posting {
    pub(super) async fn finish(self, text: Result<String, Unreadable>) -> Result<(), ProtocolError> {
        let Self { relays, parts, answer } = self;
        let part = match text {
            Ok(text) => post_part::Part::Body(text),
            Err(Unreadable) => post_part::Part::Unreadable(proto::Unreadable {}),
        };
        let begun = Instant::now();
        // A call that takes no more has been answered.
        let _ = parts.send(proto::PostPart { part: Some(part) }).await;
        drop(parts);
        let answer = answer.await.unwrap_or_else(|_| Err(Status::internal("the call panicked")));
        relays.metrics.seconds.observe(begun.elapsed().as_secs_f64());
        relays.answered(answer).map(|_| ())
    }
}

/// A call that is made of parts, beginning with `first`.
fn call<T: Send + 'static>(first: T) -> (mpsc::Sender<T>, impl Stream<Item = T> + Send + 'static) {
    let (sender, receiver) = mpsc::channel(PARTS);
    let rest = stream::unfold(receiver, |mut parts| async move { Some((parts.recv().await?, parts)) });
    (sender, stream::iter([first]).chain(rest))
}

fn overdue() -> Status {
    Status::deadline_exceeded("no answer in time")
}
