use heliograph_socketio::{Ack, AckId, Event, Json, Namespace, Packet, is_reserved_event};

use crate::{decode, json};

fn connect(namespace: Namespace, auth: Option<&str>) -> Packet {
    let auth = auth.and_then(|auth| Json::new(auth).ok());
    Packet::Connect { namespace, auth }
}

fn event(name: &str, args: &[&str], ack: Option<u64>) -> Packet {
    Packet::Event(Event {
        namespace: Namespace::MAIN,
        name: name.into(),
        args: json(args),
        ack: ack.map(AckId),
        attachments: Vec::new(),
    })
}

#[test]
fn each_type_of_packet_is_read() {
    let custom = Namespace::new("/custom").unwrap();
    let table = [
        ("0", connect(Namespace::MAIN, None)),
        ("0{}", connect(Namespace::MAIN, Some("{}"))),
        ("0/,", connect(Namespace::MAIN, None)),
        ("0/custom,", connect(custom.clone(), None)),
        ("0/custom", connect(custom.clone(), None)),
        (r#"0/custom,{"token":"123"}"#, connect(custom.clone(), Some(r#"{"token":"123"}"#))),
        ("1", Packet::Disconnect { namespace: Namespace::MAIN }),
        ("1/custom,", Packet::Disconnect { namespace: custom.clone() }),
        ("1/custom", Packet::Disconnect { namespace: custom.clone() }),
        (r#"2["foo"]"#, event("foo", &[], None)),
        (r#"2["foo",1,"2",{"3":[true]}]"#, event("foo", &["1", r#""2""#, r#"{"3":[true]}"#], None)),
        (r#"212["foo"]"#, event("foo", &[], Some(12))),
        (r#"20["foo"]"#, event("foo", &[], Some(0))),
        (
            r#"2/custom,12["foo",null]"#,
            Packet::Event(Event {
                namespace: custom.clone(),
                name: "foo".into(),
                args: json(&["null"]),
                ack: Some(AckId(12)),
                attachments: Vec::new(),
            }),
        ),
        (
            "3/custom,13[]",
            Packet::Ack(Ack { namespace: custom.clone(), id: AckId(13), args: Vec::new(), attachments: Vec::new() }),
        ),
        (
            r#"4/custom,{"message":"Not authorized"}"#,
            Packet::ConnectError { namespace: custom, data: Json::new(r#"{"message":"Not authorized"}"#).unwrap() },
        ),
        (r#"4"no""#, Packet::ConnectError { namespace: Namespace::MAIN, data: Json::new(r#""no""#).unwrap() }),
    ];
    for (wire, packet) in table {
        assert_eq!(decode(wire), Ok(Some(packet)), "{wire}");
    }
}

#[test]
fn arguments_keep_their_text() {
    let args = [
        r#"{"b":1,"a":2,"b":3}"#,
        "1.50",
        "-0",
        "1e400",
        "123456789012345678901234567890",
        r#""\u00e9\/\ud83d""#,
        r#"{"a": [ 1 ]}"#,
        "\"\u{1f600}\u{2028}\"",
    ];
    let wire = format!("2[\"e\" , {} ]", args.join(" ,\t"));
    assert_eq!(decode(&wire), Ok(Some(event("e", &args, None))));
}

#[test]
fn a_name_is_read_as_json() {
    assert_eq!(decode(r#"2["a\"b\n\u00e9"]"#), Ok(Some(event("a\"b\né", &[], None))));
    assert_eq!(decode(r#"2[""]"#), Ok(Some(event("", &[], None))));
}

#[test]
fn a_number_passes_for_a_name() {
    assert_eq!(decode(r#"2[42,"a"]"#), Ok(Some(event("42", &[r#""a""#], None))));
    assert_eq!(decode("2[-1.5]"), Ok(Some(event("-1.5", &[], None))));
}

#[test]
fn a_query_is_no_part_of_a_namespace() {
    let admin = Namespace::new("/admin").unwrap();
    assert_eq!(decode("0/admin?token=1234&uid=abcd,{}"), Ok(Some(connect(admin, Some("{}")))));
    assert_eq!(decode("0/?token=1"), Ok(Some(connect(Namespace::MAIN, None))));
}

#[test]
fn a_namespace_begins_with_a_slash_and_is_bounded() {
    assert!(Namespace::new("/").unwrap().is_main());
    assert!(Namespace::new("").unwrap().is_main());
    assert_eq!(Namespace::MAIN.to_string(), "/");
    assert_eq!(Namespace::new("/a/b").unwrap().as_str(), "/a/b");
    assert!(Namespace::new("a").is_err());
    assert!(Namespace::new("/a,b").is_err());
    assert!(Namespace::new(&format!("/{}", "a".repeat(255))).is_ok());
    assert!(Namespace::new(&format!("/{}", "a".repeat(256))).is_err());
}

#[test]
fn libraries_reserve_six_names() {
    for name in ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"] {
        assert!(is_reserved_event(name), "{name}");
    }
    assert!(!is_reserved_event("reconnect"));
    assert!(!is_reserved_event("message"));
}
