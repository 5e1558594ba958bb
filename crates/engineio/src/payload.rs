//! The body of a long-polling request or answer: packets joined by the record separator.
//!
//! Reading is lazy and copies nothing but base64, so a body costs no more memory than it has bytes;
//! the caller bounds those while it reads the request. Writing has two limits, because clients in
//! the field have both: a number of bytes and a number of packets (python-engineio drops a
//! connection whose payload holds more than sixteen).

use crate::packet::{DecodeError, Packet, binary_length, encode_binary};

/// Stands between two packets (Engine.IO protocol, "HTTP long-polling"): ASCII 30.
pub const SEPARATOR: u8 = 0x1e;

/// The packets of a request's body, in order. The first error ends it.
///
/// The packets before a malformed one are given, as a stock server handles them too.
#[must_use]
pub fn decode(body: &str) -> Packets<'_> {
    Packets { rest: Some(body) }
}

/// The packets of a body; made by [`decode`].
#[derive(Debug, Clone)]
pub struct Packets<'a> {
    rest: Option<&'a str>,
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<Packet<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        let text = match memchr::memchr(SEPARATOR, rest.as_bytes()) {
            Some(at) => {
                self.rest = rest.get(at + 1..);
                rest.get(..at).unwrap_or_default()
            }
            None => rest,
        };
        let packet = Packet::decode(text);
        if packet.is_err() {
            self.rest = None;
        }
        Some(packet)
    }
}

/// How much one answer to a poll may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of a payload. One packet that is larger by itself still goes, alone.
    pub bytes: usize,
    /// Most packets of a payload.
    pub packets: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 1_000_000, packets: 16 }
    }
}

/// Joins packets into the body of an answer until a limit is met.
#[derive(Debug)]
pub struct Encoder {
    limits: Limits,
    packets: usize,
    body: Vec<u8>,
}

impl Encoder {
    /// An empty body with these limits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, packets: 0, body: Vec::new() }
    }

    /// Adds a packet that is already text, its type first: the content of a WebSocket text frame.
    /// False, and nothing added, if it belongs in the next payload.
    #[must_use]
    pub fn push_text(&mut self, packet: &[u8]) -> bool {
        let fits = self.separate(packet.len());
        if fits {
            self.body.extend_from_slice(packet);
        }
        fits
    }

    /// Adds a binary message as `b` and base64. False, and nothing added, if it belongs in the next
    /// payload.
    #[must_use]
    pub fn push_binary(&mut self, content: &[u8]) -> bool {
        let fits = self.separate(binary_length(content.len()));
        if fits {
            encode_binary(content, &mut self.body);
        }
        fits
    }

    /// Whether nothing was added yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packets == 0
    }

    /// The body: UTF-8 if every packet was.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.body
    }

    /// Makes room for a packet of `length` bytes, or says that it does not fit.
    fn separate(&mut self, length: usize) -> bool {
        if self.packets > 0 {
            let bytes = self.body.len() + 1 + length;
            if self.packets >= self.limits.packets || bytes > self.limits.bytes {
                return false;
            }
            self.body.push(SEPARATOR);
        }
        self.packets += 1;
        true
    }
}
