//! Messages, and marks on them.

use heliograph_cluster::store::{AppendOutcome, React, ReactOutcome, Store};
use heliograph_domain::{
    id::{CommandId, MessageId},
    text::Emoji,
    user::Actor,
};

use crate::{
    case::{Case, cases},
    scene::{Room, actor, node, now, posting},
    suites::KEPT_ENTRIES,
};

pub(crate) const CASES: &[Case<Store>] = cases![
    members_post_and_others_do_not,
    members_post_without_attending,
    the_system_posts_where_there_is_a_room,
    a_mark_is_set_once,
    a_mark_is_taken_back_once,
    marks_of_users_and_kinds_stand_side_by_side,
    members_mark_and_others_do_not,
    only_messages_that_are_kept_can_be_marked,
];

pub(crate) fn marking(actor: &Actor, message: &MessageId, emoji: &str, on: bool) -> React {
    React {
        command: CommandId::generate(),
        message: message.clone(),
        user: actor.user.id.clone(),
        emoji: Emoji::parse(emoji).unwrap(),
        on,
        event: "marked".into(),
        at: now(),
    }
}

pub(crate) async fn react(room: &Room, step: React) -> ReactOutcome {
    room.rooms().react(&room.id, step).await.unwrap()
}

/// A room with a message of Alice's.
async fn room_with_message(store: Store) -> (Room, Actor, MessageId) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.join(&alice).await;
    let message = room.post(&alice, "hello").await.message;
    (room, alice, message)
}

async fn members_post_and_others_do_not(store: Store) {
    let (room, alice, _) = room_with_message(store).await;
    let step = posting(&alice, "again");
    let (message, at) = (step.message.clone(), step.at);
    let AppendOutcome::Appended(appended) = room.append(step).await else {
        panic!("a member may post");
    };
    assert_eq!((appended.message, appended.at), (message, at));
    assert_eq!(appended.gateways, [node("g1")]);
    assert_eq!(room.append(posting(&actor("stranger"), "hello")).await, AppendOutcome::NotMember);
    room.quit(&alice).await;
    assert_eq!(room.append(posting(&alice, "too late")).await, AppendOutcome::NotMember);
}

async fn members_post_without_attending(store: Store) {
    let (room, alice, _) = room_with_message(store).await;
    room.leave(&alice).await;
    let appended = room.post(&alice, "from elsewhere").await;
    assert_eq!((appended.position.seq, appended.gateways), (2, vec![]));
}

async fn the_system_posts_where_there_is_a_room(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    let by_system = || {
        let mut step = posting(&alice, "maintenance at noon");
        (step.author, step.socket) = (None, None);
        step
    };
    assert_eq!(room.append(by_system()).await, AppendOutcome::NotMember);
    room.join(&alice).await;
    assert!(matches!(room.append(by_system()).await, AppendOutcome::Appended(_)));
    room.rooms().close(&room.id).await.unwrap();
    assert_eq!(room.append(by_system()).await, AppendOutcome::NotMember);
}

async fn a_mark_is_set_once(store: Store) {
    let (room, alice, message) = room_with_message(store).await;
    let step = marking(&alice, &message, "+1", true);
    let at = step.at;
    match react(&room, step).await {
        ReactOutcome::Changed { position, at: then, gateways } => {
            assert_eq!((position.seq, then), (2, at));
            assert_eq!(gateways, [node("g1")]);
        }
        other => panic!("not marked: {other:?}"),
    }
    let repeated = react(&room, marking(&alice, &message, "+1", true)).await;
    assert_eq!(repeated, ReactOutcome::Unchanged);
    assert_eq!(room.join(&alice).await.position.seq, 2);
}

async fn a_mark_is_taken_back_once(store: Store) {
    let (room, alice, message) = room_with_message(store).await;
    let absent = react(&room, marking(&alice, &message, "+1", false)).await;
    assert_eq!(absent, ReactOutcome::Unchanged);
    react(&room, marking(&alice, &message, "+1", true)).await;
    let taken = react(&room, marking(&alice, &message, "+1", false)).await;
    assert!(matches!(taken, ReactOutcome::Changed { position, .. } if position.seq == 3));
}

async fn marks_of_users_and_kinds_stand_side_by_side(store: Store) {
    let (room, alice, message) = room_with_message(store).await;
    let bob = actor("bob");
    room.join(&bob).await;
    for (actor, emoji) in [(&alice, "+1"), (&bob, "+1"), (&alice, "\u{1F389}")] {
        let outcome = react(&room, marking(actor, &message, emoji, true)).await;
        assert!(matches!(outcome, ReactOutcome::Changed { .. }), "{outcome:?}");
    }
}

async fn members_mark_and_others_do_not(store: Store) {
    let (room, _, message) = room_with_message(store).await;
    let stranger = marking(&actor("stranger"), &message, "+1", true);
    assert_eq!(react(&room, stranger).await, ReactOutcome::NotMember);
}

async fn only_messages_that_are_kept_can_be_marked(store: Store) {
    let (room, alice, message) = room_with_message(store).await;
    let unknown = marking(&alice, &MessageId::generate(), "+1", true);
    assert_eq!(react(&room, unknown).await, ReactOutcome::NoSuchMessage);
    for _ in 0..KEPT_ENTRIES {
        room.post(&alice, "newer").await;
    }
    let gone = marking(&alice, &message, "+1", true);
    assert_eq!(react(&room, gone).await, ReactOutcome::NoSuchMessage);
}
