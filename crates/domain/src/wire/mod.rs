//! How the domain travels between processes and rests in the store: protobuf.
//!
//! `proto/heliograph/v1` says what each message means; [`proto`] holds the Rust types generated from
//! it. The functions here go between domain values and bytes. Decoding validates everything again
//! and never panics: whatever comes back is as good as a value that was parsed where it entered.
//!
//! Decoding takes [`Bytes`], so that payloads of clients ([`crate::text::RawJson`]) are slices of
//! the received buffer and not copies.
//!
//! Each file converts the messages of the proto file of the same name.

mod activity;
mod command;
mod delivery;
mod error;
mod event;
mod field;
mod identity;
mod link;
mod matching;
mod outcome;
mod presence;
pub mod proto;
mod publication;
mod room;
mod rooms;

use bytes::Bytes;
use prost::Message;

pub use error::WireError;

use crate::{
    command::{PresenceRequest, RoomRequest, Session},
    delivery::{LogEntry, Outbound, Parcel},
    event::Event,
    outcome::{PresenceOutcome, RoomOutcome},
    refusal::Refusal,
};

/// What comes back for a [`RoomRequest`].
pub type RoomReply = Result<RoomOutcome, Refusal>;
/// What comes back for a [`PresenceRequest`].
pub type PresenceReply = Result<PresenceOutcome, Refusal>;

fn encode(message: &impl Message) -> Bytes {
    message.encode_to_vec().into()
}

fn decode<M: Message + Default>(bytes: Bytes, name: &'static str) -> Result<M, WireError> {
    M::decode(bytes).map_err(|reason| WireError::Malformed { message: name, reason })
}

/// The bytes of a `RoomRequest`.
pub fn encode_room_request(request: &RoomRequest) -> Bytes {
    encode(&proto::RoomRequest::from(request))
}

/// The request in the bytes of a `RoomRequest`.
pub fn decode_room_request(bytes: Bytes) -> Result<RoomRequest, WireError> {
    decode::<proto::RoomRequest>(bytes, "RoomRequest")?.try_into()
}

/// The bytes of a `RoomReply`.
pub fn encode_room_reply(reply: &RoomReply) -> Bytes {
    encode(&proto::RoomReply::from(reply))
}

/// The answer in the bytes of a `RoomReply`.
pub fn decode_room_reply(bytes: Bytes) -> Result<RoomReply, WireError> {
    decode::<proto::RoomReply>(bytes, "RoomReply")?.try_into()
}

/// The bytes of a `PresenceRequest`.
pub fn encode_presence_request(request: &PresenceRequest) -> Bytes {
    encode(&proto::PresenceRequest::from(request))
}

/// The request in the bytes of a `PresenceRequest`.
pub fn decode_presence_request(bytes: Bytes) -> Result<PresenceRequest, WireError> {
    decode::<proto::PresenceRequest>(bytes, "PresenceRequest")?.try_into()
}

/// The bytes of a `PresenceReply`.
pub fn encode_presence_reply(reply: &PresenceReply) -> Bytes {
    encode(&proto::PresenceReply::from(reply))
}

/// The answer in the bytes of a `PresenceReply`.
pub fn decode_presence_reply(bytes: Bytes) -> Result<PresenceReply, WireError> {
    decode::<proto::PresenceReply>(bytes, "PresenceReply")?.try_into()
}

/// The bytes of an `Outbound`.
pub fn encode_outbound(outbound: &Outbound) -> Bytes {
    encode(&proto::Outbound::from(outbound))
}

/// What is in the bytes of an `Outbound`.
pub fn decode_outbound(bytes: Bytes) -> Result<Outbound, WireError> {
    decode::<proto::Outbound>(bytes, "Outbound")?.try_into()
}

/// The bytes of a `Parcel`.
pub fn encode_parcel(parcel: Parcel) -> Bytes {
    encode(&proto::Parcel::from(parcel))
}

/// What is in the bytes of a `Parcel`. Its items are slices of them.
pub fn decode_parcel(bytes: Bytes) -> Result<Parcel, WireError> {
    decode::<proto::Parcel>(bytes, "Parcel")?.try_into()
}

/// The bytes of an `Event`: the body of a stored log entry.
pub fn encode_event(event: &Event) -> Bytes {
    encode(&proto::Event::from(event))
}

/// The event in the bytes of an `Event`.
pub fn decode_event(bytes: Bytes) -> Result<Event, WireError> {
    decode::<proto::Event>(bytes, "Event")?.try_into()
}

/// The bytes of a `LogEntry`.
pub fn encode_log_entry(entry: &LogEntry) -> Bytes {
    encode(&proto::LogEntry::from(entry))
}

/// The entry in the bytes of a `LogEntry`.
pub fn decode_log_entry(bytes: Bytes) -> Result<LogEntry, WireError> {
    decode::<proto::LogEntry>(bytes, "LogEntry")?.try_into()
}

/// The bytes of a `Session`.
pub fn encode_session(session: &Session) -> Bytes {
    encode(&proto::Session::from(session))
}

/// The session in the bytes of a `Session`.
pub fn decode_session(bytes: Bytes) -> Result<Session, WireError> {
    decode::<proto::Session>(bytes, "Session")?.try_into()
}
