//! What users say about themselves.

use heliograph_domain::command::Status;

use crate::stage::Stage;

async fn team() -> Stage {
    let mut stage = Stage::start().await;
    for (id, gateway) in [("ann1", "g1"), ("bob1", "g2")] {
        stage.connect(id, gateway).await;
        stage.join(id, gateway, "team").await;
    }
    stage.heard("g1");
    stage.heard("g2");
    stage
}

#[tokio::test(start_paused = true)]
async fn a_change_of_status_is_told_once() {
    let mut stage = team().await;
    stage.set_status("ann", Status::Busy).await;
    stage.set_status("ann", Status::Busy).await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is busy"]);
}

#[tokio::test(start_paused = true)]
async fn who_hides_is_offline_for_others_and_comes_back_online() {
    let mut stage = team().await;
    stage.set_status("ann", Status::Offline).await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is offline", "team but ann: ann is offline"]);
    stage.connect("ann2", "g1").await;
    assert!(stage.heard("g2").is_empty());
    stage.set_status("ann", Status::Away).await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is online", "team but ann: ann is away"]);
}

#[tokio::test(start_paused = true)]
async fn who_hides_and_goes_is_not_announced_twice() {
    let mut stage = team().await;
    stage.set_status("ann", Status::Offline).await;
    stage.heard("g2");
    stage.goodbye("ann1", "g1").await;
    stage.pass(10_000).await;
    assert!(stage.heard("g2").is_empty());
}
