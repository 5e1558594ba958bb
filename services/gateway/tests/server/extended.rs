//! Rooms, questions and disconnects, as the conformance application offers them.

use std::sync::Arc;
use std::time::Duration;

use crate::client::{Recoverable, SocketIo, open_polling};
use crate::local::LocalHub;
use crate::running::{Running, eventually, long_times};
use crate::settings::{self, Profile};

#[tokio::test]
async fn a_broadcast_reaches_everyone_once() {
    let server = Running::quiet().await;
    let mut sender = SocketIo::connect(server.address).await;
    let mut other = SocketIo::connect(server.address).await;
    sender.send(r#"42["x-broadcast",1,{"a":2}]"#).await;
    sender.send(r#"42["message"]"#).await;
    assert_eq!(sender.packet().await, r#"42["x-broadcast",1,{"a":2}]"#);
    assert_eq!(sender.packet().await, r#"42["message-back"]"#);
    assert_eq!(other.packet().await, r#"42["x-broadcast",1,{"a":2}]"#);
}

#[tokio::test]
async fn a_room_hears_its_members_and_not_those_who_left() {
    let server = Running::quiet().await;
    let mut sender = SocketIo::connect(server.address).await;
    let mut member = SocketIo::connect(server.address).await;
    for client in [&mut sender, &mut member] {
        client.send(r#"421["x-join","r"]"#).await;
        assert_eq!(client.packet().await, "431[true]");
    }
    sender.send(r#"42["x-to","r",1]"#).await;
    assert_eq!(member.packet().await, r#"42["x-to","r",1]"#);
    member.send(r#"422["x-leave","r"]"#).await;
    assert_eq!(member.packet().await, "432[true]");
    sender.send(r#"42["x-to","r",2]"#).await;
    sender.send(r#"42["x-broadcast"]"#).await;
    // The sender does not hear itself in the room, the former member does not hear the room.
    assert_eq!(sender.packet().await, r#"42["x-broadcast"]"#);
    assert_eq!(member.packet().await, r#"42["x-broadcast"]"#);
}

#[tokio::test]
async fn a_question_is_answered_or_times_out() {
    let server = Running::quiet().await;
    let mut client = SocketIo::connect(server.address).await;
    client.send(r#"421["x-ask","how much?"]"#).await;
    let question = client.packet().await;
    let id = question.strip_prefix("42").and_then(|rest| rest.strip_suffix(r#"["x-question","how much?"]"#));
    client.send(&format!("43{}[42]", id.expect("an ack id"))).await;
    assert_eq!(client.packet().await, r#"431["ok",42]"#);
    client.send(r#"422["x-ask"]"#).await;
    assert!(client.packet().await.ends_with(r#"["x-question"]"#));
    assert_eq!(client.packet().await, r#"432["timeout",null]"#);
}

#[tokio::test]
async fn a_kick_ends_the_namespace_or_the_connection() {
    let server = Running::quiet().await;
    let mut client = SocketIo::connect(server.address).await;
    client.join("40/custom,").await;
    client.send(r#"42["x-kick",false]"#).await;
    assert_eq!(client.packet().await, "41");
    client.join("40").await;
    client.send(r#"42["x-kick",true]"#).await;
    let mut farewells = [client.packet().await, client.packet().await];
    farewells.sort();
    assert_eq!(farewells, ["41", "41/custom,"]);
    client.websocket.closed().await;
}

/// Stock clients that read both in one payload take the end for a lost connection, and come back uninvited.
#[tokio::test]
async fn over_polling_a_kick_comes_in_a_poll_before_that_of_the_close() {
    let server = Running::quiet().await;
    let mut client = open_polling(server.address, "/socket.io/").await;
    client.say("40").await;
    assert_eq!(client.packets().await.len(), 2);
    client.say(r#"42["x-kick",true]"#).await;
    assert_eq!(client.packets().await, ["41"]);
    assert_eq!(client.packets().await, ["1"]);
    assert_eq!(client.poll().await.status, 400);
}

#[tokio::test]
async fn a_drop_closes_the_connection_without_a_word() {
    let server = Running::quiet().await;
    let mut client = SocketIo::connect(server.address).await;
    client.send(r#"42["x-drop"]"#).await;
    // A close frame, and no DISCONNECT before it.
    assert!(matches!(client.websocket.message().await, Some(heliograph_websocket::Message::Close(_))));
    assert_eq!(client.websocket.message().await, None);
}

#[tokio::test]
async fn a_session_that_was_lost_for_too_long_becomes_a_fresh_one() {
    let mut options = settings::options(Profile::Clients);
    long_times(&mut options);
    let metrics = options.metrics.clone();
    let hub = Arc::new(LocalHub::new(Some(Duration::ZERO)));
    let server = Running::start(settings::server_with(options, hub), metrics).await;
    let mut client = Recoverable::connect(server.address).await;
    // A connection that is dropped without a word is lost, not closed.
    client.socket = SocketIo::open(server.address).await;
    eventually(|| server.connections("websocket") == 1).await;
    let packets = client.come_back(server.address).await;
    assert!(packets.iter().any(client.answer(false)), "{packets:?}");
}
