//! Messages as the log has them, with the marks that they have gathered since.

use std::collections::HashMap;

use heliograph_cluster::{grpc::RoomClient, store::PageRange};
use heliograph_domain::{
    delivery::LogEntry,
    event::{Event, Message},
    id::{MessageId, UserId},
    refusal::Refusal,
    room::RoomId,
    text::RawJson,
};
use serde::Serialize;
use serde_json::value::RawValue;

/// Log entries asked for at a time: as many as a room-router gives.
const READ: u32 = 200;
/// Most times that the log is asked for a page of messages, and again for the marks on them. Only a deployment that
/// keeps very long logs has rooms in which that is not enough; there, marks that came much later are not shown.
const READS: usize = 50;

/// A message as clients see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageView {
    id: String,
    seq: u64,
    room_id: String,
    user_id: String,
    user_name: String,
    r#type: &'static str,
    content: Box<RawValue>,
    attachments: Box<RawValue>,
    reactions: Vec<Reaction>,
    timestamp: String,
}

/// Everybody's marks of one kind on a message, in the order of the first of each.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Reaction {
    emoji: String,
    user_ids: Vec<String>,
}

/// Messages of a room.
#[derive(Debug, Serialize)]
pub struct Messages {
    /// Oldest first.
    pub(super) messages: Vec<MessageView>,
    /// Whether there are more in the direction that was asked for.
    pub(super) more: bool,
}

/// At most `limit` messages of a room: the newest, or those that `range` says. For one of its members, or without a
/// `reader` for an operator.
///
/// # Errors
/// `NOT_ALLOWED` if `reader` is not a member; `UNAVAILABLE` if the log cannot be read.
pub async fn read(
    rooms: &RoomClient,
    room: &RoomId,
    reader: Option<&UserId>,
    range: Option<PageRange>,
    limit: usize,
) -> Result<Messages, Refusal> {
    let forward = matches!(range, Some(PageRange::After(_)));
    let (entries, unread) = entries_with(rooms, room, reader, range, limit).await?;
    let posted: Vec<_> = entries.iter().filter(|entry| message(entry).is_some()).collect();
    let chosen =
        if forward { posted.get(..limit.min(posted.len())) } else { posted.get(posted.len().saturating_sub(limit)..) };
    let mut views = Views::of(room, chosen.unwrap_or_default());
    entries.iter().for_each(|entry| views.mark(entry));
    if let (Some(_), Some(newest)) = (range, entries.last()) {
        // The newest messages came with everything behind them; others may have been marked since.
        marks_after(rooms, room, reader, newest.seq, &mut views).await?;
    }
    Ok(Messages { messages: views.messages, more: unread || posted.len() > limit })
}

/// Entries that hold more than `limit` messages, or all that there are; and whether any are left.
async fn entries_with(
    rooms: &RoomClient,
    room: &RoomId,
    reader: Option<&UserId>,
    mut range: Option<PageRange>,
    limit: usize,
) -> Result<(Vec<LogEntry>, bool), Refusal> {
    let mut entries: Vec<LogEntry> = Vec::new();
    for _ in 0..READS {
        let mut page = rooms.history(room, range, READ, reader).await?;
        let (Some(first), Some(last)) = (page.entries.first(), page.entries.last()) else {
            return Ok((entries, false));
        };
        if matches!(range, Some(PageRange::After(_))) {
            range = Some(PageRange::After(last.seq));
            entries.append(&mut page.entries);
        } else {
            range = Some(PageRange::Before(first.seq));
            page.entries.append(&mut entries);
            entries = page.entries;
        }
        let found = entries.iter().filter(|entry| message(entry).is_some()).count();
        if found > limit || !page.more {
            return Ok((entries, page.more));
        }
    }
    Ok((entries, true))
}

async fn marks_after(
    rooms: &RoomClient,
    room: &RoomId,
    reader: Option<&UserId>,
    mut seq: u64,
    views: &mut Views,
) -> Result<(), Refusal> {
    for _ in 0..READS {
        let page = rooms.history(room, Some(PageRange::After(seq)), READ, reader).await?;
        page.entries.iter().for_each(|entry| views.mark(entry));
        match page.entries.last() {
            Some(last) if page.more => seq = last.seq,
            _ => break,
        }
    }
    Ok(())
}

pub(super) fn message(entry: &LogEntry) -> Option<&Message> {
    match &entry.event {
        Event::MessagePosted(message) => Some(message),
        _ => None,
    }
}

/// Messages that gather marks.
pub(super) struct Views {
    pub(super) messages: Vec<MessageView>,
    places: HashMap<MessageId, usize>,
}

impl Views {
    pub(super) fn of(room: &RoomId, entries: &[&LogEntry]) -> Self {
        let mut views = Self { messages: Vec::with_capacity(entries.len()), places: HashMap::new() };
        for entry in entries {
            if let Some(message) = message(entry) {
                views.places.insert(message.id.clone(), views.messages.len());
                views.messages.push(MessageView::new(room, entry, message));
            }
        }
        views
    }

    /// Applies a mark to the message that it is about.
    pub(super) fn mark(&mut self, entry: &LogEntry) {
        let Event::ReactionChanged { message, user, emoji, on } = &entry.event else { return };
        let Some(view) = self.places.get(message).and_then(|place| self.messages.get_mut(*place)) else { return };
        let (user, emoji) = (user.id.as_str(), emoji.as_str());
        let known = view.reactions.iter().position(|reaction| reaction.emoji == emoji);
        match (known.and_then(|at| view.reactions.get_mut(at)), *on) {
            (Some(reaction), true) if reaction.user_ids.iter().any(|id| id == user) => {}
            (Some(reaction), true) => reaction.user_ids.push(user.to_owned()),
            (None, true) => {
                view.reactions.push(Reaction { emoji: emoji.to_owned(), user_ids: vec![user.to_owned()] });
            }
            (Some(reaction), false) => reaction.user_ids.retain(|id| id != user),
            (None, false) => {}
        }
        view.reactions.retain(|reaction| !reaction.user_ids.is_empty());
    }
}

impl MessageView {
    fn new(room: &RoomId, entry: &LogEntry, message: &Message) -> Self {
        let attachments = message.attachments.as_ref().map_or("[]", RawJson::as_str);
        Self {
            id: message.id.to_string(),
            seq: entry.seq,
            room_id: room.to_string(),
            user_id: message.author.id.to_string(),
            user_name: message.author.name.to_string(),
            r#type: message.content.kind(),
            content: content(message),
            // What is stored was JSON when it came; if it no longer is, the message is shown without it.
            attachments: RawValue::from_string(attachments.to_owned()).unwrap_or_default(),
            reactions: Vec::new(),
            timestamp: entry.at.to_string(),
        }
    }
}

/// The text, or what a message is beside text, in the client's own form.
fn content(message: &Message) -> Box<RawValue> {
    let json = match message.content.body() {
        Some(body) => RawValue::from_string(body.as_str().to_owned()),
        None => serde_json::value::to_raw_value(message.text.as_str()),
    };
    json.unwrap_or_default()
}
