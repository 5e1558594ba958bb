//! The answers that Socket.IO clients of all vocabularies get: one object with `success`.

use heliograph_domain::refusal::Refusal;

use crate::json::{Object, object};

/// The argument of the acknowledgement of an event that was refused.
pub fn failure_ack(event: &str, refusal: &Refusal) -> String {
    object(160, |out| {
        out.flag("success", false)
            .text("error", &refusal.message)
            .plain("code", refusal.code.as_str())
            .text("event", event);
        retry(out, refusal);
    })
}

/// The payload of an error event. Without `event` it is not about any one event. Unknown events are told in the
/// acknowledgement alone.
pub fn error(event: Option<&str>, refusal: &Refusal) -> String {
    object(160, |out| {
        out.text("message", &refusal.message).plain("code", refusal.code.as_str());
        if let Some(event) = event {
            out.text("event", event);
        }
        retry(out, refusal);
    })
}

fn retry(out: &mut Object<'_>, refusal: &Refusal) {
    if refusal.retryable() {
        out.flag("retryable", true);
    }
    if let Some(at) = refusal.reset_at {
        out.number("resetTime", at.as_millis());
    }
}

/// The argument of the acknowledgement of an event that was carried out.
pub(crate) fn success(fields: impl FnOnce(&mut Object<'_>)) -> String {
    object(128, |out| {
        out.flag("success", true);
        fields(out);
    })
}
