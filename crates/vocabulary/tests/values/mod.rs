//! The domain values that the transcripts speak of.

use std::time::Duration;

use heliograph_domain::{
    activity::EphemeralKind,
    command::*,
    content::Content,
    delivery::LogEntry,
    event::*,
    id::*,
    matching::*,
    outcome::*,
    room::*,
    text::{Emoji, MessageText, RawJson, Reference},
    time::Timestamp,
    user::{Name, User, Vocabulary},
};

pub(crate) const NOON: Timestamp = Timestamp::from_millis(1_765_540_800_000);

pub(crate) fn socket(id: &str) -> SocketId {
    SocketId::parse(id).unwrap()
}

pub(crate) fn room(id: &str) -> RoomId {
    RoomId::parse(id).unwrap()
}

fn user_id(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

fn user(id: &str, name: &str, picture: Option<&str>) -> User {
    User { id: user_id(id), name: Name::parse(name).unwrap(), picture: picture.map(Into::into), guest: false }
}

pub(crate) fn ann() -> User {
    user("u_ann", "Ann", Some("https://example.org/ann.png"))
}

pub(crate) fn bob() -> User {
    user("u_bob", "Bob \"B\"", None)
}

fn call() -> CallId {
    CallId::parse("call_1").unwrap()
}

fn message_id() -> MessageId {
    MessageId::parse("msg_1").unwrap()
}

fn text(text: &str) -> MessageText {
    MessageText::parse_or_blank(text).unwrap()
}

fn json(text: &'static str) -> RawJson {
    RawJson::from_checked(text)
}

fn peer(id: &str, user: User) -> Peer {
    Peer { socket: socket(id), user, media: Media { audio: true, ..Media::default() }, joined_at: NOON }
}

fn message(words: &str) -> Message {
    Message {
        id: message_id(),
        author: ann(),
        socket: Some(socket("s_ann")),
        peer: false,
        text: text(words),
        content: Content::Text,
        attachments: None,
        reference: None,
    }
}

pub(crate) fn events() -> Vec<Event> {
    let mut events = messages();
    events.extend(of_rooms());
    events.extend(of_media());
    events.extend(signals());
    events.extend(of_calls());
    events.extend(of_presence());
    events.extend(of_matching().into_iter().map(Event::Matching));
    events.extend(of_pairs());
    events
}

/// What happens to two who were matched.
fn of_pairs() -> Vec<Event> {
    let status = |state| QueueStatus {
        queue: QueueName::guests(),
        state,
        position: 1,
        size: 3,
        estimated_wait: None,
        joined_at: NOON,
    };
    let found = Match {
        match_id: MatchId::parse("match_1").unwrap(),
        queue: QueueName::guests(),
        room: room("match:match_1"),
        peer: bob(),
        participants: vec![ann(), bob()],
        initiator: true,
    };
    let call_end = |reason, by: Option<&User>| Event::CallEnded {
        call: call(),
        by: by.map(|by| by.id.clone()),
        reason,
        from: Some(bob()),
    };
    let signal = |kind, body| Event::SignalRelayed {
        from: ann(),
        socket: socket("s_ann"),
        kind,
        vocabulary: Vocabulary::GuestChat,
        body: json(body),
    };
    vec![
        Event::Matching(MatchingEvent::QueueEntered(status(QueueState::Waiting))),
        Event::Matching(MatchingEvent::QueuePositionChanged(status(QueueState::Waiting))),
        Event::Matching(MatchingEvent::QueueLeft(status(QueueState::Left))),
        Event::Matching(MatchingEvent::QueueExpired(status(QueueState::Expired))),
        Event::Matching(MatchingEvent::MatchConfirmed(found)),
        Event::MessagePosted(Message {
            content: Content::Voice(json(r#"{"url":"https://example.org/a.ogg","duration":3}"#)),
            ..message("")
        }),
        Event::MessagePosted(Message { content: Content::Encrypted(json(r#"{"ciphertext":"x"}"#)), ..message("") }),
        Event::MessageDelivered { message: message_id(), author: user_id("u_ann"), to: user_id("u_bob") },
        Event::HistoryCleared { by: bob() },
        Event::RoomClosed { reason: CloseReason::ClosedByUser, by: Some(bob()) },
        Event::RoomClosed { reason: CloseReason::Expired, by: None },
        signal(SignalKind::Offer, r#"{"offer":{"type":"offer","sdp":"v=0\r\n"},"type":"video"}"#),
        signal(SignalKind::Answer, r#"{"answer":{"type":"answer","sdp":"v=0\r\n"},"from":"u_eve"}"#),
        signal(SignalKind::Candidate, r#"{"candidate":null}"#),
        call_end(CallEndReason::UserEnded, Some(&bob())),
        call_end(CallEndReason::NoAnswer, Some(&bob())),
        call_end(CallEndReason::NoAnswer, None),
    ]
}

fn messages() -> Vec<Event> {
    let files = r#"[{"name":"plan.pdf","url":"https://example.org/plan.pdf"},{"size":3}]"#;
    let react = |on| Event::ReactionChanged {
        message: message_id(),
        user: ann(),
        emoji: Emoji::parse("\u{1F44D}").unwrap(),
        on,
    };
    vec![
        Event::MessagePosted(message("Hello\n\"all\"")),
        Event::MessagePosted(Message { reference: Some(Reference::from_checked("\"t-1\"")), ..message("Mine") }),
        Event::MessagePosted(Message { peer: true, author: bob(), ..message("From a peer") }),
        Event::MessagePosted(Message { socket: None, ..message("By HTTP") }),
        Event::MessagePosted(Message { attachments: Some(json(files)), ..message("") }),
        Event::MessagePosted(Message { attachments: Some(json(files)), ..message("See:") }),
        Event::MessageDelivered { message: message_id(), author: user_id("u_ann"), to: user_id("u_bob") },
        Event::MessageRead { message: message_id(), reader: user_id("u_bob") },
        Event::MessagePosted(Message {
            content: Content::Encrypted(json(r#"{"ciphertext":"x","nonce":"y","keyId":"z"}"#)),
            ..message("")
        }),
        Event::MessagePosted(Message {
            content: Content::File(json(r#"{"name":"a.txt","type":"text/plain","size":1,"url":"https://x/a"}"#)),
            ..message("")
        }),
        react(true),
        react(false),
        Event::TypingChanged { user: ann(), on: true },
        Event::TypingChanged { user: ann(), on: false },
        Event::ChatSwitched { enabled: true, by: ann(), socket: socket("s_ann") },
        Event::ChatSwitched { enabled: false, by: ann(), socket: socket("s_ann") },
    ]
}

fn of_rooms() -> Vec<Event> {
    let joined = |announced, peer| Event::MemberJoined { user: ann(), socket: socket("s_ann"), announced, peer };
    let left =
        |announced, peer, reason| Event::MemberLeft { user: ann(), socket: socket("s_ann"), announced, peer, reason };
    vec![
        joined(true, None),
        joined(true, Some(peer("s_ann", ann()))),
        joined(false, None),
        left(true, false, LeaveReason::Left),
        left(true, true, LeaveReason::Left),
        left(false, true, LeaveReason::Disconnected),
        left(false, true, LeaveReason::Removed),
        left(false, false, LeaveReason::Disconnected),
        Event::RoomClosed { reason: CloseReason::System, by: None },
        Event::RoomClosed { reason: CloseReason::CallEnded, by: None },
        Event::HostChanged { host: socket("s_bob") },
        Event::EphemeralSent {
            from: ann(),
            socket: socket("s_ann"),
            kind: EphemeralKind::Data,
            body: json(r#"{"type":"data","x":1.50,"to":null}"#),
        },
    ]
}

fn of_media() -> Vec<Event> {
    let changed = |peer, change, media, body| Event::MediaChanged {
        by: ann(),
        socket: socket("s_ann"),
        peer: socket(peer),
        change,
        media,
        body,
    };
    let (none, off) = (MediaChange::default(), Media::default());
    vec![
        changed("s_ann", MediaChange { audio: Some(false), ..none }, Media { video: true, ..off }, None),
        changed("s_ann", MediaChange { audio: Some(true), ..none }, Media { audio: true, ..off }, None),
        changed(
            "s_ann",
            MediaChange { audio: Some(true), video: Some(false), ..none },
            Media { audio: true, ..off },
            None,
        ),
        changed("s_ann", MediaChange { video: Some(true), ..none }, Media { video: true, ..off }, None),
        changed("s_ann", MediaChange { screen: Some(true), ..none }, Media { screen: true, ..off }, None),
        changed("s_ann", MediaChange { screen: Some(false), ..none }, off, None),
        changed(
            "s_ann",
            MediaChange { screen: Some(true), ..none },
            Media { screen: true, ..off },
            Some(json(r#"{"type":"screen-share-started","streamId":"{7}"}"#)),
        ),
        changed("s_ann", MediaChange { hand: Some(true), ..none }, Media { hand: true, ..off }, None),
        changed("s_bob", MediaChange { hand: Some(false), ..none }, off, Some(json(r#"{"type":"lower-hand"}"#))),
    ]
}

fn signals() -> Vec<Event> {
    use SignalKind::*;
    use Vocabulary::*;
    [
        (Offer, Synapse, r#"{"type":"offer","sdp":"v=0\r\n"}"#),
        (Answer, Synapse, r#"{"sdp":"v=0\r\n","type":"answer"}"#),
        (Candidate, Synapse, r#"{"candidate":{"candidate":"candidate:1","sdpMid":"0"}}"#),
        (Other, Synapse, r#"{"renegotiate":true}"#),
        (Offer, Mesh, r#"{"type":"offer","to":"s_bob","sdp":{"type":"offer","sdp":"v=0\r\n"},"extra":[1]}"#),
        (Answer, Mesh, r#"{"type":"answer","to":"s_bob","sdp":"v=0\r\n"}"#),
        (Candidate, Mesh, r#"{"type":"candidate","to":"s_bob","candidate":{"candidate":"candidate:1"}}"#),
        (Candidate, Mesh, r#"{"type":"candidate","to":"s_bob","candidate":null}"#),
        (Other, Mesh, r#"{"type":"offer","to":"s_bob","description":"v=0\r\n"}"#),
    ]
    .map(|(kind, vocabulary, body)| Event::SignalRelayed {
        from: ann(),
        socket: socket("s_ann"),
        kind,
        vocabulary,
        body: json(body),
    })
    .into()
}

fn of_calls() -> Vec<Event> {
    let mut events = vec![
        Event::CallRinging { call: call(), room: Some(room("room_1")), from: ann(), media: CallMedia::Video },
        Event::CallRinging { call: call(), room: None, from: ann(), media: CallMedia::Audio },
        Event::CallParticipantUnavailable { call: call(), user: user_id("u_bob"), reason: Unavailable::Offline },
        Event::CallParticipantUnavailable { call: call(), user: user_id("u_bob"), reason: Unavailable::Busy },
        Event::CallAccepted { call: call(), by: bob() },
        Event::CallRejected { call: call(), by: bob(), reason: None },
        Event::CallRejected { call: call(), by: bob(), reason: Some(text("In a meeting")) },
        Event::CallAnsweredElsewhere { call: call(), accepted: true },
        Event::CallAnsweredElsewhere { call: call(), accepted: false },
        Event::CallParticipantJoined { call: call(), peer: peer("s_bob", bob()) },
        Event::CallParticipantLeft { call: call(), user: bob(), socket: Some(socket("s_bob")) },
        Event::CallParticipantLeft { call: call(), user: bob(), socket: None },
        Event::CallEnded {
            call: call(),
            by: Some(user_id("u_ann")),
            reason: CallEndReason::UserEnded,
            from: Some(ann()),
        },
    ];
    let reasons =
        [CallEndReason::Rejected, CallEndReason::NoAnswer, CallEndReason::ParticipantsLeft, CallEndReason::RoomClosed];
    events.extend(reasons.map(|reason| Event::CallEnded { call: call(), by: None, reason, from: None }));
    events
}

fn of_presence() -> Vec<Event> {
    let mut events = vec![Event::UserOnline { user: ann() }, Event::UserOffline { user: ann(), last_seen: NOON }];
    events.extend([Status::Online, Status::Away, Status::Busy, Status::Offline].map(|status| Event::PresenceChanged {
        user: ann(),
        status,
        last_seen: NOON,
    }));
    events
}

fn match_id() -> MatchId {
    MatchId::parse("match_1").unwrap()
}

fn invite_id() -> InviteId {
    InviteId::parse("invite_1").unwrap()
}

fn waits() -> QueueStatus {
    QueueStatus {
        queue: QueueName::default(),
        state: QueueState::Waiting,
        position: 3,
        size: 9,
        estimated_wait: Some(Duration::from_millis(90_200)),
        joined_at: NOON,
    }
}

fn no_longer(state: QueueState) -> QueueStatus {
    QueueStatus { state, position: 0, size: 0, estimated_wait: None, ..waits() }
}

fn of_matching() -> Vec<MatchingEvent> {
    let (bobs, invitation) = (
        Proposal {
            match_id: match_id(),
            queue: QueueName::default(),
            peer: bob(),
            peer_criteria: Some(json(r#"{"offers":["go"]}"#)),
            expires_at: NOON,
            accepted: false,
        },
        Invitation {
            invite: invite_id(),
            session: room("session_1"),
            from: bob(),
            message: Some(text("Join us")),
            expires_at: NOON,
        },
    );
    let answered = |accepted| MatchingEvent::MatchAnswered { match_id: match_id(), user: user_id("u_bob"), accepted };
    let cancelled = |reason, requeued| MatchingEvent::MatchCancelled {
        match_id: match_id(),
        queue: QueueName::default(),
        reason,
        requeued,
    };
    let invite_answered = |answer| MatchingEvent::InviteAnswered {
        invite: invite_id(),
        session: room("session_1"),
        user: user_id("u_bob"),
        name: (answer != InviteAnswer::Expired).then(|| bob().name),
        answer,
    };
    vec![
        MatchingEvent::QueueEntered(waits()),
        MatchingEvent::QueuePositionChanged(waits()),
        MatchingEvent::QueueMatched(no_longer(QueueState::Matched)),
        MatchingEvent::QueueLeft(no_longer(QueueState::Left)),
        MatchingEvent::QueueExpired(no_longer(QueueState::Expired)),
        MatchingEvent::MatchProposed(bobs.clone()),
        MatchingEvent::MatchProposed(Proposal { peer: ann(), peer_criteria: None, ..bobs }),
        answered(true),
        answered(false),
        MatchingEvent::MatchConfirmed(Match {
            match_id: match_id(),
            queue: QueueName::default(),
            room: room("session_1"),
            peer: bob(),
            participants: vec![ann(), bob()],
            initiator: false,
        }),
        cancelled(CancelReason::Declined, true),
        cancelled(CancelReason::Expired, false),
        cancelled(CancelReason::Disconnected, true),
        MatchingEvent::InviteReceived(invitation.clone()),
        MatchingEvent::InviteReceived(Invitation { from: ann(), message: None, ..invitation }),
        invite_answered(InviteAnswer::Accepted),
        invite_answered(InviteAnswer::Declined),
        invite_answered(InviteAnswer::Expired),
    ]
}

fn matching_outcomes() -> Vec<MatchingOutcome> {
    let answered = |state| MatchingOutcome::Answered { match_id: match_id(), state };
    let invite_answered =
        |accepted| MatchingOutcome::InviteAnswered { invite: invite_id(), session: room("session_1"), accepted };
    vec![
        MatchingOutcome::Queue(Some(waits())),
        MatchingOutcome::Queue(Some(no_longer(QueueState::Left))),
        MatchingOutcome::Queue(None),
        answered(MatchState::Accepted),
        answered(MatchState::Confirmed),
        answered(MatchState::Declined),
        MatchingOutcome::Invited { invite: invite_id(), expires_at: NOON, delivered: true },
        invite_answered(true),
        invite_answered(false),
        MatchingOutcome::Done,
    ]
}

/// Two answers to a join, by the names that the transcripts give them.
pub(crate) fn joined() -> [(&'static str, Joined); 2] {
    let entry = |seq, event| LogEntry { seq, at: NOON, event };
    let empty = Joined {
        position: Position { epoch: 1, seq: 0 },
        roster: 0,
        ordinal: 0,
        members: vec![],
        peers: vec![],
        host: None,
        chat_enabled: true,
        missed: Missed::default(),
        contents: None,
    };
    let with_bob = Joined {
        position: Position { epoch: 1, seq: 7 },
        members: vec![ann(), bob()],
        peers: vec![peer("s_bob", bob())],
        host: Some(socket("s_bob")),
        chat_enabled: false,
        missed: Missed {
            entries: vec![
                entry(6, Event::MessagePosted(message("Missed"))),
                entry(7, Event::HostChanged { host: socket("s_bob") }),
            ],
            whole: true,
            more: true,
        },
        ..empty.clone()
    };
    [("an empty room", empty), ("a room with Bob", with_bob)]
}

pub(crate) fn outcomes() -> Vec<RoomOutcome> {
    let mut outcomes = vec![
        RoomOutcome::Done,
        RoomOutcome::Posted { message: message_id(), seq: 7, at: NOON },
        RoomOutcome::Reacted { at: NOON },
        RoomOutcome::Marked { count: 3 },
        RoomOutcome::CallInitiated {
            ringing: vec![user_id("u_bob")],
            unavailable: vec![user_id("u_cy")],
            skipped: vec![user_id("u_dee")],
        },
        RoomOutcome::CallAccepted {
            participants: vec![CallParticipant { user: ann(), media: Media { audio: true, ..Media::default() } }],
        },
    ];
    outcomes.extend(matching_outcomes().into_iter().map(RoomOutcome::Matching));
    outcomes.extend(joined().map(|(_, joined)| RoomOutcome::Joined(Box::new(joined))));
    outcomes
}
