//! Event to name and argument.

use heliograph_domain::{
    command::SignalKind,
    event::{CallEndReason, Event, Message},
    id::UserId,
    matching::{Match, MatchingEvent},
    room::RoomId,
    text::RawJson,
    user::{User, Vocabulary},
};

use crate::{
    Context, Encoded,
    json::{Fields, Object, extend, object},
    translate_signal,
};

/// Fields of a relayed signal that only the server sets.
const SERVER_FIELDS: [&str; 2] = ["from", "fromUsername"];

/// Who brought an event about that only the partner hears.
pub fn author(event: &Event) -> Option<&UserId> {
    match event {
        Event::MessagePosted(Message { author: user, .. })
        | Event::MemberJoined { user, .. }
        | Event::MemberLeft { user, .. }
        | Event::HistoryCleared { by: user } => Some(&user.id),
        Event::CallEnded { by, .. } => by.as_ref(),
        _ => None,
    }
}

/// What clients hear of an event; nothing if the vocabulary has no form for it.
pub fn encode(event: &Event, context: &Context<'_>) -> Vec<Encoded> {
    one(event, context).into_iter().collect()
}

fn one(event: &Event, context: &Context<'_>) -> Option<Encoded> {
    Some(match event {
        Event::MemberJoined { user, announced: true, .. } => user_joined(user),
        Event::MemberLeft { user, announced: true, .. } => about("room:user_left", user, |out| {
            out.text("message", &format!("{} left the chat", user.name.as_str()));
        }),
        Event::RoomClosed { reason, by } => said("room:closed", |out| {
            out.optional_text("userId", by.as_ref().map(|by| by.id.as_str()))
                .optional_text("username", by.as_ref().map(|by| by.name.as_str()));
            let message = match by {
                Some(by) => format!("{} closed the chat", by.name.as_str()),
                None => "The chat has ended".to_owned(),
            };
            out.text("message", &message).plain("reason", reason.name());
        }),
        Event::MessagePosted(message) => return chat_message(message, context),
        Event::MessageDelivered { message, .. } => said("chat:message:delivered", |out| {
            out.text("messageId", message.as_str()).plain("timestamp", context.at);
        }),
        Event::HistoryCleared { by } => about("chat:cleared", by, |out| {
            out.plain("reason", "user_cleared");
        }),
        Event::SignalRelayed { from, kind, vocabulary, body, .. } => {
            return signal(from, *kind, *vocabulary, body);
        }
        Event::CallRejected { by, .. } => from_whom("webrtc:call-reject", Some(by)),
        Event::CallAnsweredElsewhere { .. } => from_whom("webrtc:call-end", None),
        Event::CallEnded { reason: CallEndReason::NoAnswer, from, .. } => {
            from_whom("webrtc:call-timeout", from.as_ref())
        }
        // It was told by the refusal itself.
        Event::CallEnded { reason: CallEndReason::Rejected, .. } => return None,
        Event::CallEnded { from, .. } => from_whom("webrtc:call-end", from.as_ref()),
        Event::CallParticipantUnavailable { .. } => said("webrtc:error", |out| {
            out.plain("message", "User not connected");
        }),
        Event::Matching(event) => return matching(event),
        _ => return None,
    })
}

fn matching(event: &MatchingEvent) -> Option<Encoded> {
    let (name, message) = match event {
        MatchingEvent::QueueEntered(_) => ("user:match:searching", "Searching for a match"),
        MatchingEvent::QueueLeft(_) => ("user:match:cancelled", "Matching cancelled"),
        MatchingEvent::QueueExpired(_) => ("user:match:no_users", "No users available right now"),
        MatchingEvent::MatchConfirmed(found) => return Some(matched(found)),
        _ => return None,
    };
    Some(said(name, |out| {
        out.plain("message", message);
    }))
}

fn matched(found: &Match) -> Encoded {
    let pair: Vec<_> = found.participants.iter().map(|user| &user.id).collect();
    // The visible name of a pair; inside, each match has a room of its own.
    let room = match pair[..] {
        [one, other] => RoomId::of_pair(one, other).as_str().trim_start_matches("direct:").to_owned(),
        _ => found.room.as_str().to_owned(),
    };
    said("user:matched", |out| {
        let peer = &found.peer;
        out.object("matchedUser", |out| {
            out.text("userId", peer.id.as_str())
                .text("username", peer.name.as_str())
                .flag("isGuest", peer.guest)
                .text("id", peer.id.as_str());
        })
        .text("roomId", &room)
        .text("matchId", found.match_id.as_str())
        .flag("initiator", found.initiator);
    })
}

fn chat_message(message: &Message, context: &Context<'_>) -> Option<Encoded> {
    let content = &message.content;
    if content.kind() == "encrypted" {
        return None;
    }
    let author = &message.author;
    Some(said("chat:message", |out| {
        out.text("id", message.id.as_str())
            .text("senderId", author.id.as_str())
            .text("senderUsername", author.name.as_str())
            .plain("type", content.kind());
        match content.body() {
            Some(body) => out.raw("content", body.as_str()),
            None => out.text("content", message.text.as_str()),
        };
        out.plain("timestamp", context.at).number("seq", context.seq.unwrap_or_default());
    }))
}

fn signal(from: &User, kind: SignalKind, vocabulary: Vocabulary, body: &RawJson) -> Option<Encoded> {
    let name = match kind {
        SignalKind::Offer => "webrtc:offer",
        SignalKind::Answer => "webrtc:answer",
        SignalKind::Candidate => "webrtc:ice-candidate",
        SignalKind::Other => return None,
    };
    let body = translate_signal(kind, body, vocabulary, Vocabulary::GuestChat).ok()?;
    let fields = Fields::parse(body.as_str())?;
    let stated = fields.iter().any(|(key, _)| SERVER_FIELDS.contains(&key));
    let set = |out: &mut Object<'_>| {
        out.text("from", from.id.as_str());
        if kind != SignalKind::Candidate {
            out.text("fromUsername", from.name.as_str());
        }
    };
    let payload = if stated {
        object(body.as_bytes().len() + 96, |out| {
            for (key, value) in fields.iter().filter(|(key, _)| !SERVER_FIELDS.contains(key)) {
                out.copy(key, value);
            }
            set(out);
        })
    } else {
        extend(body.as_str(), set)
    };
    Some((name, payload))
}

pub(super) fn user_joined(user: &User) -> Encoded {
    about("room:user_joined", user, |out| {
        out.text("message", &format!("{} joined the chat", user.name.as_str()));
    })
}

fn said(name: &'static str, write: impl FnOnce(&mut Object<'_>)) -> Encoded {
    (name, object(192, write))
}

fn about(name: &'static str, user: &User, write: impl FnOnce(&mut Object<'_>)) -> Encoded {
    said(name, |out| {
        out.text("userId", user.id.as_str()).text("username", user.name.as_str());
        write(out);
    })
}

fn from_whom(name: &'static str, user: Option<&User>) -> Encoded {
    said(name, |out| {
        out.optional_text("from", user.map(|user| user.id.as_str()))
            .optional_text("fromUsername", user.map(|user| user.name.as_str()));
    })
}
