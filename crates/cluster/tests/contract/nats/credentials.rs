//! Ways to be let in.

use std::sync::Arc;

use heliograph_cluster::{
    bus::{Bus, NatsBus, nats::NatsOptions},
    connect::Obstacle,
};
use heliograph_servers::{Nats, NatsOptions as ServerOptions};

use super::connect;
use crate::{
    case::{Case, cases},
    servers::Servers,
};

pub(crate) const CASES: &[Case<Arc<Servers>>] = cases![by_user_and_password, by_token, who_was_let_in_is_let_in_again];

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

async fn who_was_let_in_is_let_in_again(_: Arc<Servers>) {
    let nats = ServerOptions::default().user("app", "secret").start().unwrap();
    let bus = connect(NatsOptions::new(nats.url())).await;
    nats.process.restart().unwrap();
    crate::scene::eventually(|| async { bus.probe().await.ok() }).await;
}
