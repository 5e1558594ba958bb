//! Whether the process can serve.
//!
//! Everything that has to be there before clients may come holds a [`Latch`]. The process is ready
//! while no latch is held. Readiness is about what the process depends on; that it lives is shown by
//! its answering at all.

use std::sync::Arc;

use tokio::sync::watch;

/// The process's readiness. Clones are the same readiness.
#[derive(Clone, Debug)]
pub struct Readiness {
    held: Arc<watch::Sender<Vec<&'static str>>>,
}

/// Keeps the process from being ready until it is dropped.
#[derive(Debug)]
pub struct Latch {
    name: &'static str,
    held: Arc<watch::Sender<Vec<&'static str>>>,
}

impl Default for Readiness {
    fn default() -> Self {
        Self { held: Arc::new(watch::Sender::new(Vec::new())) }
    }
}

impl Readiness {
    /// Takes a latch; `name` says what is waited for.
    pub fn hold(&self, name: &'static str) -> Latch {
        self.held.send_modify(|held| held.push(name));
        Latch { name, held: Arc::clone(&self.held) }
    }

    /// What is still waited for; empty if the process is ready.
    pub fn missing(&self) -> Vec<&'static str> {
        self.held.borrow().clone()
    }

    /// What is still waited for, as it changes.
    pub fn watch(&self) -> watch::Receiver<Vec<&'static str>> {
        self.held.subscribe()
    }

    /// Waits until nothing is waited for.
    pub async fn ready(&self) {
        // The sender is alive as long as `self` is, so that waiting cannot fail.
        let _ = self.held.subscribe().wait_for(Vec::is_empty).await;
    }
}

impl Drop for Latch {
    fn drop(&mut self) {
        self.held.send_modify(|held| {
            if let Some(at) = held.iter().position(|name| *name == self.name) {
                held.swap_remove(at);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_process_is_ready_when_the_last_latch_is_dropped() {
        let readiness = Readiness::default();
        let bus = readiness.hold("bus");
        let store = readiness.hold("store");
        assert_eq!(readiness.missing(), ["bus", "store"]);
        drop(bus);
        assert_eq!(readiness.missing(), ["store"]);
        let waiting = tokio::spawn({
            let readiness = readiness.clone();
            async move { readiness.ready().await }
        });
        drop(store);
        waiting.await.unwrap();
    }
}
