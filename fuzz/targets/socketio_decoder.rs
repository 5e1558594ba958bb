//! The messages of a connection: whatever they are, a packet that they make is made again by what
//! it is sent on as.
//!
//! An input is a list of messages behind 0xff each, which occurs in no text; the byte that follows
//! says text or binary.

#![no_main]

use bytes::Bytes;
use heliograph_socketio::{Decoder, Limits, Packet, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut decoder = Decoder::new(Limits::default());
    for message in input.split(|byte| *byte == 0xff) {
        let outcome = match message.split_first() {
            Some((b'b', content)) => decoder.binary(Bytes::copy_from_slice(content)),
            Some((_, text)) => match str::from_utf8(text) {
                Ok(text) => decoder.text(text),
                Err(_) => return,
            },
            None => continue,
        };
        match outcome {
            Ok(Some(packet)) => sent_on(&packet),
            Ok(None) => {}
            Err(_) => return,
        }
    }
});

fn sent_on(packet: &Packet) {
    let (text, attachments) = match packet {
        Packet::Event(event) => {
            let namespace = event.namespace.as_str();
            let count = event.attachments.len();
            let text = match event.ack {
                Some(id) => encode::question(namespace, &event.name, &event.args, id, count),
                None => encode::event(namespace, &event.name, &event.args, None, count),
            };
            (text, &event.attachments)
        }
        Packet::Ack(ack) => {
            let count = ack.attachments.len();
            let text = encode::ack(ack.namespace.as_str(), ack.id, &ack.args, count);
            (text, &ack.attachments)
        }
        Packet::Connect { .. } | Packet::Disconnect { .. } | Packet::ConnectError { .. } => return,
    };
    let mut decoder = Decoder::new(Limits::default());
    let mut again = decoder.text(&text);
    for content in attachments {
        assert_eq!(again, Ok(None), "attachments are still to come");
        again = decoder.binary(content.clone());
    }
    assert_eq!(again.as_ref().map(Option::as_ref), Ok(Some(packet)));
}
