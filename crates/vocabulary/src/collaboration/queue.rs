//! The namespace `/queue`: waiting to be matched.

use heliograph_domain::{
    command::RoomCommand,
    event::Event,
    id::QueueName,
    matching::{Criteria, MAX_CRITERIA_BYTES, MatchMode, MatchingCommand, MatchingEvent, MatchingOutcome, QueueStatus},
    outcome::RoomOutcome,
    refusal::{Code, Refusal},
    room::RoomId,
    text::RawJson,
};

use super::matching::{cancelled, confirmed, found};
use crate::{
    Asked, Encoded, Request, Said,
    answer::success,
    claim::claims,
    json::{Field, Fields, Object, object, string, too_deep},
    limits::at_most,
};

/// What clients emit.
pub const CLIENT_EVENTS: [&str; 3] = ["join_queue", "leave_queue", "queue_status"];

/// What the server emits.
pub const SERVER_EVENTS: [&str; 5] = ["queue_status", "match_found", "match_confirmed", "match_cancelled", "error"];

/// What one event of a client may say beside its criteria, in bytes.
const AROUND: usize = 1024;
/// Most words that somebody offers or wants.
const MOST_TAGS: usize = 1000;

/// Understands an event of a client.
pub fn read<'a>(said: &Said<'a>) -> Asked<'a> {
    let fields = said.without_attachments().and_then(|()| said.fields(MAX_CRITERIA_BYTES + AROUND));
    match fields {
        Ok(fields) => Asked {
            claims: claims(&fields).collect(),
            reference: None,
            request: command(said.name, &fields).map(|command| Request::Room { room: RoomId::matching(), command }),
        },
        Err(refusal) => Asked::refused(refusal),
    }
}

fn command(name: &str, fields: &Fields<'_>) -> Result<RoomCommand, Refusal> {
    let queue = || fields.field("queue").id(QueueName::parse);
    let command = match name {
        "join_queue" => MatchingCommand::Enqueue {
            queue: queue()?.unwrap_or_default(),
            criteria: criteria(&fields.field("criteria"))?,
            mode: MatchMode::Proposal,
        },
        "leave_queue" => MatchingCommand::Dequeue { queue: queue()? },
        "queue_status" => MatchingCommand::GetQueueStatus,
        _ => return Err(Code::UnknownEvent.into()),
    };
    Ok(RoomCommand::Matching(command))
}

fn criteria(field: &Field<'_>) -> Result<Criteria, Refusal> {
    let Some(json) = field.raw() else { return Ok(Criteria::default()) };
    let fields = Fields::parse(json).ok_or_else(|| field.refuse("must be an object"))?;
    at_most(MAX_CRITERIA_BYTES, json.len())?;
    if too_deep(json) {
        return Err(field.refuse("must not be nested so deep"));
    }
    let offers = fields.field("offers");
    Ok(Criteria {
        offers: if offers.is_present() { Some(tags(&offers)?) } else { None },
        wants: tags(&fields.field("wants"))?,
        body: Some(RawJson::from_checked(json.to_owned())),
    })
}

fn tags<T: for<'t> From<&'t str>>(field: &Field<'_>) -> Result<Vec<T>, Refusal> {
    let Some(items) = field.items()? else { return Ok(Vec::new()) };
    if items.len() > MOST_TAGS {
        return Err(field.refuse(format_args!("must have at most {MOST_TAGS} items")));
    }
    let tag = |item: &serde_json::value::RawValue| string(item.get()).map(|text| T::from(&text));
    items.into_iter().map(tag).collect::<Option<_>>().ok_or_else(|| field.refuse("must be an array of strings"))
}

/// The argument of the acknowledgement of an event whose command was carried out.
pub fn ack(event: &str, outcome: &RoomOutcome) -> String {
    success(|out| {
        let RoomOutcome::Matching(MatchingOutcome::Queue(status)) = outcome else { return };
        match (event, status) {
            ("join_queue", Some(status)) => {
                out.text("queue", status.queue.as_str())
                    .number("position", status.position)
                    .number("size", status.size)
                    .plain("joinedAt", status.joined_at);
            }
            (_, status) => fields_of(out, status.as_ref()),
        }
    })
}

/// What a client hears that has just connected: how its user waits, if they do.
pub fn waits(outcome: &RoomOutcome) -> Option<Encoded> {
    match outcome {
        RoomOutcome::Matching(MatchingOutcome::Queue(Some(waits))) if waits.position > 0 => Some(status(Some(waits))),
        _ => None,
    }
}

/// What a client hears beside the acknowledgement: the status that it asked for.
pub fn told(event: &str, outcome: &RoomOutcome) -> Option<Encoded> {
    match outcome {
        RoomOutcome::Matching(MatchingOutcome::Queue(waits)) if event == "queue_status" => Some(status(waits.as_ref())),
        _ => None,
    }
}

fn status(status: Option<&QueueStatus>) -> Encoded {
    ("queue_status", object(160, |out| fields_of(out, status)))
}

/// Who waits nowhere has left.
fn fields_of(out: &mut Object<'_>, status: Option<&QueueStatus>) {
    let Some(status) = status else {
        out.text("queue", QueueName::default().as_str())
            .plain("status", "left")
            .number("position", 0)
            .number("size", 0)
            .raw("estimatedWaitSeconds", "null")
            .raw("joinedAt", "null");
        return;
    };
    out.text("queue", status.queue.as_str())
        .plain("status", status.state.name())
        .number("position", status.position)
        .number("size", status.size);
    match status.estimated_wait {
        Some(wait) => {
            out.number("estimatedWaitSeconds", wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX))
        }
        None => out.raw("estimatedWaitSeconds", "null"),
    };
    out.plain("joinedAt", status.joined_at);
}

/// What clients hear of an event; nothing if the namespace has no form for it.
pub fn encode(event: &Event) -> Option<Encoded> {
    let Event::Matching(event) = event else { return None };
    Some(match event {
        MatchingEvent::QueueEntered(waits)
        | MatchingEvent::QueuePositionChanged(waits)
        | MatchingEvent::QueueMatched(waits)
        | MatchingEvent::QueueLeft(waits)
        | MatchingEvent::QueueExpired(waits) => status(Some(waits)),
        MatchingEvent::MatchProposed(proposal) => found(proposal),
        MatchingEvent::MatchConfirmed(made) => confirmed(made),
        MatchingEvent::MatchCancelled { match_id, reason, requeued, .. } => cancelled(match_id, *reason, *requeued),
        MatchingEvent::MatchAnswered { .. }
        | MatchingEvent::InviteReceived(_)
        | MatchingEvent::InviteAnswered { .. } => return None,
    })
}
