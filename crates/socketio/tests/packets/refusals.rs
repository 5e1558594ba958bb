use heliograph_socketio::{DecodeError, Decoder, Limits};

use crate::decode;

#[test]
fn what_is_no_packet_says_why() {
    use DecodeError::*;
    let long = format!("0/{},", "a".repeat(256));
    let table = [
        ("", Empty),
        ("abc", UnknownType),
        ("7", UnknownType),
        ("-1", UnknownType),
        ("\u{1f600}", UnknownType),
        (&long, NamespaceTooLong),
        ("0[]", InvalidData),
        ("0null", InvalidData),
        (r#"0"token""#, InvalidData),
        ("012{}", InvalidJson),
        ("0{", InvalidJson),
        ("0{}}", InvalidJson),
        ("1{}", InvalidData),
        ("112", InvalidData),
        ("1/custom,{}", InvalidData),
        ("2", InvalidData),
        ("2{}", InvalidData),
        (r#"2"foo""#, InvalidData),
        (r#"2abc["foo"]"#, InvalidData),
        (r#"2-1["foo"]"#, InvalidData),
        (r#"21.5["foo"]"#, InvalidData),
        ("212", InvalidData),
        ("2[]", MissingName),
        ("2[null]", MissingName),
        ("2[true]", MissingName),
        (r#"2[["foo"]]"#, MissingName),
        (r#"2["foo""#, InvalidJson),
        (r#"2["foo",]"#, InvalidJson),
        (r#"2["foo"]x"#, InvalidJson),
        (r#"2["foo",{"a":01}]"#, InvalidJson),
        (r#"2["foo",{ 3: [false] }]"#, InvalidJson),
        ("2[\"a\nb\"]", InvalidJson),
        (r#"2["connect"]"#, ReservedName),
        (r#"2["disconne\u0063ting"]"#, ReservedName),
        (r#"299999999999999999999["foo"]"#, AckIdTooLarge),
        ("3", InvalidData),
        ("3[]", MissingAckId),
        ("312", InvalidData),
        ("312{}", InvalidData),
        ("4", InvalidJson),
        ("4[]", InvalidData),
        (r#"5["foo"]"#, InvalidAttachmentCount),
        (r#"5-["foo"]"#, InvalidAttachmentCount),
        (r#"50-["foo"]"#, InvalidAttachmentCount),
        (r#"51["foo"]"#, InvalidAttachmentCount),
        (r#"51.5-["foo"]"#, InvalidAttachmentCount),
        (r#"5 1-["foo"]"#, InvalidAttachmentCount),
        (r#"511-["foo"]"#, TooManyAttachments),
        (r#"599999999999999999999999-["foo"]"#, TooManyAttachments),
        (r#"6["foo"]"#, InvalidAttachmentCount),
    ];
    for (wire, error) in table {
        assert_eq!(decode(wire), Err(error), "{wire}");
    }
}

#[test]
fn a_packet_has_no_more_arguments_than_the_limit() {
    let mut decoder = Decoder::new(Limits { arguments: 2, ..Limits::default() });
    assert!(decoder.text(r#"2["a",1,2]"#).is_ok());
    assert!(decoder.text("31[1,2]").is_ok());
    let too_many = Err(DecodeError::TooManyArguments);
    assert_eq!(decoder.text(r#"2["a",1,2,3]"#), too_many);
    assert_eq!(decoder.text("31[1,2,3]"), too_many);
}
