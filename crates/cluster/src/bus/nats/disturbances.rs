//! When messages may have been lost.

use std::{sync::Arc, time::Duration};

use async_nats::Event;
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, watch},
    time,
};
use tracing::{debug, error, info, warn};

use super::Link;

/// Between two attempts to be heard over a new connection.
const PAUSE: Duration = Duration::from_millis(50);

/// What the client library tells, until somebody looks.
#[derive(Clone, Default)]
pub(super) struct Events(Arc<State>);

#[derive(Default)]
struct State {
    news: Mutex<News>,
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
    /// Notes an event. Never waits: the library loses events when nobody takes them.
    pub(super) fn note(&self, event: Event) {
        match event {
            Event::Connected => self.change(|news| news.connections += 1),
            Event::SlowConsumer(_) => self.change(|news| news.dropped += 1),
            Event::Disconnected => warn!("the connection to NATS is lost"),
            Event::ServerError(reason) => {
                error!(%reason, "NATS refuses something");
                *self.0.refusal.lock() = Some(reason.to_string());
            }
            Event::ClientError(reason) => debug!(%reason, "no connection to NATS yet"),
            Event::LameDuckMode => info!("the NATS server is about to stop"),
            Event::Draining | Event::Closed => {}
        }
    }

    /// What the server has refused last.
    pub(super) fn refusal(&self) -> Option<String> {
        self.0.refusal.lock().clone()
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
        }
    }
}
