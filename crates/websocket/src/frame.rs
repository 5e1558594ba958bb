//! The header of a frame (RFC 6455, section 5.2).

use crate::decoder::Error;

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Opcode {
    /// More of the message begun by an earlier text or binary frame.
    Continuation = 0,
    /// UTF-8 text.
    Text = 1,
    /// Bytes.
    Binary = 2,
    /// The sender's last frame.
    Close = 8,
    /// A request for a [`Opcode::Pong`] with the same payload.
    Ping = 9,
    /// The answer to a ping, or an unasked sign of life.
    Pong = 10,
}

impl Opcode {
    fn parse(bits: u8) -> Result<Self, Error> {
        Ok(match bits {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return Err(Error::UnknownOpcode),
        })
    }

    /// True for close, ping and pong, which may come between the fragments of a message.
    pub const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// The longest header: two bytes, eight of length, four of mask.
pub(crate) const MAX_HEADER: usize = 14;

/// Most bytes in the payload of a control frame (section 5.5).
pub(crate) const MAX_CONTROL_PAYLOAD: usize = 125;

/// A parsed header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) fin: bool,
    pub(crate) opcode: Opcode,
    pub(crate) mask: Option<[u8; 4]>,
    pub(crate) payload: u64,
    /// Bytes of the header itself.
    pub(crate) length: usize,
}

impl Header {
    /// Parses the header at the front of `bytes`; `None` while more bytes are needed.
    ///
    /// The rules of the first two bytes are judged as soon as these are there.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Self>, Error> {
        let Some(&first) = bytes.first() else {
            return Ok(None);
        };
        if first & 0x70 != 0 {
            return Err(Error::ReservedBits);
        }
        let fin = first & 0x80 != 0;
        let opcode = Opcode::parse(first & 0x0f)?;
        let Some(&second) = bytes.get(1) else {
            return Ok(None);
        };
        let masked = second & 0x80 != 0;
        let short = second & 0x7f;
        if opcode.is_control() && (!fin || usize::from(short) > MAX_CONTROL_PAYLOAD) {
            return Err(Error::ControlFrame);
        }
        let (payload, at) = match short {
            126 => match bytes.get(2..4) {
                Some(&[a, b]) => (u64::from(u16::from_be_bytes([a, b])), 4),
                _ => return Ok(None),
            },
            127 => match bytes.get(2..10) {
                Some(&[a, b, c, d, e, f, g, h]) => (u64::from_be_bytes([a, b, c, d, e, f, g, h]), 10),
                _ => return Ok(None),
            },
            short => (u64::from(short), 2),
        };
        if payload >> 63 != 0 {
            return Err(Error::Length);
        }
        let mask = if masked {
            match bytes.get(at..at + 4) {
                Some(&[a, b, c, d]) => Some([a, b, c, d]),
                _ => return Ok(None),
            }
        } else {
            None
        };
        Ok(Some(Self { fin, opcode, mask, payload, length: if masked { at + 4 } else { at } }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(fin: bool, opcode: Opcode, mask: Option<[u8; 4]>, payload: u64, length: usize) -> Header {
        Header { fin, opcode, mask, payload, length }
    }

    #[test]
    fn headers_of_every_length_are_read() {
        let table: &[(&[u8], Header)] = &[
            (b"\x81\x05", header(true, Opcode::Text, None, 5, 2)),
            (b"\x02\x85abcd", header(false, Opcode::Binary, Some(*b"abcd"), 5, 6)),
            (b"\x80\x7e\x01\x00", header(true, Opcode::Continuation, None, 256, 4)),
            (b"\x82\xff\0\0\0\0\0\x01\0\0wxyz", header(true, Opcode::Binary, Some(*b"wxyz"), 65536, 14)),
        ];
        for (bytes, expected) in table {
            assert_eq!(Header::parse(bytes), Ok(Some(*expected)));
            for end in 0..bytes.len() {
                assert_eq!(Header::parse(&bytes[..end]), Ok(None), "{end} of {bytes:?}");
            }
        }
    }

    #[test]
    fn broken_headers_are_refused_with_the_first_byte_that_shows_it() {
        let table: &[(&[u8], Error)] = &[
            (b"\xc1", Error::ReservedBits),
            (b"\xa1", Error::ReservedBits),
            (b"\x91", Error::ReservedBits),
            (b"\x83", Error::UnknownOpcode),
            (b"\x8b", Error::UnknownOpcode),
            (b"\x09\x80", Error::ControlFrame),
            (b"\x88\xfe", Error::ControlFrame),
            (b"\x81\xff\x80\0\0\0\0\0\0\0abcd", Error::Length),
        ];
        for (bytes, expected) in table {
            assert_eq!(Header::parse(bytes), Err(*expected), "{bytes:?}");
        }
    }
}
