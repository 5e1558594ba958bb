//! Questions by gRPC.

use heliograph_cluster::grpc::Counts;
use heliograph_domain::command::Status;

use crate::stage::{Stage, room, socket, user};

#[tokio::test(start_paused = true)]
async fn sockets_are_found_by_user() {
    let stage = Stage::start().await;
    for (id, gateway) in [("ann1", "g1"), ("ann2", "g2"), ("bob1", "g2")] {
        stage.connect(id, gateway).await;
    }
    let found = stage.questions.sockets(&[user("ann"), user("nobody")]).await.unwrap();
    let mut found: Vec<_> = found.into_iter().map(|(user, one)| (user, one.socket)).collect();
    found.sort();
    assert_eq!(found, [(user("ann"), socket("ann1")), (user("ann"), socket("ann2"))]);
    assert_eq!(stage.questions.counts().await.unwrap(), Counts { users: 2, sockets: 3 });
}

#[tokio::test(start_paused = true)]
async fn who_shares_a_room_sees_how_a_user_is() {
    let stage = Stage::start().await;
    for id in ["ann1", "bob1", "cat1"] {
        stage.connect(id, "g1").await;
    }
    stage.join("ann1", "g1", "team").await;
    stage.join("bob1", "g1", "team").await;
    stage.set_status("bob", Status::Busy).await;
    let asked = [user("ann"), user("bob"), user("cat"), user("nobody")];
    let seen = stage.questions.look_up(&asked, Some(&user("ann"))).await.unwrap();
    let seen: Vec<_> = seen.into_iter().map(|one| (one.user, one.status)).collect();
    assert_eq!(seen, [(user("ann"), Status::Online), (user("bob"), Status::Busy)]);

    stage.goodbye("bob1", "g1").await;
    stage.pass(1100).await;
    let all = stage.questions.look_up(&asked, None).await.unwrap();
    assert_eq!(
        all.iter().map(|one| one.status).collect::<Vec<_>>(),
        [Status::Online, Status::Offline, Status::Online, Status::Offline]
    );
    assert!(all[1].last_seen.is_some() && all[3].last_seen.is_none());
}

#[tokio::test(start_paused = true)]
async fn rooms_of_a_user_come_the_latest_first() {
    let stage = Stage::start().await;
    stage.connect("ann1", "g1").await;
    for target in ["one", "two"] {
        stage.join("ann1", "g1", target).await;
    }
    assert_eq!(stage.questions.rooms(&user("ann"), 0).await.unwrap(), [room("two"), room("one")]);
    assert_eq!(stage.questions.rooms(&user("ann"), 1).await.unwrap(), [room("two")]);
}
