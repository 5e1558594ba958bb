//! The namespace `/matching`: answering matches, and invitations into sessions.

use heliograph_domain::{
    command::RoomCommand,
    event::Event,
    id::{InviteId, MatchId, UserId},
    matching::{
        CancelReason, Invitation, InviteAnswer, Match, MatchingCommand, MatchingEvent, MatchingOutcome, Proposal,
    },
    outcome::RoomOutcome,
    refusal::{Code, Refusal},
    room::RoomId,
    text::MessageText,
};

use crate::{
    Asked, Encoded, Request, Said, SizeLimits,
    answer::success,
    claim::claims,
    json::{Fields, object},
};

/// What clients emit.
pub const CLIENT_EVENTS: [&str; 3] = ["match_response", "session_invite", "session_invite_response"];

/// What the server emits.
pub const SERVER_EVENTS: [&str; 7] = [
    "match_found",
    "match_response",
    "match_confirmed",
    "match_cancelled",
    "session_invite",
    "session_invite_response",
    "error",
];

/// Understands an event of a client.
pub fn read<'a>(said: &Said<'a>, limits: &SizeLimits) -> Asked<'a> {
    let fields = said.without_attachments().and_then(|()| said.fields(limits.ephemeral));
    match fields {
        Ok(fields) => Asked {
            // Whom an invitation is for is no claim to be them.
            claims: if said.name == "session_invite" { Vec::new() } else { claims(&fields).collect() },
            reference: None,
            request: command(said.name, &fields)
                .map(|command| Request::Room { room: RoomId::matching(), command: RoomCommand::Matching(command) }),
        },
        Err(refusal) => Asked::refused(refusal),
    }
}

fn command(name: &str, fields: &Fields<'_>) -> Result<MatchingCommand, Refusal> {
    Ok(match name {
        "match_response" => MatchingCommand::RespondToMatch {
            match_id: fields.field("matchId").required(|field| field.id(MatchId::parse))?,
            accept: answer(fields)?,
        },
        "session_invite" => MatchingCommand::Invite {
            to: fields.either(["to", "userId"]).required(|field| field.id(UserId::parse))?,
            session: fields.field("sessionId").required(|field| field.id(RoomId::parse))?,
            message: fields.field("message").text(MessageText::parse_or_blank)?.filter(|text| !text.is_blank()),
        },
        "session_invite_response" => MatchingCommand::RespondToInvite {
            invite: fields.field("inviteId").required(|field| field.id(InviteId::parse))?,
            accept: answer(fields)?,
        },
        _ => return Err(Code::UnknownEvent.into()),
    })
}

/// `response: "accept" | "decline"`, or `accepted: boolean`.
fn answer(fields: &Fields<'_>) -> Result<bool, Refusal> {
    let field = fields.field("response");
    match field.string()?.as_deref() {
        Some("accept") => Ok(true),
        Some("decline") => Ok(false),
        Some(_) => Err(field.refuse("must be one of accept, decline")),
        None => fields.field("accepted").flag()?.ok_or_else(|| field.refuse("is required")),
    }
}

const fn response(accepted: bool) -> &'static str {
    let answer = if accepted { InviteAnswer::Accepted } else { InviteAnswer::Declined };
    answer.name()
}

/// The argument of the acknowledgement of an event whose command was carried out.
pub fn ack(outcome: &RoomOutcome) -> String {
    success(|out| {
        let RoomOutcome::Matching(outcome) = outcome else { return };
        match outcome {
            MatchingOutcome::Answered { match_id, state } => {
                out.text("matchId", match_id.as_str()).plain("status", state.name());
            }
            MatchingOutcome::Invited { invite, expires_at, delivered } => {
                out.text("inviteId", invite.as_str()).plain("expiresAt", expires_at).flag("delivered", *delivered);
            }
            MatchingOutcome::InviteAnswered { invite, session, accepted } => {
                let status = if *accepted { "accepted" } else { "declined" };
                out.text("inviteId", invite.as_str()).plain("status", status).text("sessionId", session.as_str());
            }
            MatchingOutcome::Queue(_) | MatchingOutcome::Pending { .. } | MatchingOutcome::Done => {}
        }
    })
}

/// What awaits the user's answer, as a client hears that has just connected.
pub fn pending(outcome: &RoomOutcome) -> Vec<Encoded> {
    let RoomOutcome::Matching(MatchingOutcome::Pending { proposal, invitations }) = outcome else { return Vec::new() };
    proposal.iter().map(found).chain(invitations.iter().map(invited)).collect()
}

/// What clients hear of an event; nothing if the namespace has no form for it.
pub fn encode(event: &Event) -> Option<Encoded> {
    let Event::Matching(event) = event else { return None };
    Some(match event {
        MatchingEvent::MatchProposed(proposal) => found(proposal),
        MatchingEvent::MatchAnswered { match_id, user, accepted } => {
            let payload = object(128, |out| {
                out.text("matchId", match_id.as_str())
                    .text("userId", user.as_str())
                    .plain("response", response(*accepted));
            });
            ("match_response", payload)
        }
        MatchingEvent::MatchConfirmed(made) => confirmed(made),
        MatchingEvent::MatchCancelled { match_id, reason, requeued, .. } => cancelled(match_id, *reason, *requeued),
        MatchingEvent::InviteReceived(invitation) => invited(invitation),
        MatchingEvent::InviteAnswered { invite, session, user, name, answer } => {
            let payload = object(192, |out| {
                out.text("inviteId", invite.as_str())
                    .text("sessionId", session.as_str())
                    .text("userId", user.as_str())
                    .optional_text("userName", name.as_ref().map(|name| name.as_str()))
                    .plain("response", answer.name());
            });
            ("session_invite_response", payload)
        }
        MatchingEvent::QueueEntered(_)
        | MatchingEvent::QueuePositionChanged(_)
        | MatchingEvent::QueueMatched(_)
        | MatchingEvent::QueueLeft(_)
        | MatchingEvent::QueueExpired(_) => return None,
    })
}

pub(super) fn found(proposal: &Proposal) -> Encoded {
    let criteria = proposal.peer_criteria.as_ref();
    let payload = object(256 + criteria.map_or(0, |json| json.as_bytes().len()), |out| {
        out.text("matchId", proposal.match_id.as_str())
            .text("queue", proposal.queue.as_str())
            .object("peer", |out| {
                let peer = &proposal.peer;
                out.text("userId", peer.id.as_str())
                    .text("userName", peer.name.as_str())
                    .optional_text("picture", peer.picture.as_deref())
                    .raw("criteria", criteria.map_or("{}", |json| json.as_str()));
            })
            .plain("expiresAt", proposal.expires_at);
    });
    ("match_found", payload)
}

pub(super) fn confirmed(made: &Match) -> Encoded {
    let payload = object(256, |out| {
        out.text("matchId", made.match_id.as_str()).text("sessionId", made.room.as_str()).objects(
            "participants",
            &made.participants,
            |out, user| {
                out.text("userId", user.id.as_str())
                    .text("userName", user.name.as_str())
                    .optional_text("picture", user.picture.as_deref());
            },
        );
    });
    ("match_confirmed", payload)
}

pub(super) fn cancelled(match_id: &MatchId, reason: CancelReason, requeued: bool) -> Encoded {
    let payload = object(96, |out| {
        out.text("matchId", match_id.as_str()).plain("reason", reason.name()).flag("requeued", requeued);
    });
    ("match_cancelled", payload)
}

fn invited(invitation: &Invitation) -> Encoded {
    let payload = object(256, |out| {
        out.text("inviteId", invitation.invite.as_str())
            .text("sessionId", invitation.session.as_str())
            .object("from", |out| {
                out.text("userId", invitation.from.id.as_str()).text("userName", invitation.from.name.as_str());
            })
            .optional_text("message", invitation.message.as_ref().map(MessageText::as_str))
            .plain("expiresAt", invitation.expires_at);
    });
    ("session_invite", payload)
}
