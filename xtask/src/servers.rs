//! NATS, Redis and etcd for the clusters of a test run.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::failure::Failure;
use crate::workspace::Workspace;

/// Servers that run until this is dropped.
pub(crate) struct SharedServers {
    child: Child,
    /// `bus`, `store` and `directory` with their URLs.
    pub(crate) addresses: Vec<(String, String)>,
}

impl SharedServers {
    /// Starts them by the program of tests/harness, which must have been built.
    pub(crate) fn start(workspace: &Workspace) -> Result<Self, Failure> {
        let program = workspace.target().join("debug/cluster");
        let mut command = workspace.command(&program);
        command.arg("--servers").stdin(Stdio::null()).stdout(Stdio::piped());
        let failed = |error: std::io::Error| Failure::new(format!("cannot run {}: {error}", program.display()));
        let mut child = command.spawn().map_err(failed)?;
        let output = child.stdout.take();
        let mut servers = Self { child, addresses: Vec::new() };
        for line in output.map(BufReader::new).into_iter().flat_map(BufRead::lines) {
            let line = line.map_err(failed)?;
            if line == "ready" {
                return Ok(servers);
            }
            if let Some((name, url)) = line.trim().split_once(' ') {
                servers.addresses.push((name.to_owned(), url.trim().to_owned()));
            }
        }
        // It has said on standard error what went wrong.
        Err(Failure::new("the servers that a cluster shares could not be started"))
    }
}

impl Drop for SharedServers {
    fn drop(&mut self) {
        // Its servers end when it does.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
