//! Whether the backends still answer: the process is ready only while the bus and the store do.
//!
//! The directory does not count: while it is away nothing changes for clients, and nodes that called
//! themselves unready for it would take a working cluster away from them.

use std::{fmt::Display, time::Duration};

use heliograph_cluster::serve::Backends;
use heliograph_telemetry::{metrics, readiness::Readiness};
use tokio::time;

/// From one look at a backend to the next, and how long its answer may take.
const PERIOD: Duration = Duration::from_secs(1);

/// Watches the backends as long as the process lives.
pub(crate) async fn watch(backends: Backends, readiness: Readiness, metrics: metrics::Backends) {
    let bus = follow("bus", || backends.bus.probe(), &readiness, &metrics);
    let store = follow("store", || backends.store.health.probe(), &readiness, &metrics);
    let away = Readiness::default();
    let directory = follow("directory", || backends.directory.probe(), &away, &metrics);
    tokio::join!(bus, store, directory);
}

async fn follow<E: Display, F: Future<Output = Result<(), E>>>(
    name: &'static str,
    mut probe: impl FnMut() -> F,
    readiness: &Readiness,
    metrics: &metrics::Backends,
) {
    let mut held = None;
    metrics.answers(name, true);
    loop {
        time::sleep(PERIOD).await;
        let failure = match time::timeout(PERIOD, probe()).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("no answer for {PERIOD:?}")),
        };
        metrics.answers(name, failure.is_none());
        match failure {
            Some(reason) if held.is_none() => {
                tracing::warn!(backend = name, reason, "a backend does not answer");
                held = Some(readiness.hold(name));
            }
            None if held.take().is_some() => tracing::info!(backend = name, "the backend answers again"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_process_is_not_ready_while_a_backend_is_away() {
        let (readiness, metrics, away) = (Readiness::default(), metrics::Backends::default(), AtomicBool::new(true));
        let probe = || async { if away.load(Ordering::Relaxed) { Err("refused") } else { Ok(()) } };
        let test = async {
            time::sleep(PERIOD * 3 / 2).await;
            assert_eq!(readiness.missing(), ["bus"]);
            away.store(false, Ordering::Relaxed);
            readiness.ready().await;
        };
        tokio::select! {
            () = follow("bus", probe, &readiness, &metrics) => {}
            () = test => {}
        }
    }
}
