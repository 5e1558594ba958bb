//! The end of rooms, and of the router.

use heliograph_cluster::directory::Role;
use heliograph_domain::{
    command::{Join, RoomCommand, Since},
    outcome::RoomOutcome,
    refusal::Code,
};

use crate::stage::{Stage, code, join_of, joined, user};

#[tokio::test(start_paused = true)]
async fn a_closed_room_is_gone_for_everybody() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.join(&ann, "team").await;
    stage.join(&bob, "team").await;
    let position = joined(stage.ask(&ann, "team", RoomCommand::Join(join_of(&ann))).await).position;
    stage.clear();
    assert_eq!(code(stage.ask(&ann, "team", RoomCommand::Close).await), Code::NotAllowed);
    assert_eq!(stage.system("team", RoomCommand::Close).await, Ok(RoomOutcome::Done));
    assert_eq!(stage.heard("g1"), ["team: closed by system"]);
    assert_eq!(stage.heard("g2"), ["team: closed by system"]);
    assert!(stage.store().presence.rooms(&user("ann"), 10).await.unwrap().is_empty());
    let (session, _) = stage.store().sessions.load(&ann.socket).await.unwrap().unwrap();
    assert!(session.rooms.is_empty());
    assert_eq!(code(stage.post(&ann, "team", "anybody").await), Code::NotInRoom);

    let since = Join { since: Some(Since::Position(position)), ..join_of(&ann) };
    let again = joined(stage.ask(&ann, "team", RoomCommand::Join(since)).await);
    assert_ne!(again.position.epoch, position.epoch);
    assert!(!again.missed.whole);
}

#[tokio::test(start_paused = true)]
async fn closing_what_is_not_there_is_success() {
    let stage = Stage::start().await;
    assert_eq!(stage.system("nowhere", RoomCommand::Close).await, Ok(RoomOutcome::Done));
    assert_eq!(stage.system("call:nobodys", RoomCommand::Close).await, Ok(RoomOutcome::Done));
}

#[tokio::test(start_paused = true)]
async fn when_everybody_has_gone_nothing_is_left_behind() {
    let stage = Stage::start().await;
    let store = stage.store();
    for id in ["guest1", "guest2"] {
        let guest = stage.mesh(id, "g1").await;
        stage.join(&guest, "standup").await;
        stage.ask(&guest, "standup", RoomCommand::Leave { permanent: false }).await.unwrap();
        stage.disconnect(&guest).await;
    }
    let memory = stage.stop().await;
    tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    let held = memory.held();
    assert_eq!((held.rooms, held.users, held.sessions, held.deadlines), (0, 0, 0, 0), "{held:?}");
    drop(store);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_router_serves_nobody() {
    let stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    let commands = stage.commands.clone();
    stage.join(&ann, "team").await;
    let directory = stage.backends.directory.clone();
    stage.stop().await;
    assert!(directory.watch().borrow().values().all(|node| node.role != Role::RoomRouter));
    let request = heliograph_domain::command::RoomRequest {
        id: heliograph_domain::id::CommandId::generate(),
        room: crate::stage::room("team"),
        origin: heliograph_domain::command::Origin::Socket(ann),
        command: RoomCommand::Leave { permanent: false },
    };
    assert_eq!(code(commands.room(&request).await), Code::Unavailable);
}
