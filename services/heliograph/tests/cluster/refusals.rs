//! Servers that do not let a process in, or that it cannot use: it ends at once, and says why in one line, as
//! `heliograph check` does.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    thread,
};

use heliograph_servers::{Certificates, Encryption, Etcd, EtcdOptions, Nats, NatsOptions, Redis, RedisOptions};

use crate::{
    program::run,
    settings::{Settings, nobody},
};

/// A process refuses to start, and `check` says the same: one line that begins with what and where, and has these
/// words. No line has a password.
fn refused(settings: &Settings, key: &str, begins: &str, words: &[&str]) {
    let started = run(&["room-router"], settings);
    assert_eq!((started.code, started.stdout.as_str()), (Some(1), ""), "{}", started.stderr);
    // What was found out about the servers that are in order may be said as well.
    let lines: Vec<_> = started.stderr.lines().filter(|line| !line.contains("Redis will ")).collect();
    let [line] = lines[..] else { panic!("not one line: {}", started.stderr) };
    let checked = run(&["check"], settings);
    assert_eq!(checked.code, Some(1), "{}", checked.stdout);
    let verdict = checked.stdout.lines().find(|line| line.starts_with(key)).unwrap();
    for (line, begins) in [(line, format!("heliograph: {begins}")), (verdict, format!("{key} "))] {
        assert!(line.starts_with(&begins), "{line}");
        for word in words.iter().chain([&begins.trim_start_matches("heliograph: ")]) {
            assert!(line.contains(word), "no `{word}` in: {line}");
        }
        assert!(!line.contains("password-of"), "{line}");
    }
    assert_eq!(checked.stdout.lines().count(), 3, "{}", checked.stdout);
    let fine = checked.stdout.lines().filter(|line| line.ends_with(": in order")).count();
    assert_eq!(fine, 2, "{}", checked.stdout);
}

fn others() -> (tempfile::TempDir, Certificates) {
    let directory = tempfile::tempdir().unwrap();
    let certificates = Certificates::create(directory.path()).unwrap();
    (directory, certificates)
}

#[test]
fn nats() {
    let nats = NatsOptions::default().user("app", "password-of-app").start().unwrap();
    for credentials in ["app:password-of-somebody@", ""] {
        let settings = Settings::shared().with("bus", format!("nats://{credentials}{}", nats.address()));
        refused(&settings, "bus", "NATS at 127.0.0.1:", &["authorization violation", "check user and password"]);
    }
    let nats = NatsOptions::default().encryption(Encryption::Mutual).start().unwrap();
    let (_directory, strangers) = others();
    let settings = Settings::shared().with("bus", nats.url());
    let known = nats.certificates().unwrap();
    let wrong_authority = settings.clone().of_client("nats", &strangers);
    refused(&wrong_authority, "bus", "NATS at 127.0.0.1:", &["certificate", "check the certificates"]);
    let none_shown = settings.clone().trusting("nats", &known.ca, None);
    refused(&none_shown, "bus", "NATS at 127.0.0.1:", &["certificate"]);
    let plain = Nats::start().unwrap();
    let settings = settings.with("bus", format!("tls://{}", plain.address())).of_client("nats", known);
    refused(&settings, "bus", "NATS at 127.0.0.1:", &["whether the server encrypts"]);
}

#[test]
fn redis() {
    let redis = RedisOptions::default()
        .password("password-of-all")
        .line("user app on >password-of-app ~* &* +@all -zadd -evalsha")
        .line("user reader on >password-of-reader ~* &* +@all -zadd -hset")
        .start()
        .unwrap();
    for (credentials, words) in [
        (":password-of-nobody@", ["WRONGPASS", "user or the password"]),
        ("", ["NOAUTH", "wants a password"]),
        ("app:password-of-app@", ["may not use EVALSHA", "allow it in the user's ACL"]),
        ("reader:password-of-reader@", ["may not use HSET, ZADD", "allow it in the user's ACL"]),
    ] {
        let settings = Settings::shared().with("store", format!("redis://{credentials}{}", redis.address()));
        refused(&settings, "store", "Redis at 127.0.0.1:", &words);
    }
    let redis = RedisOptions::default().encryption(Encryption::Mutual).start().unwrap();
    let (_directory, strangers) = others();
    let settings = Settings::shared().with("store", redis.url());
    refused(&settings.of_client("redis", &strangers), "store", "Redis at 127.0.0.1:", &["certificate"]);
    let replica = RedisOptions::default().line(&format!("replicaof {}", nobody().replace(':', " "))).start().unwrap();
    let settings = Settings::shared().with("store", replica.url());
    refused(&settings, "store", "Redis at 127.0.0.1:", &["it is a replica", "name its master"]);
}

#[test]
fn etcd() {
    let etcd = EtcdOptions::default().password("password-of-root").start().unwrap();
    for credentials in ["root:password-of-nobody@", ""] {
        let settings = Settings::shared().with("directory", format!("etcd://{credentials}{}", etcd.address()));
        refused(&settings, "directory", "etcd at 127.0.0.1:", &["check user and password"]);
    }
    let etcd = EtcdOptions::default().encryption(Encryption::Mutual).start().unwrap();
    let (_directory, strangers) = others();
    let settings = Settings::shared().with("directory", etcd.url());
    let wrong_authority = settings.clone().of_client("etcd", &strangers);
    refused(&wrong_authority, "directory", "etcd at 127.0.0.1:", &["certificate", "check the certificates"]);
    let plain = Etcd::start().unwrap();
    let settings = settings.with("directory", format!("etcds://{}", plain.address()));
    let settings = settings.of_client("etcd", etcd.certificates().unwrap());
    refused(&settings, "directory", "etcd at 127.0.0.1:", &["whether the server encrypts"]);
}

/// Serves one connection after the other with what `answer` makes of the lines that come.
fn old_server(greeting: &'static str, answer: fn(&str) -> Option<&'static str>) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = converse(stream, greeting, answer);
        }
    });
    address.to_string()
}

fn converse(mut stream: TcpStream, greeting: &str, answer: fn(&str) -> Option<&'static str>) -> std::io::Result<()> {
    stream.write_all(greeting.as_bytes())?;
    for line in BufReader::new(stream.try_clone()?).lines() {
        if let Some(text) = answer(&line?) {
            stream.write_all(text.as_bytes())?;
        }
    }
    Ok(())
}

#[test]
fn versions_that_are_too_old() {
    let nats = old_server(
        "INFO {\"server_id\":\"old\",\"version\":\"2.1.9\",\"max_payload\":1048576,\"headers\":false}\r\n",
        |line| line.starts_with("PING").then_some("PONG\r\n"),
    );
    let settings = Settings::shared().with("bus", format!("nats://{nats}"));
    refused(&settings, "bus", "NATS at 127.0.0.1:", &["version 2.1.9 is too old", "2.2 or later"]);
    let redis = old_server("", |line| match line.to_ascii_uppercase().as_str() {
        "HELLO" => Some(
            "%3\r\n$7\r\nversion\r\n$6\r\n6.2.14\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n",
        ),
        "SETINFO" | "SELECT" => Some("+OK\r\n"),
        _ => None,
    });
    let settings = Settings::shared().with("store", format!("redis://{redis}"));
    refused(&settings, "store", "Redis at 127.0.0.1:", &["version 6.2.14 is too old", "needs Redis 7.0 or newer"]);
}

#[test]
fn a_server_of_another_kind() {
    let redis = Redis::start().unwrap();
    let nats = Nats::start().unwrap();
    let settings = Settings::shared().with("store", format!("redis+cluster://{}", redis.address()));
    refused(&settings, "store", "Redis at 127.0.0.1:", &["not part of a Redis Cluster", "use redis://"]);
    let settings = Settings::shared().with("store", format!("redis://{}", nats.address()));
    refused(&settings, "store", "Redis at 127.0.0.1:", &["does not speak as Redis does"]);
}
