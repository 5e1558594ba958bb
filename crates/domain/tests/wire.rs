//! Every value comes back from its bytes as it was, and no bytes do harm.

mod samples;

use bytes::Bytes;
use heliograph_domain::{
    text::{MessageText, RawJson},
    wire::{self, WireError, proto},
};
use proptest::prelude::*;
use prost::Message;

#[test]
fn room_requests_survive_the_wire() {
    for request in samples::room_requests() {
        let bytes = wire::encode_room_request(&request);
        assert_eq!(wire::decode_room_request(bytes), Ok(request));
    }
}

#[test]
fn room_replies_survive_the_wire() {
    for reply in samples::room_replies() {
        let bytes = wire::encode_room_reply(&reply);
        assert_eq!(wire::decode_room_reply(bytes), Ok(reply));
    }
}

#[test]
fn presence_requests_survive_the_wire() {
    for request in samples::presence_requests() {
        let bytes = wire::encode_presence_request(&request);
        assert_eq!(wire::decode_presence_request(bytes), Ok(request));
    }
}

#[test]
fn presence_replies_survive_the_wire() {
    for reply in samples::presence_replies() {
        let bytes = wire::encode_presence_reply(&reply);
        assert_eq!(wire::decode_presence_reply(bytes), Ok(reply));
    }
}

#[test]
fn sessions_survive_the_wire() {
    let session = samples::session();
    assert_eq!(wire::decode_session(wire::encode_session(&session)), Ok(session));
}

#[test]
fn events_survive_the_wire_and_the_log() {
    for event in samples::events() {
        assert_eq!(wire::decode_event(wire::encode_event(&event)), Ok(event.clone()));
        let entry = samples::log_entry(event);
        assert_eq!(wire::decode_log_entry(wire::encode_log_entry(&entry)), Ok(entry));
    }
}

#[test]
fn outbound_messages_survive_the_wire() {
    for outbound in samples::outbound() {
        assert_eq!(wire::decode_outbound(wire::encode_outbound(&outbound)), Ok(outbound));
    }
}

#[test]
fn parcels_survive_the_wire_with_their_items_as_slices() {
    let parcel = samples::parcel();
    assert_eq!(parcel.next(), 42 + parcel.items.len() as u64);
    let bytes = wire::encode_parcel(parcel.clone());
    let decoded = wire::decode_parcel(bytes.clone()).unwrap();
    assert!(decoded.items.iter().all(|item| bytes.as_ptr_range().contains(&item.as_ptr())));
    assert_eq!(decoded, parcel);
    for item in decoded.items {
        assert!(wire::decode_outbound(item).is_ok());
    }
}

#[test]
fn a_parcel_without_a_number_is_refused() {
    let form = proto::Parcel { first: 0, ..samples::parcel().into() };
    let error = wire::decode_parcel(form.encode_to_vec().into()).unwrap_err();
    assert_eq!(error.to_string(), "Parcel.first must be at least 1");
}

#[test]
fn samples_hold_every_variant() {
    fn variants<T>(values: &[T]) -> usize {
        values.iter().map(std::mem::discriminant).collect::<std::collections::HashSet<_>>().len()
    }
    let commands: Vec<_> = samples::room_requests().into_iter().map(|request| request.command).collect();
    assert_eq!(variants(&commands), 28);
    assert_eq!(variants(&samples::events()), 30);
    assert_eq!(variants(&samples::outbound()), 5);
    let outcomes: Vec<_> = samples::room_replies().into_iter().flatten().collect();
    assert_eq!(variants(&outcomes), 10);
    assert_eq!(variants(&samples::matching_commands()), 7);
    assert_eq!(variants(&samples::matching_outcomes()), 6);
    assert_eq!(variants(&samples::matching_events()), 11);
    let presence: Vec<_> = samples::presence_requests().into_iter().map(|request| request.command).collect();
    assert_eq!(variants(&presence), 9);
    let outcomes: Vec<_> = samples::presence_replies().into_iter().flatten().collect();
    assert_eq!(variants(&outcomes), 4);
}

#[test]
fn text_that_grew_when_its_tags_were_removed_still_travels() {
    let text = MessageText::parse(&"<b".repeat(500)).unwrap().without_tags();
    assert!(text.as_str().len() > 1000);
    let event = samples::message(text);
    assert_eq!(wire::decode_event(wire::encode_event(&event)), Ok(event));
}

#[test]
fn payloads_are_slices_of_the_received_bytes() {
    let body = RawJson::from_checked(format!("[{}]", " ".repeat(10_000)));
    let bytes = wire::encode_room_request(&samples::signal(body.clone()));
    let range = bytes.as_ptr_range();
    let decoded = samples::body_of(wire::decode_room_request(bytes.clone()).unwrap());
    assert_eq!(decoded, body);
    assert!(range.contains(&decoded.as_bytes().as_ptr()));
}

#[test]
fn an_error_names_message_and_field() {
    let request = samples::room_requests().remove(0);
    let mut form = proto::RoomRequest::from(&request);
    form.origin = None;
    let error = wire::decode_room_request(form.encode_to_vec().into()).unwrap_err();
    assert_eq!(error, WireError::Missing { field: "RoomRequest.origin" });

    form = proto::RoomRequest::from(&request);
    form.room = "x".repeat(129);
    let error = wire::decode_room_request(form.encode_to_vec().into()).unwrap_err();
    assert_eq!(error.to_string(), "RoomRequest.room must be at most 128 characters");

    let error = wire::decode_event(Bytes::from_static(b"\xff")).unwrap_err();
    assert!(matches!(error, WireError::Malformed { message: "Event", .. }));
}

#[test]
fn a_variant_of_a_later_version_is_an_error_and_not_a_guess() {
    let unknown = proto::Event { event: None };
    let error = wire::decode_event(unknown.encode_to_vec().into()).unwrap_err();
    assert_eq!(error, WireError::Missing { field: "Event.event" });

    let reason = proto::RoomClosed { reason: 99, by: None };
    let event = proto::Event { event: Some(proto::event::Event::RoomClosed(reason)) };
    let error = wire::decode_event(event.encode_to_vec().into()).unwrap_err();
    assert_eq!(error, WireError::Missing { field: "RoomClosed.reason" });
}

fn decode_as_everything(bytes: Bytes) {
    let _ = wire::decode_room_request(bytes.clone());
    let _ = wire::decode_room_reply(bytes.clone());
    let _ = wire::decode_presence_request(bytes.clone());
    let _ = wire::decode_presence_reply(bytes.clone());
    let _ = wire::decode_outbound(bytes.clone());
    let _ = wire::decode_parcel(bytes.clone());
    let _ = wire::decode_log_entry(bytes.clone());
    let _ = wire::decode_session(bytes);
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        decode_as_everything(bytes.into());
    }

    #[test]
    fn damaged_messages_do_no_harm(
        which in any::<proptest::sample::Index>(),
        place in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let requests = samples::room_requests();
        let outbound = samples::outbound();
        for bytes in [wire::encode_room_request(which.get(&requests)), wire::encode_outbound(which.get(&outbound))] {
            let mut bytes = bytes.to_vec();
            let at = place.index(bytes.len());
            bytes[at] = byte;
            decode_as_everything(bytes.into());
        }
    }
}
