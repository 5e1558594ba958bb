//! Work that becomes a task when it is woken.
//!
//! A command leaves within the call that starts it, so that commands leave in the order of the calls; then it
//! waits for one thing, the reply. A task that is made for it at once is polled in vain before that comes, and
//! being the second task that has something to do, wakes another thread for it. So the task is made by what
//! ends the wait.

use std::{
    future::Future,
    sync::Arc,
    task::{Context, Wake, Waker},
};

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::runtime::Handle;

/// Runs work to its first wait here and now, and the rest in a task when that is over.
pub(super) fn launch(work: impl Future<Output = ()> + Send + 'static) {
    let mut work: BoxFuture<'static, ()> = Box::pin(work);
    let parked = Arc::new(Parked { state: Mutex::new(State::Polled), runtime: Handle::current() });
    let waker = Waker::from(Arc::clone(&parked));
    if work.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
        let mut state = parked.state.lock();
        match *state {
            State::Polled => *state = State::Waiting(work),
            State::Woken => drop(parked.runtime.spawn(work)),
            State::Waiting(_) => {}
        }
    }
}

struct Parked {
    state: Mutex<State>,
    runtime: Handle,
}

enum State {
    /// It is being polled for the first time.
    Polled,
    /// It waits for something that will wake it.
    Waiting(BoxFuture<'static, ()>),
    /// It was woken: it is a task, or will be one when the first poll is over.
    Woken,
}

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        let before = std::mem::replace(&mut *self.state.lock(), State::Woken);
        if let State::Waiting(work) = before {
            self.runtime.spawn(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicBool, Ordering},
        time::Duration,
    };

    use tokio::sync::{mpsc, oneshot};

    use super::*;

    #[tokio::test]
    async fn work_runs_to_its_first_wait_at_once_and_on_when_it_is_woken() {
        let (reply, replied) = oneshot::channel();
        let (done, ended) = oneshot::channel();
        let begun = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&begun);
        launch(async move {
            noted.store(true, Ordering::SeqCst);
            done.send(replied.await).unwrap();
        });
        assert!(begun.load(Ordering::SeqCst));
        reply.send(7).unwrap();
        assert_eq!(ended.await, Ok(Ok(7)));
    }

    #[tokio::test]
    async fn work_that_wakes_itself_goes_on() {
        let (done, mut ended) = mpsc::channel(1);
        launch(async move {
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
            done.send(()).await.unwrap();
        });
        assert_eq!(ended.recv().await, Some(()));
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_waits_for_time_goes_on() {
        let (done, ended) = oneshot::channel();
        launch(async move {
            tokio::time::sleep(Duration::from_secs(5)).await;
            done.send(()).unwrap();
        });
        assert_eq!(ended.await, Ok(()));
    }
}
