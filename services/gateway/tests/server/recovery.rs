//! Connection state recovery, as the conformance application keeps it within one process.

use crate::client::{Recoverable, SocketIo, data, offset, open_polling};
use crate::running::{Running, eventually};

/// A room with a member, and someone who speaks to it.
async fn room(server: &Running) -> (Recoverable, SocketIo) {
    let mut member = Recoverable::connect(server.address).await;
    member.socket.send(r#"421["x-join","r"]"#).await;
    assert_eq!(member.socket.packet().await, "431[true]");
    let mut speaker = SocketIo::open(server.address).await;
    speaker.join("40").await;
    speaker.send(r#"42["x-to","r",1]"#).await;
    assert_eq!(member.event().await, serde_json::json!(["x-to", "r", 1]));
    (member, speaker)
}

#[tokio::test]
async fn events_carry_an_offset_and_acknowledgements_do_not() {
    let server = Running::recovering().await;
    let mut client = Recoverable::connect(server.address).await;
    let first = client.offset.clone();
    client.socket.send(r#"42["message",1]"#).await;
    assert_eq!(client.event().await, serde_json::json!(["message-back", 1]));
    assert_ne!(client.offset, first);
    client.socket.send(r#"421["message-with-ack",1]"#).await;
    assert_eq!(client.socket.packet().await, "431[1]");
    client.socket.send(r#"42["x-ask"]"#).await;
    assert!(client.socket.packet().await.ends_with(r#"["x-question"]"#));
}

#[tokio::test]
async fn a_lost_session_comes_back_with_its_id_its_rooms_and_what_it_missed() {
    let server = Running::recovering().await;
    let (mut member, mut speaker) = room(&server).await;
    // A connection that is dropped without a word is lost, not closed.
    member.socket = SocketIo::open(server.address).await;
    eventually(|| server.connections("websocket") == 2).await;
    for event in [r#"42["x-to","r",2]"#, r#"42["x-broadcast",3]"#, r#"42["x-to","r",4]"#] {
        speaker.send(event).await;
    }
    assert!(speaker.packet().await.starts_with(r#"42["x-broadcast",3"#));
    speaker.send(r#"421["message-with-ack"]"#).await;
    assert_eq!(speaker.packet().await, "431[]");

    let packets = member.come_back(server.address).await;
    assert!(packets.iter().any(member.answer(true)), "{packets:?}");
    let missed: Vec<_> = packets.iter().filter(|packet| packet.starts_with(r#"42["x-"#)).map(|p| data(p)).collect();
    // Before the offset stands what the speaker counted.
    let counts: Vec<_> = missed.iter().filter_map(|event| event.as_array()?.iter().rev().nth(1).cloned()).collect();
    assert_eq!(counts, [2, 3, 4]);

    // It is still in its room, and hears every event once.
    speaker.send(r#"42["x-to","r",5]"#).await;
    assert_eq!(member.event().await, serde_json::json!(["x-to", "r", 5]));
}

#[tokio::test]
async fn a_session_may_be_lost_and_restored_again_and_again() {
    let server = Running::recovering().await;
    let mut client = Recoverable::connect(server.address).await;
    for _ in 0..3 {
        let packets = client.come_back(server.address).await;
        assert!(packets.iter().any(client.answer(true)), "{packets:?}");
        client.offset = offset(packets.last().expect("auth"));
    }
}

#[tokio::test]
async fn a_client_that_comes_back_takes_over_from_its_old_connection() {
    let server = Running::recovering().await;
    let mut client = Recoverable::connect(server.address).await;
    let mut old = std::mem::replace(&mut client.socket, SocketIo::open(server.address).await);
    let packets = client.come_back(server.address).await;
    assert!(packets.iter().any(client.answer(true)), "{packets:?}");
    // One session, one socket: the old connection ends, and its end does not end the session.
    old.websocket.closed().await;
    client.socket.send(r#"42["x-broadcast",1]"#).await;
    assert_eq!(client.event().await, serde_json::json!(["x-broadcast", 1]));
}

#[tokio::test]
async fn what_cannot_be_recovered_becomes_a_fresh_session() {
    let server = Running::recovering().await;
    let client = Recoverable::connect(server.address).await;
    let (sid, pid, offset) = (&client.sid, &client.pid, &client.offset);
    for claim in [
        format!(r#"40{{"pid":"unknown","offset":"{offset}"}}"#),
        format!(r#"40{{"pid":"{pid}","offset":"unknown"}}"#),
        format!(r#"40{{"pid":"{pid}","offset":"e999"}}"#),
        format!(r#"40{{"pid":"{pid}"}}"#),
        format!(r#"40{{"pid":["{pid}"],"offset":"{offset}"}}"#),
        r#"40{"pid":7,"offset":8}"#.to_owned(),
    ] {
        let mut other = SocketIo::open(server.address).await;
        let (answer, greeting) = other.join(&claim).await;
        assert!(answer["pid"].as_str().is_some_and(|fresh| fresh != pid), "{claim}");
        assert!(answer["sid"].as_str().is_some_and(|fresh| fresh != sid), "{claim}");
        assert!(greeting.starts_with(r#"42["auth""#));
    }
}

#[tokio::test]
async fn a_session_that_was_ended_cannot_be_restored() {
    let server = Running::recovering().await;
    for ending in ["41", r#"42["x-kick",false]"#, r#"42["x-kick",true]"#] {
        let mut client = Recoverable::connect(server.address).await;
        client.socket.send(ending).await;
        if ending == "41" {
            // Packets are handled in order, so that this answer comes after the end.
            client.socket.join("40/custom,").await;
        } else {
            assert_eq!(client.socket.packet().await, "41");
        }
        let packets = client.come_back(server.address).await;
        assert!(packets.iter().any(client.answer(false)), "{ending} {packets:?}");
    }
}

#[tokio::test]
async fn a_dropped_connection_can_be_restored() {
    let server = Running::recovering().await;
    let mut client = Recoverable::connect(server.address).await;
    client.socket.send(r#"42["x-drop"]"#).await;
    client.socket.websocket.closed().await;
    let packets = client.come_back(server.address).await;
    assert!(packets.iter().any(client.answer(true)), "{packets:?}");
}

#[tokio::test]
async fn recovery_can_be_declined_per_connection() {
    let server = Running::recovering().await;
    for (query, connect) in [("&recovery=off", "40"), ("", r#"40{"recovery":"off"}"#)] {
        let mut client = SocketIo::open_with(server.address, query).await;
        let (answer, greeting) = client.join(connect).await;
        assert_eq!(answer.get("pid"), None);
        assert_eq!(greeting, format!(r#"42["auth",{}]"#, if query.is_empty() { &connect[2..] } else { "{}" }));
        client.send(r#"451-["message",{"_placeholder":true,"num":0}]"#).await;
        client.websocket.send_binary(&[1]).await;
        assert_eq!(client.packet().await, r#"451-["message-back",{"_placeholder":true,"num":0}]"#);
    }
}

/// A session whose poll was lost ends at once: the client comes back and is given what it missed, where otherwise both
/// sides would wait for a timeout.
#[tokio::test]
async fn a_poll_that_is_given_up_is_noticed_at_once() {
    let server = Running::recovering().await;
    let mut client = open_polling(server.address, "/socket.io/").await;
    client.say("40").await;
    let packets = client.packets().await;
    assert_eq!(packets.len(), 2, "{packets:?}");
    client.begin_poll().await;
    client.abandon_poll(server.address).await;
    eventually(|| server.connections("polling") == 0).await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_with_its_connection_is_noticed_soon() {
    let server = Running::recovering().await;
    let mut client = open_polling(server.address, "/socket.io/").await;
    client.say("40").await;
    client.begin_poll().await;
    // A connection that is closed with the answer unread is reset.
    client.answer_arrived().await;
    client.abandon_poll(server.address).await;
    eventually(|| server.connections("polling") == 0).await;
}

/// As behind a balancer that resets its connections as soon as it has an answer.
#[tokio::test]
async fn an_answer_whose_client_polls_again_was_not_lost() {
    let server = Running::recovering().await;
    let mut client = open_polling(server.address, "/socket.io/").await;
    client.say("40").await;
    client.begin_poll().await;
    client.answer_arrived().await;
    client.abandon_poll(server.address).await;
    client.say(r#"42["message",1]"#).await;
    assert!(client.packets().await[0].starts_with(r#"42["message-back",1,"#));
    assert_eq!(server.connections("polling"), 1);
}

#[tokio::test]
async fn a_connection_that_breaks_after_its_answer_was_read_ends_nothing() {
    let server = Running::recovering().await;
    let mut client = open_polling(server.address, "/socket.io/").await;
    client.say("40").await;
    assert_eq!(client.packets().await.len(), 2);
    client.abandon_poll(server.address).await;
    client.say(r#"42["message",1]"#).await;
    assert!(client.packets().await[0].starts_with(r#"42["message-back",1,"#));
}
