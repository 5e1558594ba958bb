//! How a server ends.

use std::time::Duration;

use heliograph_cluster::grpc::ServerOptions;
use heliograph_domain::refusal::Code;
use tokio::{net::TcpStream, time::timeout};

use crate::stage::{Answering, Asking, PATIENCE, answer, name};

#[tokio::test]
async fn calls_under_way_are_answered_and_no_others() {
    let options = ServerOptions { drain: PATIENCE, ..ServerOptions::default() };
    let server = Answering::start("a", options).await;
    let asking = Asking::new(&[&server]).await;
    let one = asking.one(&server.node);
    let under_way = tokio::spawn(async move { answer(&one, "closed").await });
    server.knocked.notified().await;
    server.unneeded.cancel();
    // When nobody listens any more the server has begun to end.
    let closed = async { while TcpStream::connect(server.address).await.is_ok() {} };
    timeout(PATIENCE, closed).await.unwrap();
    assert_eq!(name(&asking.one(&server.node)).await.unwrap_err().code, Code::Unavailable);
    assert!(!server.server.is_finished());
    server.door.add_permits(1);
    assert_eq!(under_way.await.unwrap().unwrap(), "a");
    timeout(PATIENCE, server.server).await.unwrap().unwrap();
    assert_eq!(server.asked.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_call_that_does_not_end_does_not_keep_the_server() {
    let options = ServerOptions { drain: Duration::from_millis(50), ..ServerOptions::default() };
    let server = Answering::start("a", options).await;
    let asking = Asking::new(&[&server]).await;
    let one = asking.one(&server.node);
    let under_way = tokio::spawn(async move { answer(&one, "closed").await });
    server.knocked.notified().await;
    server.unneeded.cancel();
    timeout(PATIENCE, server.server).await.unwrap().unwrap();
    assert_eq!(under_way.await.unwrap().unwrap_err().code, Code::Unavailable);
}

#[tokio::test]
async fn a_server_that_ends_sends_its_callers_to_another() {
    let (a, b) =
        (Answering::start("a", ServerOptions::default()).await, Answering::start("b", ServerOptions::default()).await);
    let asking = Asking::new(&[&a, &b]).await;
    for _ in 0..2 {
        name(&asking.anyone()).await.unwrap();
    }
    assert_eq!((a.asked(), b.asked()), (1, 1));
    a.unneeded.cancel();
    timeout(PATIENCE, a.server).await.unwrap().unwrap();
    for _ in 0..10 {
        assert_eq!(name(&asking.anyone()).await.unwrap(), "b");
    }
}
