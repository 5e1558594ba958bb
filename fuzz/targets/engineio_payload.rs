//! The body of a POST: whatever it is, its packets are found again in a payload made of them.

#![no_main]

use heliograph_engineio::payload::{Encoder, Limits, decode};
use heliograph_engineio::{Message, Packet};
use libfuzzer_sys::fuzz_target;

const NO_LIMITS: Limits = Limits { bytes: usize::MAX, packets: usize::MAX };

fuzz_target!(|body: &[u8]| {
    let Ok(body) = str::from_utf8(body) else {
        return;
    };
    let packets: Vec<_> = decode(body).filter_map(Result::ok).collect();
    if packets.is_empty() {
        return;
    }
    let mut encoder = Encoder::new(NO_LIMITS);
    for packet in &packets {
        let fits = match packet {
            Packet::Message(Message::Binary(content)) => encoder.push_binary(content),
            other => {
                let mut text = Vec::new();
                other.encode(&mut text);
                encoder.push_text(&text)
            }
        };
        assert!(fits, "without limits everything fits");
    }
    let again = encoder.finish();
    let again = str::from_utf8(&again).expect("text in, text out");
    let decoded: Vec<_> = decode(again).filter_map(Result::ok).collect();
    assert_eq!(decoded, packets);
});
