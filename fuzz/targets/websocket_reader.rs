//! The bytes of a WebSocket: whatever they are, it does not matter in which pieces they come.
//!
//! The first byte of an input says how large the pieces are.

#![no_main]

use heliograph_websocket::{Decoder, Error, Message, Role};
use libfuzzer_sys::fuzz_target;

const MAX_MESSAGE: usize = 4096;

fuzz_target!(|input: &[u8]| {
    let Some((size, bytes)) = input.split_first() else {
        return;
    };
    let size = usize::from(*size).max(1);
    for role in [Role::Server, Role::Client] {
        assert_eq!(read(role, bytes, bytes.len().max(1)), read(role, bytes, size));
    }
});

/// The messages up to a close frame or the first error.
fn read(role: Role, bytes: &[u8], size: usize) -> (Vec<Message>, Option<Error>) {
    let mut decoder = Decoder::new(role, MAX_MESSAGE);
    let mut messages = Vec::new();
    // The reader unmasks in place.
    let mut bytes = bytes.to_vec();
    for mut piece in bytes.chunks_mut(size) {
        loop {
            let decoded = match decoder.decode(piece) {
                Ok(decoded) => decoded,
                Err(error) => return (messages, Some(error)),
            };
            let Some(message) = decoded.message else {
                assert_eq!(decoded.consumed, piece.len(), "nothing is left without a message");
                break;
            };
            let ended = matches!(message, Message::Close(_));
            messages.push(message);
            if ended {
                return (messages, None);
            }
            piece = piece.get_mut(decoded.consumed..).expect("no more is consumed than was given");
        }
        assert!(decoder.buffered() <= MAX_MESSAGE + 256, "no more is kept than a message and a control frame");
    }
    (messages, None)
}
