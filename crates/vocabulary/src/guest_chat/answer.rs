//! What a client hears of its own request, and of itself.

use std::borrow::Cow;

use heliograph_domain::{
    command::{Post, RoomCommand},
    outcome::RoomOutcome,
    refusal::{Code, Refusal},
};

use super::encode::user_joined;
use crate::{
    Encoded, Greeting, Request,
    answer::{error, success},
    json::{Object, object},
};

/// The argument of the acknowledgement of an event whose command was carried out.
pub fn ack(event: &str, request: &Request, outcome: &RoomOutcome) -> String {
    success(|out| match (event, request, outcome) {
        ("user:match", ..) => {
            out.plain("status", "searching");
        }
        (_, Request::Room { command: RoomCommand::Post(post), .. }, RoomOutcome::Posted { .. }) => {
            sent(out, post, outcome);
        }
        _ => {}
    })
}

/// What the client hears besides.
pub fn told(request: &Request, outcome: &RoomOutcome) -> Vec<Encoded> {
    match (request, outcome) {
        (Request::Room { command: RoomCommand::Post(post), .. }, RoomOutcome::Posted { .. }) => {
            vec![("chat:message:sent", object(128, |out| sent(out, post, outcome)))]
        }
        // Who is there already when a guest comes.
        (Request::Room { command: RoomCommand::Join(_), .. }, RoomOutcome::Joined(joined)) => {
            let mut partners: Vec<_> = joined.peers.iter().map(|peer| &peer.user).collect();
            partners.dedup_by(|one, other| one.id == other.id);
            partners.into_iter().map(user_joined).collect()
        }
        _ => Vec::new(),
    }
}

fn sent(out: &mut Object<'_>, post: &Post, outcome: &RoomOutcome) {
    let RoomOutcome::Posted { message, at, .. } = outcome else { return };
    out.text("messageId", message.as_str()).plain("timestamp", at).plain("status", "sent");
    if let Some(reference) = &post.reference {
        out.raw("clientId", reference.as_json());
    }
}

/// A refusal in the words of the vocabulary.
pub fn worded(event: &str, refusal: &Refusal) -> Refusal {
    let message = match (family(event), refusal.code) {
        ("user:match:error", Code::Unavailable) => "Matching failed",
        ("chat:error", Code::NotInRoom) => "You are not in a chat",
        ("chat:error", Code::InvalidPayload) if event == "chat:message" => "Invalid message format",
        ("webrtc:error", Code::InvalidPayload) => "Invalid signal",
        ("webrtc:error", Code::NotFound | Code::NotInRoom | Code::NotAllowed | Code::UserNotConnected) => {
            return Refusal::new(Code::UserNotConnected);
        }
        _ => return refusal.clone(),
    };
    Refusal { message: Cow::Borrowed(message), ..refusal.clone() }
}

/// The event by which a client is told of a refusal.
pub fn refused(event: &str, refusal: &Refusal) -> Encoded {
    let family = if refusal.code == Code::AuthRequired { "error" } else { family(event) };
    (family, error(Some(event), refusal))
}

fn family(event: &str) -> &'static str {
    if event.starts_with("user:match") {
        "user:match:error"
    } else if event.starts_with("webrtc:") {
        "webrtc:error"
    } else if event.starts_with("chat:") || matches!(event, "leave-room" | "close-room") {
        "chat:error"
    } else {
        "error"
    }
}

/// What a client hears when the cluster knows who it is.
pub fn greeting(greeting: &Greeting<'_>) -> Encoded {
    let Greeting { user, socket, session, .. } = greeting;
    let payload = object(160, |out| {
        out.text("userId", user.id.as_str())
            .text("username", user.name.as_str())
            .text("socketId", socket.as_str())
            .flag("isGuest", user.guest)
            .optional_text("sessionId", *session);
    });
    ("connection:established", payload)
}

#[cfg(test)]
mod tests {
    use heliograph_domain::{
        id::{SocketId, UserId},
        user::{Name, User},
    };

    use super::*;

    #[test]
    fn a_guest_is_told_who_it_is() {
        let (id, name) = (UserId::parse("guest_1").unwrap(), Name::parse("Guest-0001").unwrap());
        let (user, socket) = (User { id, name, picture: None, guest: true }, SocketId::parse("s1").unwrap());
        let told = |session| greeting(&Greeting { user: &user, socket: &socket, rooms: &[], session }).1;
        let who = r#"{"userId":"guest_1","username":"Guest-0001","socketId":"s1","isGuest":true"#;
        assert_eq!(told(Some("session_1")), format!(r#"{who},"sessionId":"session_1"}}"#));
        assert_eq!(told(None), format!(r#"{who},"sessionId":null}}"#));
    }
}
