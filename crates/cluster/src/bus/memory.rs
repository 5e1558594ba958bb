//! The bus of a cluster that is one process.
//!
//! Every subscription is a bounded queue. A message travels from the sender's task straight into it:
//! no task, no name and no lock is held while somebody waits. If the task that receives waits for messages,
//! the sender runs it. The map of subscriptions changes when services start or stop and is only read
//! otherwise.

use std::{
    collections::HashMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{
    FutureExt,
    future::{self, BoxFuture},
};
use parking_lot::RwLock;
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    time,
};

use super::{Bus, BusError, CallerRuns, DeliveryGuarantee, Message, QueueGroup, Reply, Subject, Subscription};

/// Passes messages between the services of this process. Clones are the same bus.
///
/// A full queue makes its senders wait: a publisher as long as it takes, a requester at most its
/// timeout. A subscriber must therefore not wait, while it handles a message, for somebody who may be
/// publishing to it.
#[derive(Clone)]
pub struct MemoryBus {
    routes: Arc<Routes>,
    queue: usize,
}

#[derive(Default)]
struct Routes {
    /// Copied when it changes, so that no lock is held while a receiver runs.
    by_subject: RwLock<HashMap<Subject, Arc<Route>>>,
    next_id: AtomicU64,
}

/// Who receives what is sent to one subject.
#[derive(Clone, Default)]
struct Route {
    /// Each of them receives everything.
    everyone: Vec<Subscriber>,
    /// One member of each receives everything.
    groups: Vec<Group>,
}

#[derive(Clone)]
struct Group {
    name: QueueGroup,
    members: Vec<Subscriber>,
    /// The member whose turn it is, modulo their number.
    turn: Arc<AtomicUsize>,
}

#[derive(Clone)]
struct Subscriber {
    id: u64,
    messages: mpsc::Sender<Message>,
    /// The task that receives, once it is known.
    task: Arc<OnceLock<CallerRuns>>,
}

impl MemoryBus {
    /// A bus whose subscriptions hold at most `queue` messages each (at least one).
    pub fn new(queue: usize) -> Self {
        Self { routes: Arc::default(), queue: queue.max(1) }
    }
}

impl Bus for MemoryBus {
    fn publish(&self, subject: Subject, payload: Bytes) -> BoxFuture<'_, Result<(), BusError>> {
        async move {
            for (messages, message) in self.routes.offer_to_all(&subject, &payload) {
                // Fails if the subscriber is gone: then nobody is to receive it.
                let _ = messages.send(message).await;
            }
            Ok(())
        }
        .boxed()
    }

    fn request(&self, subject: Subject, payload: Bytes, timeout: Duration) -> BoxFuture<'_, Result<Bytes, BusError>> {
        async move {
            match time::timeout(timeout, self.routes.exchange(&subject, payload)).await {
                Ok(Ok(payload)) => Ok(payload),
                Ok(Err(Unanswered::Nobody)) => Err(BusError::NoResponders(subject)),
                // A subscriber that went away with the request in its queue will never answer. It is
                // known at once here, which saves the requester the wait.
                Ok(Err(Unanswered::Lost)) | Err(_) => Err(BusError::Timeout(subject)),
            }
        }
        .boxed()
    }

    fn subscribe(&self, subject: Subject, group: Option<QueueGroup>) -> BoxFuture<'_, Result<Subscription, BusError>> {
        let (messages, received) = mpsc::channel(self.queue);
        let id = self.routes.next_id.fetch_add(1, Ordering::Relaxed);
        let task = Arc::default();
        let subscriber = Subscriber { id, messages, task: Arc::clone(&task) };
        self.routes.change(&subject, |route| route.add(group, subscriber));
        let guard = Registration { routes: Arc::clone(&self.routes), subject, id };
        future::ready(Ok(Subscription::queued(received, task, Box::new(guard)))).boxed()
    }

    fn delivery(&self) -> DeliveryGuarantee {
        DeliveryGuarantee::Certain
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), BusError>> {
        future::ready(Ok(())).boxed()
    }
}

/// Why a request has no answer.
enum Unanswered {
    /// There is no subscriber.
    Nobody,
    /// The subscriber dropped it.
    Lost,
}

/// What became of a message that was offered to one subscriber.
enum Offer {
    /// It is in the queue.
    Taken,
    /// The queue is full: wait for room in it.
    Full(mpsc::Sender<Message>, Message),
    /// There is no subscriber.
    Refused,
}

impl Routes {
    /// Sends a request and waits for its answer.
    async fn exchange(&self, subject: &Subject, payload: Bytes) -> Result<Bytes, Unanswered> {
        let (answer, answered) = oneshot::channel();
        let message = Message {
            payload,
            reply: Some(Reply::new(move |payload| {
                // Fails if the requester no longer waits.
                let _ = answer.send(payload);
            })),
        };
        match self.offer_to_one(subject, message) {
            Offer::Taken => {}
            Offer::Full(messages, message) => {
                messages.send(message).await.map_err(|_| Unanswered::Lost)?;
            }
            Offer::Refused => return Err(Unanswered::Nobody),
        }
        answered.await.map_err(|_| Unanswered::Lost)
    }

    /// Puts a message into the queues of its receivers as far as there is room. Gives the rest.
    fn offer_to_all(&self, subject: &Subject, payload: &Bytes) -> Vec<(mpsc::Sender<Message>, Message)> {
        let message = || Message { payload: payload.clone(), reply: None };
        let mut waiting = Vec::new();
        let Some(route) = self.route(subject) else {
            return waiting;
        };
        for subscriber in &route.everyone {
            if let Err(TrySendError::Full(message)) = subscriber.offer(message()) {
                waiting.push((subscriber.messages.clone(), message));
            }
        }
        for group in &route.groups {
            if let Offer::Full(messages, message) = group.offer(message()) {
                waiting.push((messages, message));
            }
        }
        waiting
    }

    /// Puts a request into the queue of one receiver if there is room.
    fn offer_to_one(&self, subject: &Subject, message: Message) -> Offer {
        match self.route(subject).as_ref().and_then(|route| route.groups.first()) {
            Some(group) => group.offer(message),
            None => Offer::Refused,
        }
    }

    fn route(&self, subject: &Subject) -> Option<Arc<Route>> {
        self.by_subject.read().get(subject).cloned()
    }

    fn change(&self, subject: &Subject, change: impl FnOnce(&mut Route)) {
        let mut routes = self.by_subject.write();
        let mut route = routes.get(subject).map(|route| Route::clone(route)).unwrap_or_default();
        change(&mut route);
        if route.everyone.is_empty() && route.groups.is_empty() {
            routes.remove(subject);
        } else {
            routes.insert(subject.clone(), Arc::new(route));
        }
    }
}

impl Subscriber {
    /// Puts a message into the queue if there is room, and runs the task that receives if that waits for one.
    fn offer(&self, message: Message) -> Result<(), TrySendError<Message>> {
        let send = || self.messages.try_send(message);
        match self.task.get() {
            Some(task) => task.run_after(send),
            None => send(),
        }
    }
}

impl Route {
    fn add(&mut self, group: Option<QueueGroup>, subscriber: Subscriber) {
        let Some(name) = group else {
            self.everyone.push(subscriber);
            return;
        };
        match self.groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.members.push(subscriber),
            None => self.groups.push(Group { name, members: vec![subscriber], turn: Arc::default() }),
        }
    }

    fn remove(&mut self, id: u64) {
        self.everyone.retain(|subscriber| subscriber.id != id);
        for group in &mut self.groups {
            group.members.retain(|member| member.id != id);
        }
        self.groups.retain(|group| !group.members.is_empty());
    }
}

impl Group {
    /// Offers a message to the members in turn: to the first with room in its queue, else to the
    /// first that is there at all.
    fn offer(&self, mut message: Message) -> Offer {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let mut full = None;
        for step in 0..self.members.len() {
            let member = &self.members[turn.wrapping_add(step) % self.members.len()];
            message = match member.offer(message) {
                Ok(()) => return Offer::Taken,
                Err(TrySendError::Full(message)) => {
                    full.get_or_insert(member);
                    message
                }
                Err(TrySendError::Closed(message)) => message,
            };
        }
        match full {
            Some(member) => Offer::Full(member.messages.clone(), message),
            None => Offer::Refused,
        }
    }
}

/// Ends a subscription when dropped.
struct Registration {
    routes: Arc<Routes>,
    subject: Subject,
    id: u64,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.routes.change(&self.subject, |route| route.remove(self.id));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;
    use heliograph_domain::id::NodeId;

    use super::*;
    use crate::partition::Partition;

    fn gateway() -> Subject {
        Subject::Gateway(NodeId::parse("gateway-1").unwrap())
    }

    fn rooms() -> Subject {
        Subject::Rooms(Partition::of("room"))
    }

    #[tokio::test]
    async fn a_full_queue_makes_the_publisher_wait() {
        let bus = MemoryBus::new(1);
        let mut subscription = bus.subscribe(gateway(), None).await.unwrap();
        bus.publish(gateway(), "first".into()).await.unwrap();
        let mut second = bus.publish(gateway(), "second".into());
        assert!(poll!(&mut second).is_pending());
        assert_eq!(subscription.next().await.unwrap().payload, "first");
        second.await.unwrap();
        assert_eq!(subscription.next().await.unwrap().payload, "second");
    }

    #[tokio::test]
    async fn a_publisher_does_not_wait_for_a_subscriber_that_has_gone() {
        let bus = MemoryBus::new(1);
        let subscription = bus.subscribe(gateway(), None).await.unwrap();
        bus.publish(gateway(), "first".into()).await.unwrap();
        let mut second = bus.publish(gateway(), "second".into());
        assert!(poll!(&mut second).is_pending());
        drop(subscription);
        second.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_requester_waits_for_a_full_queue_at_most_its_timeout() {
        let bus = MemoryBus::new(1);
        let _full = bus.subscribe(rooms(), Some(QueueGroup::Rooms)).await.unwrap();
        bus.publish(rooms(), "first".into()).await.unwrap();
        let reply = bus.request(rooms(), "second".into(), Duration::from_secs(5)).await;
        assert_eq!(reply, Err(BusError::Timeout(rooms())));
    }

    #[tokio::test]
    async fn a_busy_member_is_passed_over() {
        let bus = MemoryBus::new(1);
        let mut one = bus.subscribe(rooms(), Some(QueueGroup::Rooms)).await.unwrap();
        let mut other = bus.subscribe(rooms(), Some(QueueGroup::Rooms)).await.unwrap();
        for payload in ["first", "second"] {
            bus.publish(rooms(), payload.into()).await.unwrap();
        }
        assert_eq!(other.next().await.unwrap().payload, "second");
        // It is the turn of the one whose queue is full.
        bus.publish(rooms(), "third".into()).await.unwrap();
        assert_eq!(other.next().await.unwrap().payload, "third");
        assert_eq!(one.next().await.unwrap().payload, "first");
    }

    #[tokio::test]
    async fn a_request_that_its_subscriber_drops_is_not_waited_for() {
        let bus = MemoryBus::new(8);
        let subscription = bus.subscribe(rooms(), Some(QueueGroup::Rooms)).await.unwrap();
        let mut request = bus.request(rooms(), "ping".into(), Duration::from_secs(600));
        assert!(poll!(&mut request).is_pending());
        drop(subscription);
        assert_eq!(request.await, Err(BusError::Timeout(rooms())));
    }

    #[tokio::test]
    async fn nothing_is_kept_of_subjects_without_subscribers() {
        let bus = MemoryBus::new(8);
        let subscriptions = [
            bus.subscribe(gateway(), None).await.unwrap(),
            bus.subscribe(rooms(), Some(QueueGroup::Rooms)).await.unwrap(),
            bus.subscribe(rooms(), Some(QueueGroup::Rooms)).await.unwrap(),
        ];
        assert_eq!(bus.routes.by_subject.read().len(), 2);
        drop(subscriptions);
        assert!(bus.routes.by_subject.read().is_empty());
    }
}
