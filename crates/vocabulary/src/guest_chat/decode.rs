//! Event name and argument to request.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use heliograph_domain::{
    command::{Mark, Post, RoomCommand, Signal, SignalKind, SignalTarget},
    content::Content,
    id::{MessageId, QueueName},
    matching::{Criteria, MatchMode, MatchingCommand},
    refusal::{Code, Refusal},
    room::{RoomId, RoomKind},
    text::{MessageText, RawJson},
};

use crate::{
    Asked, Request, Said, SizeLimits, Standpoint,
    claim::claims,
    json::{Field, Fields, object, string, too_deep},
    limits::at_most,
};

/// Understands an event of a client.
pub fn read<'a>(said: &Said<'a>, from: &Standpoint<'_>, limits: &SizeLimits) -> Asked<'a> {
    let fields = match said.fields(largest(said.name, limits)) {
        Ok(fields) => fields,
        Err(refusal) => return Asked::refused(refusal),
    };
    if said.name != "chat:message"
        && let Err(refusal) = said.without_attachments()
    {
        return Asked::refused(refusal);
    }
    let reference = fields.field("clientId").reference();
    Asked {
        claims: claims(&fields).collect(),
        reference: reference.as_ref().ok().cloned().flatten(),
        request: request(said, &fields, from, limits),
    }
}

fn largest(name: &str, limits: &SizeLimits) -> usize {
    match name {
        "chat:message" => limits.message(),
        "webrtc:offer" | "webrtc:answer" | "webrtc:ice-candidate" => limits.signal,
        _ => limits.ephemeral,
    }
}

fn request(
    said: &Said<'_>,
    fields: &Fields<'_>,
    from: &Standpoint<'_>,
    limits: &SizeLimits,
) -> Result<Request, Refusal> {
    let pair = || (from.latest)(RoomKind::Match);
    let in_pair = |command| match pair() {
        Some(room) => Ok(Request::Room { room, command }),
        None => Err(Code::NotInRoom.into()),
    };
    // What ends something is done where there is nothing to end.
    let in_pair_if_any = |command| Ok(pair().map_or(Request::Nothing, |room| Request::Room { room, command }));
    match said.name {
        "user:match" => Ok(matching(MatchingCommand::Enqueue {
            queue: QueueName::guests(),
            criteria: Criteria::default(),
            mode: MatchMode::Immediate,
        })),
        "user:match:cancel" => Ok(matching(MatchingCommand::Dequeue { queue: Some(QueueName::guests()) })),
        "chat:message" => in_pair(RoomCommand::Post(post(said, fields, limits)?)),
        "chat:message:delivered" => {
            let message = fields.field("messageId").required(|field| field.id(MessageId::parse))?;
            in_pair_if_any(RoomCommand::MarkDelivered { up_to: Mark::Message(message) })
        }
        "chat:clear" => in_pair(RoomCommand::ClearHistory),
        "leave-room" => in_pair_if_any(RoomCommand::Leave { permanent: true }),
        "close-room" => in_pair(RoomCommand::Close),
        "webrtc:offer" => signal(said, fields, SignalKind::Offer, "offer").and_then(|signal| called(pair(), signal)),
        "webrtc:answer" => signal(said, fields, SignalKind::Answer, "answer").and_then(|signal| called(pair(), signal)),
        "webrtc:ice-candidate" => {
            signal(said, fields, SignalKind::Candidate, "candidate").and_then(|signal| called(pair(), signal))
        }
        "webrtc:call-end" => in_pair_if_any(RoomCommand::EndCall { unanswered: false }),
        "webrtc:call-reject" => in_pair_if_any(RoomCommand::RejectCall { reason: None }),
        "webrtc:call-timeout" => in_pair_if_any(RoomCommand::EndCall { unanswered: true }),
        _ => Err(Code::UnknownEvent.into()),
    }
}

fn matching(command: MatchingCommand) -> Request {
    Request::Room { room: RoomId::matching(), command: RoomCommand::Matching(command) }
}

/// A signal goes to the partner; without one there is nobody.
fn called(pair: Option<RoomId>, signal: Signal) -> Result<Request, Refusal> {
    let room = pair.ok_or(Refusal::new(Code::UserNotConnected))?;
    Ok(Request::Room { room, command: RoomCommand::Signal(signal) })
}

fn signal(said: &Said<'_>, fields: &Fields<'_>, kind: SignalKind, name: &'static str) -> Result<Signal, Refusal> {
    let field = fields.field(name);
    let value = fields.value(name).ok_or_else(|| field.refuse("is required"))?;
    let is_fit = match kind {
        SignalKind::Candidate => value == "null" || value.starts_with('{'),
        _ => value.starts_with('{'),
    };
    if !is_fit || too_deep(value) {
        return Err(field.refuse("must be an object"));
    }
    if kind == SignalKind::Offer {
        let media = fields.field("type").required(Field::string)?;
        if !matches!(&*media, "audio" | "video") {
            return Err(fields.field("type").refuse("must be one of audio, video"));
        }
    }
    let body = said.args.first().map_or("{}", |argument| argument.trim());
    Ok(Signal { to: SignalTarget::Others, kind, body: RawJson::from_checked(body.to_owned()) })
}

fn post(said: &Said<'_>, fields: &Fields<'_>, limits: &SizeLimits) -> Result<Post, Refusal> {
    let kind = fields.field("type").required(Field::string)?;
    let reference = fields.field("clientId").reference()?;
    let content = fields.field("content");
    let (text, content) = match &*kind {
        "text" => {
            said.without_attachments()?;
            (content.required(|field| field.text(MessageText::parse))?, Content::Text)
        }
        "file" => (MessageText::blank(), Content::File(body(said, &content, limits)?)),
        "voice" => (MessageText::blank(), Content::Voice(body(said, &content, limits)?)),
        _ => return Err(fields.field("type").refuse("must be one of text, file, voice")),
    };
    Ok(Post { text, attachments: None, content, reference })
}

/// What a file or voice message holds: a string or an object as it came. Binary data becomes a data URL (RFC 2397),
/// alone or in the object's `data`.
fn body(said: &Said<'_>, content: &Field<'_>, limits: &SizeLimits) -> Result<RawJson, Refusal> {
    let raw = content.raw().ok_or_else(|| content.refuse("is required"))?;
    let text = match said.attachments {
        [] => raw.to_owned(),
        [data] => inline(raw, data).ok_or_else(|| content.refuse("must hold one piece of binary data at most"))?,
        _ => return Err(content.refuse("must hold one piece of binary data at most")),
    };
    at_most(limits.attachments, text.len())?;
    if !(text.starts_with('"') || text.starts_with('{')) {
        return Err(content.refuse("must be a string, an object or binary data"));
    }
    if too_deep(&text) {
        return Err(content.refuse("must not be nested so deep"));
    }
    Ok(RawJson::from_checked(text))
}

fn inline(raw: &str, data: &Bytes) -> Option<String> {
    let fields = Fields::parse(raw)?;
    let kind = fields.value("mimeType").and_then(string);
    let kind = kind.filter(|kind| kind.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\;,".contains(&byte)));
    let kind = kind.as_deref().unwrap_or("application/octet-stream");
    let url = format!("\"data:{kind};base64,{}\"", STANDARD.encode(data));
    if is_placeholder(raw) {
        return Some(url);
    }
    is_placeholder(fields.value("data")?).then(|| {
        object(raw.len() + url.len(), |out| {
            for (key, value) in fields.iter() {
                out.copy(key, if key == "data" { &url } else { value });
            }
        })
    })
}

/// What stands for an attachment in a packet of Socket.IO.
fn is_placeholder(raw: &str) -> bool {
    Fields::parse(raw).is_some_and(|fields| fields.value("_placeholder") == Some("true"))
}
