//! What rooms hold beside messages and marks.

use bytes::Bytes;
use heliograph_cluster::store::{
    Attend, ContentsLimits, PageRange, ReactOutcome, StateChange, StateOutcome, Store, StoredContents, StoredEntry,
    Write, WriteOutcome, Written,
};
use heliograph_domain::{
    command::Since,
    id::{CommandId, MessageId},
    user::Actor,
};

use super::messages::{marking, react};
use crate::{
    case::{Case, cases},
    scene::{Room, actor, another_socket, at_gateway, joining, joining_as_peer, node, now},
};

pub(crate) const CASES: &[Case<Store>] = cases![
    code_changes_are_numbered_and_strokes_are_not,
    only_members_write_and_the_system_where_there_is_a_room,
    a_retried_change_is_written_once,
    a_cleared_log_goes_on_with_its_numbers,
    whoever_had_less_than_a_cleared_log_does_not_have_it_whole,
    a_deleted_message_is_gone_and_its_place_stays,
    a_joiner_gets_what_the_room_holds,
    an_older_snapshot_of_the_code_is_ignored,
    a_snapshot_from_the_future_hides_nothing,
    a_whiteboard_can_be_cleared,
    recording_is_a_change_of_the_roster_once,
    only_members_say_how_the_room_is,
    contents_that_do_not_fit_are_the_newest_and_not_whole,
    a_large_room_names_its_peers_alone,
    what_a_closed_room_held_is_gone,
];

const LIMITS: ContentsLimits = ContentsLimits { messages: 3, bytes: 1000, scanned: 100_000, attendants: 10 };

fn writing(author: &Actor, what: Written, event: &'static str) -> Write {
    let author = Some(author.user.id.clone());
    Write { command: CommandId::generate(), author, what, event: event.into(), at: now() }
}

impl Room {
    async fn write(&self, step: Write) -> WriteOutcome {
        self.rooms().write(&self.id, step).await.unwrap()
    }

    /// Writes, which has to succeed. Gives the entry's number and the version.
    async fn written(&self, author: &Actor, what: Written, event: &'static str) -> (u64, Option<u64>) {
        match self.write(writing(author, what, event)).await {
            WriteOutcome::Written { position, version, .. } => (position.seq, version),
            other => panic!("not written: {other:?}"),
        }
    }

    async fn set(&self, actor: &Actor, change: StateChange) -> StateOutcome {
        self.rooms().set_state(&self.id, &actor.user.id, change).await.unwrap()
    }

    async fn contents(&self, limits: ContentsLimits) -> StoredContents {
        let step = Attend { contents: Some(limits), ..joining(&actor("latecomer")) };
        *self.enter(step).await.contents.expect("asked for")
    }
}

fn texts(entries: &[StoredEntry]) -> Vec<(u64, &str, Option<u64>)> {
    entries.iter().map(|entry| (entry.seq, std::str::from_utf8(&entry.event).unwrap(), entry.version)).collect()
}

fn code(data: &'static str, version: u64) -> StateChange {
    StateChange::Code { data: data.into(), version }
}

async fn studio(store: Store) -> (Room, Actor) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.join(&alice).await;
    (room, alice)
}

async fn code_changes_are_numbered_and_strokes_are_not(store: Store) {
    let (room, alice) = studio(store).await;
    assert_eq!(room.written(&alice, Written::CodeChange, "a").await, (1, Some(1)));
    assert_eq!(room.written(&alice, Written::Stroke, "b").await, (2, None));
    room.post(&alice, "c").await;
    assert_eq!(room.written(&alice, Written::CodeChange, "d").await, (4, Some(2)));
    let page = room.rooms().read(&room.id, PageRange::After(0), 10).await.unwrap();
    let expected = [(1, "a", Some(1)), (2, "b", None), (3, "c", None), (4, "d", Some(2))];
    assert_eq!(texts(&page.entries), expected);
}

async fn only_members_write_and_the_system_where_there_is_a_room(store: Store) {
    let (room, _) = studio(store.clone()).await;
    let stranger = actor("stranger");
    assert_eq!(room.write(writing(&stranger, Written::Stroke, "x")).await, WriteOutcome::NotMember);
    let by_system = || Write { author: None, ..writing(&stranger, Written::Clearing, "x") };
    assert!(matches!(room.write(by_system()).await, WriteOutcome::Written { .. }));
    assert_eq!(Room::new(store).write(by_system()).await, WriteOutcome::NotMember);
}

async fn a_retried_change_is_written_once(store: Store) {
    let (room, alice) = studio(store).await;
    let step = writing(&alice, Written::CodeChange, "a");
    let first = room.write(step.clone()).await;
    room.join(&at_gateway(&actor("bob"), "g2")).await;
    let WriteOutcome::Written { position, version, at, gateways } = room.write(step).await else {
        panic!("the first outcome");
    };
    assert_eq!(gateways, [node("g1"), node("g2")]);
    let again = WriteOutcome::Written { position, version, at, gateways: vec![node("g1")] };
    assert_eq!(again, first);
    assert_eq!(room.written(&alice, Written::CodeChange, "b").await, (2, Some(2)));
}

async fn a_cleared_log_goes_on_with_its_numbers(store: Store) {
    let (room, alice) = studio(store).await;
    let message = room.post(&alice, "said").await.message;
    react(&room, marking(&alice, &message, "+1", true)).await;
    assert_eq!(room.written(&alice, Written::Clearing, "cleared").await, (3, None));
    let page = room.rooms().read(&room.id, PageRange::After(0), 10).await.unwrap();
    assert_eq!((texts(&page.entries), page.position.seq), (vec![(3, "cleared", None)], 3));
    assert_eq!(react(&room, marking(&alice, &message, "-1", true)).await, ReactOutcome::NoSuchMessage);
    assert_eq!(room.post(&alice, "anew").await.position.seq, 4);
}

async fn whoever_had_less_than_a_cleared_log_does_not_have_it_whole(store: Store) {
    let (room, alice) = studio(store).await;
    for _ in 0..2 {
        room.post(&alice, "said").await;
    }
    room.written(&alice, Written::Clearing, "cleared").await;
    for (known, whole) in [(0, false), (1, false), (2, true), (3, true)] {
        let step = Attend { since: Some(Since::Seq(known)), ..joining(&another_socket(&alice)) };
        assert_eq!(room.enter(step).await.whole, whole, "since {known}");
    }
}

async fn a_deleted_message_is_gone_and_its_place_stays(store: Store) {
    let (room, alice) = studio(store).await;
    room.post(&alice, "before").await;
    let message = room.post(&alice, "insult").await.message;
    react(&room, marking(&alice, &message, "+1", true)).await;
    let deletion = Written::Deletion(message.clone());
    assert_eq!(room.written(&alice, deletion.clone(), "deleted").await, (4, None));
    let page = room.rooms().read(&room.id, PageRange::After(0), 10).await.unwrap();
    let expected = [(1, "before", None), (2, "deleted", None), (3, "marked", None), (4, "deleted", None)];
    assert_eq!(texts(&page.entries), expected);
    assert_eq!(room.write(writing(&alice, deletion, "x")).await, WriteOutcome::NoSuchMessage);
    assert_eq!(react(&room, marking(&alice, &message, "-1", true)).await, ReactOutcome::NoSuchMessage);
    let unknown = Written::Deletion(MessageId::generate());
    assert_eq!(room.write(writing(&alice, unknown, "x")).await, WriteOutcome::NoSuchMessage);
}

async fn a_joiner_gets_what_the_room_holds(store: Store) {
    let (room, alice) = studio(store).await;
    let bob = actor("bob");
    room.enter(joining_as_peer(&bob)).await;
    let empty = room.contents(LIMITS).await;
    assert_eq!((empty.messages.len(), empty.code.whole, empty.whiteboard.whole), (0, true, true));
    for change in ["a", "b", "c"] {
        room.written(&alice, Written::CodeChange, change).await;
    }
    for stroke in ["d", "e"] {
        room.written(&alice, Written::Stroke, stroke).await;
    }
    for text in ["f", "g", "h", "i"] {
        room.post(&alice, text).await;
    }
    room.set(&alice, code("ab", 2)).await;
    room.set(&alice, StateChange::Whiteboard { data: Some("d!".into()), seq: Some(4) }).await;
    room.set(&alice, StateChange::Recording(true)).await;

    let contents = room.contents(LIMITS).await;
    assert_eq!(texts(&contents.messages), [(7, "g", None), (8, "h", None), (9, "i", None)]);
    assert_eq!((contents.code.snapshot, contents.code.version), (Some(Bytes::from("ab")), 2));
    assert_eq!((texts(&contents.code.changes), contents.code.whole), (vec![(3, "c", Some(3))], true));
    assert_eq!((contents.whiteboard.snapshot, contents.whiteboard.version), (Some(Bytes::from("d!")), 4));
    assert_eq!((texts(&contents.whiteboard.changes), contents.whiteboard.whole), (vec![(5, "e", None)], true));
    assert!(contents.recording);
    let there: Vec<_> = contents.attendants.iter().map(|one| (one.socket.clone(), one.peer.is_some())).collect();
    assert_eq!(there[..2], [(alice.socket, false), (bob.socket, true)]);
}

async fn an_older_snapshot_of_the_code_is_ignored(store: Store) {
    let (room, alice) = studio(store).await;
    for change in ["a", "b"] {
        room.written(&alice, Written::CodeChange, change).await;
    }
    for (data, version, kept) in [("ab", 2, "ab"), ("a", 1, "ab"), ("ba", 2, "ba")] {
        room.set(&alice, code(data, version)).await;
        assert_eq!(room.contents(LIMITS).await.code.snapshot, Some(Bytes::from(kept)));
    }
}

async fn a_snapshot_from_the_future_hides_nothing(store: Store) {
    let (room, alice) = studio(store).await;
    room.written(&alice, Written::CodeChange, "a").await;
    room.set(&alice, code("a", u64::MAX)).await;
    room.set(&alice, StateChange::Whiteboard { data: Some("board".into()), seq: Some(u64::MAX) }).await;
    room.written(&alice, Written::CodeChange, "b").await;
    room.written(&alice, Written::Stroke, "c").await;
    room.set(&alice, code("ab", 2)).await;
    let contents = room.contents(LIMITS).await;
    assert_eq!((contents.code.snapshot, contents.code.version), (Some(Bytes::from("ab")), 2));
    assert_eq!((texts(&contents.whiteboard.changes), contents.whiteboard.whole), (vec![(3, "c", None)], true));
}

async fn a_whiteboard_can_be_cleared(store: Store) {
    let (room, alice) = studio(store).await;
    room.written(&alice, Written::Stroke, "a").await;
    room.set(&alice, StateChange::Whiteboard { data: Some("a".into()), seq: Some(1) }).await;
    room.written(&alice, Written::Stroke, "b").await;
    room.set(&alice, StateChange::Whiteboard { data: None, seq: None }).await;
    let whiteboard = room.contents(LIMITS).await.whiteboard;
    assert_eq!((whiteboard.snapshot, whiteboard.version, whiteboard.changes.len()), (None, 2, 0));
    assert!(whiteboard.whole);
}

async fn recording_is_a_change_of_the_roster_once(store: Store) {
    let (room, alice) = studio(store).await;
    let before = room.join(&alice).await.roster;
    for (on, roster) in [(true, before + 1), (true, before + 1), (false, before + 2), (false, before + 2)] {
        let expected = StateOutcome::Set { roster, gateways: vec![node("g1")] };
        assert_eq!(room.set(&alice, StateChange::Recording(on)).await, expected);
    }
    let expected = StateOutcome::Set { roster: before + 2, gateways: vec![node("g1")] };
    assert_eq!(room.set(&alice, code("a", 0)).await, expected);
}

async fn only_members_say_how_the_room_is(store: Store) {
    let (room, _) = studio(store.clone()).await;
    let stranger = actor("stranger");
    assert_eq!(room.set(&stranger, StateChange::Recording(true)).await, StateOutcome::NotMember);
    assert_eq!(Room::new(store).set(&stranger, code("a", 0)).await, StateOutcome::NotMember);
}

async fn contents_that_do_not_fit_are_the_newest_and_not_whole(store: Store) {
    let (room, alice) = studio(store).await;
    for (change, stroke) in [("aaaa", "bbbb"), ("cccc", "dddd"), ("eeee", "ffff")] {
        room.written(&alice, Written::CodeChange, change).await;
        room.written(&alice, Written::Stroke, stroke).await;
    }
    let small = ContentsLimits { bytes: 8, ..LIMITS };
    let contents = room.contents(small).await;
    assert_eq!(texts(&contents.code.changes), [(3, "cccc", Some(2)), (5, "eeee", Some(3))]);
    assert_eq!(texts(&contents.whiteboard.changes), [(4, "dddd", None), (6, "ffff", None)]);
    assert!(!contents.code.whole && !contents.whiteboard.whole);

    let short = room.contents(ContentsLimits { scanned: 12, ..LIMITS }).await;
    assert_eq!((short.code.changes.len(), short.whiteboard.changes.len()), (1, 2));
    assert!(!short.code.whole && !short.whiteboard.whole);
}

async fn a_large_room_names_its_peers_alone(store: Store) {
    let (room, alice) = studio(store).await;
    let bob = actor("bob");
    room.enter(joining_as_peer(&bob)).await;
    room.join(&another_socket(&alice)).await;
    let contents = room.contents(ContentsLimits { attendants: 2, ..LIMITS }).await;
    let named: Vec<_> = contents.attendants.iter().map(|one| &one.socket).collect();
    assert_eq!(named, [&bob.socket]);
    let peers = room.rooms().peers(&room.id).await.unwrap();
    assert_eq!(peers.iter().map(|one| &one.socket).collect::<Vec<_>>(), [&bob.socket]);
}

async fn what_a_closed_room_held_is_gone(store: Store) {
    let (room, alice) = studio(store).await;
    room.written(&alice, Written::CodeChange, "a").await;
    room.set(&alice, code("a", 1)).await;
    room.set(&alice, StateChange::Recording(true)).await;
    room.rooms().close(&room.id).await.unwrap();
    let contents = room.contents(LIMITS).await;
    assert_eq!((contents.code.snapshot, contents.code.version, contents.recording), (None, 0, false));
    room.join(&alice).await;
    assert_eq!(room.written(&alice, Written::CodeChange, "a").await, (1, Some(1)));
}
