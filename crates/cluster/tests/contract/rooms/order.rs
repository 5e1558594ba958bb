//! What holds while many act at once.

use std::collections::BTreeSet;

use heliograph_cluster::store::{Attend, PageRange, Store};
use heliograph_domain::{command::Since, room::Position, user::Actor};
use tokio::task::JoinSet;

use crate::{
    case::{Case, cases},
    scene::{Room, actor, at_gateway, joining, node},
    suites::KEPT_ENTRIES,
};

pub(crate) const CASES: &[Case<Store>] = cases![
    messages_of_many_have_one_order_without_holes,
    a_join_and_what_follows_it_are_everything,
    the_gateways_of_a_message_hold_everybody_who_joined_before,
];

const AUTHORS: usize = 5;
const EACH: usize = KEPT_ENTRIES / AUTHORS;

/// Lets every author post its messages, giving way after each.
fn post_all(posts: &mut JoinSet<Vec<u64>>, room: &Room, authors: &[Actor]) {
    for author in authors.iter().cloned() {
        let room = Room { store: room.store.clone(), id: room.id.clone() };
        posts.spawn(async move {
            let mut numbers = Vec::new();
            for _ in 0..EACH {
                numbers.push(room.post(&author, author.socket.as_str()).await.position.seq);
                tokio::task::yield_now().await;
            }
            numbers
        });
    }
}

async fn authors(room: &Room) -> Vec<Actor> {
    let mut authors = Vec::new();
    for _ in 0..AUTHORS {
        let author = actor("author");
        room.join(&author).await;
        authors.push(author);
    }
    authors
}

async fn messages_of_many_have_one_order_without_holes(store: Store) {
    let room = Room::new(store);
    let mut posts = JoinSet::new();
    post_all(&mut posts, &room, &authors(&room).await);
    let mut given = BTreeSet::new();
    while let Some(numbers) = posts.join_next().await {
        let numbers = numbers.unwrap();
        assert!(numbers.is_sorted(), "each author's messages keep their order");
        given.extend(numbers);
    }
    let all: Vec<u64> = (1..=(AUTHORS * EACH) as u64).collect();
    assert!(given.into_iter().eq(all.iter().copied()), "every number is given once");
    let page = room.rooms().read(&room.id, PageRange::After(0), 1000).await.unwrap();
    assert!(page.entries.iter().map(|entry| entry.seq).eq(all));
}

async fn a_join_and_what_follows_it_are_everything(store: Store) {
    let room = Room::new(store);
    let mut posts = JoinSet::new();
    let epoch = room.join(&actor("first")).await.position.epoch;
    post_all(&mut posts, &room, &authors(&room).await);
    let mut joins = Vec::new();
    while joins.len() < 20 {
        let since = Some(Since::Position(Position { epoch, seq: 0 }));
        let step = Attend { since, missed_limit: 1000, ..joining(&actor("reader")) };
        joins.push(room.enter(step).await);
        tokio::task::yield_now().await;
    }
    posts.join_all().await;
    for joined in joins {
        assert!(joined.whole && !joined.more);
        let after = PageRange::After(joined.position.seq);
        let rest = room.rooms().read(&room.id, after, 1000).await.unwrap();
        let heard = joined.missed.iter().chain(&rest.entries).map(|entry| entry.seq);
        assert!(heard.eq(1..=(AUTHORS * EACH) as u64));
    }
}

async fn the_gateways_of_a_message_hold_everybody_who_joined_before(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.join(&alice).await;
    let mut joins = JoinSet::new();
    for number in 0..10 {
        let name = format!("g{}", number + 2);
        let room = Room { store: room.store.clone(), id: room.id.clone() };
        joins.spawn(async move {
            let joined = room.join(&at_gateway(&actor("reader"), &name)).await;
            (node(&name), joined.position.seq)
        });
    }
    let mut posted = Vec::new();
    while let Some(joined) = joins.join_next().await {
        posted.push(room.post(&alice, "hello").await);
        let (gateway, position) = joined.unwrap();
        let later = posted.iter().filter(|appended| appended.position.seq > position);
        for appended in later {
            assert!(appended.gateways.contains(&gateway), "{appended:?} passes by {gateway}");
        }
    }
}
