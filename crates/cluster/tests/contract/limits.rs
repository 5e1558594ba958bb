//! What every store of limits has to do.

use std::time::Duration;

use heliograph_cluster::store::{Store, Taken};
use heliograph_domain::{id::UserId, time::Timestamp};

use crate::{
    case::{Case, cases},
    scene::{now, user},
};

pub(crate) const CASES: &[Case<Store>] = cases![
    the_use_after_the_last_allowed_is_refused_until_the_window_ends,
    a_new_window_begins_with_its_first_use,
    limits_are_counted_apart,
    users_are_counted_apart,
];

const MINUTE: Duration = Duration::from_secs(60);

async fn take(store: &Store, user: &UserId, limit: &'static str, at: Timestamp) -> Taken {
    store.limits.take(user, limit, 3, MINUTE, at).await.unwrap()
}

async fn use_up(store: &Store, user: &UserId, limit: &'static str, at: Timestamp) {
    for _ in 0..3 {
        assert_eq!(take(store, user, limit, at).await, Taken::Within);
    }
}

async fn the_use_after_the_last_allowed_is_refused_until_the_window_ends(store: Store) {
    let (user, start) = (user("alice").id, now());
    use_up(&store, &user, "messages", start).await;
    let later = start + Duration::from_secs(59);
    assert_eq!(take(&store, &user, "messages", later).await, Taken::Exceeded(start + MINUTE));
    assert_eq!(take(&store, &user, "messages", start + MINUTE).await, Taken::Within);
}

async fn a_new_window_begins_with_its_first_use(store: Store) {
    let (user, start) = (user("alice").id, now());
    take(&store, &user, "messages", start).await;
    let second = start + MINUTE + Duration::from_secs(30);
    use_up(&store, &user, "messages", second).await;
    assert_eq!(take(&store, &user, "messages", second).await, Taken::Exceeded(second + MINUTE));
}

async fn limits_are_counted_apart(store: Store) {
    let (user, start) = (user("alice").id, now());
    use_up(&store, &user, "messages", start).await;
    assert_eq!(take(&store, &user, "calls", start).await, Taken::Within);
}

async fn users_are_counted_apart(store: Store) {
    let start = now();
    use_up(&store, &user("alice").id, "messages", start).await;
    assert_eq!(take(&store, &user("bob").id, "messages", start).await, Taken::Within);
}
