//! The servers start, serve, end, and come back with what they kept.

#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use std::{
    env,
    io::{BufRead, BufReader},
    net::TcpStream,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use heliograph_servers::{
    Encryption, Etcd, EtcdOptions, Nats, NatsOptions, Redis, RedisCluster, RedisOptions, RedisSentinel, ServerError,
};
use serde_json::json;

#[test]
fn redis_answers_and_leaves_nothing_behind() {
    let redis = Redis::start().unwrap();
    let directory = redis.process.directory().to_owned();
    assert_eq!(redis.command(&["PING"]).unwrap(), "PONG");
    drop(redis);
    assert!(!directory.exists());
}

#[test]
fn redis_keeps_its_data_through_a_kill() {
    let redis = RedisOptions::default().append_only().password("secret").start().unwrap();
    redis.command(&["SET", "key", "value"]).unwrap();
    let port = redis.port();
    redis.process.kill();
    assert!(redis.command(&["PING"]).is_err());
    redis.process.restart().unwrap();
    assert_eq!(redis.port(), port);
    assert_eq!(redis.command(&["GET", "key"]).unwrap(), "value");
    redis.process.stop().unwrap();
    assert_eq!(redis.process.pid(), None);
}

#[test]
fn nats_listens() {
    let nats = Nats::start().unwrap();
    assert!(TcpStream::connect(nats.address()).is_ok());
    nats.process.stop().unwrap();
    assert!(TcpStream::connect(nats.address()).is_err());
    nats.process.restart().unwrap();
    assert!(TcpStream::connect(nats.address()).is_ok());
}

#[test]
fn etcd_keeps_its_data_through_a_kill() {
    let etcd = Etcd::start().unwrap();
    // "key" and "value"
    etcd.call("/v3/kv/put", &json!({"key": "a2V5", "value": "dmFsdWU="})).unwrap();
    etcd.process.kill();
    etcd.process.restart().unwrap();
    let found = etcd.call("/v3/kv/range", &json!({"key": "a2V5"})).unwrap();
    assert_eq!(found["kvs"][0]["value"], "dmFsdWU=");
}

#[test]
fn a_paused_server_goes_on() {
    let redis = Redis::start().unwrap();
    redis.process.pause().unwrap();
    let state = || {
        let status =
            std::fs::read_to_string(Path::new("/proc").join(redis.process.pid().unwrap().to_string()).join("status"));
        status
            .unwrap()
            .lines()
            .find_map(|line| line.strip_prefix("State:\t").map(|state| state[..1].to_owned()))
            .unwrap()
    };
    assert_eq!(state(), "T");
    redis.process.resume().unwrap();
    assert_eq!(redis.command(&["PING"]).unwrap(), "PONG");
}

#[test]
fn a_cluster_of_redis_serves_every_slot() {
    let cluster = RedisCluster::start().unwrap();
    let reached = cluster.masters.iter().filter(|master| master.command(&["SET", "key", "value"]).is_ok());
    assert_eq!(reached.count(), 1);
}

#[test]
fn a_sentinel_makes_a_master_of_the_replica() {
    let servers = RedisSentinel::start().unwrap();
    servers.master.process.kill();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !servers.replica.command(&["ROLE"]).unwrap().starts_with("master") {
        assert!(Instant::now() < deadline, "{}", servers.sentinel.process.log());
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn encrypted_servers_start() {
    for encryption in [Encryption::Server, Encryption::Mutual] {
        let redis = RedisOptions::default().encryption(encryption).start().unwrap();
        let nats = NatsOptions::default().encryption(encryption).start().unwrap();
        let etcd = EtcdOptions::default().encryption(encryption).start().unwrap();
        assert!(redis.url().starts_with("rediss://") && nats.url().starts_with("tls://"));
        assert!(etcd.certificates().unwrap().client_key.is_file());
    }
}

#[test]
fn etcd_asks_for_a_password() {
    let etcd = EtcdOptions::default().password("secret").start().unwrap();
    assert!(etcd.call("/v3/kv/range", &json!({"key": "a2V5"})).is_ok());
    etcd.process.restart().unwrap();
    assert!(etcd.call("/v3/kv/range", &json!({"key": "a2V5"})).is_ok());
}

#[test]
fn a_setting_that_the_server_refuses_is_an_error_with_its_words() {
    let error = RedisOptions::default().line("nonsense").start().err().unwrap();
    assert!(matches!(&error, ServerError::NotReady { log, .. } if log.contains("nonsense")), "{error}");
}

/// Not a test by itself: the process that the test below starts and kills.
#[test]
fn an_owner() {
    if env::var_os(OWNER).is_some() {
        let (redis, stopped) = (Redis::start().unwrap(), Redis::start().unwrap());
        stopped.process.stop().unwrap();
        println!("{} {}", redis.process.directory().display(), stopped.process.directory().display());
        // Until it is killed.
        thread::sleep(Duration::from_secs(600));
    }
}

const OWNER: &str = "HELIOGRAPH_SERVERS_OWNER";

#[test]
fn a_server_ends_with_an_owner_that_is_killed() {
    let mut owner = Command::new(env::current_exe().unwrap())
        .args(["--exact", "an_owner", "--nocapture"])
        .env(OWNER, "yes")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    let told = lines.map(Result::unwrap).find_map(|line| line.split_once('/').map(|(_, paths)| format!("/{paths}")));
    let directories: Vec<PathBuf> = told.unwrap().split(' ').map(PathBuf::from).collect();
    assert!(UnixStream::connect(directories[0].join("socket")).is_ok());
    owner.kill().unwrap();
    owner.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while directories.iter().any(|directory| directory.exists()) {
        assert!(Instant::now() < deadline, "{directories:?} are left behind");
        thread::sleep(Duration::from_millis(10));
    }
}
