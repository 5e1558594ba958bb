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

#[tokio::test(start_paused = true)]
async fn who_looks_at_no_device_is_away() {
    let mut stage = team().await;
    stage.connect("ann2", "g1").await;
    stage.set_active("ann1", false).await;
    assert!(stage.heard("g2").is_empty());
    stage.set_active("ann2", false).await;
    stage.set_active("ann2", false).await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is away"]);
    stage.set_active("ann1", true).await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is online"]);
}

#[tokio::test(start_paused = true)]
async fn devices_that_come_and_go_change_whether_the_user_is_away() {
    let mut stage = team().await;
    stage.set_active("ann1", false).await;
    stage.heard("g2");
    stage.connect("ann2", "g1").await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is online"]);
    stage.goodbye("ann2", "g1").await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is away"]);
}

#[tokio::test(start_paused = true)]
async fn who_chose_a_status_keeps_it_wherever_they_look() {
    let mut stage = team().await;
    stage.set_status("ann", Status::Busy).await;
    stage.heard("g2");
    stage.set_active("ann1", false).await;
    assert!(stage.heard("g2").is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_says_that_they_are_available_is_heard_in_any_case() {
    let mut stage = team().await;
    stage.appear("ann1").await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is online"]);
    stage.set_active("ann1", false).await;
    stage.heard("g2");
    stage.appear("ann1").await;
    assert_eq!(stage.heard("g2"), ["team but ann: ann is online", "team but ann: ann is online"]);
}

#[tokio::test(start_paused = true)]
async fn who_chats_with_somebody_hears_of_them_without_having_the_chat_open() {
    let mut stage = Stage::start().await;
    stage.connect("ann1", "g1").await;
    stage.join("ann1", "g1", "direct:ann_bob").await;
    stage.connect("bob1", "g2").await;
    stage.heard("g2");
    stage.set_status("ann", Status::Busy).await;
    assert_eq!(stage.heard("g2"), ["bob but ann: ann is busy"]);
}
