//! What every store of blocks has to do.

use std::time::Duration;

use heliograph_cluster::store::{Block, Store};
use heliograph_domain::id::UserId;

use crate::{
    case::{Case, cases},
    scene::{now, user},
};

pub(crate) const CASES: &[Case<Store>] = cases![
    a_block_holds_in_one_direction,
    either_of_two_users_may_have_blocked_the_other,
    a_block_that_is_taken_back_is_over,
    blocking_twice_is_blocking_once,
    a_list_has_so_many_users_and_no_more,
];

fn block(on: bool) -> Block {
    Block { on, most: 3, age: Duration::from_secs(3600), at: now() }
}

async fn set(store: &Store, by: &UserId, whom: &UserId, on: bool) -> bool {
    store.blocks.set(by, whom, block(on)).await.unwrap()
}

async fn a_block_holds_in_one_direction(store: Store) {
    let (alice, bob) = (user("alice").id, user("bob").id);
    assert!(set(&store, &alice, &bob, true).await);
    assert!(store.blocks.blocks(&alice, &bob).await.unwrap());
    assert!(!store.blocks.blocks(&bob, &alice).await.unwrap());
    assert_eq!(store.blocks.list(&alice).await.unwrap(), std::slice::from_ref(&bob));
    assert_eq!(store.blocks.list(&bob).await.unwrap(), []);
}

async fn either_of_two_users_may_have_blocked_the_other(store: Store) {
    let (alice, bob, carol) = (user("alice").id, user("bob").id, user("carol").id);
    set(&store, &alice, &bob, true).await;
    for (one, other, blocked) in [(&alice, &bob, true), (&bob, &alice, true), (&alice, &carol, false)] {
        assert_eq!(store.blocks.either(one, other).await.unwrap(), blocked);
    }
}

async fn a_block_that_is_taken_back_is_over(store: Store) {
    let (alice, bob) = (user("alice").id, user("bob").id);
    set(&store, &alice, &bob, true).await;
    for _ in 0..2 {
        assert!(set(&store, &alice, &bob, false).await);
        assert!(!store.blocks.blocks(&alice, &bob).await.unwrap());
    }
}

async fn blocking_twice_is_blocking_once(store: Store) {
    let (alice, bob) = (user("alice").id, user("bob").id);
    set(&store, &alice, &bob, true).await;
    set(&store, &alice, &bob, true).await;
    assert_eq!(store.blocks.list(&alice).await.unwrap().len(), 1);
    set(&store, &alice, &bob, false).await;
    assert!(!store.blocks.blocks(&alice, &bob).await.unwrap());
}

async fn a_list_has_so_many_users_and_no_more(store: Store) {
    let (alice, others) = (user("alice").id, ["a", "b", "c", "d"].map(|name| user(name).id));
    for other in &others[..3] {
        assert!(set(&store, &alice, other, true).await);
    }
    assert!(!set(&store, &alice, &others[3], true).await);
    assert!(!store.blocks.blocks(&alice, &others[3]).await.unwrap());
    // Who is on it already, and whoever takes another's place, is no more.
    assert!(set(&store, &alice, &others[0], true).await);
    assert!(set(&store, &alice, &others[0], false).await);
    assert!(set(&store, &alice, &others[3], true).await);
}
