//! TCP connections, as many and as fast as allowed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use heliograph_telemetry::metrics::count;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::Context;
use crate::transport::permit::Full;
use crate::transport::timer::now;
use crate::transport::wire;

/// The pause after a failed accept, which mostly means that the process is out of file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

impl Context {
    /// Accepts until the drain is over: sessions on long-polling need new connections until they are closed.
    pub(super) async fn accept(self: &Arc<Self>, listener: TcpListener) {
        let closed = self.closing.clone();
        closed.run_until_cancelled(self.accept_all(&listener)).await;
    }

    async fn accept_all(self: &Arc<Self>, listener: &TcpListener) {
        let admission = &self.options.admission;
        let mut pace = Pace::new(admission.accept_rate, admission.accept_burst, now());
        loop {
            match listener.accept().await {
                Ok((stream, remote)) => self.welcome(stream, remote),
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(PAUSE).await;
                }
            }
            if let Some(wait) = pace.take(now()) {
                tokio::time::sleep(wait).await;
            }
        }
    }

    fn welcome(self: &Arc<Self>, stream: TcpStream, remote: SocketAddr) {
        // Frames are written whole, and nothing is gained by holding a small one back.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection ended before it began");
            return;
        }
        let address = remote.ip();
        match self.admission.admit((!self.options.proxies.is_trusted(address)).then_some(address)) {
            Ok(permit) => {
                let serving = Arc::clone(self).serve(stream, remote, permit);
                self.tasks.spawn(serving);
            }
            Err(Full(reason)) => {
                count(&self.options.metrics.tcp_refused, reason);
                self.turn_away(stream);
            }
        }
    }

    /// Tells a client to come back later, if that takes no waiting.
    fn turn_away(&self, mut stream: TcpStream) {
        let seconds = self.options.admission.retry_after.as_secs();
        let answer = format!(
            "HTTP/1.1 503 Service Unavailable\r\nretry-after: {seconds}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        let linger = self.options.linger;
        // A stream that is closed with unread bytes is reset, and the answer lost with it. So the request is read
        // first; how many may do that at a time is bounded by the accept rate and this time.
        self.tasks.spawn(async move {
            if stream.write_all(answer.as_bytes()).await.is_ok() && stream.shutdown().await.is_ok() {
                wire::linger(stream, linger).await;
            }
        });
    }
}

/// A bucket of accepts, which fills at a steady rate.
#[derive(Debug)]
struct Pace {
    interval: Duration,
    burst: Duration,
    /// When the bucket would be empty if nothing more were taken.
    full_at: Instant,
}

impl Pace {
    fn new(rate: u32, burst: u32, now: Instant) -> Self {
        let interval = Duration::from_secs(1) / rate.max(1);
        Self { interval, burst: interval * burst, full_at: now }
    }

    /// Takes one; the time to wait before the next.
    fn take(&mut self, now: Instant) -> Option<Duration> {
        self.full_at = self.full_at.max(now) + self.interval;
        let ahead = self.full_at - now;
        ahead.checked_sub(self.burst).filter(|wait| !wait.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_in_at_once_and_then_the_rate_applies() {
        let start = Instant::now();
        let mut pace = Pace::new(100, 3, start);
        assert_eq!([pace.take(start), pace.take(start), pace.take(start)], [None; 3]);
        assert_eq!(pace.take(start), Some(Duration::from_millis(10)));
        assert_eq!(pace.take(start + Duration::from_secs(1)), None);
    }
}
