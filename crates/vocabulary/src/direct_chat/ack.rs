//! Answers to the client that asked.

use heliograph_domain::{
    command::{Join, RoomCommand, Since},
    event::Event,
    outcome::{Joined, RoomOutcome},
    refusal::{Code, Refusal},
    room::{RoomId, RoomKind},
    text::Reference,
};

use super::{
    TOPIC, decode, encode,
    message::{group_of, of_group, received},
    shown,
};
use crate::{
    Context, Encoded, Form, Request,
    answer::{error, success},
    json::{Object, object},
};

/// The argument of the acknowledgement of an event that was carried out.
pub fn ack(request: &Request, outcome: &RoomOutcome) -> String {
    success(|out| match request {
        Request::Room { room, command } => of_room(out, room, command, outcome),
        Request::SetActive(active) => {
            out.flag("active", *active);
        }
        Request::Block { user, .. } => {
            out.text("userId", user.as_str());
        }
        _ => {}
    })
}

fn of_room(out: &mut Object<'_>, room: &RoomId, command: &RoomCommand, outcome: &RoomOutcome) {
    match (command, outcome) {
        (RoomCommand::Join(join), RoomOutcome::Joined(joined)) => {
            match room.as_str().strip_prefix(TOPIC) {
                Some(topic) => out.text("topic", topic),
                None => out.text("roomId", shown(room)).number("seq", joined.position.seq),
            };
            if matches!(join.since, Some(Since::Seq(_))) {
                missed(out, room, joined);
            }
        }
        (RoomCommand::Leave { .. }, _) => {
            match room.as_str().strip_prefix(TOPIC) {
                Some(topic) => out.text("topic", topic),
                None => out.text("roomId", shown(room)),
            };
        }
        (RoomCommand::Post(post), RoomOutcome::Posted { message, seq, at }) => {
            out.text("messageId", message.as_str())
                .text("id", message.as_str())
                .plain("timestamp", at)
                .number("sequence", *seq)
                .text("roomId", shown(room))
                .plain("status", "received");
            if let Some(reference) = &post.reference {
                out.raw("tempId", reference.as_json());
            }
        }
        (RoomCommand::MarkRead { .. }, RoomOutcome::Marked { count }) => {
            out.number("count", *count);
        }
        _ => {}
    }
}

/// What the client has missed since the place that it named.
fn missed(out: &mut Object<'_>, room: &RoomId, joined: &Joined) {
    let entries = joined.missed.entries.iter().filter_map(|entry| match &entry.event {
        Event::MessagePosted(message) => {
            Some((message, Context { room: Some(room), at: entry.at, seq: Some(entry.seq) }))
        }
        _ => None,
    });
    out.objects("messages", entries, |out, (message, context)| match group_of(room) {
        Some(group) => of_group(out, message, group, &context, Form::Everyone),
        None => received(out, message, &context, Form::Everyone),
    });
    if joined.missed.more {
        out.flag("more", true);
    }
}

/// What a client hears beside the acknowledgement: that it is in a room, with what was not delivered there; that
/// its message is stored.
pub fn told(request: &Request, outcome: &RoomOutcome) -> Vec<Encoded> {
    let Request::Room { room, command } = request else { return Vec::new() };
    match (command, outcome) {
        (RoomCommand::Join(join), RoomOutcome::Joined(joined)) => entered(room, join, joined),
        (RoomCommand::Post(post), RoomOutcome::Posted { message, at, .. }) => {
            let sent = object(128, |out| {
                out.flag("success", true).text("messageId", message.as_str());
                if let Some(reference) = &post.reference {
                    out.raw("tempId", reference.as_json());
                }
                out.plain("timestamp", at);
            });
            vec![("messageSent", sent)]
        }
        _ => Vec::new(),
    }
}

fn entered(room: &RoomId, join: &Join, joined: &Joined) -> Vec<Encoded> {
    if room.kind() != RoomKind::Direct {
        return vec![match (group_of(room), room.as_str().strip_prefix(TOPIC)) {
            (Some(group), _) => (
                "joinedGroup",
                object(96, |out| {
                    out.text("groupId", group).text("roomId", room.as_str());
                }),
            ),
            (None, topic) => (
                "joinedTopic",
                object(64, |out| {
                    out.text("topic", topic.unwrap_or(room.as_str()));
                }),
            ),
        }];
    }
    let mut told = vec![(
        "joinedRoom",
        object(64, |out| {
            out.text("roomId", shown(room));
        }),
    )];
    if join.since == Some(Since::Delivered) {
        told.extend(joined.missed.entries.iter().filter_map(|entry| {
            let context = Context { room: Some(room), at: entry.at, seq: Some(entry.seq) };
            encode(&entry.event, &context, Form::Everyone)
        }));
    }
    told
}

/// A refusal in the words of this vocabulary: where a message is empty once its tags are gone, that is about its
/// length.
pub fn worded(event: &str, refusal: &Refusal) -> Refusal {
    let about_text = refusal.code == Code::InvalidPayload && refusal.message.starts_with("Invalid payload: content ");
    match event {
        "sendMsg" | "sendGroupMsg" if about_text => decode::wrong_length(),
        _ => refusal.clone(),
    }
}

/// What a client hears when its event was refused.
pub fn refused(event: &str, reference: Option<&Reference>, refusal: &Refusal) -> Vec<Encoded> {
    let is_message = matches!(event, "sendMsg" | "sendGroupMsg" | "fileUpload");
    let mut told = vec![match refusal.reset_at.filter(|_| is_message && refusal.code == Code::RateLimited) {
        Some(reset_at) => (
            "rateLimitExceeded",
            object(96, |out| {
                out.plain("message", "Too many messages").number("resetTime", reset_at.as_millis());
            }),
        ),
        None => ("error", error(Some(event), refusal)),
    }];
    if let Some(reference) = reference {
        told.push((
            "sendError",
            object(128, |out| {
                out.raw("tempId", reference.as_json()).text("error", &refusal.message);
            }),
        ));
    }
    told
}
