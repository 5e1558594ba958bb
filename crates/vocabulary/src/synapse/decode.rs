//! Event name and arguments to request.

use heliograph_domain::{
    command::{CallMedia, CallPlan, Join, RoomCommand, Signal, SignalTarget, Since, Status},
    id::{CallId, MessageId, UserId},
    refusal::{Code, Refusal},
    room::{MediaChange, RoomId},
    text::{Emoji, MessageText, RawJson},
    user::{Name, Vocabulary},
};

use super::{Authenticate, Request, message};
use crate::{
    ClaimedId, SizeLimits,
    claim::claims,
    json::{Field, Fields, too_deep},
    limits::at_most,
    signal,
};

/// Most users that may be named in one `call-initiate`.
const MAX_CALLED: usize = 200;

/// An event of a client: its name, and the fields of its argument.
pub struct Event<'a> {
    name: &'a str,
    fields: Fields<'a>,
    limits: &'a SizeLimits,
}

impl<'a> Event<'a> {
    /// Reads an event. `args` are its arguments as JSON text, of which only the first counts.
    ///
    /// # Errors
    /// [`Code::TooLarge`], or [`Code::InvalidPayload`] if the argument is no object.
    pub fn read(name: &'a str, args: &[&'a str], limits: &'a SizeLimits) -> Result<Self, Refusal> {
        let argument = args.first().map_or("{}", |argument| argument.trim());
        at_most(largest(name, limits), argument.len())?;
        let fields = match argument {
            "null" => Fields::none(),
            _ => Fields::parse(argument).ok_or_else(|| Refusal::invalid("argument", "must be an object"))?,
        };
        Ok(Self { name, fields, limits })
    }

    /// Who the client says it is, though nobody asked: in `authenticate` it is a part of the request.
    pub fn claims(&self) -> impl Iterator<Item = ClaimedId<'_>> {
        claims(&self.fields).filter(|_| self.name != "authenticate")
    }

    /// What the client asks for.
    ///
    /// # Errors
    /// [`Code::UnknownEvent`] for unknown names, [`Code::InvalidPayload`] for payloads that break a rule and
    /// [`Code::TooLarge`] for parts that are too large.
    pub fn request(&self) -> Result<Request, Refusal> {
        request(self.name, &self.fields, self.limits)
    }
}

fn request(name: &str, fields: &Fields<'_>, limits: &SizeLimits) -> Result<Request, Refusal> {
    match name {
        "authenticate" => authenticate(fields),
        "message:send" => {
            let room = room(fields)?;
            Ok(Request::Room { room, command: RoomCommand::Post(message::post(fields, limits)?) })
        }
        "typing:start" => in_room(fields, RoomCommand::SetTyping { on: true }),
        "typing:stop" => in_room(fields, RoomCommand::SetTyping { on: false }),
        "message:react" => react(fields, true),
        "message:unreact" => react(fields, false),
        "room:join" => {
            let since = fields.field("since").count()?.map(Since::Seq);
            in_room(
                fields,
                RoomCommand::Join(Join { since, explicit: true, peer: None, takeover: false, contents: false }),
            )
        }
        "room:leave" => {
            let permanent = fields.field("permanent").flag()?.unwrap_or(false);
            in_room(fields, RoomCommand::Leave { permanent })
        }
        "call-initiate" => initiate_call(fields),
        "call-accept" => in_call(fields, RoomCommand::AcceptCall),
        "call-reject" => reject_call(fields),
        "call-end" => in_call(fields, RoomCommand::EndCall),
        "webrtc-signal" => relay_signal(fields),
        "call-mute" => media(fields, |change| change.audio = Some(false)),
        "call-unmute" => media(fields, |change| change.audio = Some(true)),
        "call-video-on" => media(fields, |change| change.video = Some(true)),
        "call-video-off" => media(fields, |change| change.video = Some(false)),
        "call-screen-share-start" => media(fields, |change| change.screen = Some(true)),
        "call-screen-share-stop" => media(fields, |change| change.screen = Some(false)),
        "presence:update" => set_status(fields),
        _ => Err(Code::UnknownEvent.into()),
    }
}

fn largest(name: &str, limits: &SizeLimits) -> usize {
    match name {
        "message:send" => limits.message(),
        "typing:start" | "typing:stop" | "presence:update" => limits.ephemeral,
        _ => limits.signal,
    }
}

fn room(fields: &Fields<'_>) -> Result<RoomId, Refusal> {
    fields.field("roomId").required(|field| field.id(RoomId::parse))
}

fn call(fields: &Fields<'_>) -> Result<CallId, Refusal> {
    fields.field("callId").required(|field| field.id(CallId::parse))
}

fn in_room(fields: &Fields<'_>, command: RoomCommand) -> Result<Request, Refusal> {
    Ok(Request::Room { room: room(fields)?, command })
}

fn in_call(fields: &Fields<'_>, command: RoomCommand) -> Result<Request, Refusal> {
    Ok(Request::Call { call: call(fields)?, command })
}

fn authenticate(fields: &Fields<'_>) -> Result<Request, Refusal> {
    Ok(Request::Authenticate(Authenticate {
        token: fields.field("token").string()?.map(String::from),
        // What the client says about itself never outweighs a token. If it cannot be used, then it
        // is as if it had not been said.
        user: fields.field("userId").id(UserId::parse).unwrap_or_default(),
        name: fields.field("userName").text(Name::parse).unwrap_or_default(),
    }))
}

fn react(fields: &Fields<'_>, on: bool) -> Result<Request, Refusal> {
    let message = fields.field("messageId").required(|field| field.id(MessageId::parse))?;
    let emoji = fields.field("emoji").required(|field| field.text(Emoji::parse))?;
    in_room(fields, RoomCommand::React { message, emoji, on })
}

fn initiate_call(fields: &Fields<'_>) -> Result<Request, Refusal> {
    let call = fields.field("callId").id(CallId::parse)?.unwrap_or_else(CallId::generate);
    let room = fields.field("roomId").id(RoomId::parse)?;
    let participants = fields.field("participants").ids(MAX_CALLED, UserId::parse)?;
    if room.is_none() && participants.is_empty() {
        return Err(fields.field("roomId").refuse("or participants is required"));
    }
    let media = choice(&fields.field("type"), &[("video", CallMedia::Video), ("audio", CallMedia::Audio)])?;
    Ok(Request::Call { call, command: RoomCommand::InitiateCall(CallPlan { media, room, participants }) })
}

fn reject_call(fields: &Fields<'_>) -> Result<Request, Refusal> {
    let reason = fields.field("reason").text(MessageText::parse_or_blank)?;
    in_call(fields, RoomCommand::RejectCall { reason: reason.filter(|reason| !reason.is_blank()) })
}

fn relay_signal(fields: &Fields<'_>) -> Result<Request, Refusal> {
    let to = fields.field("to").required(|field| field.id(UserId::parse))?;
    let field = fields.field("signal");
    let json = field.raw().ok_or_else(|| field.refuse("is required"))?;
    let signal = Fields::parse(json).ok_or_else(|| field.refuse("must be an object"))?;
    if too_deep(json) {
        return Err(field.refuse("must not be nested so deep"));
    }
    in_call(
        fields,
        RoomCommand::Signal(Signal {
            to: SignalTarget::User(to),
            kind: signal::kind_of(&signal, Vocabulary::Synapse),
            body: RawJson::from_checked(json.to_owned()),
        }),
    )
}

fn media(fields: &Fields<'_>, set: fn(&mut MediaChange)) -> Result<Request, Refusal> {
    let mut change = MediaChange::default();
    set(&mut change);
    in_call(fields, RoomCommand::SetMedia { target: None, change, body: None })
}

fn set_status(fields: &Fields<'_>) -> Result<Request, Refusal> {
    let known = [Status::Online, Status::Away, Status::Busy, Status::Offline].map(|status| (status.name(), status));
    choice(&fields.field("status"), &known).map(Request::SetStatus)
}

/// A string that is one of a few.
fn choice<T: Copy>(field: &Field<'_>, known: &[(&str, T)]) -> Result<T, Refusal> {
    let given = field.string()?.ok_or_else(|| field.refuse("is required"))?;
    known.iter().find(|(name, _)| *name == given).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        field.refuse(format_args!("must be one of {}", names.join(", ")))
    })
}
