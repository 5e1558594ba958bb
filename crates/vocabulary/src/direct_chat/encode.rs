//! Event to name and argument.

use heliograph_domain::{command::Status, event::Event, room::RoomKind};

use super::message::{group_of, of_group, received};
use crate::{
    Context, Encoded, Form,
    json::{Object, object},
};

/// What clients hear of an event; nothing if the vocabulary has no form for it.
pub fn encode(event: &Event, context: &Context<'_>, form: Form) -> Option<Encoded> {
    let is_pair = context.room.is_some_and(|room| room.kind() == RoomKind::Direct);
    Some(match event {
        Event::MessagePosted(message) if is_pair => {
            ("RecievedMsg", object(512, |out| received(out, message, context, form)))
        }
        Event::MessagePosted(message) => {
            let group = group_of(context.room?)?;
            ("groupMessage", object(320, |out| of_group(out, message, group, context, form)))
        }
        Event::MessageDelivered { message, author, to } => said("messageDelivered", |out| {
            out.text("messageId", message.as_str())
                .text("fromUserId", author.as_str())
                .text("toUserId", to.as_str())
                .plain("timestamp", context.at);
        }),
        Event::MessageRead { message, reader } => said("messageRead", |out| {
            out.text("messageId", message.as_str()).text("toUserId", reader.as_str()).plain("timestamp", context.at);
        }),
        Event::TypingChanged { user, on } if is_pair => said("userTyping", |out| {
            out.text("fromUserId", user.id.as_str()).text("name", user.name.as_str()).flag("isTyping", *on);
        }),
        Event::UserOnline { user } => said("userOnline", |out| {
            out.text("userId", user.id.as_str());
        }),
        Event::UserOffline { user, last_seen } => said("userOffline", |out| {
            out.text("userId", user.id.as_str()).plain("lastSeen", last_seen);
        }),
        Event::PresenceChanged { user, status, last_seen } => said("userStatus", |out| {
            out.text("userId", user.id.as_str())
                .flag("active", matches!(status, Status::Online | Status::Busy))
                .plain("lastSeen", last_seen);
        }),
        _ => return None,
    })
}

fn said(name: &'static str, write: impl FnOnce(&mut Object<'_>)) -> Encoded {
    (name, object(192, write))
}
