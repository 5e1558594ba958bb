//! When messages may have been lost.

use std::{sync::Arc, time::Duration};

use async_nats::Event;
use heliograph_telemetry::metrics;
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, watch},
    time,
};
use tracing::{debug, info, warn};

use super::Link;

/// Between two attempts to be heard over a new connection.
const PAUSE: Duration = Duration::from_millis(50);
/// Between two disturbances: each makes gateways ask for what they have missed, and a subscriber that
/// is too slow loses many messages in a row.
const SPACING: Duration = Duration::from_millis(500);

/// What the client library tells, until somebody looks.
#[derive(Clone)]
pub(super) struct Events(Arc<State>);

#[derive(Default)]
struct State {
    metrics: metrics::Bus,
    news: Mutex<News>,
    /// The last trouble that was logged. The library tells of the same again and again.
    trouble: Mutex<String>,
    /// What the server has refused last, after it had let this client in.
    refusal: Mutex<Option<String>>,
    notify: Notify,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct News {
    /// How often there was a connection.
    connections: u64,
    /// Messages that found no room in a subscription's queue.
    dropped: u64,
}

impl Events {
    pub(super) fn new(metrics: metrics::Bus) -> Self {
        Self(Arc::new(State { metrics, ..State::default() }))
    }

    /// Notes an event. Never waits: the library loses events when nobody takes them.
    pub(super) fn note(&self, event: Event) {
        match event {
            Event::Connected => {
                self.0.metrics.connections.inc();
                self.change(|news| news.connections += 1);
            }
            Event::SlowConsumer(_) => {
                self.0.metrics.dropped.inc();
                self.change(|news| news.dropped += 1);
            }
            Event::Disconnected => {
                warn!("the connection to NATS is lost");
                self.0.trouble.lock().clear();
            }
            Event::ServerError(reason) => {
                let reason = reason.to_string();
                *self.0.refusal.lock() = Some(reason.clone());
                self.say("NATS refuses something", reason);
            }
            Event::ClientError(reason) => self.say("NATS cannot be reached", reason.to_string()),
            Event::LameDuckMode => info!("the NATS server is about to stop"),
            Event::Draining | Event::Closed => {}
        }
    }

    /// What the server has refused last.
    pub(super) fn refusal(&self) -> Option<String> {
        self.0.refusal.lock().clone()
    }

    /// Logs what has not just been logged.
    fn say(&self, what: &str, reason: String) {
        let mut trouble = self.0.trouble.lock();
        if *trouble != reason {
            warn!(%reason, "{what}");
            *trouble = reason;
        }
    }

    fn change(&self, change: impl FnOnce(&mut News)) {
        change(&mut self.0.news.lock());
        self.0.notify.notify_one();
    }
}

/// Counts disturbances, for as long as the bus is used.
pub(super) async fn count(link: Arc<Link>, events: Events, disturbances: watch::Sender<u64>) {
    let mut seen = *events.0.news.lock();
    // The first connection follows no other; its event may not have come yet.
    seen.connections = 1;
    'events: loop {
        events.0.notify.notified().await;
        let news = *events.0.news.lock();
        if news.connections > seen.connections {
            // The subscriptions come before this on the new connection.
            while let Err(error) = link.round_trip().await {
                if link.require_connection().is_err() {
                    // It is lost again. There will be another.
                    continue 'events;
                }
                debug!(%error, "connected to NATS, but not yet heard");
                time::sleep(PAUSE).await;
            }
            info!("connected to NATS again");
        }
        if news.dropped > seen.dropped {
            warn!(messages = news.dropped - seen.dropped, "messages have found the queue of a subscription full");
        }
        if news != seen {
            seen = news;
            disturbances.send_modify(|count| *count += 1);
            time::sleep(SPACING).await;
        }
    }
}
