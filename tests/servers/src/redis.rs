//! Redis.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    certificates::{Certificates, Encryption},
    process::{Launch, Process, Program, ServerError},
};

mod client;
mod cluster;
mod sentinel;

pub use cluster::RedisCluster;
pub use sentinel::RedisSentinel;

const PROGRAM: Program = Program::of_package("redis-server", "apt-get install redis-server");

/// A Redis server.
pub struct Redis {
    /// Its process.
    pub process: Process,
    port: u16,
    /// For the other nodes of a cluster.
    cluster_port: u16,
    password: Option<String>,
    certificates: Option<Certificates>,
}

/// How a Redis server runs. The default is a server without password that keeps nothing on disk.
#[derive(Clone, Debug, Default)]
pub struct RedisOptions {
    password: Option<String>,
    append_only: bool,
    encryption: Encryption,
    sentinel: bool,
    lines: Vec<String>,
}

impl Redis {
    /// Starts a server with the default options.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start() -> Result<Self, ServerError> {
        RedisOptions::default().start()
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it listens, as `host:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its address with the password: `redis://…`, or `rediss://…` if it encrypts.
    pub fn url(&self) -> String {
        let scheme = if self.certificates.is_some() { "rediss" } else { "redis" };
        match &self.password {
            Some(password) => format!("{scheme}://:{password}@{}", self.address()),
            None => format!("{scheme}://{}", self.address()),
        }
    }

    /// Present if it encrypts.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_ref()
    }

    /// Runs a command and gives its answer as text, the parts of a list one a line.
    ///
    /// # Errors
    /// What the server answered, or that it did not.
    pub fn command(&self, arguments: &[&str]) -> io::Result<String> {
        client::command(&socket(self.process.directory()), self.password.as_deref(), arguments)
    }
}

impl RedisOptions {
    /// Asks clients for a password.
    #[must_use]
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self
    }

    /// Keeps an append-only file, so that a restarted server has its data: all that was acknowledged, because the
    /// file is synchronized with the disk before that.
    #[must_use]
    pub fn append_only(mut self) -> Self {
        self.append_only = true;
        self
    }

    /// Encrypts connections; or not.
    #[must_use]
    pub fn encryption(mut self, encryption: Encryption) -> Self {
        self.encryption = encryption;
        self
    }

    /// Adds a line to the configuration, such as `maxmemory 10mb` or `user reader on >secret ~* +@read`.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    /// Starts a server.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start(&self) -> Result<Redis, ServerError> {
        let mut certificates = None;
        let (process, [port, cluster_port]) = Process::start(PROGRAM, |directory, ports| {
            certificates = self.encryption.certificates(directory)?;
            self.launch(directory, ports, certificates.as_ref())
        })?;
        Ok(Redis { process, port, cluster_port, password: self.password.clone(), certificates })
    }

    fn launch(&self, directory: &Path, ports: [u16; 2], certificates: Option<&Certificates>) -> io::Result<Launch> {
        let file = directory.join("redis.conf");
        fs::write(&file, self.configuration(directory, ports, certificates))?;
        let socket = socket(directory);
        let password = self.password.clone();
        let mut arguments = vec![file.into()];
        if self.sentinel {
            arguments.push("--sentinel".into());
        }
        Ok(Launch {
            arguments,
            ready: Box::new(move || client::command(&socket, password.as_deref(), &["PING"]).is_ok()),
        })
    }

    fn configuration(&self, directory: &Path, ports: [u16; 2], certificates: Option<&Certificates>) -> String {
        let [port, cluster_port] = ports;
        let mut lines = vec![
            "bind 127.0.0.1".to_owned(),
            format!("unixsocket {}", socket(directory).display()),
            format!("dir {}", directory.display()),
        ];
        if !self.sentinel {
            lines.push("save \"\"".to_owned());
            lines.push(format!("appendonly {}", if self.append_only { "yes" } else { "no" }));
            // Else a server that is killed while its disk is slow loses what it has answered already.
            lines.push("appendfsync always".to_owned());
            lines.push(format!("cluster-port {cluster_port}"));
        }
        match certificates {
            None => lines.push(format!("port {port}")),
            Some(files) => lines.extend([
                "port 0".to_owned(),
                format!("tls-port {port}"),
                format!("tls-cert-file {}", files.server_cert.display()),
                format!("tls-key-file {}", files.server_key.display()),
                format!("tls-ca-cert-file {}", files.ca.display()),
                format!("tls-auth-clients {}", if self.encryption == Encryption::Mutual { "yes" } else { "no" }),
            ]),
        }
        if let Some(password) = &self.password {
            lines.push(format!("requirepass {password}"));
        }
        lines.extend_from_slice(&self.lines);
        lines.join("\n") + "\n"
    }
}

/// What the server is asked through: no other server can answer there, and no encryption is in the way.
fn socket(directory: &Path) -> PathBuf {
    directory.join("socket")
}
