//! Servers that cannot be used, and how that is said.

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::Arc,
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use heliograph_cluster::{
    connect::{ConnectError, Obstacle},
    directory::{Directory, EtcdDirectory, Role, etcd::EtcdOptions},
};
use heliograph_servers::{Certificates, Encryption, Etcd, EtcdOptions as ServerOptions};
use serde_json::json;

use super::{connect, options};
use crate::{
    case::{Case, cases},
    directory::node,
    servers::Servers,
};

pub(crate) const CASES: &[Case<Arc<Servers>>] = cases![
    a_server_that_is_not_there,
    a_server_that_says_nothing,
    settings_that_cannot_work,
    a_password_that_is_wrong_or_missing,
    a_password_that_nobody_asks_for_does_no_harm,
    a_user_that_may_not_use_the_prefix,
    certificates_that_nobody_trusts,
    encryption_on_one_side_only,
    a_client_without_the_certificate_that_is_asked_for,
];

async fn refused(options: EtcdOptions) -> ConnectError {
    EtcdDirectory::connect(options).await.err().expect("a refusal")
}

/// The obstacle, and that everything is said in one line that has these words.
fn assert_says(error: &ConnectError, obstacle: Obstacle, words: &[&str]) {
    let line = error.to_string();
    assert_eq!(error.obstacle, obstacle, "{line}");
    assert!(!line.contains('\n') && line.starts_with("etcd at ") && !line.contains("secret"), "{line}");
    for word in words {
        assert!(line.contains(word), "no `{word}` in: {line}");
    }
}

async fn works(options: EtcdOptions) {
    let directory = connect(options).await;
    directory.register(node(Role::Gateway)).await.unwrap();
}

async fn a_server_that_is_not_there(_: Arc<Servers>) {
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let error = refused(EtcdOptions::new(format!("etcd://root:secret@{address}"))).await;
    assert_says(&error, Obstacle::Unreachable, &[&address.to_string(), "refused", "is a server running there?"]);
    assert!(error.is_passing());
}

async fn a_server_that_says_nothing(_: Arc<Servers>) {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("etcd://{}", silent.local_addr().unwrap());
    let error = refused(EtcdOptions { patience: Duration::from_millis(100), ..EtcdOptions::new(url) }).await;
    assert_says(&error, Obstacle::Unreachable, &["no answer within 100ms"]);
}

async fn settings_that_cannot_work(servers: Arc<Servers>) {
    let base = options(servers.etcd());
    let file = Some("/nonexistent/file.pem".into());
    let encrypted = EtcdOptions { url: format!("etcds://{}", servers.etcd().address()), ..base.clone() };
    for (options, words) in [
        (EtcdOptions::new("redis://localhost"), "etcd:// or etcds://"),
        (EtcdOptions { user: Some("root".to_owned()), ..base.clone() }, "a user needs a password"),
        (EtcdOptions { ca_file: file.clone(), ..base }, "instead of etcds://"),
        (EtcdOptions { ca_file: file.clone(), ..encrypted.clone() }, "cannot read /nonexistent/file.pem"),
        (EtcdOptions { cert_file: file, ..encrypted }, "a certificate needs its key"),
    ] {
        assert_says(&refused(options).await, Obstacle::Settings, &[words]);
    }
}

async fn a_password_that_is_wrong_or_missing(_: Arc<Servers>) {
    let etcd = ServerOptions::default().password("secret").start().unwrap();
    let base = EtcdOptions { url: format!("etcd://{}", etcd.address()), ..options(&etcd) };
    let named = |password: &str| EtcdOptions {
        user: Some("root".to_owned()),
        password: Some(password.to_owned()),
        ..base.clone()
    };
    works(named("secret")).await;
    works(options(&etcd)).await;
    for options in [named("another secret"), base.clone()] {
        assert_says(&refused(options).await, Obstacle::Credentials, &["check user and password"]);
    }
}

async fn a_password_that_nobody_asks_for_does_no_harm(servers: Arc<Servers>) {
    let url = format!("etcd://root:secret@{}", servers.etcd().address());
    works(EtcdOptions { url, ..options(servers.etcd()) }).await;
}

async fn a_user_that_may_not_use_the_prefix(_: Arc<Servers>) {
    let etcd = ServerOptions::default().password("secret").start().unwrap();
    let base64 = |text: &str| BASE64_STANDARD.encode(text);
    let permission = json!({ "permType": "READWRITE", "key": base64("/mine/"), "range_end": base64("/mine0") });
    for (path, body) in [
        ("/v3/auth/user/add", json!({ "name": "app", "password": "secret" })),
        ("/v3/auth/role/add", json!({ "name": "app" })),
        ("/v3/auth/role/grant", json!({ "name": "app", "perm": permission })),
        ("/v3/auth/user/grant", json!({ "user": "app", "role": "app" })),
    ] {
        etcd.call(path, &body).unwrap();
    }
    let url = format!("etcd://app:secret@{}", etcd.address());
    let error = refused(EtcdOptions::new(&url)).await;
    assert_says(&error, Obstacle::Unsuitable, &["permission denied", "read and write below the prefix"]);
    works(EtcdOptions { prefix: "/mine".to_owned(), ..EtcdOptions::new(&url) }).await;
}

fn encrypted(etcd: &Etcd) -> EtcdOptions {
    let files = etcd.certificates().unwrap();
    EtcdOptions {
        ca_file: Some(files.ca.clone()),
        cert_file: Some(files.client_cert.clone()),
        key_file: Some(files.client_key.clone()),
        ..options(etcd)
    }
}

async fn certificates_that_nobody_trusts(_: Arc<Servers>) {
    let etcd = ServerOptions::default().encryption(Encryption::Server).start().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let others = Certificates::create(directory.path()).unwrap();
    let known = encrypted(&etcd);
    for options in [
        EtcdOptions { ca_file: Some(others.ca), ..known.clone() },
        // The system's authorities.
        EtcdOptions { ca_file: None, ..known.clone() },
    ] {
        assert_says(&refused(options).await, Obstacle::Encryption, &["certificate", "check the certificates"]);
    }
    works(EtcdOptions { cert_file: None, key_file: None, ..known }).await;
}

async fn encryption_on_one_side_only(servers: Arc<Servers>) {
    let url = format!("etcds://{}", servers.etcd().address());
    let error = refused(EtcdOptions { url, ..options(servers.etcd()) }).await;
    assert_says(&error, Obstacle::Encryption, &["whether the server encrypts"]);
    let etcd = ServerOptions::default().encryption(Encryption::Server).start().unwrap();
    let error = refused(EtcdOptions::new(format!("etcd://{}", etcd.address()))).await;
    assert_says(&error, Obstacle::Unreachable, &[]);
}

async fn a_client_without_the_certificate_that_is_asked_for(_: Arc<Servers>) {
    let etcd = ServerOptions::default().encryption(Encryption::Mutual).start().unwrap();
    let known = encrypted(&etcd);
    let error = refused(EtcdOptions { cert_file: None, key_file: None, ..known.clone() }).await;
    // The server says so and hangs up: which of the two is noticed first is open.
    assert!([Obstacle::Encryption, Obstacle::Unreachable].contains(&error.obstacle), "{error}");
    assert_says(&error, error.obstacle, &["certificate"]);
    works(known).await;
}
