//! What is worked on in rooms, in `command.proto` and `outcome.proto`.

use super::{
    WireError,
    field::{json, json_bytes, list, nested, optional_json, required, same_variants, text},
    proto::{self, set_room_state::State},
};
use crate::activity::{ActivityKind, Contents, Document, EphemeralKind, Participant, RoomState};

same_variants!(ActivityKind, proto::ActivityKind, "ActivityKind": CodeChange, Stroke);
same_variants!(EphemeralKind, proto::EphemeralKind, "EphemeralKind": Data, Cursor, Transcript);

impl From<&RoomState> for proto::SetRoomState {
    fn from(state: &RoomState) -> Self {
        let state = match state {
            RoomState::Code { data, version } => {
                State::Code(proto::CodeSnapshot { data: json_bytes(data), version: *version })
            }
            RoomState::Whiteboard { data, seq } => {
                State::Whiteboard(proto::WhiteboardSnapshot { data: data.as_ref().map(json_bytes), seq: *seq })
            }
            RoomState::Recording { on, body } => {
                State::Recording(proto::Recording { on: *on, body: body.as_ref().map(json_bytes) })
            }
        };
        Self { state: Some(state) }
    }
}

impl TryFrom<proto::SetRoomState> for RoomState {
    type Error = WireError;

    fn try_from(form: proto::SetRoomState) -> Result<Self, WireError> {
        Ok(match required(form.state, "SetRoomState.state")? {
            State::Code(form) => Self::Code { data: json(form.data, "CodeSnapshot.data")?, version: form.version },
            State::Whiteboard(form) => {
                Self::Whiteboard { data: optional_json(form.data, "WhiteboardSnapshot.data")?, seq: form.seq }
            }
            State::Recording(form) => {
                Self::Recording { on: form.on, body: optional_json(form.body, "Recording.body")? }
            }
        })
    }
}

impl From<&Contents> for proto::Contents {
    fn from(contents: &Contents) -> Self {
        Self {
            messages: contents.messages.iter().map(Into::into).collect(),
            code: Some((&contents.code).into()),
            whiteboard: Some((&contents.whiteboard).into()),
            recording: contents.recording,
            participants: contents.participants.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<proto::Contents> for Contents {
    type Error = WireError;

    fn try_from(form: proto::Contents) -> Result<Self, WireError> {
        Ok(Self {
            messages: list(form.messages)?,
            code: nested(form.code, "Contents.code")?,
            whiteboard: nested(form.whiteboard, "Contents.whiteboard")?,
            recording: form.recording,
            participants: list(form.participants)?,
        })
    }
}

impl From<&Document> for proto::Document {
    fn from(document: &Document) -> Self {
        Self {
            snapshot: document.snapshot.as_ref().map(json_bytes),
            version: document.version,
            changes: document.changes.iter().map(Into::into).collect(),
            whole: document.whole,
        }
    }
}

impl TryFrom<proto::Document> for Document {
    type Error = WireError;

    fn try_from(form: proto::Document) -> Result<Self, WireError> {
        Ok(Self {
            snapshot: optional_json(form.snapshot, "Document.snapshot")?,
            version: form.version,
            changes: list(form.changes)?,
            whole: form.whole,
        })
    }
}

impl From<&Participant> for proto::Participant {
    fn from(participant: &Participant) -> Self {
        Self {
            user: Some((&participant.user).into()),
            socket: participant.socket.as_str().to_owned(),
            media: participant.media.map(Into::into),
        }
    }
}

impl TryFrom<proto::Participant> for Participant {
    type Error = WireError;

    fn try_from(form: proto::Participant) -> Result<Self, WireError> {
        Ok(Self {
            user: nested(form.user, "Participant.user")?,
            socket: text(&form.socket, "Participant.socket")?,
            media: form.media.map(Into::into),
        })
    }
}
