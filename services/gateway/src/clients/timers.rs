//! Things that happen to a socket at a time: its token ends, its deadline to authenticate passes, its
//! typing is withdrawn. One task and one ordered map serve all sockets, because most of these timers are
//! set and never fire.

use std::collections::BTreeMap;

use heliograph_domain::{id::SocketId, room::RoomId};
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, mpsc},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Alarm {
    /// The socket's token has ended.
    TokenExpired,
    /// The socket should have authenticated, or joined, by now.
    AuthenticationOverdue,
    /// The user has not repeated that they are typing in this room.
    TypingEnded(RoomId),
}

/// Names a timer, to take it back. Ordered by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimerKey {
    at: Instant,
    number: u64,
}

/// All timers of the gateway's sockets.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    waiting: Mutex<Waiting>,
    /// Told when a timer is set that is earlier than all others.
    earlier: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    timers: BTreeMap<TimerKey, (SocketId, Alarm)>,
    next_number: u64,
}

/// How many fired alarms may wait to be handled.
const FIRED: usize = 1024;

impl Timers {
    /// Sets a timer.
    pub(crate) fn set(&self, at: Instant, socket: SocketId, alarm: Alarm) -> TimerKey {
        let mut waiting = self.waiting.lock();
        let key = TimerKey { at, number: waiting.next_number };
        waiting.next_number += 1;
        let first = waiting.timers.first_key_value().is_none_or(|(earliest, _)| key < *earliest);
        waiting.timers.insert(key, (socket, alarm));
        drop(waiting);
        if first {
            self.earlier.notify_one();
        }
        key
    }

    /// Takes a timer back. Nothing happens if it has fired.
    pub(crate) fn cancel(&self, key: TimerKey) {
        self.waiting.lock().timers.remove(&key);
    }

    /// How many timers wait.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.waiting.lock().timers.len()
    }

    /// The alarms, as they fire, until `shutdown`.
    pub(crate) fn run(self: &std::sync::Arc<Self>, shutdown: CancellationToken) -> mpsc::Receiver<(SocketId, Alarm)> {
        let (fired, alarms) = mpsc::channel(FIRED);
        let timers = std::sync::Arc::clone(self);
        tokio::spawn(async move {
            let work = async {
                loop {
                    let earliest = timers.waiting.lock().timers.first_key_value().map(|(key, _)| key.at);
                    let due = async {
                        match earliest {
                            Some(at) => tokio::time::sleep_until(at).await,
                            None => std::future::pending().await,
                        }
                    };
                    tokio::select! {
                        () = due => {}
                        () = timers.earlier.notified() => continue,
                    }
                    while let Some(alarm) = timers.take_due() {
                        if fired.send(alarm).await.is_err() {
                            return;
                        }
                    }
                }
            };
            shutdown.run_until_cancelled(work).await;
        });
        alarms
    }

    fn take_due(&self) -> Option<(SocketId, Alarm)> {
        let mut waiting = self.waiting.lock();
        let first = waiting.timers.first_entry()?;
        (first.key().at <= Instant::now()).then(|| first.remove())
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::*;

    fn socket(id: &str) -> SocketId {
        SocketId::parse(id).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn alarms_fire_in_the_order_of_their_times_and_not_when_cancelled() {
        let timers = Arc::new(Timers::default());
        let mut alarms = timers.run(CancellationToken::new());
        let at = |seconds| Instant::now() + Duration::from_secs(seconds);
        timers.set(at(20), socket("late"), Alarm::TokenExpired);
        timers.set(at(10), socket("early"), Alarm::AuthenticationOverdue);
        let cancelled = timers.set(at(5), socket("cancelled"), Alarm::TokenExpired);
        timers.cancel(cancelled);
        assert_eq!(alarms.recv().await, Some((socket("early"), Alarm::AuthenticationOverdue)));
        assert_eq!(alarms.recv().await, Some((socket("late"), Alarm::TokenExpired)));
        assert_eq!(timers.len(), 0);
    }
}
