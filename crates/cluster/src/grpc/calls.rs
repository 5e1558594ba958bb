//! Calls from other processes: answered in time, and not too many at once.

use std::{convert::Infallible, sync::Arc, time::Duration};

use heliograph_telemetry::metrics::{self, count};
use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use tokio::{sync::Semaphore, time::timeout};
use tonic::{Code, Status, body::Body, service::Routes};
use tower::ServiceExt;

use super::link::overdue;

/// Answers calls.
#[derive(Clone)]
pub(super) struct Calls {
    routes: Routes,
    longest: Duration,
    places: Arc<Semaphore>,
    metrics: metrics::Grpc,
}

impl Calls {
    /// Answers at most `most` calls at once, each within `longest` or the shorter time that it names.
    pub(super) fn new(routes: Routes, most: usize, longest: Duration, metrics: metrics::Grpc) -> Self {
        let places = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Self { routes: routes.prepare(), longest, places, metrics }
    }

    /// Answers a call. A stream counts, and its time runs, until it begins to answer.
    pub(super) async fn answer(self, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        let Ok(_place) = self.places.try_acquire() else {
            let status = Status::resource_exhausted("this process is answering as many calls as it may");
            return Ok(self.counted(status.into_http()));
        };
        let _under_way = UnderWay::begin(&self.metrics);
        let time = time_named(request.headers()).map_or(self.longest, |named| named.min(self.longest));
        let response = match timeout(time, self.routes.clone().oneshot(request)).await {
            Ok(answer) => answer?,
            Err(_) => overdue().into_http(),
        };
        Ok(self.counted(response))
    }

    fn counted(&self, response: Response<Body>) -> Response<Body> {
        // Failures stand in the header, before any body.
        let code = Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code());
        count(&self.metrics.answers, name(code));
        response
    }
}

/// Counts a call while it is answered, however that ends.
struct UnderWay<'a>(&'a metrics::Grpc);

impl<'a> UnderWay<'a> {
    fn begin(metrics: &'a metrics::Grpc) -> Self {
        metrics.under_way.inc();
        Self(metrics)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.dec();
    }
}

/// The time that a call names for its answer: at most eight digits and a unit. What cannot be read is as
/// good as absent, as the protocol has it.
fn time_named(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(amount * 3600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

/// A status as a metric's label.
const fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "ok",
        Code::Cancelled => "cancelled",
        Code::Unknown => "unknown",
        Code::InvalidArgument => "invalid-argument",
        Code::DeadlineExceeded => "deadline-exceeded",
        Code::NotFound => "not-found",
        Code::AlreadyExists => "already-exists",
        Code::PermissionDenied => "permission-denied",
        Code::ResourceExhausted => "resource-exhausted",
        Code::FailedPrecondition => "failed-precondition",
        Code::Aborted => "aborted",
        Code::OutOfRange => "out-of-range",
        Code::Unimplemented => "unimplemented",
        Code::Internal => "internal",
        Code::Unavailable => "unavailable",
        Code::DataLoss => "data-loss",
        Code::Unauthenticated => "unauthenticated",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_a_call_names_is_read_in_every_unit() {
        let named = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", text.parse().unwrap());
            time_named(&headers)
        };
        for (text, time) in [
            ("2H", Some(Duration::from_secs(7200))),
            ("3M", Some(Duration::from_secs(180))),
            ("10S", Some(Duration::from_secs(10))),
            ("250m", Some(Duration::from_millis(250))),
            ("99999999u", Some(Duration::from_micros(99_999_999))),
            ("7n", Some(Duration::from_nanos(7))),
            ("123456789m", None),
            ("m", None),
            ("", None),
            ("+5S", None),
            ("5s", None),
        ] {
            assert_eq!(named(text), time, "{text:?}");
        }
    }
}
