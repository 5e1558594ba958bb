//! A task that whoever sends to it may run.
//!
//! Waking a task costs a queue, often another thread, and the memory that the other core has to fetch: more than
//! most tasks here do with a message. So a sender that finds the receiver's task asleep runs it in its own, as far
//! as it gets. It stays one task: one at a time runs it, what it waits for wakes it as ever, and while somebody
//! runs it everybody else only leaves their message.

use std::{
    any::Any,
    cell::Cell,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
};

use futures_util::{
    future::BoxFuture,
    task::{ArcWake, AtomicWaker, waker_ref},
};
use parking_lot::Mutex;

/// How deep tasks may run each other: a gateway's within a room's within presence's, and so on. Deeper than that, and
/// the runtime does it.
const DEPTH: u8 = 4;

thread_local! {
    static RUNNING: Cell<u8> = const { Cell::new(0) };
}

/// Nobody runs it, and it waits.
const ASLEEP: u8 = 0;
/// The runtime is about to run it.
const WOKEN: u8 = 1;
/// It is being run.
const RUN: u8 = 2;
/// It is being run, and has to be run once more.
const RUN_AGAIN: u8 = 3;
/// It has ended.
const ENDED: u8 = 4;

/// Lets others run a task. Clones are for the same task.
#[derive(Clone)]
pub struct CallerRuns(Arc<Shared>);

struct Shared {
    state: AtomicU8,
    /// The task of the runtime.
    task: AtomicWaker,
    /// Touched only by who has brought the state to [`RUN`].
    work: Mutex<Work>,
}

enum Work {
    /// There is none yet.
    None,
    Begun(BoxFuture<'static, ()>),
    /// A caller that ran it has seen it panic, of which its own task must hear.
    Panicked(Box<dyn Any + Send>),
    Done,
}

impl Default for CallerRuns {
    fn default() -> Self {
        // The runtime runs a task first.
        let state = AtomicU8::new(WOKEN);
        Self(Arc::new(Shared { state, task: AtomicWaker::new(), work: Mutex::new(Work::None) }))
    }
}

impl CallerRuns {
    /// The task, to be spawned. There is one only.
    pub fn task(&self, work: impl Future<Output = ()> + Send + 'static) -> impl Future<Output = ()> + Send + 'static {
        *self.0.work.lock() = Work::Begun(Box::pin(work));
        Task(Arc::clone(&self.0))
    }

    /// Gives the task something to do by `send`, and runs it if nobody does.
    pub(super) fn run_after<T>(&self, send: impl FnOnce() -> T) -> T {
        let shared = &self.0;
        let depth = RUNNING.get();
        let free =
            depth < DEPTH && shared.state.compare_exchange(ASLEEP, RUN, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if !free {
            return send();
        }
        RUNNING.set(depth + 1);
        let sent = send();
        // Being sent to has woken it, for which it is run now.
        let _ = shared.state.compare_exchange(RUN_AGAIN, RUN, Ordering::AcqRel, Ordering::Relaxed);
        if let Poll::Ready(()) = shared.run(true) {
            shared.task.wake();
        }
        RUNNING.set(depth);
        sent
    }
}

impl Shared {
    /// Runs the work as far as it gets. The state must be [`RUN`].
    fn run(self: &Arc<Self>, by_caller: bool) -> Poll<()> {
        let mut work = self.work.lock();
        let waker = waker_ref(self);
        let mut context = Context::from_waker(&waker);
        let polled = match &mut *work {
            Work::Begun(future) => {
                let mut poll = || future.as_mut().poll(&mut context);
                // A caller must not go down with it.
                if by_caller { catch_unwind(AssertUnwindSafe(poll)) } else { Ok(poll()) }
            }
            Work::None | Work::Panicked(_) | Work::Done => Ok(Poll::Ready(())),
        };
        match polled {
            Ok(Poll::Pending) => {}
            Ok(Poll::Ready(())) => {
                *work = Work::Done;
                self.state.store(ENDED, Ordering::Release);
                return Poll::Ready(());
            }
            Err(panic) => {
                *work = Work::Panicked(panic);
                self.state.store(ENDED, Ordering::Release);
                return Poll::Ready(());
            }
        }
        if self.state.compare_exchange(RUN, ASLEEP, Ordering::AcqRel, Ordering::Relaxed).is_err()
            && self.state.compare_exchange(RUN_AGAIN, WOKEN, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        {
            self.task.wake();
        }
        Poll::Pending
    }
}

impl ArcWake for Shared {
    fn wake_by_ref(this: &Arc<Self>) {
        let wake = |state| match state {
            ASLEEP => Some(WOKEN),
            RUN => Some(RUN_AGAIN),
            _ => None,
        };
        if this.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, wake) == Ok(ASLEEP) {
            this.task.wake();
        }
    }
}

struct Task(Arc<Shared>);

impl Future for Task {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let shared = &self.0;
        shared.task.register(context.waker());
        let begin = |state| match state {
            ASLEEP | WOKEN => Some(RUN),
            // Whoever runs it wakes this task at the end.
            RUN => Some(RUN_AGAIN),
            _ => None,
        };
        match shared.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, begin) {
            Ok(ASLEEP | WOKEN) => shared.run(false),
            Err(ENDED) => match std::mem::replace(&mut *shared.work.lock(), Work::Done) {
                Work::Panicked(panic) => resume_unwind(panic),
                _ => Poll::Ready(()),
            },
            Ok(_) | Err(_) => Poll::Pending,
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.state.store(ENDED, Ordering::Release);
        // The runtime drops tasks between runs of others: it cannot be this thread that runs it at the moment.
        *self.0.work.lock() = Work::Done;
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, time::Duration};

    use tokio::{
        sync::{mpsc, oneshot},
        task, time,
    };

    use super::*;

    /// A task that hands what it is sent to `handle`.
    fn receiver<F, W>(queue: usize, mut handle: F) -> (CallerRuns, mpsc::Sender<u32>, task::JoinHandle<()>)
    where
        F: FnMut(u32) -> W + Send + 'static,
        W: Future<Output = ()> + Send + 'static,
    {
        let (sender, mut receiver) = mpsc::channel(queue);
        let runs = CallerRuns::default();
        let work = async move {
            while let Some(number) = receiver.recv().await {
                handle(number).await;
            }
        };
        let handle = tokio::spawn(runs.task(work));
        (runs, sender, handle)
    }

    #[tokio::test]
    async fn who_sends_runs_a_task_that_waits() {
        let (heard, mut hears) = mpsc::unbounded_channel();
        let (runs, sender, _task) = receiver(8, move |number| {
            heard.send(number).unwrap();
            std::future::ready(())
        });
        // The runtime begins it.
        runs.run_after(|| sender.try_send(1)).unwrap();
        assert!(hears.try_recv().is_err());
        assert_eq!(hears.recv().await, Some(1));
        task::yield_now().await;
        runs.run_after(|| sender.try_send(2)).unwrap();
        assert_eq!(hears.try_recv(), Ok(2));
    }

    #[tokio::test(start_paused = true)]
    async fn what_it_waits_for_wakes_it_as_ever() {
        let (heard, mut hears) = mpsc::unbounded_channel();
        let (runs, sender, _task) = receiver(8, move |number| {
            let heard = heard.clone();
            async move {
                time::sleep(Duration::from_secs(1)).await;
                heard.send(number).unwrap();
            }
        });
        task::yield_now().await;
        for number in 0..3 {
            runs.run_after(|| sender.try_send(number)).unwrap();
        }
        assert!(hears.try_recv().is_err());
        for number in 0..3 {
            assert_eq!(hears.recv().await, Some(number));
        }
    }

    #[tokio::test]
    async fn a_task_that_sends_to_itself_hears_it_when_it_is_done_with_the_first() {
        let (heard, mut hears) = mpsc::unbounded_channel();
        let (itself, known) = oneshot::channel::<(CallerRuns, mpsc::Sender<u32>)>();
        let mut known = Some(known);
        let (runs, sender, _task) = receiver(8, move |number| {
            if let Some(mut known) = known.take() {
                let (runs, sender) = known.try_recv().unwrap();
                runs.run_after(|| sender.try_send(number + 1)).unwrap();
            }
            heard.send(number).unwrap();
            std::future::ready(())
        });
        itself.send((runs.clone(), sender.clone())).unwrap_or_else(|_| panic!("the receiver is gone"));
        task::yield_now().await;
        runs.run_after(|| sender.try_send(1)).unwrap();
        assert_eq!((hears.recv().await, hears.recv().await), (Some(1), Some(2)));
    }

    #[tokio::test]
    async fn a_panic_is_the_tasks_and_not_the_callers() {
        let (runs, sender, task) = receiver(8, |_| async { panic!("on purpose") });
        task::yield_now().await;
        runs.run_after(|| sender.try_send(1)).unwrap();
        assert!(task.await.unwrap_err().is_panic());
        assert!(runs.run_after(|| sender.try_send(2)).is_err(), "its queue is gone");
    }

    #[tokio::test]
    async fn a_task_that_is_given_up_leaves_nothing() {
        let (runs, sender, task) = receiver(8, |_| std::future::ready(()));
        task::yield_now().await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        assert!(runs.run_after(|| sender.try_send(1)).is_err(), "its queue is gone");
        assert_eq!(Arc::strong_count(&runs.0), 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn many_senders_at_once_are_each_heard_once_and_in_order() {
        const SENDERS: u32 = 4;
        const EACH: u32 = 5_000;
        let (done, all) = oneshot::channel();
        let (mut done, mut last) = (Some(done), HashMap::new());
        let (runs, sender, _task) = receiver(64, move |number| {
            let (from, count) = (number / EACH, number % EACH);
            assert_eq!(last.insert(from, count), count.checked_sub(1));
            if last.len() == SENDERS as usize && last.values().all(|count| *count == EACH - 1) {
                done.take().map(|done| done.send(()));
            }
            std::future::ready(())
        });
        for from in 0..SENDERS {
            let (runs, sender) = (runs.clone(), sender.clone());
            tokio::spawn(async move {
                for number in from * EACH..(from + 1) * EACH {
                    while runs.run_after(|| sender.try_send(number)).is_err() {
                        task::yield_now().await;
                    }
                }
            });
        }
        all.await.unwrap();
    }
}
