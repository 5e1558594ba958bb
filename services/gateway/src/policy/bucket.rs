//! A token bucket in eight bytes, because every socket has several.

use std::time::Duration;

use super::Rate;

/// Uses taken and not yet given back by time. Empty buckets need no set-up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket {
    used: f32,
    /// Milliseconds since the process started; wraps after 49 days, which at worst gives uses back late.
    at: u32,
}

impl Bucket {
    pub(super) fn take(&mut self, rate: Rate, now: Duration) -> bool {
        let now = now.as_millis() as u32;
        let elapsed = now.wrapping_sub(self.at);
        self.at = now;
        self.used = (self.used - elapsed as f32 * rate.per_second as f32 / 1000.0).max(0.0);
        if self.used + 1.0 > rate.burst as f32 {
            return false;
        }
        self.used += 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 10, burst: 3 };

    #[test]
    fn a_burst_is_allowed_and_then_the_rate() {
        let mut bucket = Bucket::default();
        let at = |ms: u64| Duration::from_millis(5_000 + ms);
        assert!((0..3).all(|_| bucket.take(RATE, at(0))));
        assert!(!bucket.take(RATE, at(0)));
        assert!(!bucket.take(RATE, at(99)));
        assert!(bucket.take(RATE, at(101)));
        assert!(!bucket.take(RATE, at(102)));
        assert!((0..3).all(|_| bucket.take(RATE, at(60_000))));
        assert!(!bucket.take(RATE, at(60_000)));
    }
}
