//! Commands over a bus that misbehaves, in simulated time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed expectation is a failed test")]

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use heliograph_cluster::{
    bus::{
        Bus, MemoryBus, QueueGroup, Subject,
        faulty::{Faults, FaultyBus},
    },
    commands::{CommandOptions, Commands},
    partition::Partition,
    store::{
        Append, AppendOutcome, Attend, PageRange, Retention, Store,
        memory::{MemoryOptions, MemoryStore},
    },
};
use heliograph_domain::{
    command::{Origin, Post, PresenceCommand, PresenceRequest, RoomCommand, RoomRequest, SessionSecret},
    content::Content,
    id::{CommandId, MessageId, NodeId, SocketId, UserId},
    outcome::{PresenceOutcome, RoomOutcome},
    refusal::{Code, Refusal},
    room::RoomId,
    text::MessageText,
    time::Timestamp,
    user::{Actor, Name, User, Vocabulary},
    wire::{self, RoomReply},
};
use tokio::time::{self, Instant};

fn room() -> RoomId {
    RoomId::parse("standup").unwrap()
}

fn subject() -> Subject {
    Subject::Rooms(Partition::of("standup"))
}

fn alice() -> Actor {
    Actor {
        user: User {
            id: UserId::parse("alice").unwrap(),
            name: Name::parse("Alice").unwrap(),
            picture: None,
            guest: false,
        },
        admin: false,
        socket: SocketId::random(),
        gateway: NodeId::parse("g1").unwrap(),
        vocabulary: Vocabulary::Synapse,
    }
}

fn post(text: &str) -> RoomRequest {
    let text = MessageText::parse(text).unwrap();
    RoomRequest {
        id: CommandId::generate(),
        room: room(),
        origin: Origin::User(alice().user),
        command: RoomCommand::Post(Post { text, content: Content::Text, attachments: None, reference: None }),
    }
}

/// Nobody is kept waiting for longer between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

fn options() -> CommandOptions {
    CommandOptions { deadline: Duration::from_secs(5), attempt: Duration::from_secs(1) }
}

fn commands(bus: &Arc<impl Bus>) -> Commands {
    Commands::new(Arc::clone(bus) as Arc<dyn Bus>, options())
}

/// Answers every room request with what `handle` gives.
async fn serve(bus: &Arc<impl Bus>, mut handle: impl FnMut(RoomRequest) -> RoomReply + Send + 'static) {
    let mut requests = bus.subscribe(subject(), Some(QueueGroup::Rooms)).await.unwrap();
    tokio::spawn(async move {
        while let Some(message) = requests.next().await {
            let reply = handle(wire::decode_room_request(message.payload).unwrap());
            message.reply.unwrap().send(wire::encode_room_reply(&reply));
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_command_gets_its_answer() {
    let bus = Arc::new(MemoryBus::new(8));
    let request = post("hello");
    let expected = request.clone();
    serve(&bus, move |request| {
        assert_eq!(request, expected);
        Ok(RoomOutcome::Done)
    })
    .await;
    assert_eq!(commands(&bus).room(&request).await, Ok(RoomOutcome::Done));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_an_answer() {
    let bus = Arc::new(MemoryBus::new(8));
    serve(&bus, |_| Err(Refusal::new(Code::NotInRoom))).await;
    let refusal = commands(&bus).room(&post("hello")).await.unwrap_err();
    assert_eq!(refusal.code, Code::NotInRoom);
}

#[tokio::test(start_paused = true)]
async fn a_command_waits_for_a_service_that_is_about_to_start() {
    let bus = Arc::new(MemoryBus::new(8));
    let (commands, request) = (commands(&bus), post("hello"));
    let starting = async {
        time::sleep(Duration::from_secs(2)).await;
        serve(&bus, |_| Ok(RoomOutcome::Done)).await;
    };
    let (answer, ()) = tokio::join!(commands.room(&request), starting);
    assert_eq!(answer, Ok(RoomOutcome::Done));
}

#[tokio::test(start_paused = true)]
async fn a_command_that_nobody_serves_is_unavailable_at_its_deadline() {
    let bus = Arc::new(MemoryBus::new(8));
    let started = Instant::now();
    let refusal = commands(&bus).room(&post("hello")).await.unwrap_err();
    assert!(refusal.retryable());
    let waited = started.elapsed();
    assert!(waited <= options().deadline, "{waited:?}");
    assert!(waited >= options().deadline - LONGEST_PAUSE, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_unavailable_is_asked_again() {
    let bus = Arc::new(MemoryBus::new(8));
    let mut attempts = 0;
    serve(&bus, move |_| {
        attempts += 1;
        if attempts < 4 { Err(Refusal::new(Code::Unavailable)) } else { Ok(RoomOutcome::Done) }
    })
    .await;
    assert_eq!(commands(&bus).room(&post("hello")).await, Ok(RoomOutcome::Done));
}

#[tokio::test(start_paused = true)]
async fn a_retry_has_the_id_of_the_first_attempt() {
    let bus = Arc::new(MemoryBus::new(8));
    let request = post("hello");
    let id = request.id;
    let attempts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&attempts);
    serve(&bus, move |request| {
        assert_eq!(request.id, id);
        counted.fetch_add(1, Ordering::Relaxed);
        Err(Refusal::new(Code::Unavailable))
    })
    .await;
    commands(&bus).room(&request).await.unwrap_err();
    assert!(attempts.load(Ordering::Relaxed) > 5);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_read_is_unavailable() {
    let bus = Arc::new(MemoryBus::new(8));
    let mut requests = bus.subscribe(subject(), Some(QueueGroup::Rooms)).await.unwrap();
    tokio::spawn(async move {
        let message = requests.next().await.unwrap();
        message.reply.unwrap().send(Bytes::from_static(b"\xff\xff"));
    });
    let refusal = commands(&bus).room(&post("hello")).await.unwrap_err();
    assert_eq!(refusal.code, Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn presence_is_asked_by_user_and_for_resumption_by_socket() {
    let bus = Arc::new(MemoryBus::new(8));
    let actor = alice();
    let secret = SessionSecret::random();
    let resume = PresenceCommand::Resume {
        socket: actor.socket.clone(),
        secret,
        user: Some(actor.user.id.clone()),
        gateway: actor.gateway.clone(),
        holder: None,
    };
    let by_user = Partition::of(actor.user.id.as_str());
    let by_socket = Partition::of(actor.socket.as_str());
    for (command, partition) in [(PresenceCommand::Connect { actor, secret }, by_user), (resume, by_socket)] {
        let subject = Subject::Presence(partition);
        let mut requests = bus.subscribe(subject, Some(QueueGroup::Presence)).await.unwrap();
        let request = PresenceRequest { id: CommandId::generate(), command };
        let commands = commands(&bus);
        let answering = async {
            let message = requests.next().await.unwrap();
            assert_eq!(wire::decode_presence_request(message.payload).unwrap(), request);
            message.reply.unwrap().send(wire::encode_presence_reply(&Ok(PresenceOutcome::Done)));
        };
        let (answer, ()) = tokio::join!(commands.presence(&request), answering);
        assert_eq!(answer, Ok(PresenceOutcome::Done));
    }
}

/// As the room-router does it, as far as messages are concerned.
async fn serve_messages(bus: &Arc<FaultyBus>, store: Store) {
    let mut requests = bus.subscribe(subject(), Some(QueueGroup::Rooms)).await.unwrap();
    tokio::spawn(async move {
        while let Some(message) = requests.next().await {
            let request = wire::decode_room_request(message.payload).unwrap();
            let RoomCommand::Post(post) = request.command else {
                panic!("only messages are sent");
            };
            let step = Append {
                command: request.id,
                author: Some(alice().user.id),
                socket: None,
                as_admin: false,
                reference: None,
                message: MessageId::generate(),
                event: Bytes::copy_from_slice(post.text.as_str().as_bytes()),
                at: Timestamp::from_system(SystemTime::now()),
            };
            let AppendOutcome::Appended(appended) = store.rooms.append(&request.room, step).await.unwrap() else {
                panic!("Alice is a member");
            };
            let (message_id, seq, at) = (appended.message, appended.position.seq, appended.at);
            let posted = RoomOutcome::Posted { message: message_id, seq, at };
            message.reply.unwrap().send(wire::encode_room_reply(&Ok(posted)));
        }
    });
}

#[tokio::test(start_paused = true)]
async fn an_acknowledged_message_is_stored_once_whatever_the_bus_does() {
    let retention = Retention { entries: 10_000, age: Duration::from_secs(3600) };
    let store = MemoryStore::new(MemoryOptions { retention, outcomes: 10_000 }).store();
    let join = Attend {
        command: CommandId::generate(),
        actor: alice(),
        explicit: true,
        peer: None,
        takeover: false,
        ghosts: Vec::new(),
        since: None,
        missed_limit: 0,
        member_limit: 0,
        max_peers: 0,
        members_only: false,
        partner: None,
        contents: None,
        new_epoch: 1,
        at: Timestamp::from_system(SystemTime::now()),
    };
    store.rooms.attend(&room(), join).await.unwrap();
    let bus = Arc::new(FaultyBus::new(Arc::new(MemoryBus::new(64)), 7));
    serve_messages(&bus, store.clone()).await;
    let lag = Duration::from_millis(300);
    bus.set(Faults { lose: 0.2, duplicate: 0.3, delay: 0.3, reorder: 0.3, lag });

    let mut acknowledged = Vec::new();
    for number in 0..300 {
        match commands(&bus).room(&post(&format!("message {number}"))).await {
            Ok(RoomOutcome::Posted { seq, .. }) => acknowledged.push((seq, format!("message {number}"))),
            Ok(other) => panic!("not posted: {other:?}"),
            // It may be stored all the same: nobody has promised anything.
            Err(refusal) => assert!(refusal.retryable()),
        }
    }
    assert!(acknowledged.len() > 250, "{} of 300", acknowledged.len());
    assert!(acknowledged.is_sorted(), "each was sent after the answer to the one before");
    let page = store.rooms.read(&room(), PageRange::After(0), 10_000).await.unwrap();
    let stored = page.entries.iter().map(|entry| (entry.seq, String::from_utf8(entry.event.to_vec()).unwrap()));
    let stored: BTreeSet<_> = stored.collect();
    for message in &acknowledged {
        assert!(stored.contains(message), "{message:?} is lost");
    }
    let texts: BTreeSet<_> = stored.iter().map(|(_, text)| text).collect();
    assert_eq!(texts.len(), stored.len(), "a message is stored twice");
}
