//! The one timer of a connection.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::time::Sleep;

/// The present, by the clock that tests can stop.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Waits for a deadline that moves.
///
/// Moving it later costs nothing: the timer fires at the old time and is set again. That is cheaper than setting it
/// with each sign of life.
#[derive(Debug)]
pub(crate) struct Timer(Pin<Box<Sleep>>);

impl Timer {
    pub(crate) fn new(deadline: Instant) -> Self {
        Self(Box::pin(tokio::time::sleep_until(deadline.into())))
    }

    /// Ready once the deadline has passed; never without one.
    pub(crate) fn poll(&mut self, deadline: Option<Instant>, context: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = deadline.map(tokio::time::Instant::from_std) else {
            return Poll::Pending;
        };
        if deadline < self.0.deadline() {
            self.0.as_mut().reset(deadline);
        }
        loop {
            ready!(self.0.as_mut().poll(context));
            if tokio::time::Instant::now() >= deadline {
                return Poll::Ready(());
            }
            self.0.as_mut().reset(deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_may_move_either_way() {
        let start = now();
        let mut timer = Timer::new(start + Duration::from_secs(10));
        let later = start + Duration::from_secs(20);
        poll_fn(|context| timer.poll(Some(later), context)).await;
        assert!(now() >= later);

        let mut timer = Timer::new(later + Duration::from_secs(100));
        let sooner = later + Duration::from_secs(1);
        poll_fn(|context| timer.poll(Some(sooner), context)).await;
        assert!(now() >= sooner && now() < sooner + Duration::from_secs(1));
    }
}
