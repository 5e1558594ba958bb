//! Answers to the client that asked.

use std::borrow::Cow;

use heliograph_domain::{
    event::Event,
    id::SocketId,
    outcome::{Joined, RoomOutcome},
    refusal::{Code, Refusal},
    room::RoomId,
    text::{RawJson, Reference},
    user::User,
};

use super::peer::{chat, identity, peer};
use crate::{Context, Form, files::in_words, json::object};

/// What `peers` says besides the room's state.
#[derive(Clone, Copy, Debug)]
pub struct Welcome<'a> {
    /// The client's own peer id.
    pub socket: &'a SocketId,
    /// Who the client is.
    pub user: &'a User,
    /// The room.
    pub room: &'a RoomId,
    /// Brings the client back to this peer id after a loss of the connection.
    pub resume_token: &'a str,
    /// Whether this is such a return.
    pub resumed: bool,
    /// Whether to list the messages that the client has missed.
    pub with_messages: bool,
    /// A JSON array of `RTCIceServer`.
    pub ice_servers: &'a str,
}

/// The answer to `join`: who is there, and how to reach them.
pub fn peers(joined: &Joined, welcome: &Welcome<'_>) -> String {
    let room = welcome.room;
    object(512 + 256 * joined.peers.len(), |out| {
        out.plain("type", "peers").objects("peers", &joined.peers, peer).text("peerId", welcome.socket.as_str());
        identity(out, welcome.user);
        out.text("room", room.as_str())
            .optional_text("host", joined.host.as_ref().map(SocketId::as_str))
            .flag("chatEnabled", joined.chat_enabled)
            .text("resumeToken", welcome.resume_token)
            .flag("resumed", welcome.resumed)
            .number("seq", joined.position.seq);
        if welcome.with_messages {
            let messages = joined.missed.entries.iter().filter_map(|entry| match &entry.event {
                Event::MessagePosted(message) => {
                    let context = Context { room: Some(room), at: entry.at, seq: Some(entry.seq) };
                    Some((message, in_words(message, true)?, context))
                }
                _ => None,
            });
            out.objects("messages", messages, |out, (message, text, context)| {
                chat(out, message, &text, &context, Form::Everyone);
            });
            if joined.missed.more {
                out.flag("more", true);
            }
        }
        out.raw("iceServers", welcome.ice_servers);
    })
}

/// The answer to a message with an `id` that was carried out.
pub fn ack(id: &Reference, outcome: Option<&RoomOutcome>) -> String {
    object(96, |out| {
        out.plain("type", "ack").raw("id", id.as_json()).flag("success", true);
        if let Some(RoomOutcome::Posted { message, seq, at }) = outcome {
            out.text("messageId", message.as_str()).number("seq", *seq).plain("timestamp", at);
        }
    })
}

/// The answer to a heartbeat: its own fields, given as in [`super::Request::Ping`].
pub fn pong(fields: &RawJson) -> String {
    let fields = fields.as_str().trim_start().strip_prefix('{').unwrap_or("}").trim_start();
    let comma = if fields.starts_with('}') { "" } else { "," };
    format!(r#"{{"type":"pong"{comma}{fields}"#)
}

/// A refusal, or the reason why the connection is about to end.
///
/// `id` is that of the refused message, `to` the peer that it was for.
pub fn error(id: Option<&Reference>, to: Option<&SocketId>, refusal: &Refusal) -> String {
    object(160, |out| {
        out.plain("type", "error").plain("code", refusal.code.as_str()).text("message", &words(refusal));
        if let Some(id) = id {
            out.raw("ref", id.as_json());
        }
        if let Some(to) = to {
            out.text("to", to.as_str());
        }
        if refusal.retryable() {
            out.flag("retryable", true);
        }
        if let Some(at) = refusal.reset_at {
            out.number("resetTime", at.as_millis());
        }
    })
}

/// Addressees of this vocabulary are peers, not users.
fn words(refusal: &Refusal) -> Cow<'static, str> {
    let usual = refusal.message == refusal.code.default_message();
    if refusal.code == Code::UserNotConnected && usual { "Peer not connected".into() } else { refusal.message.clone() }
}
