//! Call signals: what vocabularies share, and the forms in which each wraps it.
//!
//! | shared | synapse `signal` | mesh message | guest-chat and collaboration |
//! |---|---|---|---|
//! | description | `{type: "offer" \| "answer", sdp}` | `{type, sdp: {type, sdp}}`, or `sdp` as a string | `{offer: {type, sdp}}`, `{answer: {type, sdp}}` |
//! | candidate | `{type: "candidate", candidate}`, `type` may be missing | `{type: "candidate", candidate}` | `{candidate}` |
//!
//! direct-chat has no signals. Everything else stays within its vocabulary. Between sockets of one vocabulary a body passes as
//! it came; it is unwrapped only to cross.

use heliograph_domain::{
    command::SignalKind,
    refusal::{Code, Refusal},
    text::RawJson,
    user::Vocabulary,
};

use crate::json::{Fields, object, string};

/// What is inside a signal, as JSON text.
enum Content<'a> {
    /// The SDP of an offer or answer: a JSON string.
    Description { kind: SignalKind, sdp: &'a str },
    /// An `RTCIceCandidateInit`; `None` for the end of candidates.
    Candidate(Option<&'a str>),
}

impl<'a> Content<'a> {
    fn of(body: &Fields<'a>, vocabulary: Vocabulary) -> Option<Self> {
        match vocabulary {
            Vocabulary::Synapse => Self::of_synapse(body),
            Vocabulary::Mesh => Self::of_mesh(body),
            Vocabulary::GuestChat | Vocabulary::Collaboration => Self::of_named(body),
            Vocabulary::DirectChat => None,
        }
    }

    fn of_synapse(signal: &Fields<'a>) -> Option<Self> {
        match named_kind(signal) {
            Some(SignalKind::Candidate) => candidate(signal),
            Some(kind) => description(kind, signal.value("sdp")?),
            None if signal.value("type").is_none() => candidate(signal),
            None => None,
        }
    }

    fn of_mesh(message: &Fields<'a>) -> Option<Self> {
        let kind = named_kind(message)?;
        if kind == SignalKind::Candidate {
            return candidate(message);
        }
        let sdp = message.value("sdp")?;
        match Fields::parse(sdp) {
            Some(inner) if named_kind(&inner) == Some(kind) => description(kind, inner.value("sdp")?),
            Some(_) => None,
            None => description(kind, sdp),
        }
    }

    /// The field's name says what it is.
    fn of_named(argument: &Fields<'a>) -> Option<Self> {
        let description_in = |kind, field| {
            let inner = Fields::parse(argument.value(field)?)?;
            description(kind, inner.value("sdp")?)
        };
        description_in(SignalKind::Offer, "offer")
            .or_else(|| description_in(SignalKind::Answer, "answer"))
            .or_else(|| candidate(argument))
    }
}

fn named_kind(fields: &Fields<'_>) -> Option<SignalKind> {
    match &*string(fields.value("type")?)? {
        "offer" => Some(SignalKind::Offer),
        "answer" => Some(SignalKind::Answer),
        "candidate" => Some(SignalKind::Candidate),
        _ => None,
    }
}

fn description<'a>(kind: SignalKind, sdp: &'a str) -> Option<Content<'a>> {
    sdp.starts_with('"').then_some(Content::Description { kind, sdp })
}

fn candidate<'a>(fields: &Fields<'a>) -> Option<Content<'a>> {
    match fields.value("candidate")? {
        "null" => Some(Content::Candidate(None)),
        init if init.starts_with('{') => Some(Content::Candidate(Some(init))),
        _ => None,
    }
}

/// What a signal body of this vocabulary is. Only what can be translated is anything but
/// [`SignalKind::Other`].
pub(crate) fn kind_of(body: &Fields<'_>, vocabulary: Vocabulary) -> SignalKind {
    match Content::of(body, vocabulary) {
        Some(Content::Description { kind, .. }) => kind,
        Some(Content::Candidate(_)) => SignalKind::Candidate,
        None => SignalKind::Other,
    }
}

/// The body of a signal in the form of the addressee's vocabulary.
///
/// Within one vocabulary that is the body itself. A signal whose kind is [`SignalKind::Other`], or
/// whose body is not what its vocabulary prescribes, cannot cross and is refused with
/// [`Code::InvalidPayload`]. A signal of any other kind made by this crate always can.
pub fn translate_signal(
    kind: SignalKind,
    body: &RawJson,
    from: Vocabulary,
    to: Vocabulary,
) -> Result<RawJson, Refusal> {
    if from == to {
        return Ok(body.clone());
    }
    let content = (kind != SignalKind::Other)
        .then(|| Fields::parse(body.as_str()))
        .flatten()
        .and_then(|fields| Content::of(&fields, from))
        .ok_or(Refusal::new(Code::InvalidPayload))?;
    let capacity = body.as_bytes().len() + 64;
    Ok(RawJson::from_checked(match to {
        Vocabulary::Synapse => synapse_form(&content, capacity),
        Vocabulary::Mesh => mesh_form(&content, capacity),
        Vocabulary::GuestChat | Vocabulary::Collaboration => named_form(&content, capacity),
        Vocabulary::DirectChat => return Err(Code::InvalidPayload.into()),
    }))
}

fn synapse_form(content: &Content<'_>, capacity: usize) -> String {
    // simple-peer ends the connection when it is given a `null` candidate. The end of candidates
    // has another form, an empty candidate line (RFC 8838, section 14), which it lets through.
    const END_OF_CANDIDATES: &str = r#"{"candidate":"","sdpMLineIndex":0}"#;
    object(capacity, |signal| match content {
        Content::Description { kind, sdp } => {
            signal.plain("type", name(*kind)).raw("sdp", sdp);
        }
        Content::Candidate(init) => {
            signal.plain("type", "candidate").raw("candidate", init.unwrap_or(END_OF_CANDIDATES));
        }
    })
}

fn mesh_form(content: &Content<'_>, capacity: usize) -> String {
    object(capacity, |message| match content {
        Content::Description { kind, sdp } => {
            message.plain("type", name(*kind)).object("sdp", |inner| {
                inner.plain("type", name(*kind)).raw("sdp", sdp);
            });
        }
        Content::Candidate(init) => {
            message.plain("type", "candidate").raw("candidate", init.unwrap_or("null"));
        }
    })
}

fn named_form(content: &Content<'_>, capacity: usize) -> String {
    object(capacity, |argument| match content {
        Content::Description { kind, sdp } => {
            argument.object(name(*kind), |inner| {
                inner.plain("type", name(*kind)).raw("sdp", sdp);
            });
        }
        Content::Candidate(init) => {
            argument.raw("candidate", init.unwrap_or("null"));
        }
    })
}

fn name(kind: SignalKind) -> &'static str {
    match kind {
        SignalKind::Offer => "offer",
        SignalKind::Answer => "answer",
        SignalKind::Candidate | SignalKind::Other => "candidate",
    }
}
