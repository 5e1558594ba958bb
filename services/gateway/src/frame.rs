//! A packet encoded once for all of its receivers.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use heliograph_socketio::AckId;
use heliograph_socketio::encode as packet;
use heliograph_websocket::Opcode;
use heliograph_websocket::encode::{self, FrameHeader};

/// One outgoing packet: a complete WebSocket frame, and one more for each binary attachment.
///
/// A clone shares the bytes. A WebSocket gets them as they are; a polling session takes the payload
/// out of each frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    head: Bytes,
    attachments: Option<Arc<[Bytes]>>,
}

/// The payload of one frame of a [`Frame`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// The text of a text frame, UTF-8.
    Text(&'a [u8]),
    /// The bytes of a binary frame.
    Binary(&'a [u8]),
}

impl Frame {
    /// A text message on a plain WebSocket.
    pub fn text(text: &str) -> Self {
        Self::from(encode::frame(Opcode::Text, text.as_bytes()))
    }

    /// A binary message, on a plain WebSocket or over Engine.IO alike.
    pub fn binary(data: &[u8]) -> Self {
        Self::from(encode::frame(Opcode::Binary, data))
    }

    /// A text message over Engine.IO: a message packet, type `4`.
    pub fn message(text: &str) -> Self {
        Self::prefixed(text)
    }

    /// A Socket.IO event, `args` being JSON texts.
    ///
    /// `offset` is the position that a client returns for recovery, sent as one more argument. Placeholders for
    /// `attachments` must stand in the arguments, numbered in the order of the attachments.
    pub fn event(
        namespace: &str,
        name: &str,
        args: &[impl AsRef<str>],
        offset: Option<&str>,
        attachments: &[Bytes],
    ) -> Self {
        let text = packet::event(namespace, name, args, offset, attachments.len());
        Self::packet(&text, attachments)
    }

    /// An event that asks for an answer.
    pub(crate) fn question(
        namespace: &str,
        name: &str,
        args: &[impl AsRef<str>],
        id: AckId,
        attachments: &[Bytes],
    ) -> Self {
        let text = packet::question(namespace, name, args, id, attachments.len());
        Self::packet(&text, attachments)
    }

    /// The answer to an event of the client.
    pub(crate) fn ack(namespace: &str, id: AckId, args: &[impl AsRef<str>], attachments: &[Bytes]) -> Self {
        Self::packet(&packet::ack(namespace, id, args, attachments.len()), attachments)
    }

    /// A Socket.IO packet from its text and its attachments.
    pub(crate) fn packet(text: &str, attachments: &[Bytes]) -> Self {
        let mut frame = Self::prefixed(text);
        if !attachments.is_empty() {
            let frames = attachments.iter().map(|data| encode::frame(Opcode::Binary, data));
            frame.attachments = Some(frames.collect());
        }
        frame
    }

    /// A text frame of an Engine.IO message packet.
    fn prefixed(text: &str) -> Self {
        let header = FrameHeader::new(Opcode::Text, text.len() + 1);
        let mut head = BytesMut::with_capacity(header.as_ref().len() + 1 + text.len());
        head.put_slice(header.as_ref());
        head.put_u8(b'4');
        head.put_slice(text.as_bytes());
        Self::from(head.freeze())
    }

    /// The frames to write one after the other, without anything between them.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Bytes> {
        std::iter::once(&self.head).chain(self.attachments.iter().flat_map(|attachments| attachments.iter()))
    }

    /// The only frame, if the packet has no attachments.
    pub(crate) fn single(&self) -> Option<&Bytes> {
        self.attachments.is_none().then_some(&self.head)
    }

    /// Bytes on a WebSocket, headers included.
    pub fn wire_length(&self) -> usize {
        self.parts().map(Bytes::len).sum()
    }
}

/// A frame that was encoded before.
impl From<Bytes> for Frame {
    fn from(head: Bytes) -> Self {
        Self { head, attachments: None }
    }
}

/// The payload within the bytes of an unmasked frame of ours.
pub(crate) fn payload(frame: &[u8]) -> Payload<'_> {
    let header = match frame.get(1) {
        Some(126) => 4,
        Some(127) => 10,
        _ => 2,
    };
    let payload = frame.get(header..).unwrap_or_default();
    if frame.first().is_some_and(|first| first & 0x0f == Opcode::Binary as u8) {
        Payload::Binary(payload)
    } else {
        Payload::Text(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_of_a_frame_of_any_length_is_found() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let data = vec![b'x'; length];
            assert_eq!(payload(&encode::frame(Opcode::Binary, &data)), Payload::Binary(&data));
            assert_eq!(payload(&encode::frame(Opcode::Text, &data)), Payload::Text(&data));
        }
    }

    #[test]
    fn an_event_is_a_message_packet_in_a_text_frame_followed_by_its_attachments() {
        let frame = Frame::event(
            "/chat",
            "draw",
            &[r#"{"_placeholder":true,"num":0}"#],
            None,
            &[Bytes::from_static(b"\x01\x02")],
        );
        let parts: Vec<_> = frame.parts().map(|part| payload(part)).collect();
        assert_eq!(
            parts,
            [Payload::Text(br#"451-/chat,["draw",{"_placeholder":true,"num":0}]"#), Payload::Binary(b"\x01\x02"),]
        );
        assert_eq!(frame.wire_length(), 2 + 48 + 2 + 2);
    }

    #[test]
    fn an_offset_is_one_more_argument() {
        let frame = Frame::event("/", "say", &["1", "\"a\""], Some("o1"), &[]);
        let text = frame.single().map(|head| payload(head));
        assert_eq!(text, Some(Payload::Text(br#"42["say",1,"a","o1"]"#)));
    }
}
