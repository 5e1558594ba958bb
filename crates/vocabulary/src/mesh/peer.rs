//! Parts that several messages share.

use heliograph_domain::{event::Message, id::SocketId, room::Peer, text::RawJson, user::User};

use crate::{
    Context, Form,
    json::{Fields, Object, string},
};

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

/// A `chat` message. Its `from` is a peer that can be signalled, or `null`.
pub(super) fn chat(out: &mut Object<'_>, message: &Message, context: &Context<'_>, form: Form) {
    let peer = message.socket.as_ref().filter(|_| message.peer);
    out.plain("type", "chat")
        .text("id", message.id.as_str())
        .number("seq", context.seq.unwrap_or_default())
        .optional_text("from", peer.map(SocketId::as_str));
    identity(out, &message.author);
    match &message.attachments {
        None => out.text("text", message.text.as_str()),
        Some(attachments) => {
            out.text("text", &with_files(message.text.as_str(), attachments)).raw("attachments", attachments.as_str())
        }
    };
    out.plain("timestamp", context.at);
    if let (Form::Sender, Some(reference)) = (form, &message.reference) {
        out.raw("ref", reference.as_json());
    }
}

/// Attachments in words, for clients that show text alone: one line `[file] <name> <url>` for each,
/// after the text if there is any.
fn with_files(text: &str, attachments: &RawJson) -> String {
    let mut out = text.trim_end().to_owned();
    let items: Vec<Fields<'_>> = serde_json::from_str(attachments.as_str()).unwrap_or_default();
    for item in &items {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str("[file]");
        for key in ["name", "url"] {
            if let Some(value) = item.value(key).and_then(string) {
                out.push(' ');
                out.push_str(&value);
            }
        }
    }
    out
}
