//! Ways to be let in.

use std::{fs, sync::Arc};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use heliograph_cluster::{
    bus::{Bus, NatsBus, nats::NatsOptions},
    connect::Obstacle,
};
use heliograph_servers::{Nats, NatsOptions as ServerOptions};

use nkeys::KeyPair;
use serde_json::{Value, json};

use super::connect;
use crate::{
    case::{Case, cases},
    scene::{eventually, now},
    servers::Servers,
};

pub(crate) const CASES: &[Case<Arc<Servers>>] =
    cases![by_user_and_password, by_token, by_credentials_file, who_was_let_in_is_let_in_again];

/// Options without credentials.
fn nobody(nats: &Nats) -> NatsOptions {
    NatsOptions::new(format!("nats://{}", nats.address()))
}

async fn is_refused(options: NatsOptions) {
    let error = NatsBus::connect(options).await.err().expect("a refusal");
    assert_eq!(error.obstacle, Obstacle::Credentials, "{error}");
    let line = error.to_string();
    assert!(line.contains("check user and password") && !line.contains("secret"), "{line}");
}

async fn by_user_and_password(_: Arc<Servers>) {
    let nats = ServerOptions::default().user("app", "p@ss/secret").start().unwrap();
    let named = |password: &str| NatsOptions {
        user: Some("app".to_owned()),
        password: Some(password.to_owned()),
        ..nobody(&nats)
    };
    connect(named("p@ss/secret")).await.probe().await.unwrap();
    let url = format!("nats://app:p%40ss%2Fsecret@{}", nats.address());
    connect(NatsOptions::new(url)).await.probe().await.unwrap();
    is_refused(named("wrong-secret")).await;
    is_refused(nobody(&nats)).await;
}

async fn by_token(_: Arc<Servers>) {
    let nats = ServerOptions::default().token("secret-token").start().unwrap();
    connect(NatsOptions::new(nats.url())).await.probe().await.unwrap();
    let shown = |token: &str| NatsOptions { token: Some(token.to_owned()), ..nobody(&nats) };
    connect(shown("secret-token")).await.probe().await.unwrap();
    is_refused(shown("another-secret")).await;
}

/// A statement about `subject` that the server takes because `issuer` has signed it.
fn signed(issuer: &KeyPair, subject: &KeyPair, about: Value) -> String {
    let head = json!({ "typ": "JWT", "alg": "ed25519-nkey" });
    let claims = json!({
        "iat": now().as_millis() / 1000,
        "iss": issuer.public_key(),
        "sub": subject.public_key(),
        "name": "test",
        "nats": about,
    });
    let text = [head, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    let signature = issuer.sign(text.as_bytes()).unwrap();
    format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// A user's statement and the key that proves it, as the tools of NATS write them.
fn credentials(user: &str, seed: &str) -> String {
    format!(
        "-----BEGIN NATS USER JWT-----\n{user}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    )
}

async fn by_credentials_file(_: Arc<Servers>) {
    let (operator, account, user) = (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_user());
    let operator_says = signed(&operator, &operator, json!({ "type": "operator", "version": 2 }));
    let unlimited =
        json!({ "subs": -1, "data": -1, "payload": -1, "conn": -1, "leaf": -1, "imports": -1, "exports": -1 });
    let account_says = signed(&operator, &account, json!({ "type": "account", "version": 2, "limits": unlimited }));
    let anything = json!({ "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1 });
    let user_says = signed(&account, &user, anything);
    let nats = ServerOptions::default()
        .line(&format!("operator: \"{operator_says}\""))
        .line("resolver: MEMORY")
        .line(&format!("resolver_preload: {{ {}: \"{account_says}\" }}", account.public_key()))
        .start()
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("app.creds");
    let shown = || NatsOptions { credentials_file: Some(file.clone()), ..nobody(&nats) };

    fs::write(&file, credentials(&user_says, &user.seed().unwrap())).unwrap();
    connect(shown()).await.probe().await.unwrap();

    // The statement is about somebody else.
    fs::write(&file, credentials(&user_says, &KeyPair::new_user().seed().unwrap())).unwrap();
    is_refused(shown()).await;
    is_refused(nobody(&nats)).await;

    fs::write(&file, "nothing of the kind").unwrap();
    let error = NatsBus::connect(shown()).await.err().unwrap();
    assert_eq!(error.obstacle, Obstacle::Settings);
    assert!(error.to_string().contains("app.creds"), "{error}");
}

async fn who_was_let_in_is_let_in_again(_: Arc<Servers>) {
    let nats = ServerOptions::default().user("app", "secret").start().unwrap();
    let bus = connect(NatsOptions::new(nats.url())).await;
    nats.process.restart().unwrap();
    eventually(|| async { bus.probe().await.ok() }).await;
}
