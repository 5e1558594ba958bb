//! Whatever clients send, it is understood or refused, and what others are told stays whole.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a value that does not exist is a fault of the test")]

use heliograph_domain::{
    command::{RoomCommand, SignalKind, SignalTarget},
    event::Event,
    id::{SocketId, UserId},
    refusal::{Code, Refusal},
    room::RoomId,
    time::Timestamp,
    user::{Name, User, Vocabulary},
};
use heliograph_vocabulary::{
    Asked, Context, Dialect, Form, Request, Said, SizeLimits, Standpoint, error, failure_ack, mesh,
    synapse::CLIENT_EVENTS, translate_signal,
};
use proptest::prelude::*;
use serde_json::Value;

const LIMITS: SizeLimits = SizeLimits { signal: 65_536, ephemeral: 16_384, attachments: 262_144, attachment_count: 10 };

fn read<'a>(name: &'a str, args: &'a [&'a str]) -> Asked<'a> {
    Dialect::Synapse.read(&Said { name, args, attachments: &[] }, &Standpoint::NOWHERE, &LIMITS)
}

fn decode(name: &str, args: &[&str]) -> Result<Request, Refusal> {
    read(name, args).request
}

fn mesh_decode(text: &str, room: Option<&RoomId>) -> Result<mesh::Incoming, mesh::Rejection> {
    mesh::Message::read(text, &LIMITS)?.request(room)
}

fn refused(name: &str, argument: &str) -> Option<Code> {
    decode(name, &[argument]).err().map(|refusal| refusal.code)
}

fn mesh_refused(text: &str) -> Option<Code> {
    let room = RoomId::parse("standup").ok();
    mesh_decode(text, room.as_ref()).err().map(|rejection| rejection.refusal.code)
}

#[test]
fn events_beyond_their_size_are_refused() {
    let pad = |bytes: usize| "x".repeat(bytes);
    let signal = |sdp: &str| format!(r#"{{"to":"u","callId":"c","signal":{{"type":"offer","sdp":"{sdp}"}}}}"#);
    assert_eq!(refused("webrtc-signal", &signal(&pad(65_000))), None);
    assert_eq!(refused("webrtc-signal", &signal(&pad(65_536))), Some(Code::TooLarge));

    let typing = |extra: &str| format!(r#"{{"roomId":"r","extra":"{extra}"}}"#);
    assert_eq!(refused("typing:start", &typing(&pad(16_000))), None);
    assert_eq!(refused("typing:start", &typing(&pad(16_384))), Some(Code::TooLarge));

    let message = |data: &str| format!(r#"{{"roomId":"r","content":"","attachments":[{{"data":"{data}"}}]}}"#);
    assert_eq!(refused("message:send", &message(&pad(262_000))), None);
    assert_eq!(refused("message:send", &message(&pad(262_144))), Some(Code::TooLarge));
    assert_eq!(refused("message:send", &message(&pad(900_000))), Some(Code::TooLarge));

    let data = |extra: &str| format!(r#"{{"type":"data","extra":"{extra}"}}"#);
    assert_eq!(mesh_refused(&data(&pad(16_000))), None);
    assert_eq!(mesh_refused(&data(&pad(16_384))), Some(Code::TooLarge));

    let offer = |sdp: &str| format!(r#"{{"type":"offer","to":"s","sdp":"{sdp}"}}"#);
    assert_eq!(mesh_refused(&offer(&pad(65_000))), None);
    assert_eq!(mesh_refused(&offer(&pad(65_536))), Some(Code::TooLarge));
}

#[test]
fn text_is_measured_as_javascript_measures_it() {
    let message = |content: &str| format!(r#"{{"roomId":"r","content":"{content}"}}"#);
    assert_eq!(refused("message:send", &message(&"\u{1F600}".repeat(500))), None);
    assert_eq!(refused("message:send", &message(&"\u{1F600}".repeat(501))), Some(Code::InvalidPayload));
    assert_eq!(refused("message:send", &message(&r"\ud83d\ude00".repeat(500))), None);
    assert_eq!(refused("message:send", &message(&"x".repeat(1001))), Some(Code::InvalidPayload));
}

#[test]
fn deep_nesting_is_refused_and_costs_no_stack() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for depth in [100, 30_000] {
        let signal = format!(r#"{{"to":"u","callId":"c","signal":{{"x":{}}}}}"#, deep(depth));
        assert_eq!(refused("webrtc-signal", &signal), Some(Code::InvalidPayload));
        assert_eq!(
            mesh_refused(&format!(r#"{{"type":"offer","to":"s","x":{}}}"#, deep(depth))),
            Some(Code::InvalidPayload)
        );
        let message = format!(r#"{{"roomId":"r","content":"","attachments":[{{"x":{}}}]}}"#, deep(depth));
        assert_eq!(refused("message:send", &message), Some(Code::InvalidPayload));
    }
    // Where nothing is passed on, unknown fields are ignored, whatever is in them.
    assert_eq!(refused("room:join", &format!(r#"{{"roomId":"r","x":{}}}"#, deep(30_000))), None);
}

#[test]
fn a_call_without_an_id_is_given_one() {
    let call = || match decode("call-initiate", &[r#"{"roomId":"r","type":"audio"}"#]) {
        Ok(Request::Call { call, .. }) => call,
        other => panic!("{other:?}"),
    };
    let (one, other) = (call(), call());
    assert!(one.as_str().starts_with("call_"));
    assert_ne!(one, other);
}

#[test]
fn only_the_first_argument_counts_and_it_may_be_missing() {
    assert_eq!(decode("authenticate", &[]), decode("authenticate", &["null", "7"]));
}

#[test]
fn client_names_of_the_default_namespace_are_disjoint_and_not_reserved() {
    const RESERVED: [&str; 6] =
        ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];
    let dialects = Dialect::DEFAULT_NAMESPACE.iter();
    let mut names: Vec<_> = dialects.flat_map(|dialect| dialect.client_events()).chain(&RESERVED).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn every_listed_name_is_understood() {
    let unknown = Some(Code::UnknownEvent);
    assert!(CLIENT_EVENTS.iter().all(|name| refused(name, "{}") != unknown));
    assert_eq!(refused("message:new", "{}"), unknown);
    let message = |name: &str| format!(r#"{{"type":"{name}"}}"#);
    assert!(mesh::CLIENT_TYPES.iter().all(|name| mesh_refused(&message(name)) != unknown));
    assert_eq!(mesh_refused(&message("peers")), unknown);
}

fn someone() -> (User, SocketId) {
    let user =
        User { id: UserId::parse("u_ann").unwrap(), name: Name::parse("Ann").unwrap(), picture: None, guest: false };
    (user, SocketId::parse("s_ann").unwrap())
}

const CONTEXT: Context<'static> = Context { room: None, at: Timestamp::from_millis(0), seq: None };

/// JSON values whose strings and keys are chosen to do harm.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop_oneof!["offer", "answer", "candidate", "text", "s_eve"].prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            object(inner).prop_map(Value::from),
        ]
    })
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = serde_json::Map<String, Value>> {
    const KEYS: &str = "roomId|content|attachments|clientId|to|callId|signal|type|sdp|candidate|since|participants\
                        |emoji|messageId|reason|status|permanent|from|userId|username|peerId|id|text|audio|[a-z\"\\\\]{0,3}";
    proptest::collection::vec((KEYS, value), 0..8).prop_map(|fields| fields.into_iter().collect())
}

/// Whether a payload with these fields, sent by `u_ann` on `s_ann`, says that it is from somebody else.
fn is_false(event: &str, fields: &str) -> bool {
    let (argument, message) = (format!("{{{fields}}}"), format!(r#"{{"type":"{event}",{fields}}}"#));
    let (user, socket) = (UserId::parse("u_ann").unwrap(), SocketId::parse("s_ann").unwrap());
    let in_event = [argument.as_str()];
    let in_event = read(event, &in_event);
    let in_message = mesh::Message::read(&message, &LIMITS).unwrap();
    let [in_event, in_message] = [
        in_event.claims.iter().any(|claim| !claim.is_of(&user, &socket)),
        in_message.claims().any(|c| !c.is_of(&user, &socket)),
    ];
    assert_eq!(in_event, in_message && event != "authenticate", "{fields}");
    in_message
}

#[test]
fn false_claims_of_identity_are_seen() {
    for (fields, other) in [
        (r#""roomId":"r""#, false),
        (r#""userId":"u_ann","fromUserId":"u_ann""#, false),
        (r#""userId":"u_bob""#, true),
        (r#""userId":"u\u005fann""#, false),
        (r#""userId":7"#, true),
        (r#""userId":null,"from":{"userId":"u_bob"},"senderId":true"#, false),
        (r#""fromUserId":"s_ann""#, true),
        (r#""from":"s_ann","senderId":"u_ann""#, false),
        (r#""from":"s_bob""#, true),
        (r#""senderId":"u_bob""#, true),
        (r#""userName":"Bob","toUserId":"u_bob","to":"s_bob","peerId":"s_bob""#, false),
    ] {
        for event in ["data", "typing:start", "authenticate"] {
            assert_eq!(is_false(event, fields), other, "{event} {fields}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_understood_or_refused(name in "\\PC{0,12}", text in any::<String>()) {
        let _ = decode(&name, &[&text]);
        let _ = mesh_decode(&text, None);
        for name in CLIENT_EVENTS {
            let _ = decode(name, &[&text]);
        }
    }

    #[test]
    fn any_object_is_understood_or_refused_in_valid_json(
        fields in object(value()),
        event in proptest::sample::select(&CLIENT_EVENTS[..]),
        kind in proptest::sample::select(&mesh::CLIENT_TYPES[..]),
    ) {
        let text = Value::from(fields.clone()).to_string();
        if let Err(refusal) = decode(event, &[&text]) {
            for json in [failure_ack(event, &refusal), error(Some(event), &refusal)] {
                prop_assert!(serde_json::from_str::<Value>(&json).is_ok(), "{json}");
            }
        }
        let mut fields = fields;
        fields.insert("type".to_owned(), kind.into());
        if let Err(rejection) = mesh_decode(&Value::from(fields).to_string(), None) {
            let json = mesh::error(rejection.id.as_ref(), None, &rejection.refusal);
            prop_assert!(serde_json::from_str::<Value>(&json).is_ok(), "{json}");
        }
    }

    /// What peers are told has every field of the sender, and the identity of the server.
    #[test]
    fn relays_keep_all_fields_but_the_identity(
        fields in object(value()),
        kind in proptest::sample::select(vec!["offer", "answer", "candidate", "data"]),
    ) {
        let mut sent = fields;
        sent.insert("type".to_owned(), kind.into());
        sent.insert("to".to_owned(), "s_bob".into());
        sent.remove("id");
        let room = RoomId::parse("standup").unwrap();
        let request = mesh_decode(&Value::from(sent.clone()).to_string(), Some(&room)).unwrap().request;
        let (from, socket) = someone();
        let event = match request {
            mesh::Request::Room(RoomCommand::Signal(signal)) => {
                prop_assert!(matches!(signal.to, SignalTarget::Socket(_)));
                let (kind, body) = (signal.kind, signal.body);
                Event::SignalRelayed { from, socket, kind, vocabulary: Vocabulary::Mesh, body }
            }
            mesh::Request::Room(RoomCommand::SendEphemeral { kind, body, .. }) => {
                Event::EphemeralSent { from, socket, kind, body }
            }
            other => panic!("{other:?}"),
        };
        let told = mesh::encode(&event, &CONTEXT, Form::Everyone).remove(0);
        sent.insert("from".to_owned(), "s_ann".into());
        sent.insert("userId".to_owned(), "u_ann".into());
        sent.insert("username".to_owned(), "Ann".into());
        prop_assert_eq!(serde_json::from_str::<Value>(&told).unwrap(), Value::from(sent));
    }

    /// A signal that was not called `Other` when it came in can be told in every vocabulary.
    #[test]
    fn signals_of_a_shared_kind_always_cross(fields in object(value()), kind in "offer|answer|candidate") {
        let mut signal = fields;
        signal.insert("type".to_owned(), kind.into());
        signal.insert("to".to_owned(), "s_bob".into());
        signal.remove("id");
        let signal = Value::from(signal).to_string();
        for (vocabulary, command) in [(Vocabulary::Synapse, synapse_signal(&signal)), (Vocabulary::Mesh, mesh_signal(&signal))] {
            let RoomCommand::Signal(signal) = command else { panic!("{command:?}") };
            for to in [Vocabulary::Synapse, Vocabulary::Mesh] {
                let translated = translate_signal(signal.kind, &signal.body, vocabulary, to);
                prop_assert_eq!(translated.is_ok(), signal.kind != SignalKind::Other || to == vocabulary);
            }
        }
    }
}

fn synapse_signal(signal: &str) -> RoomCommand {
    let argument = format!(r#"{{"to":"u_bob","callId":"c","signal":{signal}}}"#);
    match decode("webrtc-signal", &[&argument]) {
        Ok(Request::Call { command, .. }) => command,
        other => panic!("{other:?}"),
    }
}

fn mesh_signal(message: &str) -> RoomCommand {
    let room = RoomId::parse("standup").unwrap();
    match mesh_decode(message, Some(&room)).map(|incoming| incoming.request) {
        Ok(mesh::Request::Room(command)) => command,
        other => panic!("{other:?}"),
    }
}
