//! Frames ready to be written.
//!
//! A server's frames are not masked, so that the bytes of one frame serve every receiver.

use bytes::{Bytes, BytesMut};

use crate::close::CloseCode;
use crate::frame::{MAX_CONTROL_PAYLOAD, MAX_HEADER, Opcode};
use crate::mask;

/// The header of an unmasked frame; at most ten bytes.
#[derive(Clone, Copy, Debug)]
pub struct FrameHeader {
    bytes: [u8; MAX_HEADER],
    length: usize,
}

impl FrameHeader {
    /// The header of one whole message: the FIN bit is set, there is no mask.
    pub fn new(opcode: Opcode, payload: usize) -> Self {
        Self::with(true, opcode, payload, 0)
    }

    fn with(fin: bool, opcode: Opcode, payload: usize, mask_bit: u8) -> Self {
        let mut bytes = [0; MAX_HEADER];
        bytes[0] = u8::from(fin) << 7 | opcode as u8;
        let length = if let Ok(short @ 0..=125) = u8::try_from(payload) {
            bytes[1] = mask_bit | short;
            2
        } else if let Ok(medium) = u16::try_from(payload) {
            bytes[1] = mask_bit | 126;
            bytes[2..4].copy_from_slice(&medium.to_be_bytes());
            4
        } else {
            bytes[1] = mask_bit | 127;
            bytes[2..10].copy_from_slice(&(payload as u64).to_be_bytes());
            10
        };
        Self { bytes, length }
    }
}

impl AsRef<[u8]> for FrameHeader {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// One message as one unmasked frame.
pub fn frame(opcode: Opcode, payload: &[u8]) -> Bytes {
    let header = FrameHeader::new(opcode, payload.len());
    let mut bytes = BytesMut::with_capacity(header.as_ref().len() + payload.len());
    bytes.extend_from_slice(header.as_ref());
    bytes.extend_from_slice(payload);
    bytes.freeze()
}

/// A close frame. A reason above 123 bytes is cut before the character that would not fit.
pub fn close(code: CloseCode, reason: &str) -> Bytes {
    let reason = &reason.as_bytes()[..reason.floor_char_boundary(MAX_CONTROL_PAYLOAD - 2)];
    let mut payload = Vec::with_capacity(2 + reason.len());
    payload.extend_from_slice(&code.get().to_be_bytes());
    payload.extend_from_slice(reason);
    frame(Opcode::Close, &payload)
}

/// A frame as a client sends it, masked with `key`: for test and load clients.
///
/// `fin` is false for every fragment of a message but the last.
pub fn masked_frame(fin: bool, opcode: Opcode, payload: &[u8], key: [u8; 4]) -> Vec<u8> {
    let header = FrameHeader::with(fin, opcode, payload.len(), 0x80);
    let start = header.as_ref().len() + key.len();
    let mut bytes = Vec::with_capacity(start + payload.len());
    bytes.extend_from_slice(header.as_ref());
    bytes.extend_from_slice(&key);
    bytes.extend_from_slice(payload);
    mask::apply(&mut bytes[start..], key, 0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_takes_the_fewest_bytes() {
        let table: &[(usize, &[u8])] = &[
            (0, b"\x81\x00"),
            (125, b"\x81\x7d"),
            (126, b"\x81\x7e\x00\x7e"),
            (65535, b"\x81\x7e\xff\xff"),
            (65536, b"\x81\x7f\0\0\0\0\0\x01\0\0"),
        ];
        for (payload, expected) in table {
            assert_eq!(FrameHeader::new(Opcode::Text, *payload).as_ref(), *expected);
        }
    }

    #[test]
    fn a_reason_that_does_not_fit_is_cut_between_characters() {
        let reason = "€".repeat(60);
        let bytes = close(CloseCode::NORMAL, &reason);
        assert_eq!(bytes.len(), 2 + 2 + 123);
        assert_eq!(&bytes[..4], b"\x88\x7d\x03\xe8");
        let bytes = close(CloseCode::NORMAL, &format!("a{reason}"));
        assert_eq!(bytes.len(), 2 + 2 + 121);
    }

    #[test]
    fn a_masked_frame_is_that_of_the_rfc() {
        // RFC 6455, section 5.7: a single-frame masked text message with "Hello".
        let expected = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(masked_frame(true, Opcode::Text, b"Hello", [0x37, 0xfa, 0x21, 0x3d]), expected);
    }
}
