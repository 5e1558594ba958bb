//! Messages as clients hear them.

use heliograph_domain::{
    content::Content,
    event::Message,
    id::UserId,
    room::{RoomId, RoomKind},
};

use super::GROUP;
use crate::{Context, Form, files, json::Object};

/// Writes `RecievedMsg`: the message in a room of two. The sending socket, if it gave the message a name of its own,
/// hears that, and the message once more as the server has it.
pub(super) fn received(out: &mut Object<'_>, message: &Message, context: &Context<'_>, form: Form) {
    fields(out, message, context);
    if let (Form::Sender, Some(reference)) = (form, &message.reference) {
        out.raw("tempId", reference.as_json()).object("serverMsg", |out| fields(out, message, context));
    }
}

fn fields(out: &mut Object<'_>, message: &Message, context: &Context<'_>) {
    let author = &message.author;
    let to = context.room.and_then(|room| room.other_of_pair(&author.id));
    out.text("name", author.name.as_str())
        .text("fromUserName", author.name.as_str())
        .text("fromUserId", author.id.as_str())
        .text("toUserId", to.as_ref().map_or("", UserId::as_str))
        .text("msg", &words(message))
        .plain("timestamp", context.at)
        .text("id", message.id.as_str())
        .text("messageId", message.id.as_str())
        .number("sequence", context.seq.unwrap_or_default())
        .flag("delivered", false);
    match &message.content {
        Content::Text => {}
        Content::File(body) | Content::Voice(body) => {
            out.raw("file", body.as_str());
        }
        Content::Encrypted(body) => {
            out.raw("encrypted", body.as_str());
        }
    }
}

/// Attachments of other vocabularies have no field here; a file has.
fn words(message: &Message) -> String {
    match message.content {
        Content::Text => files::in_words(message, true).map(Into::into).unwrap_or_default(),
        _ => message.text.as_str().to_owned(),
    }
}

/// Writes `groupMessage`.
pub(super) fn of_group(out: &mut Object<'_>, message: &Message, group: &str, context: &Context<'_>, form: Form) {
    let words = files::in_words(message, true).unwrap_or_default();
    out.text("id", message.id.as_str())
        .text("groupId", group)
        .text("fromUserId", message.author.id.as_str())
        .text("name", message.author.name.as_str())
        .text("msg", &words)
        .plain("timestamp", context.at)
        .number("sequence", context.seq.unwrap_or_default());
    if let Content::Encrypted(body) = &message.content {
        out.raw("encrypted", body.as_str());
    }
    if let (Form::Sender, Some(reference)) = (form, &message.reference) {
        out.raw("tempId", reference.as_json());
    }
}

/// The group whose room this is.
pub(super) fn group_of(room: &RoomId) -> Option<&str> {
    room.as_str().strip_prefix(GROUP).filter(|_| room.kind() == RoomKind::Group)
}
