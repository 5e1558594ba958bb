//! Messages: `message:send` and `message:new`.

use heliograph_domain::{
    command::Post,
    content::Content,
    event::Message,
    refusal::{Code, Refusal},
    text::{MessageText, RawJson},
};

use crate::{
    Context, Form, SizeLimits,
    json::{Fields, Object, too_deep},
    limits::at_most,
};

/// What `message:send` asks to be posted.
pub(super) fn post(fields: &Fields<'_>, limits: &SizeLimits) -> Result<Post, Refusal> {
    let attachments = attachments(fields, limits)?;
    let content = fields.field("content");
    let parse = if attachments.is_some() { MessageText::parse_or_blank } else { MessageText::parse };
    Ok(Post {
        text: content.required(|field| field.text(parse))?,
        content: Content::Text,
        attachments,
        reference: fields.field("clientId").reference()?,
    })
}

fn attachments(fields: &Fields<'_>, limits: &SizeLimits) -> Result<Option<RawJson>, Refusal> {
    let field = fields.field("attachments");
    let (Some(json), Some(items)) = (field.raw(), field.items()?) else {
        return Ok(None);
    };
    if items.is_empty() {
        return Ok(None);
    }
    at_most(limits.attachments, json.len())?;
    if items.len() > limits.attachment_count {
        return Err(Code::TooLarge.into());
    }
    if !items.iter().all(|item| item.get().starts_with('{')) {
        return Err(field.refuse("must be an array of objects"));
    }
    if too_deep(json) {
        return Err(field.refuse("must not be nested so deep"));
    }
    Ok(Some(RawJson::from_checked(json.to_owned())))
}

/// The payload of `message:new`. `content` is what the message says in words.
pub(super) fn message_new(out: &mut Object<'_>, message: &Message, content: &str, context: &Context<'_>, form: Form) {
    let author = &message.author;
    out.text("id", message.id.as_str())
        .text("content", content)
        .text("userId", author.id.as_str())
        .text("roomId", context.room_name())
        .plain("createdAt", context.at)
        .object("user", |user| {
            user.text("id", author.id.as_str())
                .text("name", author.name.as_str())
                .optional_text("image", author.picture.as_deref());
        })
        .raw("attachments", message.attachments.as_ref().map_or("[]", RawJson::as_str))
        .number("seq", context.seq.unwrap_or_default());
    if let (Form::Sender, Some(reference)) = (form, &message.reference) {
        out.raw("clientId", reference.as_json());
    }
}
