//! Event name and arguments to request.

use heliograph_domain::{
    command::{Join, Mark, Post, RoomCommand, Since},
    content::Content,
    id::{MessageId, UserId},
    refusal::{Code, Refusal},
    room::{RoomId, RoomKind},
    text::{MessageText, RawJson},
};

use super::{GROUP, TOPIC};
use crate::{
    Asked, Request, Said, SizeLimits, Standpoint,
    claim::claims,
    json::{Fields, object, too_deep},
    limits::at_most,
};

/// Understands an event of a client.
pub fn read<'a>(said: &Said<'a>, from: &Standpoint<'_>, limits: &SizeLimits) -> Asked<'a> {
    let fields = said.without_attachments().and_then(|()| said.fields(largest(said.name, limits)));
    let fields = match fields {
        Ok(fields) => fields,
        Err(refusal) => return Asked::refused(refusal),
    };
    let posts = matches!(said.name, "sendMsg" | "sendGroupMsg" | "fileUpload");
    let reference = if posts { fields.either(["tempId", "id"]).reference() } else { Ok(None) };
    Asked {
        // There the author of a message is named, who is somebody else.
        claims: if said.name == "markDelivered" { Vec::new() } else { claims(&fields).collect() },
        reference: reference.clone().unwrap_or_default(),
        request: request(said.name, &fields, from, limits),
    }
}

fn largest(name: &str, limits: &SizeLimits) -> usize {
    match name {
        "sendMsg" | "sendGroupMsg" | "fileUpload" => limits.message(),
        _ => limits.ephemeral,
    }
}

fn request(name: &str, fields: &Fields<'_>, from: &Standpoint<'_>, limits: &SizeLimits) -> Result<Request, Refusal> {
    match name {
        "joinChat" => {
            let since = fields.field("since").count()?.map_or(Since::Delivered, Since::Seq);
            in_room(with_other(fields, from)?, join(Some(since)))
        }
        "sendMsg" => in_room(pair(fields, from)?, RoomCommand::Post(message(fields, limits)?)),
        "fileUpload" => in_room(pair(fields, from)?, RoomCommand::Post(file(fields, limits)?)),
        "leaveChat" => match with_other(fields, from) {
            Ok(room) => in_room(room, RoomCommand::Leave { permanent: false }),
            // Whoever does not say which chat leaves none.
            Err(_) => Ok(Request::Nothing),
        },
        "typing" => {
            let on = fields.field("isTyping").flag()?.unwrap_or(true);
            in_room(pair(fields, from)?, RoomCommand::SetTyping { on })
        }
        "markAsRead" => {
            let message = fields.field("messageId").id(MessageId::parse)?;
            in_room(
                with_other(fields, from)?,
                RoomCommand::MarkRead { up_to: message.map_or(Mark::Newest, Mark::Message) },
            )
        }
        "markDelivered" => {
            let message = fields.field("messageId").required(|field| field.id(MessageId::parse))?;
            let room = pair_with(fields, from, "fromUserId")?.ok_or_else(invalid_recipient)?;
            in_room(room, RoomCommand::MarkDelivered { up_to: Mark::Message(message) })
        }
        "joinGroup" => {
            let since = fields.field("since").count()?.map(Since::Seq);
            in_room(named(fields, "groupId", GROUP)?, join(since))
        }
        "leaveGroup" => in_room(named(fields, "groupId", GROUP)?, RoomCommand::Leave { permanent: false }),
        "sendGroupMsg" => in_room(named(fields, "groupId", GROUP)?, RoomCommand::Post(message(fields, limits)?)),
        "joinTopic" => in_room(named(fields, "topic", TOPIC)?, join(None)),
        "leaveTopic" => in_room(named(fields, "topic", TOPIC)?, RoomCommand::Leave { permanent: false }),
        "userOnline" => Ok(Request::Appear),
        "setStatus" => match fields.field("active").flag() {
            Ok(Some(active)) => Ok(Request::SetActive(active)),
            _ => Err(Refusal::with_message(Code::InvalidPayload, "Invalid status")),
        },
        "blockUser" | "unblockUser" => {
            let user = fields.field("userId").id(UserId::parse).ok().flatten().ok_or_else(invalid_recipient)?;
            Ok(Request::Block { user, on: name == "blockUser" })
        }
        _ => Err(Code::UnknownEvent.into()),
    }
}

fn join(since: Option<Since>) -> RoomCommand {
    RoomCommand::Join(Join { since, explicit: true, peer: None, takeover: false, contents: false })
}

fn in_room(room: RoomId, command: RoomCommand) -> Result<Request, Refusal> {
    Ok(Request::Room { room, command })
}

fn invalid_recipient() -> Refusal {
    Refusal::with_message(Code::InvalidPayload, "Invalid recipient")
}

/// The room of the sender and the user whom a field names; `None` if it names nobody. Only a string is a
/// recipient.
fn pair_with(fields: &Fields<'_>, from: &Standpoint<'_>, field: &'static str) -> Result<Option<RoomId>, Refusal> {
    let other = fields.field(field).text(UserId::parse).map_err(|_| invalid_recipient())?;
    let Some(other) = other else { return Ok(None) };
    // Before authentication nothing is carried out, whoever it is for.
    let Some(own) = from.user else { return Err(Code::AuthRequired.into()) };
    if *own == other { Err(invalid_recipient()) } else { Ok(Some(RoomId::of_pair(own, &other))) }
}

/// The room of the sender and `toUserId`.
fn with_other(fields: &Fields<'_>, from: &Standpoint<'_>) -> Result<RoomId, Refusal> {
    pair_with(fields, from, "toUserId")?.ok_or_else(invalid_recipient)
}

/// The same; the chat that was joined last if nobody is named.
fn pair(fields: &Fields<'_>, from: &Standpoint<'_>) -> Result<RoomId, Refusal> {
    match pair_with(fields, from, "toUserId")? {
        Some(room) => Ok(room),
        None => (from.latest)(RoomKind::Direct).ok_or_else(invalid_recipient),
    }
}

fn named(fields: &Fields<'_>, field: &'static str, prefix: &'static str) -> Result<RoomId, Refusal> {
    let field = fields.field(field);
    let name = field.string()?.ok_or_else(|| field.refuse("is required"))?;
    if name.is_empty() {
        return Err(field.refuse("must not be empty"));
    }
    RoomId::parse(&format!("{prefix}{name}")).map_err(|reason| field.refuse(reason))
}

fn message(fields: &Fields<'_>, limits: &SizeLimits) -> Result<Post, Refusal> {
    let reference = fields.either(["tempId", "id"]).reference()?;
    if let Some(encrypted) = body(fields, "encrypted", limits.signal)? {
        let text = MessageText::parse_or_blank("").map_err(|_| wrong_length())?;
        return Ok(Post { text, content: Content::Encrypted(encrypted), attachments: None, reference });
    }
    let text = fields.field("msg").string().ok().flatten().filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| Refusal::with_message(Code::InvalidPayload, "Invalid message"))?;
    let text = MessageText::parse(&text).map_err(|_| wrong_length())?;
    Ok(Post { text, content: Content::Text, attachments: None, reference })
}

pub(super) fn wrong_length() -> Refusal {
    Refusal::with_message(Code::InvalidPayload, "Message must be 1-1000 characters")
}

/// An object that passes as it came.
fn body(fields: &Fields<'_>, name: &'static str, limit: usize) -> Result<Option<RawJson>, Refusal> {
    let field = fields.field(name);
    let Some(json) = field.raw() else { return Ok(None) };
    at_most(limit, json.len())?;
    if !json.starts_with('{') {
        return Err(field.refuse("must be an object"));
    }
    if too_deep(json) {
        return Err(field.refuse("must not be nested so deep"));
    }
    Ok(Some(RawJson::from_checked(json.to_owned())))
}

/// A file: its name, type and size, and where it is or what is in it.
fn file(fields: &Fields<'_>, limits: &SizeLimits) -> Result<Post, Refusal> {
    let text_of = |name: &'static str| {
        let field = fields.field(name);
        field.string()?.ok_or_else(|| field.refuse("is required"))
    };
    let (name, kind) = (text_of("name")?, text_of("type")?);
    let size = fields.field("size").required(|field| field.count())?;
    let place = if fields.field("url").is_present() { "url" } else { "data" };
    let whole = text_of(place)?;
    at_most(limits.attachments, name.len() + kind.len() + whole.len())?;
    let json = object(96 + name.len() + whole.len(), |out| {
        out.text("name", &name).text("type", &kind).number("size", size).text(place, &whole);
    });
    Ok(Post {
        text: MessageText::parse_or_blank("").map_err(|_| wrong_length())?,
        content: Content::File(RawJson::from_checked(json)),
        attachments: None,
        reference: fields.either(["tempId", "id"]).reference()?,
    })
}
