//! At least one value of every variant, each field different from its default somewhere.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a sample that is no valid value is a fault of the test")]

use std::time::Duration;

use heliograph_domain::{
    activity::*,
    command::*,
    content::Content,
    delivery::*,
    event::*,
    id::*,
    matching::*,
    outcome::*,
    publication::*,
    refusal::{Code, Refusal},
    room::*,
    text::{Emoji, MessageText, RawJson, Reference},
    time::Timestamp,
    user::{Actor, Name, User, Vocabulary},
    wire::{self, PresenceReply, RoomReply},
};

fn user_id(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

fn socket(id: &str) -> SocketId {
    SocketId::parse(id).unwrap()
}

fn room(id: &str) -> RoomId {
    RoomId::parse(id).unwrap()
}

fn call() -> CallId {
    CallId::parse("call_1").unwrap()
}

fn node(id: &str) -> NodeId {
    NodeId::parse(id).unwrap()
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn json(text: &'static str) -> RawJson {
    RawJson::from_checked(text)
}

fn text(text: &str) -> MessageText {
    MessageText::parse(text).unwrap()
}

fn ann() -> User {
    User {
        id: user_id("ann"),
        name: Name::parse("Ann").unwrap(),
        picture: Some("https://x/a.png".into()),
        guest: false,
    }
}

fn guest() -> User {
    User { id: user_id("guest_1"), name: Name::parse("Zoë").unwrap(), picture: None, guest: true }
}

fn actor() -> Actor {
    Actor { user: ann(), admin: true, socket: socket("s1"), gateway: node("gateway-1"), vocabulary: Vocabulary::Mesh }
}

const MEDIA: Media = Media { audio: true, video: false, screen: true, hand: false, speaking: true };
const CHANGE: MediaChange =
    MediaChange { audio: Some(true), video: Some(false), screen: None, hand: Some(true), speaking: Some(false) };
const POSITION: Position = Position { epoch: u64::MAX, seq: 7 };

fn peer() -> Peer {
    Peer { socket: socket("s2"), user: guest(), media: MEDIA, joined_at: at(5) }
}

fn news() -> EventName {
    EventName::parse("news").unwrap()
}

fn args() -> Vec<RawJson> {
    vec![json(r#"{"a":1}"#), json("null")]
}

fn audience() -> Audience {
    Audience {
        everyone: false,
        of: Selection { rooms: vec![room("a"), room("b")], users: vec![user_id("ann")], sockets: vec![socket("s1")] },
        except: Selection { rooms: vec![room("c")], users: vec![user_id("bob")], sockets: vec![socket("s2")] },
    }
}

pub(crate) fn room_requests() -> Vec<RoomRequest> {
    let commands = [
        RoomCommand::Join(Join { since: None, explicit: true, peer: None, takeover: false, contents: false }),
        RoomCommand::Join(Join {
            since: Some(Since::Seq(0)),
            explicit: false,
            peer: Some(MEDIA),
            takeover: true,
            contents: true,
        }),
        RoomCommand::Join(Join {
            since: Some(Since::Position(POSITION)),
            explicit: false,
            peer: Some(Media::default()),
            takeover: false,
            contents: true,
        }),
        RoomCommand::Leave { permanent: true },
        RoomCommand::Detach { socket: socket("s1"), user: user_id("ann"), cause: DisconnectCause::Lost },
        RoomCommand::Detach { socket: socket("s1"), user: user_id("ann"), cause: DisconnectCause::Explicit },
        RoomCommand::Post(Post { text: text("hi"), content: Content::Text, attachments: None, reference: None }),
        RoomCommand::Post(Post {
            text: MessageText::parse_or_blank("").unwrap(),
            content: Content::Voice(json(r#"{"duration":3}"#)),
            attachments: Some(json(r#"[{"name":"a"}]"#)),
            reference: Some(Reference::from_checked("17")),
        }),
        RoomCommand::React {
            message: MessageId::parse("msg_1").unwrap(),
            emoji: Emoji::parse("\u{1F44D}").unwrap(),
            on: true,
        },
        RoomCommand::Join(Join {
            since: Some(Since::Delivered),
            explicit: true,
            peer: None,
            takeover: false,
            contents: false,
        }),
        RoomCommand::MarkDelivered { up_to: Mark::Seq(7) },
        RoomCommand::MarkRead { up_to: Mark::Newest },
        RoomCommand::MarkRead { up_to: Mark::Message(MessageId::parse("msg_1").unwrap()) },
        RoomCommand::SetTyping { on: true },
        RoomCommand::SwitchChat { enabled: true },
        RoomCommand::SetMedia { target: Some(socket("s2")), change: CHANGE, body: Some(json("{}")) },
        RoomCommand::SetMedia { target: None, change: MediaChange::default(), body: None },
        RoomCommand::SendEphemeral { to: Some(socket("s2")), kind: EphemeralKind::Data, body: json("{}") },
        RoomCommand::SendEphemeral { to: None, kind: EphemeralKind::Cursor, body: json("{}") },
        RoomCommand::SendEphemeral { to: None, kind: EphemeralKind::Transcript, body: json("{}") },
        RoomCommand::Signal(Signal {
            to: SignalTarget::User(user_id("bob")),
            kind: SignalKind::Candidate,
            body: json("null"),
        }),
        RoomCommand::Signal(Signal {
            to: SignalTarget::Socket(socket("s2")),
            kind: SignalKind::Other,
            body: json("{}"),
        }),
        RoomCommand::Signal(Signal { to: SignalTarget::Others, kind: SignalKind::Answer, body: json("{}") }),
        RoomCommand::CreateCall(CallPlan { media: CallMedia::Audio, room: None, participants: vec![user_id("bob")] }),
        RoomCommand::InitiateCall(CallPlan { media: CallMedia::Video, room: Some(room("r")), participants: vec![] }),
        RoomCommand::AcceptCall,
        RoomCommand::RejectCall { reason: Some(text("busy")) },
        RoomCommand::RejectCall { reason: None },
        RoomCommand::EndCall { unanswered: false },
        RoomCommand::DepartCall { user: user_id("ann") },
        RoomCommand::GreetSocket { user: user_id("ann"), socket: socket("s1"), gateway: node("gateway-1") },
        RoomCommand::Close,
        RoomCommand::ClearHistory,
        RoomCommand::AppendActivity { kind: ActivityKind::CodeChange, body: json("{}"), base_version: Some(0) },
        RoomCommand::AppendActivity { kind: ActivityKind::Stroke, body: json("{}"), base_version: None },
        RoomCommand::SetState(RoomState::Code { data: json(r#""code""#), version: 7 }),
        RoomCommand::SetState(RoomState::Whiteboard { data: Some(json("[]")), seq: Some(7) }),
        RoomCommand::SetState(RoomState::Whiteboard { data: None, seq: None }),
        RoomCommand::SetState(RoomState::Recording { on: true, body: Some(json("{}")) }),
        RoomCommand::Prepare(Prepare { access: Some(Access::Members), members: vec![ann(), guest()] }),
        RoomCommand::Prepare(Prepare { access: Some(Access::Open), members: vec![] }),
        RoomCommand::Prepare(Prepare { access: None, members: vec![guest()] }),
        RoomCommand::DeleteMessage { message: MessageId::parse("msg_1").unwrap() },
        RoomCommand::RemoveMember { user: user_id("ann"), ban: true },
        RoomCommand::LiftBan { user: user_id("ann") },
    ]
    .into_iter()
    .chain(matching_commands().into_iter().map(RoomCommand::Matching));
    let origins = [Origin::Socket(actor()), Origin::User(guest()), Origin::System];
    commands
        .zip(origins.into_iter().cycle())
        .map(|(command, origin)| RoomRequest { id: CommandId::generate(), room: room("room_1"), origin, command })
        .collect()
}

pub(crate) fn signal(body: RawJson) -> RoomRequest {
    RoomRequest {
        id: CommandId::generate(),
        room: RoomId::of_call(&call()),
        origin: Origin::Socket(actor()),
        command: RoomCommand::Signal(Signal { to: SignalTarget::User(user_id("bob")), kind: SignalKind::Offer, body }),
    }
}

pub(crate) fn body_of(request: RoomRequest) -> RawJson {
    match request.command {
        RoomCommand::Signal(signal) => signal.body,
        other => panic!("not a signal: {other:?}"),
    }
}

pub(crate) fn room_replies() -> Vec<RoomReply> {
    let mut replies: Vec<RoomReply> = vec![
        Ok(RoomOutcome::Done),
        Ok(RoomOutcome::Joined(Box::new(Joined {
            position: POSITION,
            roster: 3,
            ordinal: 2,
            members: vec![ann(), guest()],
            peers: vec![peer()],
            host: Some(socket("s2")),
            chat_enabled: true,
            missed: Missed { entries: events().into_iter().map(log_entry).collect(), whole: true, more: true },
            contents: Some(Box::new(contents())),
        }))),
        Ok(RoomOutcome::Joined(Box::new(Joined {
            position: Position::default(),
            roster: 0,
            ordinal: 0,
            members: vec![],
            peers: vec![],
            host: None,
            chat_enabled: false,
            missed: Missed::default(),
            contents: None,
        }))),
        Ok(RoomOutcome::Posted { message: MessageId::generate(), seq: 9, at: at(1) }),
        Ok(RoomOutcome::Reacted { at: at(2) }),
        Ok(RoomOutcome::Appended { seq: 9, version: Some(3), at: at(2) }),
        Ok(RoomOutcome::Appended { seq: 9, version: None, at: at(2) }),
        Ok(RoomOutcome::Marked { count: 3 }),
        Ok(RoomOutcome::CallCreated {
            call: call(),
            participants: vec![user_id("bob")],
            created_at: at(3),
            expires_at: at(4),
        }),
        Ok(RoomOutcome::CallInitiated {
            ringing: vec![user_id("a")],
            unavailable: vec![user_id("b"), user_id("c")],
            skipped: vec![user_id("d")],
        }),
        Ok(RoomOutcome::CallAccepted { participants: vec![CallParticipant { user: ann(), media: MEDIA }] }),
        Err(Refusal::invalid("roomId", "is required")),
        Err(Refusal::too_many_messages(at(60_000))),
    ];
    replies.extend(matching_outcomes().into_iter().map(|outcome| Ok(RoomOutcome::Matching(outcome))));
    replies.extend(Code::ALL.map(|code| Err(code.into())));
    replies
}

fn contents() -> Contents {
    let changes = vec![log_entry(message(text("hello")))];
    Contents {
        messages: changes.clone(),
        code: Document { snapshot: Some(json(r#""code""#)), version: 7, changes, whole: true },
        whiteboard: Document::default(),
        recording: true,
        participants: vec![
            Participant { user: ann(), socket: socket("s1"), media: Some(MEDIA) },
            Participant { user: guest(), socket: socket("s2"), media: None },
        ],
    }
}

pub(crate) fn presence_requests() -> Vec<PresenceRequest> {
    let secret = SessionSecret::random();
    [
        PresenceCommand::Connect { actor: actor(), secret },
        PresenceCommand::Resume {
            socket: socket("s1"),
            secret,
            user: Some(user_id("ann")),
            gateway: node("g"),
            holder: None,
        },
        PresenceCommand::Resume {
            socket: socket("s1"),
            secret,
            user: None,
            gateway: node("g"),
            holder: Some(node("f")),
        },
        PresenceCommand::Disconnect {
            socket: socket("s1"),
            user: user_id("ann"),
            gateway: node("g"),
            cause: DisconnectCause::Lost,
            age: Duration::from_millis(5500),
            positions: vec![(room("a"), POSITION), (room("b"), Position::default())],
        },
        PresenceCommand::Disconnect {
            socket: socket("s1"),
            user: user_id("ann"),
            gateway: node("g"),
            cause: DisconnectCause::Explicit,
            age: Duration::ZERO,
            positions: vec![],
        },
        PresenceCommand::SetStatus { user: ann(), status: Status::Away },
        PresenceCommand::SetStatus { user: ann(), status: Status::Busy },
        PresenceCommand::SetStatus { user: ann(), status: Status::Online },
        PresenceCommand::SetStatus { user: ann(), status: Status::Offline },
        PresenceCommand::Publish(Box::new(Publication { audience: audience(), event: news(), args: args() })),
        PresenceCommand::Publish(Box::new(Publication {
            audience: Audience { everyone: true, ..Audience::default() },
            event: news(),
            args: Vec::new(),
        })),
        PresenceCommand::SetActive { user: ann(), socket: socket("s1"), active: true },
        PresenceCommand::Appear { user: ann(), socket: socket("s1") },
        PresenceCommand::BlockUser { user: user_id("ann"), other: user_id("bob") },
        PresenceCommand::UnblockUser { user: user_id("ann"), other: user_id("bob") },
    ]
    .map(|command| PresenceRequest { id: CommandId::generate(), command })
    .into()
}

pub(crate) fn presence_replies() -> Vec<PresenceReply> {
    vec![
        Ok(PresenceOutcome::Done),
        Ok(PresenceOutcome::NotResumed),
        Ok(PresenceOutcome::Connected { rooms: vec![room("a"), room("direct:a_b")] }),
        Ok(PresenceOutcome::Resumed { session: Box::new(session()), previous: node("g") }),
        Err(Code::Unavailable.into()),
    ]
}

pub(crate) fn session() -> Session {
    Session {
        actor: actor(),
        secret: SessionSecret::random(),
        rooms: vec![
            SessionRoom { ordinal: 0, room: room("a"), position: Position::default(), explicit: false },
            SessionRoom { ordinal: 1, room: room("b"), position: POSITION, explicit: true },
        ],
    }
}

pub(crate) fn log_entry(event: Event) -> LogEntry {
    LogEntry { seq: 12, at: at(34), event }
}

pub(crate) fn message(text: MessageText) -> Event {
    Event::MessagePosted(Message {
        id: MessageId::generate(),
        author: ann(),
        socket: None,
        peer: false,
        text,
        content: Content::Text,
        attachments: None,
        reference: None,
    })
}

pub(crate) fn events() -> Vec<Event> {
    let mut events = vec![
        Event::MemberJoined { user: ann(), socket: socket("s1"), announced: true, peer: Some(peer()) },
        Event::MemberJoined { user: ann(), socket: socket("s1"), announced: false, peer: None },
        message(text("hello")),
        Event::MessagePosted(Message {
            id: MessageId::generate(),
            author: guest(),
            socket: Some(socket("s1")),
            peer: true,
            text: text("with a file"),
            content: Content::File(json(r#"{"name":"a.txt"}"#)),
            attachments: Some(json(r#"[{"url":"https://x"}]"#)),
            reference: Some(Reference::from_checked("\"t1\"")),
        }),
        Event::MessagePosted(Message {
            id: MessageId::generate(),
            author: ann(),
            socket: None,
            peer: false,
            text: MessageText::parse_or_blank("").unwrap(),
            content: Content::Encrypted(json(r#"{"iv":"x"}"#)),
            attachments: None,
            reference: None,
        }),
        Event::MessageDelivered {
            message: MessageId::parse("msg_1").unwrap(),
            author: user_id("ann"),
            to: user_id("bob"),
        },
        Event::MessageRead { message: MessageId::parse("msg_1").unwrap(), reader: user_id("bob") },
        Event::ReactionChanged {
            message: MessageId::parse("msg_1").unwrap(),
            user: ann(),
            emoji: Emoji::parse("x").unwrap(),
            on: true,
        },
        Event::TypingChanged { user: ann(), on: true },
        Event::ChatSwitched { enabled: true, by: ann(), socket: socket("s1") },
        Event::HostChanged { host: socket("s1") },
        Event::HistoryCleared { by: ann() },
        Event::MessageDeleted { message: MessageId::parse("msg_1").unwrap() },
        Event::ActivityAppended {
            kind: ActivityKind::CodeChange,
            by: ann(),
            socket: socket("s1"),
            version: Some(2),
            base_version: Some(1),
            body: json("{}"),
        },
        Event::ActivityAppended {
            kind: ActivityKind::Stroke,
            by: guest(),
            socket: socket("s1"),
            version: None,
            base_version: None,
            body: json("{}"),
        },
        Event::RecordingSwitched { on: true, by: ann(), socket: socket("s1"), body: Some(json("{}")) },
        Event::EphemeralSent { from: ann(), socket: socket("s1"), kind: EphemeralKind::Data, body: json("{}") },
        Event::MediaChanged {
            by: ann(),
            socket: socket("s1"),
            peer: socket("s2"),
            change: CHANGE,
            media: MEDIA,
            body: Some(json("{}")),
        },
        Event::CallRinging { call: call(), room: Some(room("r")), from: ann(), media: CallMedia::Video },
        Event::CallAccepted { call: call(), by: ann() },
        Event::CallRejected { call: call(), by: ann(), reason: Some(text("no")) },
        Event::CallAnsweredElsewhere { call: call(), accepted: true },
        Event::CallParticipantJoined { call: call(), peer: peer() },
        Event::CallParticipantLeft { call: call(), user: ann(), socket: Some(socket("s1")) },
        Event::UserOnline { user: ann() },
        Event::UserOffline { user: ann(), last_seen: at(6) },
        Event::PresenceChanged { user: ann(), status: Status::Busy, last_seen: at(6) },
        Event::Published { event: news(), args: args() },
    ];
    events.extend(
        [LeaveReason::Left, LeaveReason::Disconnected, LeaveReason::Removed].map(|reason| Event::MemberLeft {
            user: ann(),
            socket: socket("s1"),
            announced: true,
            peer: true,
            reason,
        }),
    );
    let closed = [CloseReason::System, CloseReason::CallEnded, CloseReason::Expired];
    events.extend(closed.map(|reason| Event::RoomClosed { reason, by: None }));
    events.push(Event::RoomClosed { reason: CloseReason::ClosedByUser, by: Some(ann()) });
    events.extend([Unavailable::Offline, Unavailable::Busy].map(|reason| Event::CallParticipantUnavailable {
        call: call(),
        user: user_id("bob"),
        reason,
    }));
    events.extend(
        [
            CallEndReason::UserEnded,
            CallEndReason::Rejected,
            CallEndReason::NoAnswer,
            CallEndReason::ParticipantsLeft,
            CallEndReason::RoomClosed,
        ]
        .map(|reason| Event::CallEnded { call: call(), by: Some(user_id("ann")), reason, from: Some(ann()) }),
    );
    for kind in [SignalKind::Offer, SignalKind::Answer, SignalKind::Candidate, SignalKind::Other] {
        for vocabulary in Vocabulary::ALL {
            let body = json(r#"{"type":"offer"}"#);
            events.push(Event::SignalRelayed { from: ann(), socket: socket("s1"), kind, vocabulary, body });
        }
    }
    events.extend(matching_events().into_iter().map(Event::Matching));
    events
}

fn match_id() -> MatchId {
    MatchId::parse("match_1").unwrap()
}

fn invite_id() -> InviteId {
    InviteId::parse("invite_1").unwrap()
}

fn proposal() -> Proposal {
    Proposal {
        match_id: match_id(),
        queue: QueueName::default(),
        peer: ann(),
        peer_criteria: Some(json(r#"{"wants":["go"]}"#)),
        expires_at: at(30_000),
        accepted: true,
    }
}

fn invitation() -> Invitation {
    Invitation {
        invite: invite_id(),
        session: room("session_1"),
        from: ann(),
        message: Some(text("come")),
        expires_at: at(300_000),
    }
}

fn queue_status(state: QueueState) -> QueueStatus {
    let estimated_wait = (state == QueueState::Waiting).then_some(Duration::from_millis(1500));
    QueueStatus { queue: QueueName::guests(), state, position: 3, size: 9, estimated_wait, joined_at: at(7) }
}

pub(crate) fn matching_commands() -> Vec<MatchingCommand> {
    let criteria = Criteria {
        offers: Some(vec!["rust".into(), "go".into()]),
        wants: vec!["zig".into()],
        body: Some(json(r#"{"offers":["rust","go"],"wants":["zig"]}"#)),
    };
    vec![
        MatchingCommand::Enqueue { queue: QueueName::default(), criteria, mode: MatchMode::Proposal },
        MatchingCommand::Enqueue {
            queue: QueueName::guests(),
            criteria: Criteria::default(),
            mode: MatchMode::Immediate,
        },
        MatchingCommand::Enqueue {
            queue: QueueName::guests(),
            criteria: Criteria { offers: Some(Vec::new()), ..Criteria::default() },
            mode: MatchMode::Immediate,
        },
        MatchingCommand::Dequeue { queue: None },
        MatchingCommand::Dequeue { queue: Some(QueueName::guests()) },
        MatchingCommand::GetQueueStatus,
        MatchingCommand::GetPending,
        MatchingCommand::RespondToMatch { match_id: match_id(), accept: true },
        MatchingCommand::Invite { session: room("session_1"), to: user_id("bob"), message: Some(text("come")) },
        MatchingCommand::Invite { session: room("session_1"), to: user_id("bob"), message: None },
        MatchingCommand::RespondToInvite { invite: invite_id(), accept: true },
    ]
}

pub(crate) fn matching_outcomes() -> Vec<MatchingOutcome> {
    let states = [MatchState::Accepted, MatchState::Confirmed, MatchState::Declined];
    let mut outcomes: Vec<_> =
        states.map(|state| MatchingOutcome::Answered { match_id: match_id(), state }).into_iter().collect();
    outcomes.extend([
        MatchingOutcome::Queue(None),
        MatchingOutcome::Queue(Some(queue_status(QueueState::Waiting))),
        MatchingOutcome::Pending { proposal: Some(proposal()), invitations: vec![invitation()] },
        MatchingOutcome::Pending { proposal: None, invitations: Vec::new() },
        MatchingOutcome::Invited { invite: invite_id(), expires_at: at(8), delivered: true },
        MatchingOutcome::InviteAnswered { invite: invite_id(), session: room("session_1"), accepted: true },
        MatchingOutcome::Done,
    ]);
    outcomes
}

pub(crate) fn matching_events() -> Vec<MatchingEvent> {
    let mut events = vec![
        MatchingEvent::QueueEntered(queue_status(QueueState::Waiting)),
        MatchingEvent::QueuePositionChanged(queue_status(QueueState::Waiting)),
        MatchingEvent::QueueMatched(queue_status(QueueState::Matched)),
        MatchingEvent::QueueLeft(queue_status(QueueState::Left)),
        MatchingEvent::QueueExpired(queue_status(QueueState::Expired)),
        MatchingEvent::MatchProposed(proposal()),
        MatchingEvent::MatchProposed(Proposal { peer_criteria: None, accepted: false, ..proposal() }),
        MatchingEvent::MatchAnswered { match_id: match_id(), user: user_id("ann"), accepted: true },
        MatchingEvent::MatchConfirmed(Match {
            match_id: match_id(),
            queue: QueueName::guests(),
            room: RoomId::of_match(&match_id()),
            peer: guest(),
            participants: vec![ann(), guest()],
            initiator: true,
        }),
        MatchingEvent::InviteReceived(invitation()),
        MatchingEvent::InviteReceived(Invitation { message: None, ..invitation() }),
    ];
    let reasons = [CancelReason::Declined, CancelReason::Expired, CancelReason::Disconnected];
    events.extend(reasons.map(|reason| MatchingEvent::MatchCancelled {
        match_id: match_id(),
        queue: QueueName::default(),
        reason,
        requeued: true,
    }));
    let answers = [InviteAnswer::Accepted, InviteAnswer::Declined, InviteAnswer::Expired];
    events.extend(answers.map(|answer| MatchingEvent::InviteAnswered {
        invite: invite_id(),
        session: room("session_1"),
        user: user_id("bob"),
        name: (answer != InviteAnswer::Expired).then(|| Name::parse("Bob").unwrap()),
        answer,
    }));
    events
}

pub(crate) fn outbound() -> Vec<Outbound> {
    let targets = [
        Target::Room { room: room("r"), except: Except::Nobody },
        Target::Room { room: room("r"), except: Except::Socket(socket("s1")) },
        Target::Room { room: room("r"), except: Except::User(user_id("ann")) },
        Target::Rooms { rooms: vec![room("a"), room("b")], users: vec![user_id("bob")], except: user_id("ann") },
        Target::Users { room: Some(room("r")), users: vec![user_id("ann")], except: Some(socket("s1")) },
        Target::Users { room: None, users: vec![], except: None },
        Target::Socket { room: Some(room("r")), socket: socket("s1") },
        Target::Socket { room: None, socket: socket("s1") },
        Target::Everyone { except: user_id("ann") },
        Target::Audience(Box::new(audience())),
    ];
    let places = [
        Place::Log { epoch: u64::MAX, seq: 3 },
        Place::Roster(0),
        Place::Publication(PublicationId::from_bytes([7; 16])),
        Place::None,
    ];
    let mut outbound: Vec<_> = targets
        .into_iter()
        .zip(places.into_iter().cycle())
        .zip(events())
        .map(|((target, place), event)| Outbound::Deliver(Box::new(Delivery { target, at: at(1), place, event })))
        .collect();
    outbound.push(Outbound::Detach { socket: socket("s1"), room: room("r"), replaced: true });
    outbound.push(Outbound::Evict { socket: socket("s1") });
    outbound.push(Outbound::Disconnect { user: user_id("ann") });
    outbound.push(Outbound::Standing(Standing { room: room("r"), position: POSITION, roster: 9 }));
    outbound
}

pub(crate) fn parcel() -> Parcel {
    Parcel {
        sender: NodeId::parse("room-router-1").unwrap(),
        link: 3,
        first: 42,
        items: outbound().iter().map(wire::encode_outbound).collect(),
    }
}
