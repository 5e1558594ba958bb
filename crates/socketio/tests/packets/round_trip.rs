use bytes::Bytes;
use heliograph_socketio::{Ack, AckId, Decoder, Event, Json, Limits, Namespace, Packet, encode, is_reserved_event};
use proptest::prelude::*;

/// JSON values without placeholders, in some text.
fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        "-?(0|[1-9][0-9]{0,5})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,3})?",
        any::<String>().prop_map(|value| serde_json::Value::from(value).to_string()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(("[a-z]{0,5}", inner), 0..4).prop_map(|members| {
                let members: Vec<_> = members.iter().map(|(key, value)| format!("\"{key}\" :{value}")).collect();
                format!("{{{}}}", members.join(", "))
            }),
        ]
    })
}

fn any_namespace() -> impl Strategy<Value = Namespace> {
    "/[^,?]{0,20}".prop_filter_map("too long", |name| Namespace::new(&name).ok())
}

fn args_with_placeholders(args: &[String], attachments: &[Vec<u8>]) -> Vec<String> {
    let mut args = args.to_vec();
    for number in 0..attachments.len() {
        let place = number % (args.len() + 1);
        args.insert(place, format!(r#"{{"_placeholder":true,"num":{number}}}"#));
    }
    args
}

/// Feeds a packet's messages and gives what the last one completes.
fn receive(text: &str, attachments: &[Vec<u8>]) -> Option<Packet> {
    let mut decoder = Decoder::new(Limits::default());
    let mut packet = decoder.text(text).ok()?;
    for content in attachments {
        if packet.is_some() {
            return None;
        }
        packet = decoder.binary(Bytes::copy_from_slice(content)).ok()?;
    }
    packet
}

fn all_json(args: &[String]) -> Vec<Json> {
    args.iter().filter_map(|arg| Json::new(arg).ok()).collect()
}

proptest! {
    #[test]
    fn an_event_arrives_as_it_was_sent(
        namespace in any_namespace(),
        name in any::<String>().prop_filter("reserved", |name| !is_reserved_event(name)),
        args in prop::collection::vec(any_json(), 0..4),
        ack in any::<Option<u64>>(),
        attachments in prop::collection::vec(any::<Vec<u8>>(), 0..4),
    ) {
        let args = args_with_placeholders(&args, &attachments);
        let ack = ack.map(AckId);
        let count = attachments.len();
        let text = match ack {
            Some(id) => encode::question(namespace.as_str(), &name, &args, id, count),
            None => encode::event(namespace.as_str(), &name, &args, None, count),
        };
        let expected = Packet::Event(Event {
            namespace,
            name,
            args: all_json(&args),
            ack,
            attachments: attachments.iter().map(|content| Bytes::copy_from_slice(content)).collect(),
        });
        prop_assert_eq!(receive(&text, &attachments), Some(expected));
    }

    #[test]
    fn an_acknowledgement_arrives_as_it_was_sent(
        namespace in any_namespace(),
        id in any::<u64>().prop_map(AckId),
        args in prop::collection::vec(any_json(), 0..4),
        attachments in prop::collection::vec(any::<Vec<u8>>(), 0..4),
    ) {
        let args = args_with_placeholders(&args, &attachments);
        let text = encode::ack(namespace.as_str(), id, &args, attachments.len());
        let expected = Packet::Ack(Ack {
            namespace,
            id,
            args: all_json(&args),
            attachments: attachments.iter().map(|content| Bytes::copy_from_slice(content)).collect(),
        });
        prop_assert_eq!(receive(&text, &attachments), Some(expected));
    }

    #[test]
    fn any_messages_are_packets_or_errors(
        messages in prop::collection::vec(
            prop_oneof![
                any::<String>().prop_map(Ok),
                "[0-7]([0-9]{1,2}-)?(/[a-z]{0,3},?)?[0-9]{0,3}[\\[{\"a,:\\]}0-9_]{0,12}".prop_map(Ok),
                Just(Ok(r#"51-["e",{"_placeholder":true,"num":0}]"#.to_owned())),
                any::<Vec<u8>>().prop_map(Err),
            ],
            0..8,
        )
    ) {
        let mut decoder = Decoder::new(Limits::default());
        for message in messages {
            let outcome = match message {
                Ok(text) => decoder.text(&text),
                Err(content) => decoder.binary(content.into()),
            };
            if outcome.is_err() {
                break;
            }
        }
    }
}
