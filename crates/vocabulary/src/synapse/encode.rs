//! Event to name and argument.

use heliograph_domain::{
    command::CallMedia,
    event::{Event, Unavailable},
    id::{CallId, UserId},
    room::MediaChange,
    user::{User, Vocabulary},
};

use super::message::message_new;
use crate::{
    Context, Encoded, Form,
    files::in_words,
    json::{Object, object},
    translate_signal,
};

/// What clients hear of an event: mostly one thing, nothing if the vocabulary has no form for it,
/// and one for each flag of a media change.
pub fn encode(event: &Event, context: &Context<'_>, form: Form) -> Vec<Encoded> {
    if let Event::MediaChanged { by, change, .. } = event {
        return media_changes(by, *change, context);
    }
    one(event, context, form).into_iter().collect()
}

fn one(event: &Event, context: &Context<'_>, form: Form) -> Option<Encoded> {
    let room = context.room_name();
    let encoded = match event {
        Event::MemberJoined { user, announced: true, .. } => said("user:joined-room", |out| {
            named(out, user).text("roomId", room);
        }),
        Event::MemberLeft { user, announced: true, .. } => said("user:left-room", |out| {
            named(out, user).text("roomId", room);
        }),
        Event::RoomClosed { reason, .. } => said("room:deleted", |out| {
            out.text("roomId", room).plain("reason", reason.name());
        }),
        Event::MessagePosted(message) => {
            let content = in_words(message, false)?;
            let attachments = message.attachments.as_ref().map_or(0, |json| json.as_bytes().len());
            let capacity = 320 + content.len() + attachments;
            ("message:new", object(capacity, |out| message_new(out, message, &content, context, form)))
        }
        Event::ReactionChanged { message, user, emoji, on } => {
            let name = if *on { "message:reaction-added" } else { "message:reaction-removed" };
            said(name, |out| {
                out.text("messageId", message.as_str())
                    .text("userId", user.id.as_str())
                    .text("emoji", emoji.as_str())
                    .plain("timestamp", context.at)
                    .text("roomId", room);
                if *on {
                    out.text("userName", user.name.as_str());
                }
            })
        }
        Event::TypingChanged { user, on: true } => said("user:typing", |out| {
            named(out, user).text("roomId", room);
        }),
        Event::TypingChanged { user, on: false } => said("user:stop-typing", |out| {
            out.text("userId", user.id.as_str()).text("roomId", room);
        }),
        Event::SignalRelayed { from, kind, vocabulary, body, .. } => {
            // Signals reach this vocabulary within calls only: elsewhere no peer speaks it.
            let call = context.room?.call()?;
            let signal = translate_signal(*kind, body, *vocabulary, Vocabulary::Synapse).ok()?;
            let capacity = signal.as_bytes().len() + 128;
            let payload = object(capacity, |out| {
                out.text("from", from.id.as_str()).text("callId", call.as_str()).raw("signal", signal.as_str());
            });
            ("webrtc-signal", payload)
        }
        Event::CallRinging { .. }
        | Event::CallParticipantUnavailable { .. }
        | Event::CallAccepted { .. }
        | Event::CallRejected { .. }
        | Event::CallAnsweredElsewhere { .. }
        | Event::CallParticipantJoined { .. }
        | Event::CallParticipantLeft { .. }
        | Event::CallEnded { .. } => return of_call(event),
        Event::UserOnline { user } => said("user:online", |out| {
            named(out, user);
        }),
        Event::UserOffline { user, last_seen } => said("user:offline", |out| {
            out.text("userId", user.id.as_str()).plain("lastSeen", last_seen);
        }),
        Event::PresenceChanged { user, status, last_seen } => said("user:presence", |out| {
            out.text("userId", user.id.as_str()).plain("status", status.name()).plain("lastSeen", last_seen);
        }),
        Event::MemberJoined { .. }
        | Event::MemberLeft { .. }
        | Event::HistoryCleared { .. }
        | Event::MessageDeleted { .. }
        | Event::ActivityAppended { .. }
        | Event::RecordingSwitched { .. }
        | Event::MessageDelivered { .. }
        | Event::MessageRead { .. }
        | Event::ChatSwitched { .. }
        | Event::HostChanged { .. }
        | Event::EphemeralSent { .. }
        | Event::MediaChanged { .. }
        | Event::Matching(_)
        // Is told under its own name, with its own arguments.
        | Event::Published { .. } => return None,
    };
    Some(encoded)
}

fn of_call(event: &Event) -> Option<Encoded> {
    Some(match event {
        Event::CallRinging { call, room, from, media } => about("call-incoming", call, |out| {
            let media = match media {
                CallMedia::Audio => "audio",
                CallMedia::Video => "video",
            };
            out.optional_text("roomId", room.as_ref().map(|room| room.as_str()))
                .text("from", from.id.as_str())
                .text("fromName", from.name.as_str())
                .plain("type", media);
        }),
        Event::CallParticipantUnavailable { call, user, reason } => about("call-unavailable", call, |out| {
            let reason = match reason {
                Unavailable::Offline => "offline",
                Unavailable::Busy => "busy",
            };
            out.text("userId", user.as_str()).plain("reason", reason);
        }),
        Event::CallAccepted { call, by } => about("call-accepted", call, |out| {
            out.text("by", by.id.as_str()).text("byName", by.name.as_str());
        }),
        Event::CallRejected { call, by, reason } => about("call-rejected", call, |out| {
            out.text("by", by.id.as_str())
                .text("byName", by.name.as_str())
                .optional_text("reason", reason.as_ref().map(|reason| reason.as_str()));
        }),
        Event::CallAnsweredElsewhere { call, accepted } => about("call-answered-elsewhere", call, |out| {
            out.plain("action", if *accepted { "accepted" } else { "rejected" });
        }),
        Event::CallParticipantJoined { call, peer } => about("call-participant-joined", call, |out| {
            named(out, &peer.user);
        }),
        Event::CallParticipantLeft { call, user, .. } => about("call-participant-left", call, |out| {
            named(out, user);
        }),
        Event::CallEnded { call, by, reason, .. } => about("call-ended", call, |out| {
            out.optional_text("endedBy", by.as_ref().map(UserId::as_str)).plain("reason", reason.name());
        }),
        _ => return None,
    })
}

/// Media changes are told in calls only; elsewhere the vocabulary has no form for them.
fn media_changes(by: &User, change: MediaChange, context: &Context<'_>) -> Vec<Encoded> {
    let Some(call) = context.room.and_then(|room| room.call()) else {
        return Vec::new();
    };
    [
        (change.audio, "call-unmuted", "call-muted"),
        (change.video, "call-video-on", "call-video-off"),
        (change.screen, "call-screen-share-started", "call-screen-share-stopped"),
    ]
    .into_iter()
    .filter_map(|(flag, on, off)| {
        let name = if flag? { on } else { off };
        Some(about(name, &call, |out| {
            named(out, by).plain("timestamp", context.at);
        }))
    })
    .collect()
}

fn said(name: &'static str, write: impl FnOnce(&mut Object<'_>)) -> Encoded {
    (name, object(192, write))
}

fn about(name: &'static str, call: &CallId, write: impl FnOnce(&mut Object<'_>)) -> Encoded {
    said(name, |out| {
        out.text("callId", call.as_str());
        write(out);
    })
}

fn named<'o, 'w>(out: &'o mut Object<'w>, user: &User) -> &'o mut Object<'w> {
    out.text("userId", user.id.as_str()).text("userName", user.name.as_str())
}
