//! The standard services: health and reflection.

use heliograph_cluster::grpc::{ServerOptions, Way};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use crate::stage::{Answering, Asking, PATIENCE};

async fn way_to(server: &Answering) -> Way {
    Asking::new(&[server]).await.channels.node(&server.node.id, PATIENCE).unwrap().way()
}

fn service(name: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: name.to_owned() }
}

#[tokio::test]
async fn a_service_is_healthy_while_its_process_is_ready() {
    let server = Answering::start("a", ServerOptions::default()).await;
    let starting = server.readiness.hold("store");
    let mut health = HealthClient::new(way_to(&server).await);
    for name in ["", "heliograph.v1.RoomService", "heliograph.v1.NodeService"] {
        let status = health.check(service(name)).await.unwrap().into_inner().status();
        assert_eq!(status, ServingStatus::NotServing, "{name:?}");
    }
    let mut watched = health.watch(service("heliograph.v1.RoomService")).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    drop(starting);
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let lost = server.readiness.hold("bus");
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    drop(lost);
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    server.shutdown.cancel();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    let unknown = health.check(service("heliograph.v1.PresenceService")).await.unwrap_err();
    assert_eq!(unknown.code(), tonic::Code::NotFound);
}

#[tokio::test]
async fn reflection_lists_what_the_process_answers_and_describes_it() {
    let server = Answering::start("a", ServerOptions::default()).await;
    let mut reflection = ServerReflectionClient::new(way_to(&server).await);
    let mut ask = async |request| {
        let request = ServerReflectionRequest { message_request: Some(request), ..Default::default() };
        let mut answers =
            reflection.server_reflection_info(futures_util::stream::iter([request])).await.unwrap().into_inner();
        answers.message().await.unwrap().unwrap().message_response.unwrap()
    };
    let MessageResponse::ListServicesResponse(list) = ask(MessageRequest::ListServices(String::new())).await else {
        panic!("not a list");
    };
    let mut names: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
    names.sort();
    let expected = [
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "heliograph.v1.NodeService",
        "heliograph.v1.RoomService",
    ];
    assert_eq!(names, expected);
    let symbol = "heliograph.v1.RoomService.History".to_owned();
    let described = ask(MessageRequest::FileContainingSymbol(symbol)).await;
    assert!(matches!(described, MessageResponse::FileDescriptorResponse(_)), "{described:?}");
}
