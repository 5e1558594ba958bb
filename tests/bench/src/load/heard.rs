//! Counting what the users hear, and how long it took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::Failure;

/// What a packet from the server is, as far as the load cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Engine.IO open.
    Open,
    /// Engine.IO ping.
    Ping,
    /// Socket.IO CONNECT.
    Connected,
    /// An acknowledgement that says success.
    Acknowledged,
    /// A message of a room.
    Message,
    /// A signal.
    Signal,
    /// A refusal of any form.
    Refused,
    /// Anything else, such as presence.
    Other,
}

impl Kind {
    /// Looks at the first bytes of a packet.
    pub(crate) fn of(packet: &[u8]) -> Self {
        const FORMS: &[(&[u8], Kind)] = &[
            (b"0{", Kind::Open),
            (b"2", Kind::Ping),
            (b"40", Kind::Connected),
            (b"42[\"message:new\"", Kind::Message),
            (b"42[\"webrtc-signal\"", Kind::Signal),
            (b"42[\"error\"", Kind::Refused),
            (b"44", Kind::Refused),
        ];
        if packet.starts_with(b"43") {
            return if contains(packet, b"\"success\":true") { Self::Acknowledged } else { Self::Refused };
        }
        let form = FORMS.iter().find(|(prefix, _)| packet.starts_with(prefix));
        form.map_or(Self::Other, |(_, kind)| *kind)
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// What a stamp begins with, in the text of a message or signal; microseconds in this many digits follow.
const STAMP: &[u8] = b"sent~";
const STAMP_DIGITS: usize = 12;

/// Counts of one crowd.
pub(crate) struct Heard {
    origin: Instant,
    /// From sending to hearing, in microseconds, of what was stamped.
    latencies: Mutex<Vec<u64>>,
    messages: AtomicU64,
    signals: AtomicU64,
    acknowledged: AtomicU64,
    refused: AtomicU64,
    lost: AtomicU64,
}

impl Default for Heard {
    fn default() -> Self {
        Self {
            origin: Instant::now(),
            latencies: Mutex::default(),
            messages: AtomicU64::default(),
            signals: AtomicU64::default(),
            acknowledged: AtomicU64::default(),
            refused: AtomicU64::default(),
            lost: AtomicU64::default(),
        }
    }
}

impl Heard {
    /// Counts a packet.
    pub(crate) fn add(&self, kind: Kind, packet: &[u8]) {
        if matches!(kind, Kind::Message | Kind::Signal)
            && let Some(sent) = stamped(packet)
        {
            let now = self.now();
            self.latencies.lock().unwrap_or_else(PoisonError::into_inner).push(now.saturating_sub(sent));
        }
        if let Some(counter) = self.counter(kind) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Text that says when it was sent, to whoever of the crowd hears it.
    pub(crate) fn stamp(&self) -> String {
        format!("sent~{:0STAMP_DIGITS$}", self.now())
    }

    /// The latencies since the last time that they were taken, in microseconds.
    pub(crate) fn take_latencies(&self) -> Vec<u64> {
        std::mem::take(&mut *self.latencies.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Counts a connection that ended before its crowd did.
    pub(crate) fn add_lost(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    /// How many packets of a counted kind have come.
    pub(crate) fn count(&self, kind: Kind) -> u64 {
        self.counter(kind).map_or(0, |counter| counter.load(Ordering::Relaxed))
    }

    /// Waits until `kind` has been heard `wanted` times. A refusal, a lost connection or a deadline is a failure:
    /// a figure for deliveries that did not happen would flatter the server.
    pub(crate) async fn reaches(&self, kind: Kind, wanted: u64, patience: Duration) -> Result<(), Failure> {
        let deadline = Instant::now() + patience;
        loop {
            let lost = self.lost.load(Ordering::Relaxed);
            let refused = self.count(Kind::Refused);
            if lost + refused > 0 {
                return Err(Failure::new(format!("{lost} connections lost, {refused} refusals")));
            }
            let count = self.count(kind);
            if count >= wanted {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(Failure::new(format!("heard {count} of {wanted} ({kind:?}) in time")));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn counter(&self, kind: Kind) -> Option<&AtomicU64> {
        match kind {
            Kind::Message => Some(&self.messages),
            Kind::Signal => Some(&self.signals),
            Kind::Acknowledged => Some(&self.acknowledged),
            Kind::Refused => Some(&self.refused),
            _ => None,
        }
    }
}

/// The time in a stamp, if there is one.
fn stamped(packet: &[u8]) -> Option<u64> {
    let start = packet.windows(STAMP.len()).position(|window| window == STAMP)? + STAMP.len();
    std::str::from_utf8(packet.get(start..start + STAMP_DIGITS)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_again() {
        let heard = Heard::default();
        let packet = format!(r#"42["message:new",{{"content":"{}xxx"}}]"#, heard.stamp());
        heard.add(Kind::Message, packet.as_bytes());
        heard.add(Kind::Message, b"42[\"message:new\",{}]");
        assert_eq!((heard.take_latencies().len(), heard.count(Kind::Message)), (1, 2));
    }

    #[test]
    fn packets_are_told_apart_by_their_first_bytes() {
        for (packet, kind) in [
            (r#"0{"sid":"x"}"#, Kind::Open),
            ("2", Kind::Ping),
            (r#"40{"sid":"x"}"#, Kind::Connected),
            (r#"4312[{"messageId":"m","success":true}]"#, Kind::Acknowledged),
            (r#"4312[{"success":false}]"#, Kind::Refused),
            (r#"42["message:new",{}]"#, Kind::Message),
            (r#"42["webrtc-signal",{}]"#, Kind::Signal),
            (r#"42["error",{}]"#, Kind::Refused),
            (r#"44{"message":"Authentication failed"}"#, Kind::Refused),
            (r#"42["user:online",{}]"#, Kind::Other),
        ] {
            assert_eq!(Kind::of(packet.as_bytes()), kind, "{packet}");
        }
    }
}
