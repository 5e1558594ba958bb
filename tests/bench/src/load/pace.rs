//! Sending at a steady rate.

use std::time::{Duration, Instant};

use crate::Failure;

/// The distance between two looks at the clock.
const TICK: Duration = Duration::from_millis(1);

/// Calls `send` with 0, 1, 2 … at `rate` calls a second for `duration`, evenly spread as far as the clock's
/// resolution allows, and gives the number of calls. The rate is the same for every contender, so that each is
/// woken as often; a rate that nobody reaches would measure how well they batch instead.
pub(crate) async fn steadily(
    rate: f64,
    duration: Duration,
    mut send: impl FnMut(u64) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let started = Instant::now();
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut sent = 0;
    loop {
        ticks.tick().await;
        let elapsed = started.elapsed().min(duration);
        let due = (elapsed.as_secs_f64() * rate) as u64;
        while sent < due {
            send(sent)?;
            sent += 1;
        }
        if elapsed == duration {
            return Ok(sent);
        }
    }
}
