//! NATS.

use std::{
    fs,
    io::{self, BufRead, BufReader},
    net::{Ipv4Addr, TcpStream},
    path::Path,
    time::Duration,
};

use serde_json::Value;

use crate::process::{Launch, Process, Program, ServerError};

const PROGRAM: Program = Program::of_package("nats-server", "apt-get install nats-server");
const PATIENCE: Duration = Duration::from_secs(5);

/// A NATS server.
pub struct Nats {
    /// Its process.
    pub process: Process,
    port: u16,
    credentials: Option<String>,
}

/// How a NATS server runs. The default is a server that asks for no credentials.
#[derive(Clone, Debug, Default)]
pub struct NatsOptions {
    /// What stands before the host in a URL.
    credentials: Option<String>,
    lines: Vec<String>,
}

impl Nats {
    /// Starts a server with the default options.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start() -> Result<Self, ServerError> {
        NatsOptions::default().start()
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it listens, as `host:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its address with the credentials.
    pub fn url(&self) -> String {
        match &self.credentials {
            Some(credentials) => format!("nats://{credentials}@{}", self.address()),
            None => format!("nats://{}", self.address()),
        }
    }
}

impl NatsOptions {
    /// Asks clients for a name and a password.
    #[must_use]
    pub fn user(mut self, user: &str, password: &str) -> Self {
        self.credentials = Some(format!("{user}:{password}"));
        self.line(&format!("authorization {{ user: \"{user}\", password: \"{password}\" }}"))
    }

    /// Asks clients for a token.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        self.credentials = Some(token.to_owned());
        self.line(&format!("authorization {{ token: \"{token}\" }}"))
    }

    /// Adds a line to the configuration, such as `max_payload: 1024`.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    /// Starts a server.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start(&self) -> Result<Nats, ServerError> {
        let (process, [port]) = Process::start(PROGRAM, |directory, [port]| self.launch(directory, port))?;
        Ok(Nats { process, port, credentials: self.credentials.clone() })
    }

    fn launch(&self, directory: &Path, port: u16) -> io::Result<Launch> {
        // Tells the server from any other: the directory has its name for itself.
        let name = directory.display().to_string();
        let mut text = format!("server_name: \"{name}\"\nlisten: \"127.0.0.1:{port}\"\n");
        for line in &self.lines {
            text.push_str(line);
            text.push('\n');
        }
        let file = directory.join("nats.conf");
        fs::write(&file, text)?;
        Ok(Launch {
            arguments: vec!["-c".into(), file.into()],
            ready: Box::new(move || greeting(port).is_ok_and(|greeting| greeting["server_name"] == name.as_str())),
        })
    }
}

/// What the server says about itself to whoever connects.
fn greeting(port: u16) -> io::Result<Value> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(serde_json::from_str(line.strip_prefix("INFO ").unwrap_or_default())?)
}
