//! What a server and its clients do not let happen.

use std::time::Duration;

use heliograph_cluster::{
    directory::Role,
    grpc::{ChannelOptions, ServerOptions, Way, stubs::room_service_client::RoomServiceClient},
};
use heliograph_domain::{refusal::Code as Refused, wire::proto};
use heliograph_telemetry::metrics::Case;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{io::AsyncReadExt, net::TcpStream, time::timeout};
use tonic::{Code, Response, Status, Streaming};

use crate::stage::{Answering, Asking, LARGEST, PATIENCE, answer, name, question};

#[tokio::test]
async fn a_call_is_answered_within_the_time_that_it_names() {
    let server = Answering::start("a", ServerOptions::default()).await;
    // Without a client library, which would measure the time itself.
    let stream = TcpStream::connect(server.address).await.unwrap();
    let io = TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let message = prost::Message::encode_to_vec(&question("silent"));
    let framed = [&[0][..], &u32::try_from(message.len()).unwrap().to_be_bytes(), &message].concat();
    let request = Request::post(format!("http://{}/heliograph.v1.RoomService/Members", server.address))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("grpc-timeout", "50m")
        .body(Full::<bytes::Bytes>::from(framed))
        .unwrap();
    let response = timeout(PATIENCE, sender.send_request(request)).await.unwrap().unwrap();
    assert_eq!(Status::from_header_map(response.headers()).unwrap().code(), Code::DeadlineExceeded);
    assert!(response.into_body().collect().await.unwrap().to_bytes().is_empty());
    assert_eq!(server.metrics.answers.get_or_create(&Case { case: "deadline-exceeded" }).get(), 1);
}

#[tokio::test]
async fn a_call_that_names_no_time_is_answered_all_the_same() {
    let options = ServerOptions { longest: Duration::from_millis(50), ..ServerOptions::default() };
    let server = Answering::start("a", options).await;
    let asking = Asking::new(&[&server]).await;
    let way = asking.channels.node(&server.node.id, PATIENCE).unwrap().way();
    let status = RoomServiceClient::new(way).members(question("silent")).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_client_does_not_wait_beyond_its_deadline() {
    let server = Answering::start("a", ServerOptions::default()).await;
    let asking = Asking::new(&[&server]).await;
    let deadline = Duration::from_millis(50);
    for link in
        [asking.channels.node(&server.node.id, deadline).unwrap(), asking.channels.role(Role::RoomRouter, deadline)]
    {
        let mut client = RoomServiceClient::new(link.way());
        let answer = link.answer(client.members(link.request(question("silent")))).await;
        assert_eq!(answer.unwrap_err().code(), Code::DeadlineExceeded);
    }
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_with_its_size() {
    let server = Answering::start("a", ServerOptions::default()).await;
    let asking = Asking::new(&[&server]).await;
    let link = asking.channels.node(&server.node.id, PATIENCE).unwrap();
    let sent = RoomServiceClient::new(link.way()).members(question(&"x".repeat(2 * LARGEST))).await.unwrap_err();
    assert_eq!(sent.code(), Code::OutOfRange);
    assert!(sent.message().contains(&LARGEST.to_string()), "{}", sent.message());
    assert_eq!(server.asked(), 0);
    let mut client = RoomServiceClient::new(link.way()).max_decoding_message_size(LARGEST);
    let received = client.members(question("large")).await.unwrap_err();
    assert_eq!(received.code(), Code::OutOfRange);
    // A link carries its bound to the clients that are made from it.
    let asking = Asking::with(ChannelOptions { largest: LARGEST, ..ChannelOptions::default() }, &[&server]).await;
    assert_eq!(answer(&asking.one(&server.node), "large").await.unwrap_err().code, Refused::Unavailable);
    assert_eq!(name(&asking.one(&server.node)).await.unwrap(), "a");
}

#[tokio::test]
async fn a_server_with_enough_to_do_refuses_more() {
    let server = Answering::start("a", ServerOptions { calls: 1, ..ServerOptions::default() }).await;
    let asking = Asking::new(&[&server]).await;
    let (first, link) = (asking.one(&server.node), asking.channels.node(&server.node.id, PATIENCE).unwrap());
    let first = tokio::spawn(async move { answer(&first, "closed").await });
    server.knocked.notified().await;
    assert_eq!(server.metrics.under_way.get(), 1);
    let status = RoomServiceClient::new(link.way()).members(question("any")).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    server.door.add_permits(1);
    assert_eq!(first.await.unwrap().unwrap(), "a");
    assert_eq!(name(&asking.one(&server.node)).await.unwrap(), "a");
    assert_eq!(server.metrics.under_way.get(), 0);
}

#[tokio::test]
async fn a_call_that_is_given_up_makes_room_for_another() {
    let server = Answering::start("a", ServerOptions { calls: 1, ..ServerOptions::default() }).await;
    let asking = Asking::new(&[&server]).await;
    let one = asking.one(&server.node);
    let abandoned = tokio::spawn(async move { answer(&one, "closed").await });
    server.knocked.notified().await;
    abandoned.abort();
    let answered = async {
        while name(&asking.one(&server.node)).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, answered).await.unwrap();
}

/// Answers that begin to come, and are not read.
async fn unread(way: &Way, number: usize) -> Vec<Response<Streaming<proto::MembersResponse>>> {
    let calls = (0..number).map(|_| {
        let mut client = tonic::client::Grpc::new(way.clone());
        async move {
            client.ready().await.unwrap();
            let path = http::uri::PathAndQuery::from_static("/heliograph.v1.RoomService/Members");
            let codec = tonic_prost::ProstCodec::<proto::MembersRequest, proto::MembersResponse>::default();
            client.server_streaming(tonic::Request::new(question("large")), path, codec).await.unwrap()
        }
    });
    futures_util::future::join_all(calls).await
}

#[tokio::test]
async fn any_number_of_abandoned_calls_leaves_the_others_of_the_connection_alone() {
    let server = Answering::start("a", ServerOptions::default()).await;
    let asking = Asking::new(&[&server]).await;
    let lasting = asking.one(&server.node);
    let lasting = tokio::spawn(async move { answer(&lasting, "closed").await });
    server.knocked.notified().await;
    let way = asking.channels.node(&server.node.id, PATIENCE).unwrap().way();
    for _ in 0..8 {
        drop(unread(&way, 400).await);
    }
    server.door.add_permits(1);
    assert_eq!(lasting.await.unwrap().unwrap(), "a");
}

#[tokio::test]
async fn answers_that_nobody_reads_do_not_hold_up_the_others_of_the_connection() {
    let server = Answering::start("a", ServerOptions::default()).await;
    let asking = Asking::new(&[&server]).await;
    let way = asking.channels.node(&server.node.id, PATIENCE).unwrap().way();
    let _unread = unread(&way, 200).await;
    assert_eq!(name(&asking.one(&server.node)).await.unwrap(), "a");
}

#[tokio::test]
async fn a_server_has_so_many_connections_and_no_more() {
    let server = Answering::start("a", ServerOptions { connections: 1, ..ServerOptions::default() }).await;
    let (first, second) = (Asking::new(&[&server]).await, Asking::new(&[&server]).await);
    assert_eq!(name(&first.one(&server.node)).await.unwrap(), "a");
    assert_eq!(name(&second.one(&server.node)).await.unwrap_err().code, Refused::Unavailable);
    assert!(server.metrics.refused.get_or_create(&Case { case: "too-many" }).get() >= 1);
    assert_eq!(name(&first.one(&server.node)).await.unwrap(), "a");
}

#[tokio::test]
async fn a_connection_on_which_nothing_is_asked_is_closed() {
    let options = ServerOptions { opening: Duration::from_millis(50), ..ServerOptions::default() };
    let server = Answering::start("a", options).await;
    let mut mute = TcpStream::connect(server.address).await.unwrap();
    // The server's own greeting, then the end.
    let mut greeting = Vec::new();
    timeout(PATIENCE, mute.read_to_end(&mut greeting)).await.unwrap().unwrap();
    assert_eq!(server.metrics.refused.get_or_create(&Case { case: "silent" }).get(), 1);
}
