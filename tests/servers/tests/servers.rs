//! The servers start, serve, end, and come back with what they kept.

#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use std::{net::TcpStream, path::Path};

use heliograph_servers::{Etcd, Nats, Redis, RedisOptions};
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
    while state() != "T" {
        std::thread::yield_now();
    }
    redis.process.resume().unwrap();
    assert_eq!(redis.command(&["PING"]).unwrap(), "PONG");
}
