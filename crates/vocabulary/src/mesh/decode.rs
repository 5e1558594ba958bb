//! Message text to request.

use std::borrow::Cow;

use heliograph_domain::{
    activity::EphemeralKind,
    command::{Post, RoomCommand, Signal, SignalTarget},
    content::Content,
    id::{SocketId, UserId},
    refusal::{Code, Refusal},
    room::{Media, MediaChange, RoomId},
    text::{MessageText, RawJson, Reference},
    user::{Name, Vocabulary},
};

use super::{Incoming, Join, Rejection, Request};
use crate::{
    ClaimedId, SizeLimits,
    claim::claims,
    json::{Fields, object, string, too_deep},
    limits::at_most,
    signal,
};

/// Fields of a relayed message that only the server sets.
const SERVER_FIELDS: [&str; 3] = ["from", "userId", "username"];
/// The same for messages about the state of a peer.
const STATE_FIELDS: [&str; 4] = ["from", "peerId", "userId", "username"];

/// A message of a client.
pub struct Message<'a> {
    kind: Cow<'a, str>,
    text: &'a str,
    fields: Fields<'a>,
    id: Option<Reference>,
    limits: &'a SizeLimits,
}

impl<'a> Message<'a> {
    /// Reads a text frame.
    ///
    /// # Errors
    /// Why it is no message.
    pub fn read(text: &'a str, limits: &'a SizeLimits) -> Result<Self, Rejection> {
        let text = text.trim();
        let Some(fields) = Fields::parse(text) else {
            return Err(Rejection::malformed("Invalid payload: message must be a JSON object"));
        };
        let Some(kind) = fields.value("type").and_then(string) else {
            return Err(Rejection::malformed("Invalid payload: type must be a string"));
        };
        let id = fields.field("id").reference();
        let id = id.map_err(|refusal| Rejection { id: None, malformed: false, refusal })?;
        Ok(Self { kind, text, fields, id, limits })
    }

    /// Who the client says it is, though nobody asked: in `join` it is a part of the request.
    pub fn claims(&self) -> impl Iterator<Item = ClaimedId<'_>> {
        claims(&self.fields).filter(|_| self.kind != "join")
    }

    /// What the client asks for.
    ///
    /// `room` is the room that the socket is in: without one only `join`, `leave`, `ping` and
    /// `heartbeat` are possible.
    ///
    /// # Errors
    /// Why it asks for nothing.
    pub fn request(self, room: Option<&RoomId>) -> Result<Incoming, Rejection> {
        match self.asked(room) {
            Ok(request) => Ok(Incoming { id: self.id, request }),
            Err(refusal) => Err(Rejection { id: self.id, malformed: false, refusal }),
        }
    }

    fn asked(&self, room: Option<&RoomId>) -> Result<Request, Refusal> {
        match &*self.kind {
            "join" => return self.join().map(Request::Join),
            "leave" => return Ok(Request::Leave),
            "ping" | "heartbeat" => {
                at_most(self.limits.ephemeral, self.text.len())?;
                return self.relay(&["type"]).map(Request::Ping);
            }
            _ => {}
        }
        let command = self.room_command()?;
        if room.is_none() {
            return Err(Code::NotInRoom.into());
        }
        Ok(Request::Room(command))
    }

    fn room_command(&self) -> Result<RoomCommand, Refusal> {
        Ok(match &*self.kind {
            "offer" | "answer" | "candidate" => self.signal()?,
            "screen-share-started" => self.state(|change| change.screen = Some(true))?,
            "screen-share-stopped" => self.state(|change| change.screen = Some(false))?,
            "raise-hand" => self.state(|change| change.hand = Some(true))?,
            "lower-hand" => self.state(|change| change.hand = Some(false))?,
            "chat-enabled" => RoomCommand::SwitchChat { enabled: true },
            "chat-disabled" => RoomCommand::SwitchChat { enabled: false },
            "chat" => {
                at_most(self.limits.message(), self.text.len())?;
                let text = self.fields.either(["text", "message"]);
                let text = text.required(|field| field.text(MessageText::parse))?;
                RoomCommand::Post(Post { text, content: Content::Text, attachments: None, reference: self.id.clone() })
            }
            "media-state" => self.media_state()?,
            "data" => {
                at_most(self.limits.ephemeral, self.text.len())?;
                RoomCommand::SendEphemeral {
                    to: self.fields.field("to").id(SocketId::parse)?,
                    kind: EphemeralKind::Data,
                    body: self.relay(&SERVER_FIELDS)?,
                }
            }
            _ => return Err(Code::UnknownEvent.into()),
        })
    }

    fn join(&self) -> Result<Join, Refusal> {
        at_most(self.limits.signal, self.text.len())?;
        let fields = &self.fields;
        Ok(Join {
            room: fields.either(["room", "roomId"]).id(RoomId::parse)?,
            // If it cannot be read, then it is as if it had not been said.
            user: fields.field("userId").id(UserId::parse).unwrap_or_default(),
            name: fields.either(["username", "name"]).text(Name::parse)?,
            token: fields.field("token").string()?.map(String::from),
            resume: fields.field("resume").string()?.map(String::from),
            since: fields.field("since").count()?,
            takeover: fields.field("takeover").flag()?.unwrap_or(false),
            media: Media {
                audio: fields.field("audio").flag()?.unwrap_or(true),
                video: fields.field("video").flag()?.unwrap_or(true),
                screen: false,
                hand: false,
                speaking: false,
            },
        })
    }

    fn signal(&self) -> Result<RoomCommand, Refusal> {
        at_most(self.limits.signal, self.text.len())?;
        let to = self.fields.either(["to", "target"]).required(|field| field.id(SocketId::parse))?;
        Ok(RoomCommand::Signal(Signal {
            to: SignalTarget::Socket(to),
            kind: signal::kind_of(&self.fields, Vocabulary::Mesh),
            body: self.relay(&SERVER_FIELDS)?,
        }))
    }

    /// A message about what the sender shows. Only a hand can be changed by somebody else.
    fn state(&self, set: fn(&mut MediaChange)) -> Result<RoomCommand, Refusal> {
        at_most(self.limits.ephemeral, self.text.len())?;
        let mut change = MediaChange::default();
        set(&mut change);
        let target = if change.hand == Some(false) { self.fields.field("peerId").id(SocketId::parse)? } else { None };
        Ok(RoomCommand::SetMedia { target, change, body: Some(self.relay(&STATE_FIELDS)?) })
    }

    fn media_state(&self) -> Result<RoomCommand, Refusal> {
        let (audio, video) = (self.fields.field("audio").flag()?, self.fields.field("video").flag()?);
        if audio.is_none() && video.is_none() {
            return Err(Refusal::invalid("audio", "or video is required"));
        }
        let change = MediaChange { audio, video, ..MediaChange::default() };
        Ok(RoomCommand::SetMedia { target: None, change, body: None })
    }

    /// The message as it came, but without some fields.
    fn relay(&self, without: &[&str]) -> Result<RawJson, Refusal> {
        if too_deep(self.text) {
            return Err(Refusal::invalid("message", "must not be nested so deep"));
        }
        if self.fields.iter().all(|(key, _)| !without.contains(&key)) {
            return Ok(RawJson::from_checked(self.text.to_owned()));
        }
        Ok(RawJson::from_checked(object(self.text.len(), |out| {
            for (key, value) in self.fields.iter().filter(|(key, _)| !without.contains(key)) {
                out.copy(key, value);
            }
        })))
    }
}
