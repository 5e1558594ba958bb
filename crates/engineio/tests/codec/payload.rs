use bytes::Bytes;
use heliograph_engineio::payload::{Encoder, Limits, decode};
use heliograph_engineio::{DecodeError, Message, Packet};
use proptest::prelude::*;

const ROOMY: Limits = Limits { bytes: 1_000_000, packets: 16 };

fn body(encoder: Encoder) -> String {
    String::from_utf8_lossy(&encoder.finish()).into_owned()
}

#[test]
fn packets_are_joined_by_the_record_separator() {
    let mut encoder = Encoder::new(ROOMY);
    assert!(encoder.push_text(b"4hello"));
    assert!(encoder.push_text(b"2"));
    assert!(encoder.push_binary(&[1, 2, 3, 4]));
    assert_eq!(body(encoder), "4hello\u{1e}2\u{1e}bAQIDBA==");

    let packets: Result<Vec<_>, _> = decode("4hello\u{1e}2\u{1e}bAQIDBA==").collect();
    assert_eq!(
        packets,
        Ok(vec![
            Packet::Message(Message::Text("hello")),
            Packet::Ping(""),
            Packet::binary(Bytes::from_static(&[1, 2, 3, 4])),
        ])
    );
}

#[test]
fn the_first_malformed_packet_ends_a_payload() {
    let packets: Vec<_> = decode("4a\u{1e}abc\u{1e}4b").collect();
    assert_eq!(packets, [Ok(Packet::Message(Message::Text("a"))), Err(DecodeError::UnknownType)]);
}

#[test]
fn an_empty_packet_anywhere_is_malformed() {
    for wire in ["", "\u{1e}", "4a\u{1e}", "\u{1e}4a", "4a\u{1e}\u{1e}4b"] {
        let packets: Result<Vec<_>, _> = decode(wire).collect();
        assert_eq!(packets, Err(DecodeError::Empty), "{wire:?}");
    }
}

#[test]
fn a_payload_holds_no_more_packets_than_its_limit() {
    let mut encoder = Encoder::new(ROOMY);
    for _ in 0..16 {
        assert!(encoder.push_text(b"4a"));
    }
    assert!(!encoder.push_text(b"4a"));
    assert!(!encoder.push_binary(b""));
    assert_eq!(decode(&body(encoder)).count(), 16);
}

#[test]
fn a_payload_holds_no_more_bytes_than_its_limit() {
    let mut encoder = Encoder::new(Limits { bytes: 12, ..ROOMY });
    assert!(encoder.push_text(b"4abc"));
    assert!(!encoder.push_binary(&[0; 6]));
    assert!(encoder.push_text(b"4abcdef"));
    assert!(!encoder.push_text(b"2"));
    assert_eq!(body(encoder), "4abc\u{1e}4abcdef");
}

#[test]
fn a_packet_larger_than_a_payload_goes_alone() {
    let mut encoder = Encoder::new(Limits { bytes: 4, ..ROOMY });
    assert!(encoder.is_empty());
    assert!(encoder.push_text(b"4abcdef"));
    assert!(!encoder.is_empty());
    assert!(!encoder.push_text(b"2"));
    assert_eq!(body(encoder), "4abcdef");
}

proptest! {
    #[test]
    fn any_body_is_read_to_an_end(wire in any::<String>()) {
        let packets = decode(&wire).count();
        prop_assert!(packets <= wire.len() + 1);
    }

    #[test]
    fn a_payload_gives_back_what_was_put_in(
        contents in prop::collection::vec(
            prop_oneof![
                "[^\u{1e}]*".prop_map(Ok),
                any::<Vec<u8>>().prop_map(Err),
            ],
            1..16,
        )
    ) {
        let mut encoder = Encoder::new(ROOMY);
        for content in &contents {
            let fits = match content {
                Ok(text) => encoder.push_text(format!("4{text}").as_bytes()),
                Err(binary) => encoder.push_binary(binary),
            };
            prop_assert!(fits);
        }
        let body = body(encoder);
        let packets: Vec<_> = decode(&body).collect();
        prop_assert_eq!(packets.len(), contents.len());
        for (packet, content) in packets.into_iter().zip(contents) {
            let expected = match &content {
                Ok(text) => Packet::Message(Message::Text(text)),
                Err(binary) => Packet::binary(Bytes::copy_from_slice(binary)),
            };
            prop_assert_eq!(packet, Ok(expected));
        }
    }
}
