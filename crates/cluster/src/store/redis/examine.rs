//! Whether a server is one that a store can rest on, found out before anything rests on it.

use std::collections::HashMap;

use redis::{Value, aio::MultiplexedConnection};
use tracing::warn;

use super::{
    address::Kind,
    dial::{Dial, on_end},
    failure::Refusal,
    keys::{Key, Keys},
};
use crate::connect::Obstacle;

/// The oldest version that will do: it tells errors within scripts apart, and what its user may not do.
const OLDEST: (u32, u32) = (7, 0);

/// Every command that the store uses on keys.
const COMMANDS: &[&str] = &[
    "DEL",
    "EXISTS",
    "GET",
    "HDEL",
    "HEXISTS",
    "HGET",
    "HGETALL",
    "HINCRBY",
    "HLEN",
    "HMGET",
    "HSET",
    "HSETNX",
    "LINDEX",
    "LLEN",
    "LPOS",
    "LRANGE",
    "LSET",
    "LTRIM",
    "PERSIST",
    "PEXPIRE",
    "RENAME",
    "RPUSH",
    "SADD",
    "SCARD",
    "SET",
    "SISMEMBER",
    "SMEMBERS",
    "SREM",
    "ZADD",
    "ZCARD",
    "ZRANDMEMBER",
    "ZRANGE",
    "ZRANGEBYLEX",
    "ZREM",
    "ZREMRANGEBYSCORE",
    "ZSCORE",
];

/// Lists the commands that are not permitted.
const PERMITTED: &str = include_str!("scripts/permitted.lua");

/// The first way that leads to a server which a store can rest on.
///
/// # Errors
/// Why the last one does not.
pub(super) async fn first_suitable(dials: Vec<Dial>, kind: Kind, keys: &Keys) -> Result<Dial, Refusal> {
    let mut last = Refusal::unreachable("no server is named");
    for dial in dials {
        let found = async { examine(dial.connect(on_end(|| ())).await?, kind, keys).await };
        match found.await {
            Ok(()) => return Ok(dial),
            Err(refusal) => last = refusal,
        }
    }
    Err(last)
}

/// Looks at a server: its version and role, its commands, what its user may do.
///
/// # Errors
/// What it lacks, and what to do.
async fn examine(mut server: MultiplexedConnection, kind: Kind, keys: &Keys) -> Result<(), Refusal> {
    let about: HashMap<String, Value> = redis::cmd("HELLO").query_async(&mut server).await?;
    let text = |name: &str| match about.get(name) {
        Some(Value::BulkString(text)) => String::from_utf8_lossy(text).into_owned(),
        Some(Value::SimpleString(text)) => text.clone(),
        _ => String::new(),
    };
    suits(kind, &text("version"), &text("mode"), &text("role")).map_err(Refusal::unsuitable)?;
    has_commands(&mut server).await?;
    may_do(&mut server, &keys.trial()).await?;
    keeps_everything(&mut server).await;
    Ok(())
}

fn suits(kind: Kind, version: &str, mode: &str, role: &str) -> Result<(), String> {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if found < OLDEST {
        let (major, minor) = OLDEST;
        return Err(format!("version {version} is too old, Heliograph needs Redis {major}.{minor} or newer"));
    }
    match (kind, mode, role) {
        (Kind::Single | Kind::Sentinel, "cluster", _) => {
            Err("it is part of a Redis Cluster, use redis+cluster:// (or rediss+cluster://)".to_owned())
        }
        (Kind::Cluster, mode, _) if mode != "cluster" => {
            Err("it is not part of a Redis Cluster, use redis:// (or rediss://)".to_owned())
        }
        (Kind::Single, _, "replica") => Err("it is a replica, which cannot be written to: name its master".to_owned()),
        _ => Ok(()),
    }
}

async fn has_commands(server: &mut MultiplexedConnection) -> Result<(), Refusal> {
    let mut question = redis::cmd("COMMAND");
    question.arg("INFO").arg(COMMANDS);
    let known: Vec<Value> = question.query_async(server).await?;
    let missing: Vec<_> =
        COMMANDS.iter().zip(known).filter(|(_, about)| *about == Value::Nil).map(|(name, _)| *name).collect();
    match missing[..] {
        [] => Ok(()),
        [..] => Err(Refusal::unsuitable(format!("it does not know {}", missing.join(", ")))),
    }
}

async fn may_do(server: &mut MultiplexedConnection, key: &Key) -> Result<(), Refusal> {
    let mut load = redis::cmd("SCRIPT");
    load.arg("LOAD").arg(PERMITTED);
    let forbidden = |what: &str| Refusal {
        obstacle: Obstacle::Credentials,
        reason: format!("its user may not use {what}; allow it in the user's ACL"),
    };
    let hash: String = load.query_async(server).await.map_err(|error| match error.code() {
        Some("NOPERM") => forbidden("SCRIPT LOAD"),
        _ => error.into(),
    })?;
    let mut run = redis::cmd("EVALSHA");
    run.arg(hash).arg(0).arg(key.as_bytes()).arg(COMMANDS);
    let refused: Vec<String> = run.query_async(server).await.map_err(|error| match error.code() {
        Some("NOPERM") => forbidden("EVALSHA"),
        _ => error.into(),
    })?;
    match refused[..] {
        [] => Ok(()),
        [..] if refused.len() == COMMANDS.len() => Err(forbidden(&format!("any command on keys like {key}"))),
        [..] => Err(forbidden(&format!("{} on keys like {key}", refused.join(", ")))),
    }
}

/// Warns if the server may forget what it was given. Whether it says so depends on its user's rights.
async fn keeps_everything(server: &mut MultiplexedConnection) {
    if let Ok(about) = redis::cmd("INFO").query_async::<String>(server).await {
        for risk in risks(&about) {
            warn!("{risk}");
        }
    }
}

/// What may get lost with a server that says this about itself.
fn risks(about: &str) -> Vec<&'static str> {
    let value = |name: &str| about.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let mut risks = Vec::new();
    if value("maxmemory_policy").is_some_and(|policy| policy != "noeviction") {
        risks.push("Redis will remove rooms and sessions when its memory is full: set maxmemory-policy to noeviction");
    }
    if value("aof_enabled") == Some("0") {
        risks.push("Redis will lose acknowledged messages when it is restarted: set appendonly to yes");
    }
    risks
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    #[test]
    fn a_server_has_to_be_new_enough_and_in_the_right_role() {
        for (kind, version, mode, role, expected) in [
            (Kind::Single, "7.0.15", "standalone", "master", None),
            (Kind::Single, "7.0.0", "standalone", "master", None),
            (Kind::Single, "6.2.14", "standalone", "master", Some("too old")),
            (Kind::Single, "", "", "", Some("too old")),
            (Kind::Single, "7.0.15", "cluster", "master", Some("redis+cluster://")),
            (Kind::Cluster, "7.0.15", "standalone", "master", Some("redis://")),
            (Kind::Cluster, "7.0.15", "cluster", "replica", None),
            (Kind::Single, "7.0.15", "standalone", "replica", Some("is a replica")),
        ] {
            let found = suits(kind, version, mode, role);
            let fits = match (&found, expected) {
                (Ok(()), None) => true,
                (Err(reason), Some(part)) => reason.contains(part),
                _ => false,
            };
            assert!(fits, "{kind:?} {version} {mode} {role}: {found:?}");
        }
    }

    #[test]
    fn a_server_that_may_forget_is_told_from_one_that_keeps() {
        let about = |policy, file| format!("# Memory\r\nmaxmemory_policy:{policy}\r\naof_enabled:{file}\r\n");
        assert_eq!(risks(&about("noeviction", 1)), Vec::<&str>::new());
        assert!(risks(&about("allkeys-lru", 1))[0].contains("maxmemory-policy"));
        assert!(risks(&about("noeviction", 0))[0].contains("appendonly"));
        assert_eq!(risks(""), Vec::<&str>::new());
    }

    #[test]
    fn every_command_of_every_script_is_looked_for() {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/redis/scripts");
        let mut used = BTreeSet::new();
        for script in fs::read_dir(scripts).unwrap() {
            let source = fs::read_to_string(script.unwrap().path()).unwrap();
            // `redis.call` or what a script calls it.
            let names = source.split("call('").skip(1).filter_map(|rest| rest.split('\'').next());
            used.extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
        }
        let missing: Vec<_> = used.iter().filter(|name| !COMMANDS.contains(&name.as_str())).collect();
        assert_eq!(missing, Vec::<&String>::new());
    }
}
