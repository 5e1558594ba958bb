//! A Redis Cluster: which server serves which slot, learnt from the servers and kept up to date.
//!
//! Requests are sent again only where a server has said that it did not carry them out and who will.
//! What breaks on the way is left to the caller, like with one server.

use std::{collections::HashMap, sync::Arc, time::Duration};

use heliograph_telemetry::metrics;
use parking_lot::RwLock;
use redis::Value;
use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{self, Instant},
};
use tracing::warn;

use super::{
    super::StoreError,
    dial::{Line, Place},
    failure::Failure,
    link::Bounds,
    reply::Reply,
    request::Request,
    server::Server,
    slot::Slot,
};

/// How often a request is passed on at most.
const MOST_HOPS: usize = 5;

/// The pause after the servers were asked who serves what.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// The servers of a cluster.
pub(super) struct Cluster {
    members: Arc<Members>,
    watcher: JoinHandle<()>,
}

struct Members {
    line: Arc<Line>,
    bounds: Bounds,
    metrics: metrics::Store,
    /// The servers that the configuration names.
    seeds: Vec<Place>,
    map: RwLock<Map>,
    /// Told when the map seems to be wrong.
    doubt: Notify,
}

#[derive(Default)]
struct Map {
    /// First and last slot, and their master; in order.
    ranges: Vec<(u16, u16, Place)>,
    servers: HashMap<Place, Arc<Server>>,
}

impl Map {
    fn of(&self, slot: Slot) -> Option<&Place> {
        let number = slot.number();
        let after = self.ranges.partition_point(|(first, _, _)| *first <= number);
        let (_, last, place) = self.ranges.get(after.checked_sub(1)?)?;
        (number <= *last).then_some(place)
    }
}

impl Cluster {
    /// The cluster of which these servers are known, once one of them has said who serves what.
    pub(super) async fn open(
        seeds: Vec<Place>,
        line: Arc<Line>,
        bounds: Bounds,
        metrics: metrics::Store,
    ) -> Result<Self, StoreError> {
        let members = Arc::new(Members { line, bounds, metrics, seeds, map: RwLock::default(), doubt: Notify::new() });
        members.learn().await?;
        let watcher = tokio::spawn(watch(Arc::clone(&members)));
        Ok(Self { members, watcher })
    }

    /// Sends a request to the server of its slot, and on to where that says.
    pub(super) async fn send(&self, request: &Request, deadline: Instant) -> Result<Value, Failure> {
        let (mut place, mut asking) = (self.members.place_of(request.slot())?, false);
        for _ in 0..MOST_HOPS {
            let failure = match self.members.server(&place).send(request, asking, deadline).await {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            let Some((address, for_once)) = failure.elsewhere() else {
                if failure.is_of_place() {
                    self.members.doubt.notify_one();
                }
                return Err(failure);
            };
            self.members.metrics.redirections.inc();
            if !for_once {
                self.members.doubt.notify_one();
            }
            (place, asking) = (named(address, &place).ok_or(failure)?, for_once);
        }
        Err(Failure::Down("the servers of the cluster pass a request around".into()))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.watcher.abort();
    }
}

impl Members {
    fn place_of(&self, slot: Slot) -> Result<Place, Failure> {
        let place = self.map.read().of(slot).cloned();
        place.ok_or_else(|| {
            self.doubt.notify_one();
            Failure::Down("no server of the cluster serves the slot".into())
        })
    }

    fn server(&self, place: &Place) -> Arc<Server> {
        if let Some(server) = self.map.read().servers.get(place) {
            return Arc::clone(server);
        }
        let mut map = self.map.write();
        let server = map
            .servers
            .entry(place.clone())
            .or_insert_with(|| Arc::new(Server::new(self.line.to(place.clone()), self.bounds, &self.metrics)));
        Arc::clone(server)
    }

    /// Asks the servers, one after the other, who serves what.
    async fn learn(&self) -> Result<(), StoreError> {
        let mut known: Vec<_> = self.map.read().servers.keys().cloned().collect();
        known.extend(self.seeds.iter().filter(|seed| !known.contains(seed)).cloned().collect::<Vec<_>>());
        let mut last = StoreError::Unavailable("no server of the cluster is known".to_owned());
        for place in known {
            let deadline = Instant::now() + self.bounds.timeout;
            let answer = self.server(&place).send(&Request::to_server("CLUSTER").arg("SLOTS"), false, deadline).await;
            match answer.map_err(StoreError::from).and_then(|answer| ranges(answer, &place)) {
                Ok(ranges) => {
                    let mut map = self.map.write();
                    map.servers.retain(|place, _| ranges.iter().any(|(_, _, serving)| serving == place));
                    map.ranges = ranges;
                    return Ok(());
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// Learns anew who serves what whenever there is doubt.
async fn watch(members: Arc<Members>) {
    loop {
        members.doubt.notified().await;
        let mut pause = ASK_AGAIN_AFTER;
        while let Err(error) = members.learn().await {
            if pause == ASK_AGAIN_AFTER {
                warn!(%error, "the servers of the Redis cluster do not say who serves what");
            }
            time::sleep(pause).await;
            pause = (pause * 2).min(members.bounds.longest_pause);
        }
        time::sleep(ASK_AGAIN_AFTER).await;
    }
}

/// What `CLUSTER SLOTS` says: ranges of slots with their masters.
fn ranges(answer: Value, asked: &Place) -> Result<Vec<(u16, u16, Place)>, StoreError> {
    let mut ranges = Vec::new();
    for range in Reply::new(answer, "list of slots").list()? {
        let mut range = range.list()?;
        let (first, last) = (range.part()?.number()?, range.part()?.number()?);
        let mut master = range.part()?.list()?;
        // A server that does not know its own name leaves it out.
        let host = match master.part()?.optional() {
            Some(host) => host.text()?,
            None => String::new(),
        };
        let host = if host.is_empty() { asked.host.clone() } else { host };
        let port = master.part()?.number()?;
        let (Ok(first), Ok(last), Ok(port)) = (first.try_into(), last.try_into(), port.try_into()) else {
            return Err(StoreError::Unreadable("list of slots"));
        };
        ranges.push((first, last, Place { host, port }));
    }
    ranges.sort();
    Ok(ranges)
}

/// The place that a server names in a redirection; without a host it means its own.
fn named(address: &str, by: &Place) -> Option<Place> {
    let place = Place::parse(address)?;
    Some(if place.host.is_empty() { Place { host: by.host.clone(), ..place } } else { place })
}
