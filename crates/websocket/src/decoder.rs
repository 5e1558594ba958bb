//! The reader: bytes to messages.

use bytes::Bytes;

use crate::close::{Close, CloseCode};
use crate::frame::{Header, MAX_HEADER, Opcode};
use crate::mask;
use crate::utf8::Validator;

/// Which end of the connection reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Frames must be masked.
    Server,
    /// Frames must not be masked.
    Client,
}

/// A whole message, or a control frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
    /// To be answered by a pong with the same payload.
    Ping(Bytes),
    /// The answer to a ping of ours, or unasked.
    Pong(Bytes),
    /// The peer's last frame; `None` if it gave no code.
    Close(Option<Close>),
}

/// The peer broke a rule; the connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A reserved bit is set though no extension was agreed (section 5.2).
    #[error("reserved bits are set")]
    ReservedBits,
    /// An opcode that the RFC does not define.
    #[error("unknown opcode")]
    UnknownOpcode,
    /// A client's frame without mask, or a server's with one (section 5.1).
    #[error("wrong masking")]
    Masking,
    /// A control frame that is fragmented or longer than 125 bytes (section 5.5).
    #[error("malformed control frame")]
    ControlFrame,
    /// A continuation without a message, or a new message within another (section 5.4).
    #[error("fragments out of order")]
    Fragmentation,
    /// A 64-bit length with its highest bit set.
    #[error("malformed length")]
    Length,
    /// A close frame with half a code, or a code that may not be sent (section 7.4).
    #[error("malformed close frame")]
    CloseFrame,
    /// Text or a close reason that is not UTF-8.
    #[error("text is not UTF-8")]
    InvalidUtf8,
    /// A message above the limit; known from a frame's header, before its payload is read.
    #[error("message too large")]
    TooLarge,
}

impl Error {
    /// The code that tells the peer (section 7.4.1).
    pub fn close_code(self) -> CloseCode {
        match self {
            Self::InvalidUtf8 => CloseCode::INVALID_DATA,
            Self::TooLarge => CloseCode::TOO_LARGE,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }
}

/// What one call of [`Decoder::decode`] came to.
#[derive(Debug, PartialEq, Eq)]
pub struct Decoded {
    /// Bytes taken from the front of the input: all of them if there is no message.
    pub consumed: usize,
    /// The message that ended within the consumed bytes.
    pub message: Option<Message>,
}

/// An incremental reader of one connection.
///
/// Feed it what was read, in pieces of any size, until a call consumes everything and gives no message.
/// After an error or a [`Message::Close`] nothing more should be fed.
#[derive(Debug)]
pub struct Decoder {
    role: Role,
    max_message: usize,
    /// The front of a header that has not come whole.
    header: [u8; MAX_HEADER],
    header_length: u8,
    frame: Option<Frame>,
    message: Option<Fragments>,
    /// The part of a data message that has come; empty and without capacity between messages.
    data: Vec<u8>,
    /// The same for a control frame.
    control: Vec<u8>,
}

/// A frame whose header has come and whose payload has not come whole.
#[derive(Clone, Copy, Debug)]
struct Frame {
    header: Header,
    /// Bytes of payload that have come.
    received: u64,
}

/// A data message that has begun.
#[derive(Debug)]
struct Fragments {
    /// The validator for text, `None` for binary.
    text: Option<Validator>,
}

impl Decoder {
    /// A reader which refuses messages (of any number of fragments) above `max_message` bytes.
    pub fn new(role: Role, max_message: usize) -> Self {
        Self {
            role,
            max_message,
            header: [0; MAX_HEADER],
            header_length: 0,
            frame: None,
            message: None,
            data: Vec::new(),
            control: Vec::new(),
        }
    }

    /// Reads from the front of `input`, whose payload bytes are unmasked in place, up to the end of one message.
    ///
    /// # Errors
    /// The first broken rule, as soon as the bytes that show it are there.
    pub fn decode(&mut self, input: &mut [u8]) -> Result<Decoded, Error> {
        let mut consumed = 0;
        loop {
            let rest = input.get_mut(consumed..).unwrap_or_default();
            let frame = match self.frame {
                Some(frame) => frame,
                None => match self.read_header(rest)? {
                    (taken, Some(header)) => {
                        consumed += taken;
                        let frame = Frame { header, received: 0 };
                        self.frame = Some(frame);
                        frame
                    }
                    (taken, None) => {
                        return Ok(Decoded { consumed: consumed + taken, message: None });
                    }
                },
            };
            let rest = input.get_mut(consumed..).unwrap_or_default();
            let (taken, message) = self.read_payload(frame, rest)?;
            consumed += taken;
            if message.is_some() || self.frame.is_some() {
                return Ok(Decoded { consumed, message });
            }
        }
    }

    /// Reads a header, from `input` alone or together with the part of it that came before.
    fn read_header(&mut self, input: &[u8]) -> Result<(usize, Option<Header>), Error> {
        let held = usize::from(self.header_length);
        let parsed = if held == 0 {
            Header::parse(input)?
        } else {
            let free = &mut self.header[held..];
            let added = free.len().min(input.len());
            free[..added].copy_from_slice(&input[..added]);
            Header::parse(&self.header[..held + added])?
        };
        match parsed {
            Some(header) => {
                self.header_length = 0;
                self.judge(&header)?;
                Ok((header.length - held, Some(header)))
            }
            None => {
                if held == 0 {
                    self.header[..input.len()].copy_from_slice(input);
                }
                // Less than a header came, so the sum is below MAX_HEADER.
                self.header_length += input.len() as u8;
                Ok((input.len(), None))
            }
        }
    }

    /// The rules that need the connection's state, judged before any payload is taken.
    fn judge(&mut self, header: &Header) -> Result<(), Error> {
        if header.mask.is_some() != (self.role == Role::Server) {
            return Err(Error::Masking);
        }
        match header.opcode {
            Opcode::Continuation if self.message.is_none() => return Err(Error::Fragmentation),
            Opcode::Text | Opcode::Binary if self.message.is_some() => {
                return Err(Error::Fragmentation);
            }
            Opcode::Text | Opcode::Binary | Opcode::Continuation => {
                let room = self.max_message.saturating_sub(self.data.len());
                if header.payload > room as u64 {
                    return Err(Error::TooLarge);
                }
            }
            Opcode::Close | Opcode::Ping | Opcode::Pong => {}
        }
        if header.opcode == Opcode::Text {
            let text = Some(Validator::default());
            self.message = Some(Fragments { text });
        } else if header.opcode == Opcode::Binary {
            self.message = Some(Fragments { text: None });
        }
        Ok(())
    }

    /// Takes what there is of the payload, and the message if the payload was the last that it lacked.
    fn read_payload(&mut self, frame: Frame, input: &mut [u8]) -> Result<(usize, Option<Message>), Error> {
        let Header { opcode, mask, fin, payload, .. } = frame.header;
        let missing = payload - frame.received;
        let taken = usize::try_from(missing).map_or(input.len(), |missing| missing.min(input.len()));
        let piece = &mut input[..taken];
        if let Some(key) = mask {
            // Only the phase within four bytes matters.
            mask::apply(piece, key, (frame.received % 4) as usize);
        }
        let complete = taken as u64 == missing;
        let whole = complete && frame.received == 0;
        self.frame = (!complete).then_some(Frame { received: frame.received + taken as u64, ..frame });
        let message = if opcode.is_control() {
            self.take_control(opcode, piece, complete, whole)?
        } else {
            self.take_data(piece, complete && fin, whole && fin)?
        };
        Ok((taken, message))
    }

    fn take_control(
        &mut self,
        opcode: Opcode,
        piece: &[u8],
        complete: bool,
        whole: bool,
    ) -> Result<Option<Message>, Error> {
        let payload = if whole {
            Bytes::copy_from_slice(piece)
        } else {
            self.control.extend_from_slice(piece);
            if !complete {
                return Ok(None);
            }
            Bytes::from(std::mem::take(&mut self.control))
        };
        Ok(Some(match opcode {
            Opcode::Ping => Message::Ping(payload),
            Opcode::Pong => Message::Pong(payload),
            _ => Message::Close(Close::parse(&payload)?),
        }))
    }

    /// `last`: the message ends with this piece. `whole`: the frame is in it from its first byte.
    fn take_data(&mut self, piece: &[u8], last: bool, whole: bool) -> Result<Option<Message>, Error> {
        let Some(message) = self.message.as_mut() else {
            return Err(Error::Fragmentation);
        };
        if whole && self.data.is_empty() && message.text.as_ref().is_none_or(Validator::is_complete) {
            let text = self.message.take().is_some_and(|message| message.text.is_some());
            return Ok(Some(if text {
                Message::Text(std::str::from_utf8(piece).map_err(|_| Error::InvalidUtf8)?.to_owned())
            } else {
                Message::Binary(Bytes::copy_from_slice(piece))
            }));
        }
        if let Some(validator) = &mut message.text {
            validator.push(piece).map_err(|_| Error::InvalidUtf8)?;
        }
        self.data.extend_from_slice(piece);
        if !last {
            return Ok(None);
        }
        let text = self.message.take().is_some_and(|message| message.text.is_some());
        let data = std::mem::take(&mut self.data);
        Ok(Some(if text {
            // Catches the character that the end of the message cut off.
            Message::Text(String::from_utf8(data).map_err(|_| Error::InvalidUtf8)?)
        } else {
            Message::Binary(Bytes::from(data))
        }))
    }

    /// Bytes of memory held for what is incomplete; zero between messages.
    pub fn buffered(&self) -> usize {
        self.data.capacity() + self.control.capacity()
    }
}
