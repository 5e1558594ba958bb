//! Listens to what others publish in Redis, for as long as a connection lasts.
//!
//! It is Redis's own publishing: what is said while there is no connection is not heard, and nothing is asked for
//! again. A message for which there is no room is dropped and counted, so that a flood costs messages and not
//! memory.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use redis::{PushInfo, PushKind, Value, aio::MultiplexedConnection};
use tokio::{sync::mpsc, time};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{
    RedisOptions,
    dial::{Dial, OnPush},
    failed,
    failure::Refusal,
};
use crate::connect::{ConnectError, Obstacle};

/// The first pause before a connection is tried again; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// From one sign of life of the server to the next.
const SIGNS: Duration = Duration::from_secs(5);

/// Something that was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Where.
    pub channel: Bytes,
    /// What.
    pub payload: Bytes,
}

/// Hears what is published. Stops when it is dropped.
pub struct Listener {
    heard: mpsc::Receiver<Heard>,
    _listening: AbortOnDropHandle<()>,
}

impl Listener {
    /// Listens to the channels that these patterns fit, on the servers that the options name. `queue` messages may
    /// wait to be taken; `dropped` is told of each that finds no room.
    ///
    /// # Errors
    /// The options cannot be used. That there is no server is none: it is waited for.
    pub async fn start(
        options: RedisOptions,
        patterns: Vec<String>,
        queue: usize,
        dropped: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, ConnectError> {
        let address = options.address()?;
        let line = Arc::new(options.line(&address).await.map_err(failed(&address.shown()))?);
        let (sender, heard) = mpsc::channel(queue.max(1));
        let listening = Listening {
            dials: options.dials(&address, &line),
            patterns,
            timeout: options.response_timeout,
            longest_pause: options.longest_pause,
            sender,
            dropped: Arc::new(dropped),
        };
        Ok(Self { heard, _listening: AbortOnDropHandle::new(tokio::spawn(listening.keep())) })
    }

    /// The next message.
    pub async fn next(&mut self) -> Option<Heard> {
        self.heard.recv().await
    }
}

struct Listening {
    dials: Vec<Dial>,
    patterns: Vec<String>,
    timeout: Duration,
    longest_pause: Duration,
    sender: mpsc::Sender<Heard>,
    dropped: Arc<dyn Fn() + Send + Sync>,
}

impl Listening {
    async fn keep(self) {
        let mut pause = FIRST_PAUSE;
        let mut said = String::new();
        for dial in self.dials.iter().cycle() {
            let refusal = match self.listen(dial, &mut said).await {
                Ok(()) => {
                    pause = FIRST_PAUSE;
                    tracing::warn!(server = %dial.name, "what is published in Redis is not heard: the connection has ended");
                    continue;
                }
                Err(Refusal { reason, .. }) => reason,
            };
            if said != refusal {
                tracing::warn!(server = %dial.name, reason = %refusal, "what is published in Redis cannot be heard");
                said = refusal;
            }
            time::sleep(pause).await;
            pause = (pause * 2).min(self.longest_pause.max(FIRST_PAUSE));
        }
    }

    /// Listens until the connection has ended.
    async fn listen(&self, dial: &Dial, said: &mut String) -> Result<(), Refusal> {
        let ended = CancellationToken::new();
        let mut connection = self.within(dial.connect(self.on_push(ended.clone()))).await?;
        for pattern in &self.patterns {
            self.within(async { Ok(connection.psubscribe(pattern).await?) }).await?;
        }
        said.clear();
        tracing::info!(server = %dial.name, channels = ?self.patterns, "listens to what is published in Redis");
        loop {
            tokio::select! {
                () = ended.cancelled() => return Ok(()),
                () = time::sleep(SIGNS) => {
                    if self.within(sign_of_life(&mut connection)).await.is_err() {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn on_push(&self, ended: CancellationToken) -> OnPush {
        let (sender, dropped) = (self.sender.clone(), Arc::clone(&self.dropped));
        Arc::new(move |PushInfo { kind, data }| match kind {
            PushKind::Disconnection => ended.cancel(),
            PushKind::PMessage => {
                if let Some(heard) = message(data)
                    && sender.try_send(heard).is_err()
                {
                    dropped();
                }
            }
            _ => {}
        })
    }

    async fn within<T>(&self, step: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
        let overdue = || Refusal { obstacle: Obstacle::Unreachable, reason: "no answer in time".to_owned() };
        time::timeout(self.timeout, step).await.unwrap_or_else(|_| Err(overdue()))
    }
}

async fn sign_of_life(connection: &mut MultiplexedConnection) -> Result<(), Refusal> {
    Ok(redis::cmd("PING").query_async(connection).await?)
}

/// Pattern, channel and payload of a message.
fn message(data: Vec<Value>) -> Option<Heard> {
    let [_, Value::BulkString(channel), Value::BulkString(payload)] = <[Value; 3]>::try_from(data).ok()? else {
        return None;
    };
    Some(Heard { channel: channel.into(), payload: payload.into() })
}
