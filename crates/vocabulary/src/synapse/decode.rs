//! Event name and arguments to request.

use heliograph_domain::{
    command::{CallMedia, CallPlan, Join, RoomCommand, Signal, SignalTarget, Since, Status},
    id::{CallId, MessageId, UserId},
    refusal::{Code, Refusal},
    room::{MediaChange, RoomId},
    text::{Emoji, MessageText, RawJson},
    user::{Name, Vocabulary},
};

use super::message;
use crate::{
    Asked, Authenticate, Request, Said, SizeLimits,
    claim::claims,
    json::{Field, Fields, too_deep},
    signal,
};

/// Most users that may be named in one `call-initiate`.
const MAX_CALLED: usize = 200;

/// Understands an event of a client.
pub fn read<'a>(said: &Said<'a>, limits: &SizeLimits) -> Asked<'a> {
    let fields = said.without_attachments().and_then(|()| said.fields(largest(said.name, limits)));
    match fields {
        Ok(fields) => Asked {
            // In `authenticate` who the client is belongs to the request.
            claims: if said.name == "authenticate" { Vec::new() } else { claims(&fields).collect() },
            reference: None,
            request: request(said.name, &fields, limits),
        },
        Err(refusal) => Asked::refused(refusal),
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
        "call-end" => in_call(fields, RoomCommand::EndCall { unanswered: false }),
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
