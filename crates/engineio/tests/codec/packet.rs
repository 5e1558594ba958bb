use bytes::Bytes;
use heliograph_engineio::{DecodeError, Message, Packet};
use proptest::prelude::*;

fn text(data: &str) -> Packet<'_> {
    Packet::Message(Message::Text(data))
}

fn encoded(packet: &Packet<'_>) -> String {
    let mut out = Vec::new();
    packet.encode(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn each_packet_is_a_digit_and_its_data() {
    let table = [
        ("0{\"sid\":\"a\"}", Packet::Open("{\"sid\":\"a\"}")),
        ("1", Packet::Close),
        ("2", Packet::Ping("")),
        ("2probe", Packet::Ping("probe")),
        ("3", Packet::Pong("")),
        ("3probe", Packet::Pong("probe")),
        ("4", text("")),
        ("4hello", text("hello")),
        ("4\u{20ac}\u{1f600}", text("\u{20ac}\u{1f600}")),
        ("42[\"a\"]", text("2[\"a\"]")),
        ("5", Packet::Upgrade),
        ("6", Packet::Noop),
        ("bAQIDBA==", Packet::binary(Bytes::from_static(&[1, 2, 3, 4]))),
        ("b", Packet::binary(Bytes::new())),
    ];
    for (wire, packet) in table {
        assert_eq!(Packet::decode(wire), Ok(packet.clone()), "{wire:?}");
        assert_eq!(encoded(&packet), wire);
    }
}

#[test]
fn base64_may_come_without_its_padding() {
    let packet = Packet::binary(Bytes::from_static(&[1, 2, 3, 4]));
    assert_eq!(Packet::decode("bAQIDBA"), Ok(packet));
}

#[test]
fn a_message_is_a_slice_of_the_text_it_came_in() {
    let wire = String::from("4hello");
    let Ok(Packet::Message(Message::Text(data))) = Packet::decode(&wire) else {
        panic!("not a text message");
    };
    assert_eq!(data.as_ptr(), wire[1..].as_ptr());
}

#[test]
fn what_is_no_packet_says_why() {
    let table = [
        ("", DecodeError::Empty),
        ("abc", DecodeError::UnknownType),
        ("7", DecodeError::UnknownType),
        ("\u{1f600}", DecodeError::UnknownType),
        ("\u{1e}4", DecodeError::UnknownType),
        ("1x", DecodeError::UnexpectedData),
        ("5probe", DecodeError::UnexpectedData),
        ("6 ", DecodeError::UnexpectedData),
        ("b!", DecodeError::InvalidBase64),
        ("bA", DecodeError::InvalidBase64),
        ("bAQ ID", DecodeError::InvalidBase64),
    ];
    for (wire, error) in table {
        assert_eq!(Packet::decode(wire), Err(error), "{wire:?}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_packet_or_an_error(wire in any::<String>()) {
        if let Ok(packet) = Packet::decode(&wire) {
            let again = encoded(&packet);
            prop_assert_eq!(Packet::decode(&again), Ok(packet));
        }
    }

    #[test]
    fn binary_survives_its_payload_form(content in any::<Vec<u8>>()) {
        let packet = Packet::binary(content.into());
        let wire = encoded(&packet);
        prop_assert_eq!(Packet::decode(&wire), Ok(packet));
    }
}
