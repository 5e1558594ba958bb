//! Trouble that lasts: said when it begins and when it is over, however often it shows in between.

use std::{
    fmt::Display,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;
use tracing::{info, warn};

/// A success counts as the end only so long after the last failure: what fails now and then is one trouble.
const QUIET: Duration = Duration::from_secs(2);

/// A failure so long after the last one is another trouble, though nothing has succeeded in between: what is seldom
/// tried may have succeeded too soon to count.
const STALE: Duration = Duration::from_secs(60);

/// Something that is tried again and again. How often it fails is for a metric to say; the log says when that
/// begins, and when it is over.
#[derive(Debug)]
pub struct Trouble {
    begins: &'static str,
    ends: &'static str,
    about: Option<String>,
    lasts: AtomicBool,
    now: Mutex<Option<Lasting>>,
}

#[derive(Debug)]
struct Lasting {
    since: Instant,
    last: Instant,
    failures: u64,
}

impl Trouble {
    /// No trouble yet. The texts say that it begins, and that it is over.
    pub const fn new(begins: &'static str, ends: &'static str) -> Self {
        Self { begins, ends, about: None, lasts: AtomicBool::new(false), now: Mutex::new(None) }
    }

    /// Says too whom or what it is about.
    #[must_use]
    pub fn about(mut self, about: String) -> Self {
        self.about = Some(about);
        self
    }

    /// It has failed.
    pub fn failed(&self, reason: impl Display) {
        let now = Instant::now();
        let mut lasting = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *lasting {
            Some(lasting) if lasting.last.elapsed() < STALE => {
                lasting.last = now;
                lasting.failures += 1;
            }
            _ => {
                *lasting = Some(Lasting { since: now, last: now, failures: 1 });
                self.lasts.store(true, Ordering::Relaxed);
                warn!(about = self.about.as_deref(), %reason, "{}", self.begins);
            }
        }
    }

    /// It has succeeded. Costs next to nothing while there is no trouble.
    pub fn succeeded(&self) {
        if !self.lasts.load(Ordering::Relaxed) {
            return;
        }
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(over) = now.take_if(|lasting| lasting.last.elapsed() >= QUIET) {
            self.lasts.store(false, Ordering::Relaxed);
            let lasted = over.last.duration_since(over.since).as_secs_f64();
            info!(about = self.about.as_deref(), failures = over.failures, "{}, after {lasted:.1} s", self.ends);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use tokio::time;
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    /// What is logged.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Log {
        fn take(&self) -> Vec<String> {
            let bytes = std::mem::take(&mut *self.0.lock().unwrap());
            String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
        }
    }

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Log {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    fn logging() -> (Log, tracing::subscriber::DefaultGuard) {
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).without_time();
        (log, tracing::subscriber::set_default(subscriber.finish()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_trouble_that_lasts_is_two_lines() {
        let (log, _logging) = logging();
        let trouble = Trouble::new("steps fail", "steps succeed again").about("store".to_owned());
        for round in 0..2 {
            trouble.succeeded();
            assert_eq!(log.take(), Vec::<String>::new());
            for _ in 0..100 {
                trouble.failed("refused");
                time::advance(Duration::from_millis(100)).await;
                trouble.succeeded();
            }
            let said = log.take();
            assert!(said.len() == 1 && said[0].contains("WARN") && said[0].contains("steps fail"), "{round}: {said:?}");
            assert!(said[0].contains("refused") && said[0].contains("store"), "{said:?}");
            time::advance(QUIET).await;
            trouble.succeeded();
            let said = log.take();
            assert!(said.len() == 1 && said[0].contains("steps succeed again"), "{said:?}");
            assert!(said[0].contains("failures=100") && said[0].contains("after 9.9 s"), "{said:?}");
        }
    }
    #[tokio::test(start_paused = true)]
    async fn what_fails_again_much_later_is_said_again() {
        let (log, _logging) = logging();
        let trouble = Trouble::new("nobody answers", "somebody answers");
        for _ in 0..2 {
            trouble.failed("refused");
            trouble.succeeded();
            assert_eq!(log.take().len(), 1);
            time::advance(STALE).await;
        }
    }
}
