use heliograph_socketio::{AckId, encode};

const NONE: &[&str] = &[];

#[test]
fn an_event_is_its_name_and_its_arguments() {
    let args = ["1", r#""2""#, r#"{"3":[true]}"#];
    assert_eq!(encode::event("/", "foo", &args, None, 0), r#"2["foo",1,"2",{"3":[true]}]"#);
    assert_eq!(encode::event("/", "foo", NONE, None, 0), r#"2["foo"]"#);
    assert_eq!(encode::event("/custom", "foo", NONE, None, 0), r#"2/custom,["foo"]"#);
    assert_eq!(encode::event("/", "a\"\\\n\u{e9}", NONE, None, 0), r#"2["a\"\\\né"]"#);
}

#[test]
fn the_offset_is_one_more_argument() {
    assert_eq!(encode::event("/", "foo", NONE, Some("o1"), 0), r#"2["foo","o1"]"#);
    assert_eq!(encode::event("/", "foo", &["1"], Some("o1"), 0), r#"2["foo",1,"o1"]"#);
}

#[test]
fn attachments_are_announced() {
    let placeholder = r#"{"_placeholder":true,"num":0}"#;
    assert_eq!(
        encode::event("/custom", "foo", &[placeholder], None, 1),
        r#"51-/custom,["foo",{"_placeholder":true,"num":0}]"#
    );
    assert_eq!(
        encode::question("/", "foo", &[placeholder], AckId(4), 1),
        r#"51-4["foo",{"_placeholder":true,"num":0}]"#
    );
    assert_eq!(encode::ack("/", AckId(4), &[placeholder], 1), r#"61-4[{"_placeholder":true,"num":0}]"#);
}

#[test]
fn a_question_and_its_answer_have_the_id() {
    assert_eq!(encode::question("/", "foo", &["1"], AckId(12), 0), r#"212["foo",1]"#);
    assert_eq!(encode::question("/c", "foo", NONE, AckId(0), 0), r#"2/c,0["foo"]"#);
    assert_eq!(encode::ack("/", AckId(12), &["1", "2"], 0), "312[1,2]");
    assert_eq!(encode::ack("/c", AckId(12), NONE, 0), "3/c,12[]");
}

#[test]
fn a_connect_is_answered_with_exactly_what_the_client_needs() {
    assert_eq!(encode::connect("/", "abc", None), r#"0{"sid":"abc"}"#);
    assert_eq!(encode::connect("/custom", "abc", None), r#"0/custom,{"sid":"abc"}"#);
    assert_eq!(encode::connect("/", "abc", Some("p")), r#"0{"sid":"abc","pid":"p"}"#);
}

#[test]
fn a_refusal_has_a_message_and_may_have_data() {
    assert_eq!(
        encode::connect_error("/other", "Invalid namespace", None),
        r#"4/other,{"message":"Invalid namespace"}"#
    );
    assert_eq!(
        encode::connect_error("/x", "not authorized", Some(r#"{"code":401}"#)),
        r#"4/x,{"message":"not authorized","data":{"code":401}}"#
    );
}

#[test]
fn a_disconnect_names_its_namespace() {
    assert_eq!(encode::disconnect("/"), "1");
    assert_eq!(encode::disconnect("/custom"), "1/custom,");
}
