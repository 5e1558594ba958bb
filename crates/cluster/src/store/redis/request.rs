//! What is asked of Redis: a script or a command, on keys of one slot.

use std::sync::OnceLock;

use redis::{Cmd, ToRedisArgs};
use sha1::{Digest, Sha1};

use super::{keys::Key, slot::Slot};

/// A Lua script from `scripts/`: one atomic step.
pub(super) struct Script {
    source: &'static str,
    hash: OnceLock<String>,
}

impl Script {
    pub(super) const fn new(source: &'static str) -> Self {
        Self { source, hash: OnceLock::new() }
    }

    /// A request to run the script on these keys, which all lie in one slot and of which there is at
    /// least one.
    pub(super) fn on<const N: usize>(&'static self, keys: [&Key; N]) -> Request {
        const { assert!(N > 0, "a script is sent to where its keys are") };
        let slot = keys[0].slot();
        debug_assert!(keys.iter().all(|key| key.slot() == slot), "keys of several slots: {keys:?}");
        let mut command = redis::cmd("EVALSHA");
        command.arg(self.hash()).arg(N);
        for key in keys {
            command.arg(key.as_bytes());
        }
        Request { command, slot, script: Some(self) }
    }

    /// By what the server knows the script.
    fn hash(&self) -> &str {
        self.hash.get_or_init(|| {
            let digest = Sha1::digest(self.source);
            digest.iter().map(|byte| format!("{byte:02x}")).collect()
        })
    }

    /// The command that makes a script known to a server.
    pub(super) fn load(&self) -> Cmd {
        let mut command = redis::cmd("SCRIPT");
        command.arg("LOAD").arg(self.source);
        command
    }
}

/// One request.
pub(super) struct Request {
    command: Cmd,
    slot: Slot,
    script: Option<&'static Script>,
}

impl Request {
    /// A command of which the key is the first argument.
    pub(super) fn command(name: &'static str, key: &Key) -> Self {
        let mut command = redis::cmd(name);
        command.arg(key.as_bytes());
        Self { command, slot: key.slot(), script: None }
    }

    /// A command without a key, which concerns the server that it is sent to.
    pub(super) fn to_server(name: &'static str) -> Self {
        Self { command: redis::cmd(name), slot: Slot::of(b""), script: None }
    }

    /// Adds an argument, or several of a list.
    pub(super) fn arg(mut self, argument: impl ToRedisArgs) -> Self {
        self.command.arg(argument);
        self
    }

    /// Where its keys are.
    pub(super) fn slot(&self) -> Slot {
        self.slot
    }

    pub(super) fn as_command(&self) -> &Cmd {
        &self.command
    }

    /// The script that is run, if it is one.
    pub(super) fn script(&self) -> Option<&'static Script> {
        self.script
    }
}

/// A duration as scripts and commands take it.
pub(super) fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
