//! `heliograph check`: one line for each server.

use crate::{
    program::run,
    settings::{Settings, nobody},
};

#[test]
fn servers_that_are_in_order_are_said_to_be_so() {
    let ended = run(&["check"], &Settings::shared());
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    let lines: Vec<_> = ended.stdout.lines().collect();
    let [bus, store, directory, verdict] = lines[..] else { panic!("{}", ended.stdout) };
    for (line, begins) in
        [(bus, "bus        nats://"), (store, "store      redis://"), (directory, "directory  etcd://")]
    {
        assert!(line.starts_with(begins) && line.ends_with(": in order"), "{line}");
    }
    assert_eq!(verdict, "The configuration is in order.");
}

#[test]
fn every_server_that_is_missing_is_named() {
    let settings = Settings::shared()
        .with("bus", format!("nats://{}", nobody()))
        .with("store", format!("redis://{}", nobody()))
        .with("directory", format!("etcd://{}", nobody()));
    let ended = run(&["check"], &settings);
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.stdout.lines().count(), 3, "{}", ended.stdout);
    for (line, begins) in ended.stdout.lines().zip(["bus ", "store ", "directory "]) {
        assert!(line.starts_with(begins) && line.to_lowercase().contains("connection refused"), "{line}");
    }
    assert_eq!(ended.stderr, "heliograph: 3 of 3 backends cannot be used\n");
}
