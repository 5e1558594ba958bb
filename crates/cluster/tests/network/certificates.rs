//! Who is believed to be a process of the cluster.

use std::path::Path;

use heliograph_cluster::grpc::{
    ChannelOptions, ServerOptions, Tls, TlsError, stubs::room_service_client::RoomServiceClient,
};
use heliograph_domain::refusal::Code;
use heliograph_servers::Certificates;
use heliograph_telemetry::metrics::Case;
use tempfile::TempDir;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

use crate::stage::{Answering, Asking, name, question};

/// Certificates that go when the test is over.
struct Files {
    certificates: Certificates,
    directory: TempDir,
}

impl Files {
    fn create() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { certificates: Certificates::create(directory.path()).unwrap(), directory }
    }

    fn server(&self) -> Tls {
        let Certificates { ca, server_cert, server_key, .. } = &self.certificates;
        Tls::load(server_cert, server_key, Some(ca), None).unwrap()
    }

    fn client(&self) -> Tls {
        let Certificates { ca, client_cert, client_key, .. } = &self.certificates;
        Tls::load(client_cert, client_key, Some(ca), None).unwrap()
    }
}

async fn server(tls: Tls) -> Answering {
    Answering::start("a", ServerOptions { tls: Some(tls), ..ServerOptions::default() }).await
}

async fn asking(tls: Option<Tls>, server: &Answering) -> Asking {
    Asking::with(ChannelOptions { tls, ..ChannelOptions::default() }, &[server]).await
}

#[tokio::test]
async fn processes_with_certificates_of_one_authority_answer_each_other() {
    let files = Files::create();
    let server = server(files.server()).await;
    let asking = asking(Some(files.client()), &server).await;
    assert_eq!(name(&asking.one(&server.node)).await.unwrap(), "a");
    assert_eq!(name(&asking.anyone()).await.unwrap(), "a");
}

#[tokio::test]
async fn who_has_no_certificate_is_refused() {
    let files = Files::create();
    let server = server(files.server()).await;
    let authority = Certificate::from_pem(std::fs::read(&files.certificates.ca).unwrap());
    let bare = Endpoint::from_shared(format!("https://{}", server.address)).unwrap();
    let bare = bare.tls_config(ClientTlsConfig::new().ca_certificate(authority)).unwrap().connect_lazy();
    let status = RoomServiceClient::new(bare).members(question("any")).await.unwrap_err();
    assert_ne!(status.code(), tonic::Code::Ok);
    let open = asking(None, &server).await;
    assert_eq!(name(&open.one(&server.node)).await.unwrap_err().code, Code::Unavailable);
    assert_eq!(server.asked(), 0);
    assert!(server.metrics.refused.get_or_create(&Case { case: "handshake" }).get() >= 2);
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused_on_both_sides() {
    let (ours, theirs) = (Files::create(), Files::create());
    let server = server(ours.server()).await;
    let asking = asking(Some(theirs.client()), &server).await;
    assert_eq!(name(&asking.one(&server.node)).await.unwrap_err().code, Code::Unavailable);
    assert_eq!(server.asked(), 0);
}

#[tokio::test]
async fn the_name_in_the_certificates_may_be_said() {
    let files = Files::create();
    let server = server(files.server()).await;
    let Certificates { ca, client_cert, client_key, .. } = &files.certificates;
    let named = |name: &str| Tls::load(client_cert, client_key, Some(ca), Some(name.to_owned())).unwrap();
    let right = asking(Some(named("localhost")), &server).await;
    assert_eq!(name(&right.one(&server.node)).await.unwrap(), "a");
    let wrong = asking(Some(named("heliograph.example")), &server).await;
    assert_eq!(name(&wrong.one(&server.node)).await.unwrap_err().code, Code::Unavailable);
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let (files, others) = (Files::create(), Files::create());
    let Certificates { ca, server_cert, server_key, .. } = &files.certificates;
    let missing = files.directory.path().join("missing.pem");
    let said = |certificate: &Path, key: &Path, authorities: &Path| {
        let error: TlsError = Tls::load(certificate, key, Some(authorities), None).unwrap_err();
        error.to_string()
    };
    assert!(said(&missing, server_key, ca).contains("missing.pem: No such file"));
    assert!(said(server_key, server_key, ca).contains("server.key does not hold a certificate in PEM"));
    assert!(said(server_cert, server_cert, ca).contains("server.pem does not hold a private key in PEM"));
    assert!(said(server_cert, server_key, server_key).contains("server.key does not hold a certificate in PEM"));
    let mixed = said(server_cert, &others.certificates.server_key, ca);
    assert!(mixed.contains("server.pem cannot be used"), "{mixed}");
}
