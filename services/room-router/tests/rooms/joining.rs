//! Joining rooms.

use heliograph_domain::{
    command::{Join, Origin, RoomCommand, Since},
    id::CommandId,
    refusal::Code,
    room::{Media, RoomId},
};

use crate::stage::{Stage, code, join_of, joined, person, socket, user};

#[tokio::test(start_paused = true)]
async fn the_others_hear_who_joins_and_the_newcomer_learns_who_is_there() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.join(&ann, "team").await;
    stage.post(&ann, "team", "hello").await.unwrap();
    stage.clear();

    let joined = stage.join(&bob, "team").await;

    assert_eq!(joined.members, [person("ann"), person("bob")]);
    assert_eq!(joined.position.seq, 1);
    assert!(joined.chat_enabled && joined.peers.is_empty() && joined.missed.entries.is_empty());
    assert_eq!(stage.heard("g1"), ["team but bob1: member bob1 joined, so did bob"]);
    assert_eq!(stage.heard("g2"), ["team but bob1: member bob1 joined, so did bob"]);
}

#[tokio::test(start_paused = true)]
async fn a_user_is_announced_once_however_many_sockets_join() {
    let mut stage = Stage::start().await;
    let first = stage.synapse("bob1", "g1").await;
    let second = stage.synapse("bob2", "g2").await;
    stage.join(&first, "team").await;
    stage.clear();
    stage.join(&second, "team").await;
    assert!(stage.heard("g1").is_empty() && stage.heard("g2").is_empty());
}

#[tokio::test(start_paused = true)]
async fn attending_as_a_member_on_connect_is_silent() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.join(&ann, "team").await;
    stage.clear();
    let silent = Join { explicit: false, ..join_of(&bob) };
    joined(stage.ask(&bob, "team", RoomCommand::Join(silent)).await);
    assert!(stage.heard("g1").is_empty());
    stage.post(&ann, "team", "do you hear me").await.unwrap();
    assert_eq!(stage.heard("g2"), ["team #1: ann wrote \"do you hear me\""]);
}

#[tokio::test(start_paused = true)]
async fn peers_are_listed_and_announced_to_peers() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.mesh("ann1", "g1").await, stage.mesh("bob1", "g2").await);
    let first = stage.join(&ann, "standup").await;
    assert_eq!((first.host, first.peers.len()), (Some(socket("ann1")), 0));
    stage.clear();
    let second = stage.join(&bob, "standup").await;
    assert_eq!(second.host, Some(socket("ann1")));
    assert_eq!(second.peers.iter().map(|peer| &peer.socket).collect::<Vec<_>>(), [&socket("ann1")]);
    assert_eq!(stage.heard("g1"), ["standup but bob1: peer bob1 joined, so did bob"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_tab_is_a_peer_of_its_own() {
    let mut stage = Stage::start().await;
    let (one, two) = (stage.mesh("ann1", "g1").await, stage.mesh("ann2", "g1").await);
    stage.join(&one, "standup").await;
    stage.clear();
    stage.join(&two, "standup").await;
    assert_eq!(stage.heard("g1"), ["standup but ann2: peer ann2 joined"]);
}

#[tokio::test(start_paused = true)]
async fn a_join_brings_what_the_client_has_missed() {
    let stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.join(&ann, "team").await;
    for text in ["one", "two", "three"] {
        stage.post(&ann, "team", text).await.unwrap();
    }
    let since = Join { since: Some(Since::Seq(1)), ..join_of(&bob) };
    let missed = joined(stage.ask(&bob, "team", RoomCommand::Join(since)).await).missed;
    assert_eq!(missed.entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [2, 3]);
    assert!(missed.whole && !missed.more);
}

#[tokio::test(start_paused = true)]
async fn of_too_much_that_was_missed_the_newest_comes() {
    let stage = Stage::with(|options| options.missed = 2).await;
    let ann = stage.synapse("ann1", "g1").await;
    stage.join(&ann, "team").await;
    for text in ["one", "two", "three"] {
        stage.post(&ann, "team", text).await.unwrap();
    }
    let since = Join { since: Some(Since::Seq(0)), ..join_of(&ann) };
    let missed = joined(stage.ask(&ann, "team", RoomCommand::Join(since)).await).missed;
    assert_eq!(missed.entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [2, 3]);
    assert!(missed.more);
}

#[tokio::test(start_paused = true)]
async fn the_session_and_the_memberships_know_the_room() {
    let stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    assert_eq!(stage.join(&ann, "team").await.ordinal, 0);
    assert_eq!(stage.join(&ann, "lounge").await.ordinal, 1);
    assert_eq!(stage.join(&ann, "team").await.ordinal, 0);
    let (session, _) = stage.store().sessions.load(&ann.socket).await.unwrap().unwrap();
    assert_eq!(session.rooms.len(), 2);
    assert_eq!(stage.store().presence.rooms(&user("ann"), 10).await.unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_join_that_comes_after_the_socket_has_gone_leaves_nothing_behind() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.mesh("ann1", "g1").await, stage.mesh("bob1", "g2").await);
    stage.join(&ann, "standup").await;
    stage.disconnect(&bob).await;
    stage.clear();
    assert_eq!(code(stage.ask(&bob, "standup", RoomCommand::Join(join_of(&bob))).await), Code::UserNotConnected);
    assert_eq!(
        stage.heard("g1"),
        ["standup but bob1: peer bob1 joined, so did bob", "standup but bob1: peer bob1 disconnected, so did bob"]
    );
}

#[tokio::test(start_paused = true)]
async fn pair_rooms_admit_the_two_and_nobody_else() {
    let stage = Stage::start().await;
    let pair = RoomId::of_pair(&user("ann"), &user("bob"));
    let (ann, cat) = (stage.synapse("ann1", "g1").await, stage.synapse("cat1", "g1").await);
    stage.join(&ann, pair.as_str()).await;
    assert_eq!(code(stage.ask(&cat, pair.as_str(), RoomCommand::Join(join_of(&cat))).await), Code::NotAllowed);
}

#[tokio::test(start_paused = true)]
async fn reserved_rooms_are_nobodys() {
    let stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    for target in ["user:ann", "match:1"] {
        assert_eq!(code(stage.ask(&ann, target, RoomCommand::Join(join_of(&ann))).await), Code::NotAllowed, "{target}");
    }
    assert_eq!(code(stage.ask(&ann, "call:c", RoomCommand::Join(join_of(&ann))).await), Code::NotFound);
}

#[tokio::test(start_paused = true)]
async fn only_sockets_join() {
    let stage = Stage::start().await;
    let ann = stage.synapse("ann1", "g1").await;
    let join = || RoomCommand::Join(join_of(&ann));
    assert_eq!(code(stage.system("team", join()).await), Code::NotAllowed);
    let by_http = Origin::User(person("ann"));
    assert_eq!(code(stage.send(CommandId::generate(), by_http, "team", join()).await), Code::NotAllowed);
}

#[tokio::test(start_paused = true)]
async fn a_room_holds_as_many_peers_as_it_may() {
    let stage = Stage::with(|options| options.limits.mesh_peers = 2).await;
    for id in ["ann1", "bob1"] {
        let peer = stage.mesh(id, "g1").await;
        stage.join(&peer, "standup").await;
    }
    let cat = stage.mesh("cat1", "g1").await;
    assert_eq!(code(stage.ask(&cat, "standup", RoomCommand::Join(join_of(&cat))).await), Code::RoomFull);
    let dan = stage.synapse("dan1", "g1").await;
    stage.join(&dan, "standup").await;
}

#[tokio::test(start_paused = true)]
async fn a_reloaded_page_takes_the_place_of_its_ghost() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.mesh("ann1", "g1").await, stage.mesh("bob1", "g2").await);
    stage.join(&ann, "standup").await;
    stage.join(&bob, "standup").await;
    stage.lose(&bob).await;
    stage.clear();
    let reloaded = stage.mesh("bob2", "g2").await;
    let joined = stage.join(&reloaded, "standup").await;
    assert_eq!(joined.peers.len(), 1);
    assert_eq!(stage.heard("g1"), ["standup but bob1: peer bob1 disconnected", "standup but bob2: peer bob2 joined"]);
    assert_eq!(stage.heard("g2")[0], "take bob1 out of standup");
}

#[tokio::test(start_paused = true)]
async fn a_tab_whose_transport_lives_is_no_ghost() {
    let mut stage = Stage::start().await;
    let (one, two) = (stage.mesh("bob1", "g1").await, stage.mesh("bob2", "g1").await);
    stage.join(&one, "standup").await;
    stage.clear();
    assert_eq!(stage.join(&two, "standup").await.peers.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_recovered_session_does_not_end_another_lost_tab() {
    let stage = Stage::start().await;
    let (one, two) = (stage.mesh("bob1", "g1").await, stage.mesh("bob2", "g1").await);
    stage.join(&one, "standup").await;
    stage.join(&two, "standup").await;
    stage.lose(&two).await;
    let recovered = Join { explicit: false, peer: Some(Media::default()), ..join_of(&one) };
    let joined = joined(stage.ask(&one, "standup", RoomCommand::Join(recovered)).await);
    assert_eq!(joined.peers.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_takeover_replaces_the_other_tab_and_its_host() {
    let mut stage = Stage::start().await;
    let (bob, ann) = (stage.mesh("bob1", "g2").await, stage.mesh("ann1", "g1").await);
    stage.join(&bob, "standup").await;
    stage.join(&ann, "standup").await;
    stage.clear();
    let second = stage.mesh("bob2", "g1").await;
    let takeover = Join { takeover: true, ..join_of(&second) };
    let joined = joined(stage.ask(&second, "standup", RoomCommand::Join(takeover)).await);
    assert_eq!(joined.host, Some(socket("ann1")));
    assert_eq!(stage.heard("g2"), ["take bob1 out of standup, replaced"]);
    assert_eq!(
        stage.heard("g1"),
        ["standup but bob1: peer bob1 removed", "standup but bob1: ann1 hosts", "standup but bob2: peer bob2 joined"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_repeated_join_is_told_again_and_changes_nothing() {
    let mut stage = Stage::start().await;
    let (ann, bob) = (stage.synapse("ann1", "g1").await, stage.synapse("bob1", "g2").await);
    stage.join(&ann, "team").await;
    let (id, origin) = (CommandId::generate(), Origin::Socket(bob.clone()));
    let join = RoomCommand::Join(join_of(&bob));
    let first = joined(stage.send(id, origin.clone(), "team", join.clone()).await);
    stage.clear();
    let second = joined(stage.send(id, origin, "team", join).await);
    assert_eq!(first.roster, second.roster);
    assert_eq!(stage.heard("g1"), ["team but bob1: member bob1 joined, so did bob"]);
}
