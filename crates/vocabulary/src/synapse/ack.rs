//! Acknowledgements of what was carried out.

use heliograph_domain::{
    command::{RoomCommand, Status},
    event::Event,
    id::{SocketId, UserId},
    outcome::{Joined, RoomOutcome},
    room::RoomId,
    user::User,
};

use super::message::message_new;
use crate::{
    Context, Form, Request,
    answer::success,
    files::in_words,
    json::{Object, object},
};

/// The argument of the acknowledgement of an event whose command was carried out. For
/// `authenticate` and `presence:update` see [`authenticate_ack`] and [`status_ack`].
pub fn ack(request: &Request, outcome: &RoomOutcome) -> String {
    success(|out| match request {
        Request::Room { room, command } => room_fields(out, room, command, outcome),
        Request::Call { call, command } => {
            // Signals and media changes are acknowledged without fields.
            if !matches!(command, RoomCommand::Signal(_) | RoomCommand::SetMedia { .. }) {
                out.text("callId", call.as_str());
            }
            call_fields(out, outcome);
        }
        _ => {}
    })
}

/// The argument of the acknowledgement of `authenticate`.
pub fn authenticate_ack(user: &User, socket: &SocketId, rooms: &[RoomId]) -> String {
    success(|out| identity(out, user, socket, rooms))
}

/// The payload of the event `authenticated`: who the socket is, and the rooms that it hears.
pub fn authenticated(user: &User, socket: &SocketId, rooms: &[RoomId]) -> String {
    object(160, |out| identity(out, user, socket, rooms))
}

/// The argument of the acknowledgement of `presence:update`.
pub fn status_ack(status: Status) -> String {
    success(|out| {
        out.plain("status", status.name());
    })
}

fn identity(out: &mut Object<'_>, user: &User, socket: &SocketId, rooms: &[RoomId]) {
    out.text("userId", user.id.as_str())
        .text("userName", user.name.as_str())
        .text("socketId", socket.as_str())
        .texts("rooms", rooms.iter().map(RoomId::as_str));
}

fn room_fields(out: &mut Object<'_>, room: &RoomId, command: &RoomCommand, outcome: &RoomOutcome) {
    match (command, outcome) {
        (RoomCommand::Post(post), RoomOutcome::Posted { message, seq, at }) => {
            out.text("messageId", message.as_str()).plain("createdAt", at).number("seq", *seq);
            if let Some(reference) = &post.reference {
                out.raw("clientId", reference.as_json());
            }
        }
        (RoomCommand::React { message, emoji, .. }, RoomOutcome::Reacted { at }) => {
            out.text("messageId", message.as_str()).text("emoji", emoji.as_str()).plain("timestamp", at);
        }
        (RoomCommand::Join(join), RoomOutcome::Joined(joined)) => {
            out.text("roomId", room.as_str());
            joined_fields(out, room, joined, join.since.is_some());
        }
        (RoomCommand::Leave { .. }, _) => {
            out.text("roomId", room.as_str());
        }
        _ => {}
    }
}

fn joined_fields(out: &mut Object<'_>, room: &RoomId, joined: &Joined, with_messages: bool) {
    out.objects("members", &joined.members, |out, member| {
        out.text("id", member.id.as_str())
            .text("name", member.name.as_str())
            .optional_text("image", member.picture.as_deref());
    })
    .number("seq", joined.position.seq);
    if !with_messages {
        return;
    }
    let messages = joined.missed.entries.iter().filter_map(|entry| match &entry.event {
        Event::MessagePosted(message) => {
            let context = Context { room: Some(room), at: entry.at, seq: Some(entry.seq) };
            Some((message, in_words(message, false)?, context))
        }
        _ => None,
    });
    out.objects("messages", messages, |out, (message, content, context)| {
        message_new(out, message, &content, &context, Form::Everyone);
    });
    if joined.missed.more {
        out.flag("more", true);
    }
}

fn call_fields(out: &mut Object<'_>, outcome: &RoomOutcome) {
    match outcome {
        RoomOutcome::CallInitiated { ringing, unavailable, skipped } => {
            for (key, users) in [("ringing", ringing), ("unavailable", unavailable), ("skipped", skipped)] {
                out.texts(key, users.iter().map(UserId::as_str));
            }
        }
        RoomOutcome::CallAccepted { participants } => {
            out.objects("participants", participants, |out, participant| {
                out.text("userId", participant.user.id.as_str())
                    .text("userName", participant.user.name.as_str())
                    .flag("audio", participant.media.audio)
                    .flag("video", participant.media.video)
                    .flag("screen", participant.media.screen);
            });
        }
        _ => {}
    }
}
