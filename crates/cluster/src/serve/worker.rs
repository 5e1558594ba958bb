//! The task of one partition.

use std::{
    collections::{HashMap, VecDeque},
    pin::pin,
    sync::Arc,
};

use futures_util::{
    FutureExt, StreamExt,
    future::{BoxFuture, Fuse, FusedFuture, poll_immediate},
    stream::FuturesUnordered,
};
use tokio::{
    task,
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{Backends, Handled, RETRY, ServeOptions, Service, Timers};
use crate::{
    bus::{CallerRuns, Message, Reply, Subscription},
    partition::Partition,
    store::{Deadline, StoreError},
};

/// How many deadlines are taken at a time.
const DEADLINES_AT_ONCE: usize = 64;

/// Handles the commands and deadlines of a partition until it is told to stop.
pub(super) struct Worker<S: Service> {
    service: Arc<S>,
    backends: Backends,
    partition: Partition,
    options: ServeOptions,
    timers: Timers,
    /// Keys that are being handled, with what waits for them.
    busy: HashMap<S::Key, VecDeque<Work<S>>>,
    running: FuturesUnordered<BoxFuture<'static, Step<S>>>,
    /// Commands and deadlines under way or waiting, and what follows answered commands.
    pending: usize,
    deadlines: Looking,
}

/// Something to do for one key.
enum Work<S: Service> {
    Command(S::Command, Option<Reply>),
    Deadline(Deadline),
}

/// What has come to its end.
enum Step<S: Service> {
    /// A command was handled.
    Handled(S::Key, Handled, Option<Reply>),
    /// What followed a command is over.
    Followed,
    /// A deadline was fired: is it done?
    Fired(S::Key, bool),
    /// The deadlines were read.
    Read(Result<Vec<Deadline>, StoreError>),
}

/// How far the current look at the deadlines is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Looking {
    /// Nothing is due.
    No,
    /// They are being read.
    Reading,
    /// So many have to be fired before they are read again.
    Firing(usize),
}

impl<S: Service> Worker<S> {
    pub(super) fn new(service: Arc<S>, backends: Backends, partition: Partition, options: ServeOptions) -> Self {
        let deadlines = Arc::clone(&backends.store.deadlines);
        let timers = Timers::new(deadlines, S::KIND.scope(), partition, backends.clock.clone());
        Self {
            service,
            backends,
            partition,
            options,
            timers,
            busy: HashMap::new(),
            running: FuturesUnordered::new(),
            pending: 0,
            deadlines: Looking::No,
        }
    }

    /// Serves the partition, as `task`. `subscribed` is called when commands are received for the first time.
    pub(super) async fn run(mut self, stop: CancellationToken, task: &CallerRuns, subscribed: impl FnOnce()) {
        let mut subscribed = Some(subscribed);
        let mut inheriting = self.inherit();
        while !stop.is_cancelled() {
            let subject = S::KIND.subject(self.partition);
            match self.backends.bus.subscribe(subject, Some(S::KIND.group())).await {
                Ok(mut subscription) => {
                    subscription.run_by_callers(task);
                    if let Some(subscribed) = subscribed.take() {
                        subscribed();
                    }
                    self.serve(&mut subscription, &mut inheriting, &stop).await;
                    // What has already been given to this owner alone is answered by it: all of it, however
                    // much one turn of a task would be.
                    while let Some(Some(message)) = task::unconstrained(subscription.next()).now_or_never() {
                        self.receive(message).await;
                    }
                }
                // The bus says that it is away, once for all partitions.
                Err(error) => debug!(partition = %self.partition, %error, "cannot subscribe to a partition"),
            }
            let _ = time::timeout(RETRY, stop.cancelled()).await;
        }
        while let Some(step) = self.running.next().await {
            self.finish(step).await;
        }
    }

    /// What the owner before has left to do, until it is done.
    fn inherit(&self) -> Fuse<BoxFuture<'static, ()>> {
        let (service, partition) = (Arc::clone(&self.service), self.partition);
        let inheriting = async move {
            while !Arc::clone(&service).take_over(partition).await {
                time::sleep(RETRY).await;
            }
        };
        inheriting.boxed().fuse()
    }

    /// Returns when it shall stop, or when the bus has given up the subscription.
    async fn serve(
        &mut self,
        subscription: &mut Subscription,
        inheriting: &mut Fuse<BoxFuture<'static, ()>>,
        stop: &CancellationToken,
    ) {
        let mut look_at = self.timers.next();
        let mut alarm = pin!(time::sleep(look_at.since(self.timers.now())));
        let mut stopped = pin!(stop.cancelled());
        loop {
            // Moved only when it has to be: most commands set no deadline.
            if look_at != self.timers.next() {
                look_at = self.timers.next();
                alarm.as_mut().reset(Instant::now() + look_at.since(self.timers.now()));
            }
            tokio::select! {
                biased;
                Some(step) = self.running.next(), if !self.running.is_empty() => self.finish(step).await,
                () = &mut stopped => return,
                () = &mut *inheriting, if !inheriting.is_terminated() => {}
                () = &mut alarm, if self.deadlines == Looking::No => self.look().await,
                message = subscription.next(), if self.pending < self.options.pending => match message {
                    Some(message) => self.receive(message).await,
                    None => return,
                },
            }
        }
    }

    async fn receive(&mut self, message: Message) {
        match self.service.decode(message.payload) {
            Ok(command) => {
                let key = self.service.key(&command);
                self.enqueue(key, Work::Command(command, message.reply)).await;
            }
            Err(refusal) => answer(message.reply, refusal),
        }
    }

    async fn enqueue(&mut self, key: S::Key, work: Work<S>) {
        self.pending += 1;
        if let Some(queue) = self.busy.get_mut(&key) {
            queue.push_back(work);
        } else {
            self.start(key, work).await;
        }
    }

    /// Begins some work, whose key must not be busy, and ends it at once if nothing makes it wait.
    async fn start(&mut self, key: S::Key, work: Work<S>) {
        let mut under_way = self.perform(key.clone(), work);
        match poll_immediate(&mut under_way).await {
            Some(step) => self.end(step).await,
            None => {
                self.busy.insert(key, VecDeque::new());
                self.running.push(under_way);
            }
        }
    }

    fn perform(&self, key: S::Key, work: Work<S>) -> BoxFuture<'static, Step<S>> {
        let service = Arc::clone(&self.service);
        let timers = self.timers.clone();
        match work {
            Work::Command(command, reply) => {
                let handling = service.handle(command, timers);
                async move { Step::Handled(key, handling.await, reply) }.boxed()
            }
            Work::Deadline(deadline) => async move {
                let done = service.fire(deadline.clone(), timers.clone()).await;
                // What could not be removed fires once more, which is harmless.
                let cleared = done && timers.done(&deadline).await.is_ok();
                Step::Fired(key, cleared)
            }
            .boxed(),
        }
    }

    /// Ends what was under way, and begins what waited for its key.
    async fn finish(&mut self, step: Step<S>) {
        let key = match &step {
            Step::Handled(key, ..) | Step::Fired(key, _) => Some(key.clone()),
            Step::Followed | Step::Read(_) => None,
        };
        self.end(step).await;
        let Some(key) = key else { return };
        while let Some(work) = self.busy.get_mut(&key).and_then(VecDeque::pop_front) {
            let mut under_way = self.perform(key.clone(), work);
            match poll_immediate(&mut under_way).await {
                Some(step) => self.end(step).await,
                None => {
                    self.running.push(under_way);
                    return;
                }
            }
        }
        self.busy.remove(&key);
    }

    async fn end(&mut self, step: Step<S>) {
        match step {
            Step::Handled(_, handled, reply) => {
                answer(reply, handled.reply);
                if let Some(afterwards) = handled.afterwards {
                    self.running.push(afterwards.map(|()| Step::Followed).boxed());
                } else {
                    self.pending -= 1;
                }
            }
            Step::Followed => self.pending -= 1,
            Step::Fired(_, done) => {
                self.pending -= 1;
                if !done {
                    self.timers.expect(self.timers.now() + RETRY);
                }
                self.fired(done);
            }
            Step::Read(Ok(due)) => self.fire(due).await,
            Step::Read(Err(error)) => {
                // The store says that it is away, once for all partitions.
                debug!(partition = %self.partition, %error, "cannot read deadlines");
                self.deadlines = Looking::No;
                self.timers.expect(self.timers.now() + RETRY);
            }
        }
    }

    async fn look(&mut self) {
        self.deadlines = Looking::Reading;
        let timers = self.timers.clone();
        let refresh = self.options.refresh;
        let mut reading = async move { Step::Read(timers.due(DEADLINES_AT_ONCE, refresh).await) }.boxed();
        match poll_immediate(&mut reading).await {
            Some(step) => self.end(step).await,
            None => self.running.push(reading),
        }
    }

    async fn fire(&mut self, due: Vec<Deadline>) {
        // Counted before the first begins: it may be over at once.
        self.deadlines = if due.is_empty() { Looking::No } else { Looking::Firing(due.len()) };
        for deadline in due {
            if let Some(key) = self.service.key_of(&deadline) {
                Box::pin(self.enqueue(key, Work::Deadline(deadline))).await;
            } else {
                warn!(partition = %self.partition, key = deadline.key, "a deadline cannot be read and is removed");
                if let Err(error) = self.timers.done(&deadline).await {
                    debug!(%error, "cannot remove a deadline");
                }
                self.fired(true);
            }
        }
    }

    fn fired(&mut self, done: bool) {
        self.deadlines = match self.deadlines {
            Looking::Firing(left) if left > 1 => Looking::Firing(left - 1),
            _ => {
                if done {
                    // There may be more than were read.
                    self.timers.expect(self.timers.now());
                }
                Looking::No
            }
        };
    }
}

fn answer(reply: Option<Reply>, payload: bytes::Bytes) {
    if let Some(reply) = reply {
        reply.send(payload);
    }
}
