//! One connection to one server, which is made again when it breaks.
//!
//! Requests of all tasks travel in it side by side. A task of its own makes the connection: however
//! many requests fail when it breaks, it is dialled once at a time, with growing pauses.

use std::{sync::Arc, time::Duration};

use heliograph_telemetry::metrics;
use redis::{Cmd, RedisError, Value, aio::MultiplexedConnection};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinHandle,
    time::{self, Instant},
};
use tracing::{info, warn};

use super::{
    dial::{Dial, on_end},
    failure::{self, Failure},
    request::Request,
};

/// The bounds of the links to a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// How many there are, at least one.
    pub(super) links: usize,
    /// How long a request may take, the time for a connection included.
    pub(super) timeout: Duration,
    /// The longest pause between two attempts to connect.
    pub(super) longest_pause: Duration,
    /// How many requests may be under way on each; more wait.
    pub(super) in_flight: usize,
}

/// The pause after the first failed attempt; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// A connection that is kept.
pub(super) struct Link {
    state: watch::Receiver<State>,
    /// The number of the newest connection that is known to have ended.
    ended: Arc<watch::Sender<u64>>,
    permits: Semaphore,
    bounds: Bounds,
    keeper: JoinHandle<()>,
}

enum State {
    /// Connections are numbered, so that an end is told from the end of the one before.
    Up {
        number: u64,
        connection: MultiplexedConnection,
    },
    Down {
        since: Instant,
        reason: Arc<str>,
    },
}

impl Link {
    /// A link whose first connection is made as soon as possible.
    pub(super) fn new(dial: Arc<Dial>, bounds: Bounds, metrics: metrics::Store) -> Self {
        let down = State::Down { since: Instant::now(), reason: "there is no connection yet".into() };
        let (state, seen) = watch::channel(down);
        let ended = Arc::new(watch::Sender::new(0));
        let keeper = Keeper { dial, bounds, metrics, state, ended: Arc::clone(&ended) };
        Self {
            state: seen,
            ended,
            permits: Semaphore::new(bounds.in_flight),
            bounds,
            keeper: tokio::spawn(keeper.keep()),
        }
    }

    /// Sends a request and waits for the answer, until `deadline`. With `asking`, a server takes it that
    /// is about to get the slot.
    pub(super) async fn send(&self, request: &Request, asking: bool, deadline: Instant) -> Result<Value, Failure> {
        let permit = time::timeout_at(deadline, self.permits.acquire()).await;
        let Ok(Ok(_permit)) = permit else { return Err(Failure::Busy) };
        let (number, connection) = self.connection(deadline).await?;
        let sent = Instant::now();
        match time::timeout_at(deadline, exchange(connection, request, asking)).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                if failure::is_end(&error) {
                    end(&self.ended, number);
                }
                Err(Failure::Error(error))
            }
            Err(_) => {
                // Unless it was sent in the last moment, a connection on which nothing comes back is
                // taken for broken: its other end may be gone without a word.
                if sent.elapsed() >= self.bounds.timeout / 2 {
                    end(&self.ended, number);
                }
                Err(Failure::Silent(self.bounds.timeout))
            }
        }
    }

    /// The connection. While there is none, requests wait for the time that one may take, from the
    /// moment at which it was lost: short losses are not noticed, and in long ones nobody waits.
    async fn connection(&self, deadline: Instant) -> Result<(u64, MultiplexedConnection), Failure> {
        let mut state = self.state.clone();
        loop {
            let (until, reason) = match &*state.borrow_and_update() {
                State::Up { number, connection } => return Ok((*number, connection.clone())),
                State::Down { since, reason } => (deadline.min(*since + self.bounds.timeout), Arc::clone(reason)),
            };
            let Ok(Ok(())) = time::timeout_at(until, state.changed()).await else {
                return Err(Failure::Down(reason));
            };
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// Notes that a connection has ended.
fn end(ended: &watch::Sender<u64>, number: u64) {
    ended.send_if_modified(|newest| {
        let is_news = *newest < number;
        *newest = number.max(*newest);
        is_news
    });
}

/// The task that makes connections.
struct Keeper {
    dial: Arc<Dial>,
    bounds: Bounds,
    metrics: metrics::Store,
    state: watch::Sender<State>,
    ended: Arc<watch::Sender<u64>>,
}

impl Keeper {
    async fn keep(self) {
        let (mut since, mut pause, mut is_lost) = (Instant::now(), FIRST_PAUSE, false);
        for number in 1.. {
            let ended = Arc::clone(&self.ended);
            let reason: Arc<str> = match self.dial.connect(on_end(move || end(&ended, number))).await {
                Ok(connection) => {
                    if is_lost {
                        info!(server = self.dial.name, "connected to Redis again");
                    }
                    let stood = self.stand_by(number, connection).await;
                    (since, is_lost) = (Instant::now(), true);
                    // What breaks at once is as good as a failed attempt.
                    if stood > self.bounds.longest_pause {
                        pause = FIRST_PAUSE;
                    }
                    warn!(server = self.dial.name, "the connection to Redis broke");
                    "the connection to Redis broke".into()
                }
                Err(refusal) => {
                    if !is_lost {
                        warn!(server = self.dial.name, reason = refusal.reason, "no connection to Redis");
                    }
                    is_lost = true;
                    refusal.reason.into()
                }
            };
            self.state.send_replace(State::Down { since, reason });
            time::sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
            pause = (pause * 2).min(self.bounds.longest_pause);
        }
    }

    /// Offers a connection until it has ended. Gives how long that was.
    async fn stand_by(&self, number: u64, connection: MultiplexedConnection) -> Duration {
        self.metrics.connections.inc();
        let made = Instant::now();
        let mut ended = self.ended.subscribe();
        self.state.send_replace(State::Up { number, connection });
        // The sender is this task's own.
        let _ = ended.wait_for(|newest| *newest >= number).await;
        made.elapsed()
    }
}

/// Sends a request, with the script itself if the server does not know it.
async fn exchange(mut connection: MultiplexedConnection, request: &Request, asking: bool) -> Result<Value, RedisError> {
    let asking = asking.then(|| redis::cmd("ASKING"));
    let answer = send_after(&mut connection, asking.as_slice(), request.as_command()).await;
    match (request.script(), answer) {
        (Some(script), Err(error)) if failure::is_unknown_script(&error) => {
            let before: Vec<_> = [script.load()].into_iter().chain(asking).collect();
            send_after(&mut connection, &before, request.as_command()).await
        }
        (_, answer) => answer,
    }
}

/// Sends a command right after others, and gives its answer alone.
async fn send_after(
    connection: &mut MultiplexedConnection,
    before: &[Cmd],
    command: &Cmd,
) -> Result<Value, RedisError> {
    if before.is_empty() {
        return connection.send_packed_command(command).await?.extract_error();
    }
    let mut all = redis::pipe();
    for command in before {
        all.add_command(command.clone());
    }
    all.add_command(command.clone());
    let mut answers = connection.send_packed_commands(&all, before.len(), 1).await?;
    answers.pop().unwrap_or_default().extract_error()
}
