//! WebSocket frames (RFC 6455, section 5.2), as little of them as floor and load client need: whole text
//! messages in single frames.

use std::ops::Range;

/// Any key does; the receiver has to apply it whatever it is.
const KEY: [u8; 4] = [0x5a, 0x3c, 0x96, 0xe1];

const TEXT: u8 = 0x81;
const MASKED: u8 = 0x80;

/// A text frame from a server.
pub(crate) fn server_frame(text: &[u8]) -> Vec<u8> {
    let mut frame = header(text.len(), 0);
    frame.extend_from_slice(text);
    frame
}

/// A text frame from a client.
pub(crate) fn client_frame(text: &[u8]) -> Vec<u8> {
    let mut frame = header(text.len(), MASKED);
    frame.extend_from_slice(&KEY);
    frame.extend(text.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

fn header(length: usize, masked: u8) -> Vec<u8> {
    let mut frame = Vec::with_capacity(length + 14);
    frame.push(TEXT);
    match length {
        0..=125 => frame.push(length as u8 | masked),
        126..=0xffff => {
            frame.push(126 | masked);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            frame.push(127 | masked);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame
}

/// Takes frames apart as bytes come in. It holds memory only while a frame is incomplete.
#[derive(Default)]
pub(crate) struct Frames {
    partial: Vec<u8>,
}

impl Frames {
    /// Takes bytes and hands the opcode and the unmasked payload of each complete frame to `read`.
    pub(crate) fn feed(&mut self, input: &mut [u8], mut read: impl FnMut(u8, &[u8])) {
        if self.partial.is_empty() {
            let used = take(input, &mut read);
            self.partial.extend_from_slice(&input[used..]);
        } else {
            self.partial.extend_from_slice(input);
            let used = take(&mut self.partial, &mut read);
            self.partial.drain(..used);
            if self.partial.is_empty() {
                self.partial = Vec::new();
            }
        }
    }
}

fn take(bytes: &mut [u8], read: &mut impl FnMut(u8, &[u8])) -> usize {
    let mut used = 0;
    while let Some(frame) = locate(&bytes[used..]) {
        let payload = used + frame.payload.start..used + frame.payload.end;
        if let Some(key) = frame.key {
            for (byte, key) in bytes[payload.clone()].iter_mut().zip(key.iter().cycle()) {
                *byte ^= key;
            }
        }
        read(frame.opcode, &bytes[payload.clone()]);
        used = payload.end;
    }
    used
}

struct Located {
    opcode: u8,
    key: Option<[u8; 4]>,
    payload: Range<usize>,
}

fn locate(bytes: &[u8]) -> Option<Located> {
    let [first, second, ..] = *bytes else {
        return None;
    };
    let (length, mut start) = match second & 0x7f {
        126 => (u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
        127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?), 10),
        length => (u64::from(length), 2),
    };
    let mut key = None;
    if second & MASKED != 0 {
        key = Some(bytes.get(start..start + 4)?.try_into().ok()?);
        start += 4;
    }
    let end = start + usize::try_from(length).ok()?;
    (bytes.len() >= end).then_some(Located { opcode: first & 0x0f, key, payload: start..end })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(frames: &mut Frames, mut bytes: Vec<u8>) -> Vec<Vec<u8>> {
        let mut payloads = Vec::new();
        frames.feed(&mut bytes, |_, payload| payloads.push(payload.to_vec()));
        payloads
    }

    #[test]
    fn frames_of_every_length_form_come_back_from_both_sides() {
        for length in [0, 1, 125, 126, 0xffff, 0x10000] {
            let text = vec![b'x'; length];
            for frame in [server_frame(&text), client_frame(&text)] {
                assert!(read(&mut Frames::default(), frame) == [text.as_slice()]);
            }
        }
    }

    #[test]
    fn frames_cut_anywhere_are_put_together_again() {
        let bytes = [client_frame(b"first"), server_frame(&[b'y'; 300])].concat();
        for cut in 0..=bytes.len() {
            let mut frames = Frames::default();
            let mut payloads = read(&mut frames, bytes[..cut].to_vec());
            payloads.extend(read(&mut frames, bytes[cut..].to_vec()));
            assert_eq!(payloads, [b"first".to_vec(), vec![b'y'; 300]]);
            assert_eq!(frames.partial.capacity(), 0);
        }
    }
}
