//! What clients report about their calls; it becomes metrics.

use axum::{extract::State, http::StatusCode};
use heliograph_domain::{id::CallId, refusal::Refusal, room::RoomId};
use heliograph_telemetry::metrics::count;

use super::{Api, caller::Visitor, error::ApiError, input::Body};

/// Vocabularies that a report may name.
const VOCABULARIES: [&str; 5] = ["synapse", "mesh", "guest-chat", "direct-chat", "collaboration"];
/// Grades of quality (docs/protocol.md, mesh: quality).
const QUALITIES: [&str; 4] = ["excellent", "good", "poor", "disconnected"];
/// Longest time in a report, in milliseconds.
const LONGEST: f64 = 600_000.0;
/// Highest bitrate in a report, in bits per second.
const FASTEST: f64 = 1e10;
/// Longest error, in bytes.
const LONGEST_ERROR: usize = 1_000;

/// A report that is as it should be.
#[derive(Debug, PartialEq)]
struct Report {
    vocabulary: &'static str,
    setup_seconds: Option<f64>,
    quality: Option<&'static str>,
    packet_loss: Option<f64>,
    round_trip_seconds: Option<f64>,
    bitrate: Option<f64>,
    failed: bool,
}

/// `POST /api/webrtc-stats`
pub(super) async fn take(State(api): State<Api>, visitor: Visitor, body: Body) -> Result<StatusCode, ApiError> {
    let now = api.services().clock.now();
    let allowed = api.0.reports.take(visitor.client(), now);
    let metrics = &api.services().metrics;
    allowed.map_err(|refusal| {
        count(&metrics.limits, "reports");
        api.refuse(refusal)
    })?;
    let report = Report::read(&body)?;
    let observe = |histogram: &prometheus_client::metrics::histogram::Histogram, value: Option<f64>| {
        if let Some(value) = value {
            histogram.observe(value);
        }
    };
    observe(&metrics.call_setup_seconds, report.setup_seconds);
    observe(&metrics.call_round_trip_seconds, report.round_trip_seconds);
    observe(&metrics.call_packet_loss, report.packet_loss);
    observe(&metrics.call_bitrate, report.bitrate);
    if let Some(quality) = report.quality {
        count(&metrics.call_quality, quality);
    }
    if report.failed {
        count(&metrics.call_errors, report.vocabulary);
    }
    Ok(StatusCode::NO_CONTENT)
}

impl Report {
    fn read(body: &Body) -> Result<Self, Refusal> {
        // Ids are of no use to metrics, yet what is no id means a broken client.
        body.id("callId", CallId::parse)?;
        body.id("roomId", RoomId::parse)?;
        let seconds = |milliseconds: Option<f64>| milliseconds.map(|milliseconds| milliseconds / 1000.0);
        let vocabulary = one_of("vocabulary", body.text("vocabulary")?, &VOCABULARIES)?;
        let error = body.text("error")?;
        if error.is_some_and(|error| error.len() > LONGEST_ERROR) {
            return Err(Refusal::invalid("error", format_args!("must be at most {LONGEST_ERROR} bytes long")));
        }
        Ok(Self {
            vocabulary: vocabulary.ok_or_else(|| Refusal::invalid("vocabulary", "is missing"))?,
            setup_seconds: seconds(body.amount("setupMs", LONGEST)?),
            quality: one_of("quality", body.text("quality")?, &QUALITIES)?,
            packet_loss: body.amount("packetLoss", 1.0)?,
            round_trip_seconds: seconds(body.amount("rttMs", LONGEST)?),
            bitrate: body.amount("bitrate", FASTEST)?,
            failed: error.is_some(),
        })
    }
}

/// The known name that a text is: labels of metrics must not be made by clients.
fn one_of(field: &str, text: Option<&str>, names: &[&'static str]) -> Result<Option<&'static str>, Refusal> {
    let known = |text: &str| {
        let name = names.iter().find(|name| **name == text).copied();
        name.ok_or_else(|| Refusal::invalid(field, format_args!("must be one of {}", names.join(", "))))
    };
    text.map(known).transpose()
}
