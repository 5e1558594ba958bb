//! A bus that misbehaves, for tests: a decorator over any other.
//!
//! What goes wrong is drawn from a seed, so that a failing run can be repeated as far as the tasks
//! that use the bus take their turns in the same order.

use std::{collections::HashSet, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use parking_lot::Mutex;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{sync::watch, task::JoinSet, time};

use super::{Bus, BusError, DeliveryGuarantee, QueueGroup, Subject, Subscription};

/// What may happen to a message, each with a probability from 0 to 1. Nothing does by default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// It vanishes. Of a request, the reply vanishes as often: then the request was handled.
    pub lose: f64,
    /// It is sent twice.
    pub duplicate: f64,
    /// It takes up to [`Faults::lag`], and so does everything that its sender sends after it.
    pub delay: f64,
    /// It takes up to [`Faults::lag`], and what is sent after it may overtake it.
    pub reorder: f64,
    /// The longest time that a message is late.
    pub lag: Duration,
}

/// Passes everything on to another bus, with faults.
pub struct FaultyBus {
    bus: Arc<dyn Bus>,
    state: Mutex<State>,
    /// Messages that are late or sent a second time. They are lost when the bus is dropped.
    stragglers: Mutex<JoinSet<()>>,
    disturbances: watch::Sender<u64>,
}

struct State {
    faults: Faults,
    cut: HashSet<Subject>,
    random: StdRng,
}

/// What happens to one message.
struct Fate {
    lost: bool,
    reply_lost: bool,
    twice: bool,
    delay: Option<Duration>,
    overtaken: Option<Duration>,
}

impl FaultyBus {
    /// A bus that works as well as `bus` until it is told otherwise.
    pub fn new(bus: Arc<dyn Bus>, seed: u64) -> Self {
        Self {
            bus,
            state: Mutex::new(State {
                faults: Faults::default(),
                cut: HashSet::new(),
                random: StdRng::seed_from_u64(seed),
            }),
            stragglers: Mutex::default(),
            disturbances: watch::Sender::new(0),
        }
    }

    /// Says that messages may have been lost, as a bus does that was connected anew.
    pub fn disturb(&self) {
        self.disturbances.send_modify(|count| *count += 1);
    }

    /// Says what goes wrong from now on.
    pub fn set(&self, faults: Faults) {
        self.state.lock().faults = faults;
    }

    /// Loses everything that is sent to a subject, until [`FaultyBus::heal`].
    pub fn cut(&self, subject: Subject) {
        self.state.lock().cut.insert(subject);
    }

    /// Ends all cuts and faults. What is late stays late.
    pub fn heal(&self) {
        let mut state = self.state.lock();
        state.cut.clear();
        state.faults = Faults::default();
    }

    fn straggle(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut stragglers = self.stragglers.lock();
        while stragglers.try_join_next().is_some() {}
        stragglers.spawn(work);
    }
}

impl State {
    fn fate(&mut self, subject: &Subject) -> Fate {
        let Faults { lose, duplicate, delay, reorder, lag } = self.faults;
        let random = &mut self.random;
        Fate {
            lost: random.random_bool(lose) || self.cut.contains(subject),
            reply_lost: random.random_bool(lose),
            twice: random.random_bool(duplicate),
            delay: random.random_bool(delay).then(|| random.random_range(Duration::ZERO..=lag)),
            overtaken: random.random_bool(reorder).then(|| random.random_range(Duration::ZERO..=lag)),
        }
    }
}

impl Bus for FaultyBus {
    fn publish(&self, subject: Subject, payload: Bytes) -> BoxFuture<'_, Result<(), BusError>> {
        async move {
            let fate = self.state.lock().fate(&subject);
            if fate.lost {
                return Ok(());
            }
            if let Some(late) = fate.delay {
                time::sleep(late).await;
            }
            if fate.twice {
                self.bus.publish(subject.clone(), payload.clone()).await?;
            }
            let Some(late) = fate.overtaken else {
                return self.bus.publish(subject, payload).await;
            };
            let bus = Arc::clone(&self.bus);
            self.straggle(async move {
                time::sleep(late).await;
                // Nobody waits for it any more.
                let _ = bus.publish(subject, payload).await;
            });
            Ok(())
        }
        .boxed()
    }

    fn request(&self, subject: Subject, payload: Bytes, timeout: Duration) -> BoxFuture<'_, Result<Bytes, BusError>> {
        let unanswered = BusError::Timeout(subject.clone());
        let exchange = async move {
            let fate = self.state.lock().fate(&subject);
            if fate.lost {
                return std::future::pending().await;
            }
            // Requests are in no order that one could overtake another in: both faults are the same.
            if let Some(late) = fate.delay.or(fate.overtaken) {
                time::sleep(late).await;
            }
            if fate.twice {
                let bus = Arc::clone(&self.bus);
                let (subject, payload) = (subject.clone(), payload.clone());
                self.straggle(async move {
                    // The first answer is the one that counts.
                    let _ = bus.request(subject, payload, timeout).await;
                });
            }
            let reply = self.bus.request(subject, payload, timeout).await;
            if fate.reply_lost {
                return std::future::pending().await;
            }
            reply
        };
        async move {
            // No reply is noticed by the requester's own clock alone.
            time::timeout(timeout, exchange).await.unwrap_or(Err(unanswered))
        }
        .boxed()
    }

    fn subscribe(&self, subject: Subject, group: Option<QueueGroup>) -> BoxFuture<'_, Result<Subscription, BusError>> {
        self.bus.subscribe(subject, group)
    }

    fn delivery(&self) -> DeliveryGuarantee {
        DeliveryGuarantee::AtMostOnce { disturbances: self.disturbances.subscribe() }
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), BusError>> {
        self.bus.probe()
    }
}
