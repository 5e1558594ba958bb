//! Event to message text.

use heliograph_domain::{
    activity::EphemeralKind,
    event::{CloseReason, Event, LeaveReason},
    id::SocketId,
    publication::EventName,
    room::{Media, MediaChange, Peer},
    text::RawJson,
    user::{User, Vocabulary},
};

use super::peer::{chat, identity, peer, sender};
use crate::{
    Context, Form,
    files::in_words,
    json::{Fields, Object, extend, object},
    translate_signal,
};

/// What clients hear of an event: mostly one message, none if the vocabulary has no form for it,
/// and one for each kind of state of a media change.
///
/// A client of this vocabulary is in one room and hears of that room alone, also where an event is
/// addressed to users: the caller gives messages only to sockets that attend `context.room`.
pub fn encode(event: &Event, context: &Context<'_>, form: Form) -> Vec<String> {
    if let Event::MediaChanged { by, socket, peer, change, media, body } = event {
        return Changed { by, socket, peer, media: *media, body: body.as_ref() }.messages(*change);
    }
    one(event, context, form).into_iter().collect()
}

fn one(event: &Event, context: &Context<'_>, form: Form) -> Option<String> {
    Some(match event {
        Event::MemberJoined { peer: Some(peer), .. } | Event::CallParticipantJoined { peer, .. } => peer_joined(peer),
        Event::MemberLeft { user, socket, peer: true, reason, .. } => peer_left(socket, user, *reason),
        Event::CallParticipantLeft { user, socket: Some(socket), .. } => peer_left(socket, user, LeaveReason::Left),
        Event::RoomClosed { reason, .. } => room_closed(*reason),
        Event::CallEnded { .. } => room_closed(CloseReason::CallEnded),
        Event::MessagePosted(message) => {
            let text = in_words(message, true)?;
            let attachments = message.attachments.as_ref().map_or(0, |json| json.as_bytes().len());
            object(320 + text.len() + attachments, |out| chat(out, message, &text, context, form))
        }
        Event::ChatSwitched { enabled, by, socket } => message(switch_name(*enabled), |out| sender(out, socket, by)),
        Event::HostChanged { host } => message("host-changed", |out| {
            out.text("host", host.as_str());
        }),
        Event::EphemeralSent { from, socket, kind: EphemeralKind::Data, body } => {
            extend(body.as_str(), |out| sender(out, socket, from))
        }
        Event::SignalRelayed { from, socket, kind, vocabulary, body } => {
            let body = translate_signal(*kind, body, *vocabulary, Vocabulary::Mesh).ok()?;
            extend(body.as_str(), |out| sender(out, socket, from))
        }
        Event::Published { event, args } => published(event, args.first()),
        Event::MemberJoined { .. }
        | Event::MemberLeft { .. }
        | Event::MessageDelivered { .. }
        | Event::MessageRead { .. }
        | Event::ReactionChanged { .. }
        | Event::HistoryCleared { .. }
        | Event::MessageDeleted { .. }
        | Event::ActivityAppended { .. }
        | Event::RecordingSwitched { .. }
        | Event::EphemeralSent { .. }
        | Event::TypingChanged { .. }
        | Event::MediaChanged { .. }
        | Event::CallRinging { .. }
        | Event::CallParticipantUnavailable { .. }
        | Event::CallAccepted { .. }
        | Event::CallRejected { .. }
        | Event::CallAnsweredElsewhere { .. }
        | Event::CallParticipantLeft { .. }
        | Event::UserOnline { .. }
        | Event::UserOffline { .. }
        | Event::PresenceChanged { .. }
        | Event::Matching(_) => return None,
    })
}

/// The fields of the first argument under the event's name. A `type` of its own gives way to that.
fn published(event: &EventName, arg: Option<&RawJson>) -> String {
    let arg = arg.map_or("", RawJson::as_str);
    object(64 + event.as_str().len() + arg.len(), |out| {
        out.text("type", event.as_str());
        for (key, value) in Fields::parse(arg).unwrap_or_else(Fields::none).iter().filter(|(key, _)| *key != "type") {
            out.copy(key, value);
        }
    })
}

fn message(kind: &'static str, write: impl FnOnce(&mut Object<'_>)) -> String {
    object(192, |out| {
        out.plain("type", kind);
        write(out);
    })
}

fn switch_name(enabled: bool) -> &'static str {
    if enabled { "chat-enabled" } else { "chat-disabled" }
}

fn peer_joined(joined: &Peer) -> String {
    object(448, |out| {
        out.plain("type", "peer-joined").text("peerId", joined.socket.as_str());
        identity(out, &joined.user);
        out.object("peer", |out| peer(out, joined));
    })
}

fn peer_left(socket: &SocketId, user: &User, reason: LeaveReason) -> String {
    message("peer-left", |out| {
        out.text("peerId", socket.as_str());
        identity(out, user);
        out.plain("reason", reason.name());
    })
}

fn room_closed(reason: CloseReason) -> String {
    message("room-closed", |out| {
        out.plain("reason", reason.name());
    })
}

/// A change of what a peer sends or shows.
struct Changed<'a> {
    by: &'a User,
    socket: &'a SocketId,
    peer: &'a SocketId,
    media: Media,
    body: Option<&'a RawJson>,
}

impl Changed<'_> {
    fn messages(&self, change: MediaChange) -> Vec<String> {
        let mut messages = Vec::new();
        if change.audio.is_some() || change.video.is_some() {
            messages.push(message("media-state", |out| {
                self.fields(out);
                out.flag("audio", self.media.audio).flag("video", self.media.video);
            }));
        }
        let states = [
            (change.screen, "screen-share-started", "screen-share-stopped"),
            (change.hand, "raise-hand", "lower-hand"),
        ];
        for (flag, on, off) in states {
            if let Some(flag) = flag {
                messages.push(self.state(if flag { on } else { off }));
            }
        }
        messages
    }

    /// The sender's own message, or a plain one where the change comes from another vocabulary.
    fn state(&self, kind: &'static str) -> String {
        match self.body {
            Some(body) => extend(body.as_str(), |out| self.fields(out)),
            None => message(kind, |out| self.fields(out)),
        }
    }

    fn fields(&self, out: &mut Object<'_>) {
        out.text("from", self.socket.as_str()).text("peerId", self.peer.as_str());
        identity(out, self.by);
    }
}
