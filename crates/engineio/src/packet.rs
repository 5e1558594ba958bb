//! One packet and its text.
//!
//! A packet is a digit and, for some types, data behind it (Engine.IO protocol, "Packet encoding").
//! Binary messages have two forms: on a WebSocket they are a binary frame and nothing else, in a
//! long-polling payload they are `b` and base64.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

/// Padding is written and not asked for: some clients leave it out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An Engine.IO packet. Its text is borrowed from where it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet<'a> {
    /// `0`: the server's answer to a handshake; the data is JSON.
    Open(&'a str),
    /// `1`: the sender ends the session.
    Close,
    /// `2`: a heartbeat from the server, or `probe` from a client that tries a WebSocket.
    Ping(&'a str),
    /// `3`: the answer to a ping, with the ping's data.
    Pong(&'a str),
    /// `4`, or `b` for base64, or a binary frame.
    Message(Message<'a>),
    /// `5`: from now on the sender uses the WebSocket that it probed.
    Upgrade,
    /// `6`: nothing; it only ends a poll.
    Noop,
}

/// What a message packet carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text, a slice of the packet's text.
    Text(&'a str),
    /// Bytes: the content of a binary frame, or decoded from base64.
    Binary(Bytes),
}

/// Why a text is not a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The text has no characters, not even a type.
    #[error("the packet is empty")]
    Empty,
    /// The first character is none of `0` to `6` and not `b`.
    #[error("the packet type is unknown")]
    UnknownType,
    /// A close, upgrade or noop packet with something behind its type.
    #[error("the packet carries data that its type does not have")]
    UnexpectedData,
    /// What follows `b` is not base64.
    #[error("the binary packet is not base64")]
    InvalidBase64,
}

impl<'a> Packet<'a> {
    /// Reads the text of a WebSocket text frame, or of one packet of a payload.
    ///
    /// # Errors
    /// [`DecodeError`] if the text is not exactly one packet.
    pub fn decode(text: &'a str) -> Result<Self, DecodeError> {
        let kind = *text.as_bytes().first().ok_or(DecodeError::Empty)?;
        // A first character of several bytes is none of the types, and then there is no rest.
        let data = text.get(1..).ok_or(DecodeError::UnknownType)?;
        match kind {
            b'4' => Ok(Self::Message(Message::Text(data))),
            b'3' => Ok(Self::Pong(data)),
            b'2' => Ok(Self::Ping(data)),
            b'b' => BASE64
                .decode(data)
                .map(|bytes| Self::Message(Message::Binary(bytes.into())))
                .map_err(|_| DecodeError::InvalidBase64),
            b'0' => Ok(Self::Open(data)),
            b'1' => Self::without_data(Self::Close, data),
            b'5' => Self::without_data(Self::Upgrade, data),
            b'6' => Self::without_data(Self::Noop, data),
            _ => Err(DecodeError::UnknownType),
        }
    }

    fn without_data(packet: Self, data: &str) -> Result<Self, DecodeError> {
        if data.is_empty() { Ok(packet) } else { Err(DecodeError::UnexpectedData) }
    }

    /// The packet that a binary WebSocket frame is.
    #[must_use]
    pub fn binary(content: Bytes) -> Self {
        Self::Message(Message::Binary(content))
    }

    /// Appends the packet's text to `out`: the content of a WebSocket text frame, or one packet of
    /// a payload. A binary message is written in its payload form, `b` and base64.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let (kind, data) = match self {
            Self::Open(data) => (b'0', *data),
            Self::Close => (b'1', ""),
            Self::Ping(data) => (b'2', *data),
            Self::Pong(data) => (b'3', *data),
            Self::Message(Message::Text(data)) => (b'4', *data),
            Self::Message(Message::Binary(content)) => return encode_binary(content, out),
            Self::Upgrade => (b'5', ""),
            Self::Noop => (b'6', ""),
        };
        out.push(kind);
        out.extend_from_slice(data.as_bytes());
    }
}

/// Appends a binary message in its payload form.
pub(crate) fn encode_binary(content: &[u8], out: &mut Vec<u8>) {
    out.push(b'b');
    let start = out.len();
    out.resize(start + encoded_length(content.len()), 0);
    if let Some(space) = out.get_mut(start..) {
        // The space is exactly what the padded alphabet needs, so there is no error to handle.
        let written = BASE64.encode_slice(content, space);
        debug_assert_eq!(written.ok(), Some(encoded_length(content.len())));
    }
}

/// Bytes that a binary message of `length` bytes takes in a payload.
pub(crate) const fn binary_length(length: usize) -> usize {
    1 + encoded_length(length)
}

const fn encoded_length(length: usize) -> usize {
    length.div_ceil(3) * 4
}
