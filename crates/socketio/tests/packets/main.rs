//! Wire text on one side, values on the other.

mod attachments;
mod decode;
mod encode;
mod refusals;
mod round_trip;

use heliograph_socketio::{DecodeError, Decoder, Json, Limits, Packet};

/// What a text is to a new decoder.
fn decode(text: &str) -> Result<Option<Packet>, DecodeError> {
    Decoder::new(Limits::default()).text(text)
}

fn json(texts: &[&str]) -> Vec<Json> {
    texts.iter().filter_map(|text| Json::new(text).ok()).collect()
}
