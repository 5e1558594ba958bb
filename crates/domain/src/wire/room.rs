//! `room.proto`

use super::{
    WireError,
    field::{nested, required, same_variants, text},
    proto,
};
use crate::{
    command::{CallMedia, SignalKind},
    room::{Media, MediaChange, Peer, Position, Standing},
    time::Timestamp,
};

same_variants!(SignalKind, proto::SignalKind, "SignalKind": Offer, Answer, Candidate, Other);
same_variants!(CallMedia, proto::CallMedia, "CallMedia": Audio, Video);

impl From<Position> for proto::Position {
    fn from(position: Position) -> Self {
        Self { epoch: position.epoch, seq: position.seq }
    }
}

impl From<proto::Position> for Position {
    fn from(form: proto::Position) -> Self {
        Self { epoch: form.epoch, seq: form.seq }
    }
}

impl From<&Standing> for proto::Standing {
    fn from(standing: &Standing) -> Self {
        Self {
            room: standing.room.as_str().to_owned(),
            position: Some(standing.position.into()),
            roster: standing.roster,
        }
    }
}

impl TryFrom<proto::Standing> for Standing {
    type Error = WireError;

    fn try_from(form: proto::Standing) -> Result<Self, WireError> {
        Ok(Self {
            room: text(&form.room, "Standing.room")?,
            position: form.position.unwrap_or_default().into(),
            roster: form.roster,
        })
    }
}

impl From<Media> for proto::Media {
    fn from(media: Media) -> Self {
        Self {
            audio: media.audio,
            video: media.video,
            screen: media.screen,
            hand: media.hand,
            speaking: media.speaking,
        }
    }
}

impl From<proto::Media> for Media {
    fn from(form: proto::Media) -> Self {
        Self { audio: form.audio, video: form.video, screen: form.screen, hand: form.hand, speaking: form.speaking }
    }
}

impl From<MediaChange> for proto::MediaChange {
    fn from(change: MediaChange) -> Self {
        Self {
            audio: change.audio,
            video: change.video,
            screen: change.screen,
            hand: change.hand,
            speaking: change.speaking,
        }
    }
}

impl From<proto::MediaChange> for MediaChange {
    fn from(form: proto::MediaChange) -> Self {
        Self { audio: form.audio, video: form.video, screen: form.screen, hand: form.hand, speaking: form.speaking }
    }
}

impl From<&Peer> for proto::Peer {
    fn from(peer: &Peer) -> Self {
        Self {
            socket: peer.socket.as_str().to_owned(),
            user: Some((&peer.user).into()),
            media: Some(peer.media.into()),
            joined_at: peer.joined_at.as_millis(),
        }
    }
}

impl TryFrom<proto::Peer> for Peer {
    type Error = WireError;

    fn try_from(form: proto::Peer) -> Result<Self, WireError> {
        Ok(Self {
            socket: text(&form.socket, "Peer.socket")?,
            user: nested(form.user, "Peer.user")?,
            media: required(form.media, "Peer.media")?.into(),
            joined_at: Timestamp::from_millis(form.joined_at),
        })
    }
}
