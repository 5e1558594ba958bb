//! From messages to packets.

use std::sync::Arc;

use bytes::Bytes;

use crate::packet::is_reserved_event;
use crate::{Ack, AckId, DecodeError, Event, Json, Namespace, Packet, placeholder};

/// How much one packet may hold. The text itself is bounded below, by the transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most attachments.
    pub attachments: usize,
    /// Most bytes in all attachments together.
    pub attachment_bytes: usize,
    /// Most arguments of an event or acknowledgement.
    pub arguments: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { attachments: 10, attachment_bytes: 4_000_000, arguments: 1_000 }
    }
}

/// Puts packets together from the messages of one connection.
///
/// A packet with attachments is complete, and given, with the last of them. After an error the
/// decoder is of no more use: the connection is to be closed.
#[derive(Debug)]
pub struct Decoder {
    /// Shared by all connections.
    limits: Arc<Limits>,
    /// Boxed, so that a connection without one pays a pointer.
    due: Option<Box<Due>>,
}

/// A packet that waits for attachments.
#[derive(Debug)]
struct Due {
    packet: Packet,
    missing: usize,
    bytes: usize,
}

impl Decoder {
    /// A decoder for a new connection.
    #[must_use]
    pub fn new(limits: impl Into<Arc<Limits>>) -> Self {
        Self { limits: limits.into(), due: None }
    }

    /// Takes a text message. Gives its packet, or none if that has attachments to come.
    ///
    /// # Errors
    /// [`DecodeError`] if the message is no packet, or no text was due.
    pub fn text(&mut self, text: &str) -> Result<Option<Packet>, DecodeError> {
        if self.due.is_some() {
            return Err(DecodeError::TextWhileAttachmentsDue);
        }
        let kind = *text.as_bytes().first().ok_or(DecodeError::Empty)?;
        // A first character of several bytes is none of the types, and then there is no rest.
        let rest = text.get(1..).ok_or(DecodeError::UnknownType)?;
        let (attachments, rest) = match kind {
            b'0'..=b'4' => (0, rest),
            b'5' | b'6' => self.attachment_count(rest)?,
            _ => return Err(DecodeError::UnknownType),
        };
        let (namespace, rest) = split_namespace(rest)?;
        match kind {
            b'0' => connect(namespace, rest).map(Some),
            b'1' if rest.is_empty() => Ok(Some(Packet::Disconnect { namespace })),
            b'2' | b'5' => self.event(namespace, rest, attachments),
            b'3' | b'6' => self.ack(namespace, rest, attachments),
            b'4' => connect_error(namespace, rest).map(Some),
            _ => Err(DecodeError::InvalidData),
        }
    }

    /// Takes a binary message. Gives the packet that it completes, or none if more are to come.
    ///
    /// # Errors
    /// [`DecodeError`] if no attachment is due, or the attachments of the packet grow too large.
    pub fn binary(&mut self, content: Bytes) -> Result<Option<Packet>, DecodeError> {
        let mut due = self.due.take().ok_or(DecodeError::UnexpectedAttachment)?;
        due.bytes = due.bytes.saturating_add(content.len());
        if due.bytes > self.limits.attachment_bytes {
            return Err(DecodeError::AttachmentsTooLarge);
        }
        match &mut due.packet {
            Packet::Event(Event { attachments, .. }) | Packet::Ack(Ack { attachments, .. }) => {
                attachments.push(content);
            }
            // No other packet is made to wait.
            Packet::Connect { .. } | Packet::Disconnect { .. } | Packet::ConnectError { .. } => {}
        }
        due.missing = due.missing.saturating_sub(1);
        if due.missing == 0 {
            return Ok(Some(due.packet));
        }
        self.due = Some(due);
        Ok(None)
    }

    /// Whether a packet waits for attachments.
    #[must_use]
    pub fn awaits_attachments(&self) -> bool {
        self.due.is_some()
    }

    /// `N-`, the number of attachments.
    fn attachment_count<'a>(&self, text: &'a str) -> Result<(usize, &'a str), DecodeError> {
        let (digits, rest) = split_digits(text);
        let rest = rest.strip_prefix('-').ok_or(DecodeError::InvalidAttachmentCount)?;
        if digits.is_empty() {
            return Err(DecodeError::InvalidAttachmentCount);
        }
        // Digits that are no number of this size are too many attachments for sure.
        match digits.parse() {
            Ok(0) => Err(DecodeError::InvalidAttachmentCount),
            Ok(count) if count <= self.limits.attachments => Ok((count, rest)),
            _ => Err(DecodeError::TooManyAttachments),
        }
    }

    fn event(&mut self, namespace: Namespace, text: &str, count: usize) -> Result<Option<Packet>, DecodeError> {
        let (ack, data) = split_ack_id(text)?;
        // The name is one more element.
        let mut args = elements(data, self.limits.arguments.saturating_add(1))?;
        if args.is_empty() {
            return Err(DecodeError::MissingName);
        }
        let name = event_name(args.remove(0))?;
        placeholder::check(&args, count)?;
        let packet = Packet::Event(Event { namespace, name, args, ack, attachments: Vec::with_capacity(count) });
        Ok(self.complete_or_wait(packet, count))
    }

    fn ack(&mut self, namespace: Namespace, text: &str, count: usize) -> Result<Option<Packet>, DecodeError> {
        let (id, data) = split_ack_id(text)?;
        let args = elements(data, self.limits.arguments)?;
        placeholder::check(&args, count)?;
        let packet = Packet::Ack(Ack {
            namespace,
            id: id.ok_or(DecodeError::MissingAckId)?,
            args,
            attachments: Vec::with_capacity(count),
        });
        Ok(self.complete_or_wait(packet, count))
    }

    fn complete_or_wait(&mut self, packet: Packet, missing: usize) -> Option<Packet> {
        if missing == 0 {
            return Some(packet);
        }
        self.due = Some(Box::new(Due { packet, missing, bytes: 0 }));
        None
    }
}

fn connect(namespace: Namespace, data: &str) -> Result<Packet, DecodeError> {
    let auth = match data {
        "" => None,
        _ => Some(Json::new(data)?),
    };
    if auth.as_ref().is_some_and(|auth| !auth.is_object()) {
        return Err(DecodeError::InvalidData);
    }
    Ok(Packet::Connect { namespace, auth })
}

fn connect_error(namespace: Namespace, data: &str) -> Result<Packet, DecodeError> {
    let data = Json::new(data)?;
    if data.is_object() || data.is_string() {
        Ok(Packet::ConnectError { namespace, data })
    } else {
        Err(DecodeError::InvalidData)
    }
}

/// The elements of an event's or acknowledgement's data.
fn elements(data: &str, limit: usize) -> Result<Vec<Json>, DecodeError> {
    if data.starts_with('[') { Json::elements(data, limit) } else { Err(DecodeError::InvalidData) }
}

/// As the stock parser does, a number passes for a name.
fn event_name(element: Json) -> Result<String, DecodeError> {
    let name = if element.is_string() {
        serde_json::from_str(element.as_str()).map_err(|_| DecodeError::InvalidJson)?
    } else if element.is_number() {
        String::from(element)
    } else {
        return Err(DecodeError::MissingName);
    };
    if is_reserved_event(&name) {
        return Err(DecodeError::ReservedName);
    }
    Ok(name)
}

/// A namespace other than the main one stands before a comma, or alone (Socket.IO protocol,
/// "Packet encoding").
fn split_namespace(text: &str) -> Result<(Namespace, &str), DecodeError> {
    if !text.starts_with('/') {
        return Ok((Namespace::MAIN, text));
    }
    let (name, rest) = text.split_once(',').unwrap_or((text, ""));
    let namespace = Namespace::new(name).map_err(|_| DecodeError::NamespaceTooLong)?;
    Ok((namespace, rest))
}

fn split_ack_id(text: &str) -> Result<(Option<AckId>, &str), DecodeError> {
    let (digits, data) = split_digits(text);
    if digits.is_empty() {
        return Ok((None, data));
    }
    let id = digits.parse().map_err(|_| DecodeError::AckIdTooLarge)?;
    Ok((Some(AckId(id)), data))
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}
