//! What the transcripts need to know of a vocabulary, and how one block of a transcript is played.

#![expect(clippy::panic, reason = "a transcript that cannot be played is a failed test")]

mod mesh;
mod socket_io;

use std::fmt::Debug;

use heliograph_domain::{
    command::RoomCommand,
    event::Event,
    outcome::RoomOutcome,
    refusal::{Code, Refusal},
    room::RoomId,
    text::RawJson,
};
use heliograph_vocabulary::{Context, Form, second_form};

use crate::values;
pub(crate) use mesh::Mesh;
pub(crate) use socket_io::SocketIo;

pub(crate) trait Spoken {
    type Request: Debug;

    /// The folder of its transcripts.
    fn name(&self) -> &'static str;
    /// What a client's line asks for, or the refusal and what the client is told of it.
    fn decode(&self, line: &str, room: Option<&RoomId>) -> Result<Self::Request, (Refusal, Vec<String>)>;
    /// The command in a request.
    fn command<'r>(&self, request: &'r Self::Request) -> Option<&'r RoomCommand>;
    /// What the asker of this event is told of the outcome.
    fn answer(&self, event: &str, request: &Self::Request, outcome: &RoomOutcome) -> Vec<String>;
    /// What a client is told of an event.
    fn encode(&self, event: &Event, context: &Context<'_>, form: Form) -> Vec<String>;
    /// What a client is told of a refusal of its event.
    fn refused(&self, event: &str, refusal: &Refusal) -> Vec<String>;
}

/// The first step of a block.
pub(crate) enum Step<R> {
    /// A client asked for something that was understood.
    Asked(String, R),
    /// Anything else.
    Told,
}

impl<R: Debug> Step<R> {
    pub(crate) fn begin<D: Spoken<Request = R>>(
        dialect: &D,
        room: Option<&RoomId>,
        mark: &str,
        line: &str,
        body: Option<&str>,
    ) -> (Self, Vec<String>) {
        match mark {
            ">" => match dialect.decode(line, room) {
                Ok(request) => {
                    let mut lines = vec![format!("= {}", short(&request))];
                    let body = dialect.command(&request).and_then(body_of_command);
                    lines.extend(body.map(|body| format!("body {}", body.as_str())));
                    (Self::Asked(line.split(' ').next().unwrap_or_default().to_owned(), request), lines)
                }
                Err((refusal, told)) => {
                    (Self::Told, refusal_line(&refusal).into_iter().chain(prefixed("<", told)).collect())
                }
            },
            "=" => (Self::Told, happened(dialect, room, line, body)),
            _ => {
                let (event, reason) = line.split_once(' ').unwrap();
                (Self::Told, prefixed("<", dialect.refused(event, &refusal(reason))).collect())
            }
        }
    }

    pub(crate) fn outcome<D: Spoken<Request = R>>(&self, dialect: &D, line: &str) -> Vec<String> {
        let Self::Asked(event, request) = self else {
            panic!("an outcome of nothing: {line}");
        };
        let outcome = find(values::outcomes(), |outcome| short(outcome) == line, line);
        prefixed("<", dialect.answer(event, request, &outcome)).collect()
    }
}

fn happened<D: Spoken>(dialect: &D, room: Option<&RoomId>, line: &str, body: Option<&str>) -> Vec<String> {
    let same_body = |event: &Event| body.is_none() || body_of_event(event).map(RawJson::as_str) == body;
    let event = find(values::events(), |event| short(event) == line && same_body(event), line);
    let context = Context { room, at: values::NOON, seq: Some(7) };
    let mut lines: Vec<_> = body_of_event(&event).map(|body| format!("body {}", body.as_str())).into_iter().collect();
    let told = dialect.encode(&event, &context, Form::Everyone);
    lines.extend(if told.is_empty() { vec!["< -".to_owned()] } else { prefixed("<", told).collect() });
    if second_form(&event).is_some() {
        lines.extend(prefixed("<*", dialect.encode(&event, &context, Form::Sender)));
    }
    lines
}

fn find<T>(values: Vec<T>, wanted: impl Fn(&T) -> bool, line: &str) -> T {
    values.into_iter().find(wanted).unwrap_or_else(|| panic!("tests/values has no {line}"))
}

fn prefixed(mark: &'static str, lines: Vec<String>) -> impl Iterator<Item = String> {
    lines.into_iter().map(move |line| format!("{mark} {line}"))
}

/// A value for people: users and large outcomes by their names, and only those media that are
/// known and on. That a message is text goes without saying.
fn short(value: &impl Debug) -> String {
    let mut text = format!("{value:?}");
    for (name, joined) in values::joined() {
        text = text.replace(&format!("{joined:?}"), name);
    }
    for user in [values::ann(), values::bob()] {
        let name = user.name.as_str().split(' ').next().unwrap().to_owned();
        text = text.replace(&format!("{user:?}"), &name);
    }
    for flag in ["audio", "video", "screen", "hand", "speaking"] {
        for (long, brief) in [("Some(true)", "on"), ("Some(false)", "off"), ("true", "on"), ("false", ""), ("None", "")]
        {
            let brief = if brief.is_empty() { String::new() } else { format!("{flag} {brief}, ") };
            text = text
                .replace(&format!("{flag}: {long}, "), &brief)
                .replace(&format!("{flag}: {long} }}"), &format!("{brief}}}"));
        }
    }
    text.replace("content: Text, ", "").replace(", }", " }").replace("{ }", "{}")
}

fn refusal_line(refusal: &Refusal) -> Option<String> {
    Some(format!("! {} {}", refusal.code.as_str(), refusal.message))
}

/// The refusal of this code; for messages there is a rate limit of their own.
fn refusal(line: &str) -> Refusal {
    if line == "RATE_LIMITED until noon" {
        return Refusal::too_many_messages(values::NOON);
    }
    find(Code::ALL.to_vec(), |code| code.as_str() == line, line).into()
}

fn body_of_command(command: &RoomCommand) -> Option<&RawJson> {
    match command {
        RoomCommand::Signal(signal) => Some(&signal.body),
        RoomCommand::SendEphemeral { body, .. } => Some(body),
        RoomCommand::SetMedia { body, .. } => body.as_ref(),
        RoomCommand::Post(post) => post.attachments.as_ref(),
        _ => None,
    }
}

fn body_of_event(event: &Event) -> Option<&RawJson> {
    match event {
        Event::SignalRelayed { body, .. } | Event::EphemeralSent { body, .. } => Some(body),
        Event::MediaChanged { body, .. } => body.as_ref(),
        Event::MessagePosted(message) => message.attachments.as_ref(),
        _ => None,
    }
}
