use bytes::Bytes;
use heliograph_socketio::{Ack, AckId, DecodeError, Decoder, Event, Limits, Namespace, Packet};

use crate::{decode, json};

const FIRST: Bytes = Bytes::from_static(&[1, 2, 3]);
const SECOND: Bytes = Bytes::from_static(&[4, 5, 6]);

#[test]
fn an_event_is_complete_with_its_last_attachment() {
    let mut decoder = Decoder::new(Limits::default());
    let wire = r#"52-/custom,7["e",{"_placeholder":true,"num":0},[{"_placeholder":true,"num":1}]]"#;
    assert!(!decoder.awaits_attachments());
    assert_eq!(decoder.text(wire), Ok(None));
    assert!(decoder.awaits_attachments());
    assert_eq!(decoder.binary(FIRST), Ok(None));
    assert_eq!(
        decoder.binary(SECOND),
        Ok(Some(Packet::Event(Event {
            namespace: Namespace::new("/custom").unwrap(),
            name: "e".into(),
            args: json(&[r#"{"_placeholder":true,"num":0}"#, r#"[{"_placeholder":true,"num":1}]"#]),
            ack: Some(AckId(7)),
            attachments: vec![FIRST, SECOND],
        })))
    );
    assert!(!decoder.awaits_attachments());
}

#[test]
fn an_acknowledgement_has_attachments_as_well() {
    let mut decoder = Decoder::new(Limits::default());
    assert_eq!(decoder.text(r#"61-5[{"_placeholder":true,"num":0}]"#), Ok(None));
    assert_eq!(
        decoder.binary(FIRST),
        Ok(Some(Packet::Ack(Ack {
            namespace: Namespace::MAIN,
            id: AckId(5),
            args: json(&[r#"{"_placeholder":true,"num":0}"#]),
            attachments: vec![FIRST],
        })))
    );
}

#[test]
fn text_while_attachments_are_due_is_an_error() {
    let mut decoder = Decoder::new(Limits::default());
    let wire = r#"51-["e",{"_placeholder":true,"num":0}]"#;
    assert_eq!(decoder.text(wire), Ok(None));
    let error = Err(DecodeError::TextWhileAttachmentsDue);
    assert_eq!(decoder.text(r#"2["e"]"#), error);
    assert_eq!(decoder.text(wire), error);
}

#[test]
fn an_attachment_without_a_packet_is_an_error() {
    let mut decoder = Decoder::new(Limits::default());
    let error = Err(DecodeError::UnexpectedAttachment);
    assert_eq!(decoder.binary(FIRST), error);
    let _ = decoder.text(r#"51-["e",{"_placeholder":true,"num":0}]"#);
    let _ = decoder.binary(FIRST);
    assert_eq!(decoder.binary(SECOND), error);
}

#[test]
fn placeholders_are_found_wherever_they_are() {
    let table = [
        r#"51-["e",{"_placeholder":true,"num":0}]"#,
        r#"51-["e",{"num":0,"_placeholder":true}]"#,
        r#"51-["e",{ "num" : 0 , "_placeholder" : true }]"#,
        r#"51-["e",{"_placeholder":true,"num":0,"more":[1,{}]}]"#,
        r#"51-["e",1,{"a":{"b":[[],"x",{"_placeholder":true,"num":0}]},"c":null}]"#,
        r#"51-["e",{"\u005fplaceholder":true,"n\u0075m":0}]"#,
        r#"51-["e",{"_placeholder":false,"num":7},{"_placeholder":true,"num":0}]"#,
        r#"51-["e",{"_placeholder":"true","num":7},{"_placeholder":true,"num":0}]"#,
        r#"51-["e",{"_placeholder":true,"num":9,"num":0}]"#,
        r#"51-["e",{"_placeholder":true,"_placeholder":[true],"num":9},{"_placeholder":true,"num":0}]"#,
        r#"51-["e","{\"_placeholder\":true,\"num\":9}",{"_placeholder":true,"num":0}]"#,
        r#"51-["e","\ud83d",{"\ud83d":"\\","_placeholder":true,"num":0}]"#,
        r#"51-["e",["_placeholder",true,"num",9],{"_placeholder":true,"num":0}]"#,
        r#"52-["e",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]"#,
    ];
    for wire in table {
        assert_eq!(decode(wire), Ok(None), "{wire}");
    }
}

#[test]
fn placeholders_stand_for_each_attachment_once() {
    let table = [
        r#"51-["e"]"#,
        r#"51-["e",{"_placeholder":true}]"#,
        r#"51-["e",{"_placeholder":true,"num":1}]"#,
        r#"51-["e",{"_placeholder":true,"num":-1}]"#,
        r#"51-["e",{"_placeholder":true,"num":0.5}]"#,
        r#"51-["e",{"_placeholder":true,"num":"0"}]"#,
        r#"51-["e",{"_placeholder":true,"num":0,"num":null}]"#,
        r#"51-["e",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]"#,
        r#"51-["e",{"_placeholder":true,"num":0},{"\u005fplaceholder":true,"num":1}]"#,
        r#"52-["e",{"_placeholder":true,"num":0}]"#,
        r#"51-[{"_placeholder":true,"num":0}]"#,
    ];
    for wire in table {
        let error = match wire {
            r#"51-[{"_placeholder":true,"num":0}]"# => DecodeError::MissingName,
            _ => DecodeError::PlaceholderMismatch,
        };
        assert_eq!(decode(wire), Err(error), "{wire}");
    }
}

#[test]
fn placeholders_are_not_looked_for_beyond_all_depth() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(r#"["e",{{"_placeholder":true,"num":0}},{open}{close}]"#)
    };
    assert_eq!(decode(&format!("51-{}", nested(128))), Ok(None));
    assert_eq!(decode(&format!("51-{}", nested(129))), Err(DecodeError::TooDeep));
}

#[test]
fn in_an_event_without_attachments_a_placeholder_is_an_object_like_any_other() {
    let arg = r#"{"_placeholder":true,"num":0}"#;
    let Ok(Some(Packet::Event(event))) = decode(&format!(r#"2["e",{arg}]"#)) else {
        panic!("not an event");
    };
    assert_eq!(event.args, json(&[arg]));
}

#[test]
fn attachments_are_bounded_in_number_and_bytes() {
    let limits = Limits { attachments: 2, attachment_bytes: 5, ..Limits::default() };
    let two = r#"52-["e",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
    let mut decoder = Decoder::new(limits);
    assert_eq!(decoder.text(r#"53-["e"]"#), Err(DecodeError::TooManyAttachments));
    assert_eq!(decoder.text(two), Ok(None));
    assert_eq!(decoder.binary(FIRST), Ok(None));
    assert_eq!(decoder.binary(SECOND), Err(DecodeError::AttachmentsTooLarge));
}
