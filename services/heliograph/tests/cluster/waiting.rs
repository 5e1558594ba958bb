//! Servers that are not there yet when a process starts.

use heliograph_harness::Servers;

use crate::{
    program::{Running, run},
    settings::{Settings, nobody},
};

/// The key of each server, and what it is called.
const BACKENDS: [(&str, &str); 3] = [("bus", "NATS"), ("store", "Redis"), ("directory", "etcd")];

#[test]
fn servers_that_are_missing_are_waited_for_and_said_once_each() {
    let servers = Servers::start().unwrap();
    let processes = [&servers.nats.process, &servers.redis.process, &servers.etcd.process];
    for process in processes {
        process.kill();
    }
    let node = Running::start("room-router", &Settings::over(&servers.addresses()));
    for (_, name) in BACKENDS {
        node.until_said(&["WARN", &format!("waiting for {name} at 127.0.0.1:")]);
    }
    for ((key, _), process) in BACKENDS.into_iter().zip(processes) {
        let (status, missing) = node.readiness();
        assert!(status == 503 && missing.contains(key), "{missing}");
        process.restart().unwrap();
        node.until_said(&["it is there now", key]);
    }
    node.until_ready(true);
    for (key, name) in BACKENDS {
        assert_eq!(node.said(&[&format!("waiting for {name} at")]).len(), 1);
        assert_eq!(node.said(&["it is there now", key]).len(), 1);
    }
    assert_eq!(node.said(&["ERROR"]), Vec::<String>::new());
}

#[test]
fn a_server_that_does_not_come_is_waited_for_as_long_as_is_configured() {
    for ((key, name), scheme) in BACKENDS.into_iter().zip(["nats", "redis", "etcd"]) {
        let address = nobody();
        let settings =
            Settings::shared().with(key, format!("{scheme}://{address}")).with("cluster.startup_deadline", "300ms");
        let ended = run(&["gateway"], &settings);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{}", ended.stderr);
        let last = ended.stderr.lines().last().unwrap();
        assert!(last.starts_with(&format!("heliograph: {name} at {address}: ")), "{last}");
        assert!(last.ends_with("given up after 300ms (cluster.startup_deadline)"), "{last}");
        assert_eq!(ended.stderr.lines().filter(|line| line.contains(&address)).count(), 2, "{}", ended.stderr);
    }
}
