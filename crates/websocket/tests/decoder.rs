//! The reader: tables of wire bytes and what they mean, and properties over arbitrary input.

use bytes::Bytes;
use heliograph_websocket::decoder::Error;
use heliograph_websocket::encode::{frame, masked_frame};
use heliograph_websocket::{Close, CloseCode, Decoder, Message, Opcode, Role};
use proptest::prelude::*;

const LIMIT: usize = 1_000;
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Feeds a server's decoder with `bytes` in pieces of `step`; all messages, or the error.
fn read(bytes: &[u8], step: usize) -> Result<Vec<Message>, Error> {
    let mut decoder = Decoder::new(Role::Server, LIMIT);
    let mut messages = Vec::new();
    for piece in bytes.to_vec().chunks_mut(step) {
        let mut rest = piece;
        while !rest.is_empty() {
            let decoded = decoder.decode(rest)?;
            if decoded.message.is_none() {
                assert_eq!(decoded.consumed, rest.len());
            }
            messages.extend(decoded.message);
            rest = &mut rest[decoded.consumed..];
        }
    }
    Ok(messages)
}

fn client(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    masked_frame(fin, opcode, payload, KEY)
}

fn text(text: &str) -> Message {
    Message::Text(text.to_owned())
}

fn bytes(data: &[u8]) -> Bytes {
    Bytes::copy_from_slice(data)
}

#[test]
fn messages_are_read_from_pieces_of_any_size() {
    let long = "é".repeat(300);
    let table: Vec<(Vec<Vec<u8>>, Vec<Message>)> = vec![
        (vec![client(true, Opcode::Text, b"Hello")], vec![text("Hello")]),
        (vec![client(true, Opcode::Text, b"")], vec![text("")]),
        (vec![client(true, Opcode::Text, long.as_bytes())], vec![text(&long)]),
        (vec![client(true, Opcode::Binary, &[0, 255])], vec![Message::Binary(bytes(&[0, 255]))]),
        (vec![client(true, Opcode::Binary, b"")], vec![Message::Binary(Bytes::new())]),
        (
            vec![
                client(false, Opcode::Text, "é".as_bytes().split_at(1).0),
                client(true, Opcode::Ping, b"between"),
                client(false, Opcode::Continuation, b""),
                client(true, Opcode::Pong, b""),
                client(true, Opcode::Continuation, "é".as_bytes().split_at(1).1),
                client(true, Opcode::Text, b"next"),
            ],
            vec![Message::Ping(bytes(b"between")), Message::Pong(Bytes::new()), text("é"), text("next")],
        ),
        (
            vec![client(false, Opcode::Binary, b""), client(true, Opcode::Continuation, b"")],
            vec![Message::Binary(Bytes::new())],
        ),
        (vec![client(true, Opcode::Close, b"")], vec![Message::Close(None)]),
        (
            vec![client(true, Opcode::Close, b"\x0f\xa0bye")],
            vec![Message::Close(Some(Close {
                code: CloseCode::new(4000).expect("a private code"),
                reason: "bye".to_owned(),
            }))],
        ),
    ];
    for (frames, messages) in table {
        let wire = frames.concat();
        for step in [1, 2, 3, 5, 7, 64, wire.len()] {
            assert_eq!(read(&wire, step).as_ref(), Ok(&messages), "{wire:?} by {step}");
        }
    }
}

#[test]
fn each_broken_rule_has_its_error() {
    let table: Vec<(&str, Vec<u8>, Error)> = vec![
        ("no mask", b"\x81\x01a".to_vec(), Error::Masking),
        ("continuation of nothing", client(true, Opcode::Continuation, b"a"), Error::Fragmentation),
        (
            "continuation of what has ended",
            [client(true, Opcode::Text, b"a"), client(true, Opcode::Continuation, b"a")].concat(),
            Error::Fragmentation,
        ),
        (
            "message within a message",
            [client(false, Opcode::Text, b"a"), client(true, Opcode::Binary, b"a")].concat(),
            Error::Fragmentation,
        ),
        ("text that is not UTF-8", client(true, Opcode::Text, b"a\xff"), Error::InvalidUtf8),
        ("text that is cut off", client(true, Opcode::Text, b"\xe2\x82"), Error::InvalidUtf8),
        (
            "fragments that are cut off",
            [client(false, Opcode::Text, b"\xe2"), client(true, Opcode::Continuation, b"\x82")].concat(),
            Error::InvalidUtf8,
        ),
        ("close code that may not be sent", client(true, Opcode::Close, b"\x03\xed"), Error::CloseFrame),
        ("close reason that is not UTF-8", client(true, Opcode::Close, b"\x03\xe8\xff"), Error::InvalidUtf8),
        ("too large", client(true, Opcode::Binary, &[0; LIMIT + 1]), Error::TooLarge),
        (
            "too large together",
            [client(false, Opcode::Binary, &[0; LIMIT]), client(true, Opcode::Continuation, &[0])].concat(),
            Error::TooLarge,
        ),
    ];
    for (name, wire, error) in table {
        for step in [1, 3, wire.len()] {
            assert_eq!(read(&wire, step), Err(error), "{name} by {step}");
        }
    }
}

#[test]
fn the_size_is_judged_by_the_header() {
    let wire = client(true, Opcode::Binary, &[0; LIMIT + 1]);
    assert_eq!(read(&wire[..8], 8), Err(Error::TooLarge));
    assert!(read(&client(true, Opcode::Binary, &[0; LIMIT]), 100).is_ok());
}

#[test]
fn broken_text_is_refused_before_its_frame_ends() {
    let wire = client(false, Opcode::Text, b"\xf4\x90 and more");
    assert_eq!(read(&wire[..8], 8), Err(Error::InvalidUtf8));
}

#[test]
fn a_client_reads_frames_without_masks() {
    let mut decoder = Decoder::new(Role::Client, LIMIT);
    let mut wire = frame(Opcode::Text, b"Hello").to_vec();
    assert_eq!(decoder.decode(&mut wire).map(|decoded| decoded.message), Ok(Some(text("Hello"))));
    assert_eq!(decoder.decode(&mut client(true, Opcode::Text, b"a")), Err(Error::Masking));
}

#[test]
fn memory_is_held_only_while_something_is_incomplete() {
    let mut decoder = Decoder::new(Role::Server, LIMIT);
    let mut wire = [
        client(false, Opcode::Binary, &[1; 500]),
        client(true, Opcode::Ping, &[2; 100]),
        client(true, Opcode::Continuation, &[3; 300]),
    ]
    .concat();
    assert_eq!(decoder.buffered(), 0);
    let (first, last) = wire.split_at_mut(900);
    let mut messages = 0;
    for part in [first, last] {
        let mut at = 0;
        while at < part.len() {
            let decoded = decoder.decode(&mut part[at..]).expect("valid frames");
            at += decoded.consumed;
            messages += usize::from(decoded.message.is_some());
        }
        assert_eq!(decoder.buffered() > 0, messages == 1);
    }
    assert_eq!(messages, 2);
    assert!(size_of::<Decoder>() <= 160, "{}", size_of::<Decoder>());
}

/// A message and where its frames are cut.
fn message() -> impl Strategy<Value = (Message, Vec<usize>)> {
    let content = prop_oneof![
        ".{0,200}".prop_filter("limit", |text| text.len() <= LIMIT).prop_map(Message::Text),
        proptest::collection::vec(any::<u8>(), 0..LIMIT).prop_map(|data| Message::Binary(data.into())),
    ];
    (content, proptest::collection::vec(0..LIMIT, 0..4))
}

fn fragments(message: &Message, cuts: &[usize], key: [u8; 4]) -> Vec<u8> {
    let (opcode, data) = match message {
        Message::Text(text) => (Opcode::Text, text.as_bytes()),
        Message::Binary(data) => (Opcode::Binary, &data[..]),
        other => unreachable!("no data message: {other:?}"),
    };
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (data.len() + 1)).collect();
    cuts.sort_unstable();
    cuts.push(data.len());
    let mut wire = Vec::new();
    let mut from = 0;
    for (index, cut) in cuts.iter().enumerate() {
        let opcode = if index == 0 { opcode } else { Opcode::Continuation };
        wire.extend(masked_frame(index + 1 == cuts.len(), opcode, &data[from..*cut], key));
        from = *cut;
    }
    wire
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        messages in proptest::collection::vec(message(), 1..5),
        key in any::<[u8; 4]>(),
        step in 1_usize..300,
    ) {
        let wire: Vec<u8> = messages.iter().flat_map(|(message, cuts)| fragments(message, cuts, key)).collect();
        let expected: Vec<_> = messages.into_iter().map(|(message, _)| message).collect();
        prop_assert_eq!(read(&wire, step), Ok(expected));
    }

    #[test]
    fn any_bytes_give_the_same_result_however_they_are_cut(
        wire in proptest::collection::vec(any::<u8>(), 0..400),
        step in 1_usize..50,
    ) {
        let whole = read(&wire, wire.len().max(1));
        let pieces = read(&wire, step);
        match (whole, pieces) {
            // Of several faults, the one that is seen first depends on how much is there at a time.
            (Err(_), Err(_)) => {}
            (whole, pieces) => prop_assert_eq!(whole, pieces),
        }
    }
}
