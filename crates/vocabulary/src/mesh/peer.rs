//! Parts that several messages share.

use heliograph_domain::{event::Message, id::SocketId, room::Peer, user::User};

use crate::{Context, Form, files::attachments, json::Object};

/// Who sent something.
pub(super) fn sender(out: &mut Object<'_>, socket: &SocketId, user: &User) {
    out.text("from", socket.as_str());
    identity(out, user);
}

pub(super) fn identity(out: &mut Object<'_>, user: &User) {
    out.text("userId", user.id.as_str()).text("username", user.name.as_str());
}

/// A peer as `peers` lists it.
pub(super) fn peer(out: &mut Object<'_>, peer: &Peer) {
    out.text("id", peer.socket.as_str()).text("peerId", peer.socket.as_str());
    identity(out, &peer.user);
    out.flag("audio", peer.media.audio)
        .flag("video", peer.media.video)
        .flag("screenSharing", peer.media.screen)
        .flag("handRaised", peer.media.hand)
        .plain("joinedAt", peer.joined_at);
}

/// A `chat` message. Its `from` is a peer that can be signalled, or `null`. `text` is what it says in words.
pub(super) fn chat(out: &mut Object<'_>, message: &Message, text: &str, context: &Context<'_>, form: Form) {
    let peer = message.socket.as_ref().filter(|_| message.peer);
    out.plain("type", "chat")
        .text("id", message.id.as_str())
        .number("seq", context.seq.unwrap_or_default())
        .optional_text("from", peer.map(SocketId::as_str));
    identity(out, &message.author);
    out.text("text", text);
    if let Some(attachments) = attachments(message) {
        out.raw("attachments", &attachments);
    }
    out.plain("timestamp", context.at);
    if let (Form::Sender, Some(reference)) = (form, &message.reference) {
        out.raw("ref", reference.as_json());
    }
}
