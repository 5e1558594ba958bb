//! Namespaces, events, acknowledgements and attachments (Socket.IO protocol v5).

use crate::client::{SocketIo, WebSocket, open_polling};
use crate::running::Running;

#[tokio::test]
async fn the_main_namespace_is_joined_with_and_without_a_payload() {
    let server = Running::quiet().await;
    for (connect, auth) in [
        ("40", r#"42["auth",{}]"#),
        (r#"40{"token":"123"}"#, r#"42["auth",{"token":"123"}]"#),
        ("40/", r#"42["auth",{}]"#),
    ] {
        let mut client = SocketIo::open(server.address).await;
        let (answer, greeting) = client.join(connect).await;
        let keys: Vec<_> = answer.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["sid"]);
        assert_eq!(greeting, auth);
    }
}

#[tokio::test]
async fn the_socket_id_is_not_the_session_id() {
    let server = Running::quiet().await;
    let mut websocket = WebSocket::connect(server.address, "/socket.io/?EIO=4&transport=websocket").await;
    let open: serde_json::Value = serde_json::from_str(&websocket.text().await[1..]).expect("JSON");
    let mut client = SocketIo { websocket };
    let (answer, _) = client.join("40").await;
    assert_ne!(answer["sid"], open["sid"]);
}

#[tokio::test]
async fn several_namespaces_share_a_connection() {
    let server = Running::quiet().await;
    let mut client = SocketIo::connect(server.address).await;
    for connect in ["40/custom,", r#"40/x-guarded,{"token":"letmein"}"#] {
        let namespace = connect[2..].split(',').next().expect("a namespace").to_owned();
        client.send(connect).await;
        assert!(client.packet().await.starts_with(&format!(r#"40{namespace},{{"sid":""#)));
        let payload = connect.split_once(',').map(|(_, payload)| payload).filter(|payload| !payload.is_empty());
        assert_eq!(client.packet().await, format!(r#"42{namespace},["auth",{}]"#, payload.unwrap_or("{}")));
    }
    // The custom namespaces have no other events.
    client.send(r#"42/custom,["message",1]"#).await;
    client.send(r#"42["message",2]"#).await;
    assert_eq!(client.packet().await, r#"42["message-back",2]"#);
}

#[tokio::test]
async fn namespaces_may_be_written_in_either_form() {
    let server = Running::quiet().await;
    for connect in ["40/custom,", "40/custom", "40/custom?a=b,"] {
        let mut client = SocketIo::open(server.address).await;
        client.send(connect).await;
        assert!(client.packet().await.starts_with(r#"40/custom,{"sid":""#), "{connect}");
    }
}

#[tokio::test]
async fn a_refused_namespace_leaves_the_connection_open() {
    let server = Running::quiet().await;
    let mut client = SocketIo::connect(server.address).await;
    client.send("40/other").await;
    assert_eq!(client.packet().await, r#"44/other,{"message":"Invalid namespace"}"#);
    client.send("40/x-guarded,").await;
    assert_eq!(client.packet().await, r#"44/x-guarded,{"message":"not authorized","data":{"code":401}}"#);
    // Refused is not joined: it may be asked for again.
    client.send(r#"40/x-guarded,{"token":"letmein"}"#).await;
    assert!(client.packet().await.starts_with(r#"40/x-guarded,{"sid":""#));
}

#[tokio::test]
async fn packets_right_behind_a_connect_are_not_lost() {
    let server = Running::quiet().await;
    for _ in 0..20 {
        let mut client = SocketIo::open(server.address).await;
        let texts = ["40", "40/custom,", r#"42["message","first"]"#, r#"421["message-with-ack","second"]"#];
        let frames: Vec<u8> = texts
            .iter()
            .flat_map(|text| {
                let opcode = heliograph_websocket::Opcode::Text;
                heliograph_websocket::encode::masked_frame(true, opcode, text.as_bytes(), [7; 4])
            })
            .collect();
        client.websocket.raw(&frames).await;
        let mut packets = Vec::new();
        for _ in 0..6 {
            packets.push(client.packet().await);
        }
        assert!(packets[0].starts_with("40{") && packets[2].starts_with("40/custom,{"), "{packets:?}");
        assert_eq!([&packets[1], &packets[3]], [r#"42["auth",{}]"#, r#"42/custom,["auth",{}]"#]);
        assert_eq!([&packets[4], &packets[5]], [r#"42["message-back","first"]"#, r#"431["second"]"#]);
    }
}

#[tokio::test]
async fn events_and_acknowledgements_carry_the_exact_arguments() {
    let server = Running::quiet().await;
    let mut client = SocketIo::connect(server.address).await;
    for (sent, received) in [
        (r#"42["message",1,"2",{"3":[true]}]"#, r#"42["message-back",1,"2",{"3":[true]}]"#),
        (r#"42["message"]"#, r#"42["message-back"]"#),
        (r#"42["message",{"b":1,"a":2,"b":3},1.0,1e3,"é"]"#, r#"42["message-back",{"b":1,"a":2,"b":3},1.0,1e3,"é"]"#),
        (r#"42456["message-with-ack",1,"2",{"3":[false]}]"#, r#"43456[1,"2",{"3":[false]}]"#),
        (r#"420["message-with-ack"]"#, "430[]"),
    ] {
        client.send(sent).await;
        assert_eq!(client.packet().await, received);
    }
}

#[tokio::test]
async fn attachments_stay_in_their_places() {
    let server = Running::quiet().await;
    let mut client = SocketIo::connect(server.address).await;
    let places = r#"{"_placeholder":true,"num":0},{"deep":[{"_placeholder":true,"num":1}]}"#;
    for (sent, received) in [
        (format!(r#"452-["message",{places}]"#), format!(r#"452-["message-back",{places}]"#)),
        (format!(r#"452-789["message-with-ack",{places}]"#), format!("462-789[{places}]")),
    ] {
        client.send(&sent).await;
        client.websocket.send_binary(&[1, 2, 3]).await;
        client.websocket.send_binary(&[]).await;
        assert_eq!(client.packet().await, received);
        assert_eq!(client.websocket.binary().await, [1, 2, 3]);
        assert!(client.websocket.binary().await.is_empty());
    }
}

#[tokio::test]
async fn attachments_travel_over_polling() {
    let server = Running::quiet().await;
    let mut client = open_polling(server.address, "/socket.io/").await;
    client.say("40").await;
    let packets = client.packets().await;
    assert!(packets[0].starts_with(r#"40{"sid":""#));
    assert_eq!(packets[1..], [r#"42["auth",{}]"#]);
    let places: Vec<_> = (0..20).map(|num| format!(r#"{{"_placeholder":true,"num":{num}}}"#)).collect();
    let places = places.join(",");
    let attachments = vec!["bAQID"; 20];
    client.say(&format!("4520-[\"message\",{places}]\u{1e}{}", attachments.join("\u{1e}"))).await;
    // No payload holds more than sixteen packets, not even for one event.
    let (first, second) = (client.packets().await, client.packets().await);
    assert_eq!((first.len(), second.len()), (16, 5));
    assert_eq!(first[0], format!("4520-[\"message-back\",{places}]"));
    assert_eq!([&first[1..], &second].concat(), attachments);
}

#[tokio::test]
async fn unknown_events_are_ignored() {
    let server = Running::quiet().await;
    let mut client = SocketIo::connect(server.address).await;
    for ignored in [r#"42["nothing",1]"#, r#"425["nothing"]"#, r#"42["message-with-ack",1]"#, "433[]"] {
        client.send(ignored).await;
    }
    client.send(r#"42["message"]"#).await;
    assert_eq!(client.packet().await, r#"42["message-back"]"#);
}

#[tokio::test]
async fn another_namespace_than_the_main_one_has_no_events() {
    let server = Running::quiet().await;
    let mut client = SocketIo::connect(server.address).await;
    client.join("40/custom,").await;
    client.send(r#"42/custom,1["message-with-ack",1]"#).await;
    client.send(r#"42/custom,["message","nobody"]"#).await;
    client.send(r#"42["message","main"]"#).await;
    assert_eq!(client.packet().await, r#"42["message-back","main"]"#);
}

#[tokio::test]
async fn leaving_a_namespace_leaves_the_others_alone() {
    let server = Running::quiet().await;
    let mut client = SocketIo::connect(server.address).await;
    client.join("40/custom,").await;
    client.send("41/custom,").await;
    client.send(r#"42["message","still here"]"#).await;
    assert_eq!(client.packet().await, r#"42["message-back","still here"]"#);
    client.send("41").await;
    let (answer, _) = client.join("40").await;
    assert!(answer["sid"].is_string());
}

#[tokio::test]
async fn invalid_packets_close_the_connection() {
    let server = Running::quiet().await;
    for invalid in [
        "4",
        "4abc",
        "47",
        "42",
        "42{}",
        r#"42"message""#,
        "42[]",
        "42[{}]",
        r#"42["message""#,
        r#"42["message",]"#,
        r#"42["connect"]"#,
        r#"42abc["message-with-ack",1]"#,
        r#"42-1["message-with-ack",1]"#,
        "43[]",
        r#"44{"message":"no"}"#,
        r#"451-["message",{"_placeholder":true,"num":1}]"#,
        r#"45["message"]"#,
        r#"42/custom,["message"]"#,
        "41/custom",
        "40",
        "40[]",
        "bAQID",
    ] {
        let mut client = SocketIo::connect(server.address).await;
        client.send(invalid).await;
        client.websocket.closed().await;
    }
}

#[tokio::test]
async fn attachments_that_do_not_fit_close_the_connection() {
    let server = Running::quiet().await;
    let mut unannounced = SocketIo::connect(server.address).await;
    unannounced.websocket.send_binary(&[1]).await;
    unannounced.websocket.closed().await;
    let mut interrupted = SocketIo::connect(server.address).await;
    interrupted.send(r#"451-["message",{"_placeholder":true,"num":0}]"#).await;
    interrupted.send(r#"42["message"]"#).await;
    interrupted.websocket.closed().await;
}

#[tokio::test]
async fn invalid_packets_over_polling_end_the_session() {
    let server = Running::quiet().await;
    let mut client = open_polling(server.address, "/socket.io/").await;
    client.post("4abc").await;
    assert_eq!(client.poll().await.status, 400);
}
