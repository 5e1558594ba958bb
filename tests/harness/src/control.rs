//! What a test does to a running cluster: one command a line on standard input, one answer a line on standard
//! output. A line begins with a name for the command, with which its answer begins too: commands overlap.
//!
//! | command | what it does |
//! |---|---|
//! | `kill <process>` | ends it at once (SIGKILL) |
//! | `stop <process>` | asks it to end (SIGTERM) and waits until it has |
//! | `restart <process>` | starts it again on the same ports, with the data that it has on disk |
//! | `pause <process>`, `resume <process>` | stops it in its tracks, lets it go on |
//! | `link <process> <server> sound\|silent\|mute\|cut` | the way of a process to the `bus`, the `store` or the `directory` |
//!
//! A process is `gateway-0`, `room-router-1`, `presence-0`, `nats`, `redis`, `etcd` or `balancer`. The answer is `done` or
//! `failed` with the reason.

use std::{
    io::{self, BufRead, Write},
    thread,
};

use heliograph_harness::{Cluster, Condition, Link, Node, Role, Servers};
use heliograph_servers::Process;

/// Carries out commands until the input ends.
pub(crate) fn obey(cluster: &Cluster, servers: Option<&Servers>) -> io::Result<()> {
    thread::scope(|scope| {
        for line in io::stdin().lock().lines() {
            let line = line?;
            scope.spawn(move || {
                let (name, command) = line.split_once(' ').unwrap_or((&line, ""));
                let answer = match carry_out(cluster, servers, command) {
                    Ok(()) => format!("{name} done\n"),
                    Err(reason) => format!("{name} failed {}\n", reason.replace('\n', " | ")),
                };
                // Nobody waits for it if it cannot be written.
                let _ = io::stdout().write_all(answer.as_bytes());
            });
        }
        Ok(())
    })
}

fn carry_out(cluster: &Cluster, servers: Option<&Servers>, line: &str) -> Result<(), String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let done = match words[..] {
        ["link", name, server, condition] => {
            link(node(cluster, name)?, server)?.set(self::condition(condition)?);
            Ok(())
        }
        ["kill", name] => {
            process(cluster, servers, name)?.kill();
            Ok(())
        }
        ["stop", name] => process(cluster, servers, name)?.stop(),
        ["restart", name] => process(cluster, servers, name)?.restart(),
        ["pause", name] => process(cluster, servers, name)?.pause(),
        ["resume", name] => process(cluster, servers, name)?.resume(),
        _ => return Err(format!("`{line}` is no command")),
    };
    done.map_err(|error| error.to_string())
}

fn process<'a>(cluster: &'a Cluster, servers: Option<&'a Servers>, name: &str) -> Result<&'a Process, String> {
    match (name, servers) {
        ("balancer", _) => Ok(&cluster.balancer.process),
        ("nats", Some(servers)) => Ok(&servers.nats.process),
        ("redis", Some(servers)) => Ok(&servers.redis.process),
        ("etcd", Some(servers)) => Ok(&servers.etcd.process),
        _ => Ok(&node(cluster, name)?.process),
    }
}

fn node<'a>(cluster: &'a Cluster, name: &str) -> Result<&'a Node, String> {
    let unknown = || format!("there is no `{name}`");
    let (role, number) = name.rsplit_once('-').ok_or_else(unknown)?;
    let role = [Role::Gateway, Role::RoomRouter, Role::Presence].into_iter().find(|known| known.name() == role);
    let number: usize = number.parse().map_err(|_| unknown())?;
    let node = cluster.of(role.ok_or_else(unknown)?).nth(number);
    node.map(|node| &**node).ok_or_else(unknown)
}

fn link<'a>(node: &'a Node, server: &str) -> Result<&'a Link, String> {
    let links = node.links.as_ref().ok_or("the links of this cluster are not breakable")?;
    match server {
        "bus" => Ok(&links.bus),
        "store" => Ok(&links.store),
        "directory" => Ok(&links.directory),
        _ => Err(format!("`{server}` is none of bus, store, directory")),
    }
}

fn condition(name: &str) -> Result<Condition, String> {
    match name {
        "sound" => Ok(Condition::Sound),
        "silent" => Ok(Condition::Silent),
        "mute" => Ok(Condition::Mute),
        "cut" => Ok(Condition::Cut),
        _ => Err(format!("`{name}` is none of sound, silent, mute, cut")),
    }
}
