//! HTTP long-polling (Engine.IO protocol, "HTTP long-polling").

use crate::client::{Http, open_polling};
use crate::running::{Running, eventually};

#[tokio::test]
async fn messages_come_back_as_sent_and_in_order() {
    let server = Running::quiet().await;
    let mut client = open_polling(server.address, "/engine.io/").await;
    for body in ["4hello", "4test1\u{1e}4test2\u{1e}4test3", "4hello\u{1e}bAQIDBA==", "4€\u{1e}4\u{1e}b"] {
        client.say(body).await;
        let answer = client.poll().await;
        assert_eq!((answer.status, answer.body.as_str()), (200, body));
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=UTF-8"));
    }
}

#[tokio::test]
async fn a_poll_waits_until_there_is_something() {
    let server = Running::quiet().await;
    let mut client = open_polling(server.address, "/engine.io/").await;
    client.begin_poll().await;
    client.say("4later").await;
    assert_eq!(client.end_poll().await.body, "4later");
}

/// python-engineio drops a connection that is given more.
#[tokio::test]
async fn an_answer_holds_at_most_sixteen_packets() {
    let server = Running::quiet().await;
    let mut client = open_polling(server.address, "/engine.io/").await;
    let sent: Vec<_> = (0..40).map(|number| format!("4{number}")).collect();
    client.say(&sent.join("\u{1e}")).await;
    let (first, second, third) = (client.packets().await, client.packets().await, client.packets().await);
    assert_eq!([first.len(), second.len(), third.len()], [16, 16, 8]);
    assert_eq!([first, second, third].concat(), sent);
}

#[tokio::test]
async fn an_answer_holds_at_most_max_payload_bytes() {
    let server = Running::quiet().await;
    let mut client = open_polling(server.address, "/engine.io/").await;
    let large = format!("4{}", "x".repeat(600_000));
    client.say(&large).await;
    client.say(&large).await;
    assert_eq!(client.packets().await, [large.as_str()]);
    assert_eq!(client.packets().await, [large]);
}

#[tokio::test]
async fn a_malformed_post_is_refused_and_ends_the_session() {
    let server = Running::quiet().await;
    for body in ["abc", "", "4ok\u{1e}", "b%%%", "4ok\u{1e}x"] {
        let mut client = open_polling(server.address, "/engine.io/").await;
        let answer = client.post(body).await;
        assert_eq!((answer.status, answer.body.contains(r#""code":3"#)), (400, true), "{body:?}");
        assert_eq!(client.poll().await.status, 400, "{body:?}");
    }
}

#[tokio::test]
async fn a_post_that_is_not_utf8_is_refused() {
    let server = Running::quiet().await;
    let mut client = open_polling(server.address, "/engine.io/").await;
    let mut http = Http::connect(server.address).await;
    assert_eq!(http.request("POST", &client.path, &[], b"4\xff").await.status, 400);
    assert_eq!(client.poll().await.status, 400);
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_before_it_was_read() {
    let server = Running::quiet().await;
    let mut announced = open_polling(server.address, "/engine.io/").await;
    let mut http = Http::connect(server.address).await;
    let head = format!("POST {} HTTP/1.1\r\nhost: a\r\ncontent-length: 1000001\r\n\r\n", announced.path);
    http.write(head.as_bytes()).await;
    assert_eq!(http.answer().await.map(|answer| answer.status), Some(413));
    assert_eq!(announced.poll().await.status, 400);

    let mut endless = open_polling(server.address, "/engine.io/").await;
    let mut http = Http::connect(server.address).await;
    let head = format!("POST {} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n", endless.path);
    http.write(head.as_bytes()).await;
    for _ in 0..11 {
        http.write(b"186a0\r\n").await;
        http.write(&vec![b'4'; 100_000]).await;
        http.write(b"\r\n").await;
    }
    assert_eq!(http.answer().await.map(|answer| answer.status), Some(413));
    assert_eq!(endless.poll().await.status, 400);
}

#[tokio::test]
async fn the_largest_body_is_accepted() {
    let server = Running::quiet().await;
    let mut client = open_polling(server.address, "/engine.io/").await;
    let body = format!("4{}", "x".repeat(999_999));
    client.say(&body).await;
    assert_eq!(client.packets().await, [body]);
}

#[tokio::test]
async fn a_second_poll_ends_the_first_and_the_session() {
    let server = Running::quiet().await;
    let mut client = open_polling(server.address, "/engine.io/").await;
    client.begin_poll().await;
    let mut second = Http::connect(server.address).await;
    let (refused, ended) = (second.get(&client.path).await, client.end_poll().await);
    // They race, and whichever comes second is refused.
    let mut results = [(refused.status, refused.body), (ended.status, ended.body)];
    results.sort();
    assert_eq!(results[0], (200, "1".to_owned()));
    assert_eq!(results[1].0, 400);
    assert_eq!(client.poll().await.status, 400);
}

#[tokio::test]
async fn a_cancelled_poll_ends_the_session() {
    let server = Running::quiet().await;
    let mut client = open_polling(server.address, "/engine.io/").await;
    client.begin_poll().await;
    client.say("4a").await;
    assert_eq!(client.end_poll().await.body, "4a");
    client.begin_poll().await;
    client.abandon_poll(server.address).await;
    eventually(|| server.connections("polling") == 0).await;
    assert_eq!(client.poll().await.status, 400);
}

#[tokio::test]
async fn a_post_that_breaks_off_ends_the_session() {
    let server = Running::quiet().await;
    let mut client = open_polling(server.address, "/engine.io/").await;
    let mut http = Http::connect(server.address).await;
    let head = format!("POST {} HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n4abc", client.path);
    http.write(head.as_bytes()).await;
    drop(http);
    eventually(|| server.connections("polling") == 0).await;
    assert_eq!(client.poll().await.status, 400);
}

#[tokio::test]
async fn a_close_packet_ends_the_waiting_poll_and_the_session() {
    let server = Running::quiet().await;
    for base in ["/engine.io/", "/socket.io/"] {
        let mut client = open_polling(server.address, base).await;
        client.begin_poll().await;
        client.say("1").await;
        let answer = client.end_poll().await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "6"));
        assert_eq!(client.poll().await.status, 400);
    }
}

/// A client that closes sends its close beside a poll, on another connection, and either may be first.
#[tokio::test]
async fn a_poll_that_comes_just_behind_the_close_packet_is_ended_too() {
    let server = Running::quiet().await;
    let mut client = open_polling(server.address, "/engine.io/").await;
    let mut closing = Http::connect(server.address).await;
    closing.send("POST", &client.path, &[], b"1").await;
    client.begin_poll().await;
    let answer = client.end_poll().await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "6"));
    assert_eq!(closing.answer().await.map(|answer| answer.status), Some(200));
    assert_eq!(client.poll().await.status, 400);
}

#[tokio::test]
async fn a_poll_after_the_close_was_answered_is_refused() {
    let server = Running::quiet().await;
    let mut client = open_polling(server.address, "/engine.io/").await;
    client.say("1").await;
    assert_eq!(client.poll().await.status, 400);
}
