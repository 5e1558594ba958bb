//! Servers that a store cannot rest on: each is refused at once, with a line that says why.

use std::{path::PathBuf, sync::Arc};

use heliograph_cluster::{
    connect::{ConnectError, Obstacle},
    store::redis::{RedisOptions, RedisStore},
};
use heliograph_servers::{Encryption, Redis, RedisOptions as Server, RedisSentinel};

use super::{encrypted, options};
use crate::{
    case::{Case, cases},
    servers::Servers,
};

pub(crate) const CASES: &[Case<Arc<Servers>>] = cases![
    what_cannot_be_a_setting,
    nobody_there,
    a_password_that_is_wrong_or_missing,
    a_user_without_the_rights,
    a_user_with_just_the_rights_is_let_in,
    encryption_that_the_two_ends_do_not_share,
    certificates_that_are_not_trusted,
    servers_in_another_role,
    a_cluster_without_the_slot,
    sentinels_that_do_not_know_the_master,
];

async fn refused(options: RedisOptions) -> ConnectError {
    match RedisStore::connect(options).await {
        Ok(_) => panic!("it was let in"),
        Err(error) => error,
    }
}

/// Expects to be refused for a reason, in one line with these words.
async fn expect(options: RedisOptions, obstacle: Obstacle, words: &[&str]) {
    let error = refused(options).await;
    let line = error.to_string();
    assert_eq!(error.obstacle, obstacle, "{line}");
    assert!(words.iter().all(|word| line.contains(word)), "{words:?} are not all in: {line}");
    assert!(!line.contains('\n') && !line.contains("s3cret"), "{line}");
}

async fn what_cannot_be_a_setting(_: Arc<Servers>) {
    let url = "redis://127.0.0.1:1";
    for (options, word) in [
        (options("http://127.0.0.1"), "redis://"),
        (options("redis://:s3cret@a,b"), "redis+cluster://"),
        (RedisOptions { prefix: "a{b".to_owned(), ..options(url) }, "braces"),
        (RedisOptions { connections: 0, ..options(url) }, "zero"),
        (RedisOptions { user: Some("app".to_owned()), ..options(url) }, "needs a password"),
        (RedisOptions { ca_file: Some(PathBuf::from("/nowhere/ca.pem")), ..options("rediss://a") }, "/nowhere/ca.pem"),
        (RedisOptions { cert_file: Some(PathBuf::from("/nowhere")), ..options("rediss://a") }, "its key"),
    ] {
        expect(options, Obstacle::Settings, &[word]).await;
    }
}

async fn nobody_there(_: Arc<Servers>) {
    for scheme in ["redis", "redis+cluster", "redis+sentinel"] {
        let name = if scheme.ends_with("sentinel") { "/main" } else { "" };
        let options = options(&format!("{scheme}://127.0.0.1:1{name}"));
        expect(options, Obstacle::Unreachable, &["Redis at 127.0.0.1:1", "refused"]).await;
    }
}

async fn a_password_that_is_wrong_or_missing(_: Arc<Servers>) {
    let redis = Server::default().password("s3cret").start().unwrap();
    let address = redis.address();
    expect(options(&format!("redis://{address}")), Obstacle::Credentials, &[&address, "NOAUTH"]).await;
    let wrong = RedisOptions { password: Some("wr0ng-s3cret".to_owned()), ..options(&format!("redis://{address}")) };
    expect(wrong, Obstacle::Credentials, &[&address, "WRONGPASS"]).await;
    let open = Redis::start().unwrap();
    let unknown = options(&format!("redis://app:s3cret@{}", open.address()));
    expect(unknown, Obstacle::Credentials, &["WRONGPASS"]).await;
}

fn with_user(rights: &str) -> (Redis, RedisOptions) {
    let redis = Server::default().line(&format!("user app on >s3cret {rights}")).start().unwrap();
    let options = RedisOptions {
        prefix: "hg".to_owned(),
        user: Some("app".to_owned()),
        password: Some("s3cret".to_owned()),
        ..options(&format!("redis://{}", redis.address()))
    };
    (redis, options)
}

async fn a_user_without_the_rights(_: Arc<Servers>) {
    for (rights, words) in [
        ("~* +@all -@scripting", &["SCRIPT LOAD", "ACL"][..]),
        ("~* +@all -evalsha", &["EVALSHA", "ACL"]),
        ("~* +@all -zadd -hset", &["HSET, ZADD", "ACL"]),
        ("~other:* +@all", &["any command on keys like hg:", "ACL"]),
    ] {
        let (_redis, options) = with_user(rights);
        expect(options, Obstacle::Credentials, words).await;
    }
}

async fn a_user_with_just_the_rights_is_let_in(_: Arc<Servers>) {
    let (_redis, options) = with_user("~hg:* +@all -@admin -@dangerous");
    let store = RedisStore::connect(options).await.unwrap().store();
    store.health.probe().await.unwrap();
}

async fn encryption_that_the_two_ends_do_not_share(servers: Arc<Servers>) {
    let plain = servers.redis().address();
    // Redis says nothing to what it does not understand, so that the line can only guess.
    expect(options(&format!("rediss://{plain}")), Obstacle::Unreachable, &[&plain, "without TLS"]).await;
    let tls = servers.redis_tls().address();
    expect(options(&format!("redis://{tls}")), Obstacle::Unreachable, &[&tls, "wants rediss"]).await;
}

async fn certificates_that_are_not_trusted(servers: Arc<Servers>) {
    let (ours, theirs) = (servers.redis_tls(), Server::default().encryption(Encryption::Server).start().unwrap());
    let mut stranger = encrypted(ours);
    stranger.url = theirs.url();
    expect(stranger, Obstacle::Encryption, &["invalid peer certificate"]).await;
    let mut nameless = encrypted(ours);
    (nameless.cert_file, nameless.key_file) = (None, None);
    expect(nameless, Obstacle::Encryption, &["CertificateRequired"]).await;
    let mut garbled = encrypted(ours);
    garbled.ca_file = garbled.key_file.clone();
    expect(garbled, Obstacle::Settings, &["certificate"]).await;
}

async fn servers_in_another_role(servers: Arc<Servers>) {
    let member = format!("redis://{}", servers.redis_cluster().masters[0].address());
    expect(options(&member), Obstacle::Unsuitable, &["redis+cluster://"]).await;
    let single = format!("redis+cluster://{}", servers.redis().address());
    expect(options(&single), Obstacle::Unsuitable, &["redis://"]).await;
    let replica = Server::default().line("replicaof 127.0.0.1 1").start().unwrap();
    expect(options(&replica.url()), Obstacle::Unsuitable, &["replica", "master"]).await;
}

async fn a_cluster_without_the_slot(_: Arc<Servers>) {
    let alone = Server::default().line("cluster-enabled yes").line("cluster-config-file nodes.conf").start().unwrap();
    let url = format!("redis+cluster://{}", alone.address());
    expect(options(&url), Obstacle::Unreachable, &["slot"]).await;
}

async fn sentinels_that_do_not_know_the_master(_: Arc<Servers>) {
    let servers = RedisSentinel::start().unwrap();
    let url = format!("redis+sentinel://{}/nobody", servers.sentinel.address());
    expect(options(&url), Obstacle::Settings, &["nobody"]).await;
}
