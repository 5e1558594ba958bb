//! Redis.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::process::{Launch, Process, Program, ServerError};

mod client;

const PROGRAM: Program = Program::of_package("redis-server", "apt-get install redis-server");

/// A Redis server.
pub struct Redis {
    /// Its process.
    pub process: Process,
    port: u16,
    password: Option<String>,
}

/// How a Redis server runs. The default is a server without password that keeps nothing on disk.
#[derive(Clone, Debug, Default)]
pub struct RedisOptions {
    password: Option<String>,
    append_only: bool,
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

    /// Its address with the password.
    pub fn url(&self) -> String {
        match &self.password {
            Some(password) => format!("redis://:{password}@{}", self.address()),
            None => format!("redis://{}", self.address()),
        }
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

    /// Keeps an append-only file, so that a restarted server has its data.
    #[must_use]
    pub fn append_only(mut self) -> Self {
        self.append_only = true;
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
        let (process, [port]) = Process::start(PROGRAM, |directory, [port]| self.launch(directory, port))?;
        Ok(Redis { process, port, password: self.password.clone() })
    }

    fn launch(&self, directory: &Path, port: u16) -> io::Result<Launch> {
        let file = directory.join("redis.conf");
        fs::write(&file, self.configuration(directory, port))?;
        let socket = socket(directory);
        let password = self.password.clone();
        Ok(Launch {
            arguments: vec![file.into()],
            ready: Box::new(move || client::command(&socket, password.as_deref(), &["PING"]).is_ok()),
        })
    }

    fn configuration(&self, directory: &Path, port: u16) -> String {
        let mut text = format!(
            "bind 127.0.0.1\nport {port}\nunixsocket {}\ndir {}\nsave \"\"\nappendonly {}\n",
            socket(directory).display(),
            directory.display(),
            if self.append_only { "yes" } else { "no" },
        );
        if let Some(password) = &self.password {
            text.push_str(&format!("requirepass {password}\n"));
        }
        for line in &self.lines {
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

/// What the server is asked through: no other server can answer there, and no encryption is in the way.
fn socket(directory: &Path) -> PathBuf {
    directory.join("socket")
}
