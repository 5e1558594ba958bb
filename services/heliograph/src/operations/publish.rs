//! Backends tell clients something.

use std::collections::HashSet;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use heliograph_domain::{
    command::{PresenceCommand, PresenceRequest},
    id::CommandId,
    publication::{Audience, EventName, Publication, Selection},
    refusal::{Code, Refusal},
    text::RawJson,
};
use heliograph_vocabulary::{is_taken, too_deep};
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use super::{Operations, Operator, Shared, input::Body, refuse};

/// Bounds of one publication.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PublicationLimits {
    /// Rooms, users and excepted sockets, each.
    pub targets: usize,
    /// Bytes of the arguments.
    pub bytes: usize,
}

/// What shall be published, as backends write it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct Wanted {
    pub(super) rooms: Vec<String>,
    pub(super) users: Vec<String>,
    pub(super) everyone: bool,
    pub(super) except_sockets: Vec<String>,
    pub(super) event: String,
    pub(super) args: Vec<Box<RawValue>>,
}

impl Wanted {
    /// Checks it.
    ///
    /// # Errors
    /// What is wrong with it: `INVALID_PAYLOAD`, `TOO_LARGE`, or `NOT_ALLOWED` for a name that means something else.
    pub(super) fn parse(self, limits: PublicationLimits) -> Result<Publication, Refusal> {
        let targets = limits.targets;
        let event = EventName::parse(&self.event).map_err(|reason| Refusal::invalid("event", reason))?;
        if is_taken(event.as_str()) {
            let reason = format!("{} is what the server says itself; choose another event", event.as_str());
            return Err(Refusal::with_message(Code::NotAllowed, reason));
        }
        if self.rooms.is_empty() && self.users.is_empty() && !self.everyone {
            return Err(Refusal::invalid("rooms", "or users or everyone must say who shall hear it"));
        }
        let args: Vec<_> = self.args.iter().map(|arg| arg.get()).collect();
        let bytes: usize = args.iter().map(|arg| arg.len()).sum();
        if bytes > limits.bytes {
            let reason = format!("args must have at most {} bytes (operations.publication_bytes)", limits.bytes);
            return Err(Refusal::with_message(Code::TooLarge, reason));
        }
        if args.iter().any(|arg| too_deep(arg)) {
            return Err(Refusal::invalid("args", "nest too deep"));
        }
        let of = Selection {
            rooms: ids("rooms", &self.rooms, targets, heliograph_domain::room::RoomId::parse)?,
            users: ids("users", &self.users, targets, heliograph_domain::id::UserId::parse)?,
            sockets: Vec::new(),
        };
        let sockets = ids("exceptSockets", &self.except_sockets, targets, heliograph_domain::id::SocketId::parse)?;
        let except = Selection { sockets, ..Selection::default() };
        let args = args.into_iter().map(|arg| RawJson::from_checked(arg.to_owned())).collect();
        Ok(Publication { audience: Audience { everyone: self.everyone, of, except }, event, args })
    }
}

/// Ids, each once.
fn ids<T, E: std::fmt::Display>(
    name: &str,
    texts: &[String],
    most: usize,
    parse: fn(&str) -> Result<T, E>,
) -> Result<Vec<T>, Refusal> {
    if texts.len() > most {
        let expected = format_args!("must have at most {most} items (operations.publication_targets)");
        return Err(Refusal::invalid(name, expected));
    }
    let mut seen = HashSet::new();
    let new = texts.iter().filter(|text| seen.insert(*text));
    new.map(|text| parse(text).map_err(|reason| Refusal::invalid(name, reason))).collect()
}

impl Operations {
    /// Tells it. Gives the publication's id.
    ///
    /// # Errors
    /// It may not be published; `UNAVAILABLE` if it is not known who would have to hear it.
    pub(super) async fn publish(&self, wanted: Wanted) -> Result<CommandId, Refusal> {
        let command = PresenceCommand::Publish(Box::new(wanted.parse(self.publications)?));
        let id = CommandId::generate();
        self.commands.presence(&PresenceRequest { id, command }).await?;
        Ok(id)
    }
}

/// `POST /admin/publish`
pub(super) async fn publish(State(operations): Shared, _: Operator, Body(wanted): Body<Wanted>) -> Response {
    match operations.publish(wanted).await {
        Ok(id) => (StatusCode::ACCEPTED, Json(json!({"id": id.to_string()}))).into_response(),
        Err(refusal) => refuse(refusal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: PublicationLimits = PublicationLimits { targets: 2, bytes: 20 };

    fn parse(body: &str) -> Result<Publication, Refusal> {
        serde_json::from_str::<Wanted>(body).unwrap().parse(LIMITS)
    }

    #[test]
    fn targets_count_once_and_arguments_pass_as_they_are() {
        let publication =
            parse(r#"{"rooms":["a","a"],"users":["u"],"event":"news","args":[ {"a":1.0}, null ]}"#).unwrap();
        assert_eq!(publication.audience.of.rooms.len(), 1);
        let args: Vec<_> = publication.args.iter().map(RawJson::as_str).collect();
        assert_eq!(args, [r#"{"a":1.0}"#, "null"]);
    }

    #[test]
    fn a_refusal_says_what_is_wrong() {
        for (body, message) in [
            (r#"{"event":"news"}"#, "rooms or users or everyone must"),
            (r#"{"everyone":true}"#, "event must not be empty"),
            (r#"{"everyone":true,"event":"disconnect"}"#, "disconnect is what the server says itself"),
            (r#"{"everyone":true,"event":"message:new"}"#, "message:new is what the server says itself"),
            (r#"{"users":["a","b","c"],"event":"news"}"#, "users must have at most 2 items"),
            (r#"{"users":[""],"event":"news"}"#, "users must not be empty"),
            (r#"{"everyone":true,"event":"news","args":["123456789012345678901"]}"#, "args must have at most 20 bytes"),
        ] {
            let refusal = parse(body).unwrap_err();
            assert!(refusal.message.contains(message), "{body}: {refusal}");
        }
        let deep = format!("{}{}", "[".repeat(65), "]".repeat(65));
        let wanted: Wanted =
            serde_json::from_str(&format!(r#"{{"everyone":true,"event":"news","args":[{deep}]}}"#)).unwrap();
        assert!(
            wanted.parse(PublicationLimits { bytes: 200, ..LIMITS }).unwrap_err().message.contains("nest too deep")
        );
    }
}
