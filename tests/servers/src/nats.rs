//! NATS.

use std::{
    fs,
    io::{self, BufRead, BufReader},
    net::{Ipv4Addr, TcpStream},
    path::Path,
    time::Duration,
};

use serde_json::Value;

use crate::{
    certificates::{Certificates, Encryption},
    process::{Launch, Process, Program, ServerError},
};

const PROGRAM: Program = Program::of_package("nats-server", "apt-get install nats-server");
const PATIENCE: Duration = Duration::from_secs(5);

/// A NATS server.
pub struct Nats {
    /// Its process.
    pub process: Process,
    port: u16,
    credentials: Option<String>,
    certificates: Option<Certificates>,
}

/// How a NATS server runs. The default is a server that asks for no credentials.
#[derive(Clone, Debug, Default)]
pub struct NatsOptions {
    /// What stands before the host in a URL.
    credentials: Option<String>,
    encryption: Encryption,
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

    /// Its address with the credentials: `nats://…`, or `tls://…` if it encrypts.
    pub fn url(&self) -> String {
        let scheme = if self.certificates.is_some() { "tls" } else { "nats" };
        match &self.credentials {
            Some(credentials) => format!("{scheme}://{credentials}@{}", self.address()),
            None => format!("{scheme}://{}", self.address()),
        }
    }

    /// Present if it encrypts.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_ref()
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

    /// Encrypts connections; or not.
    #[must_use]
    pub fn encryption(mut self, encryption: Encryption) -> Self {
        self.encryption = encryption;
        self
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
        let mut certificates = None;
        let (process, [port]) = Process::start(PROGRAM, |directory, [port]| {
            certificates = self.encryption.certificates(directory)?;
            self.launch(directory, port, certificates.as_ref())
        })?;
        Ok(Nats { process, port, credentials: self.credentials.clone(), certificates })
    }

    fn launch(&self, directory: &Path, port: u16, certificates: Option<&Certificates>) -> io::Result<Launch> {
        // Tells the server from any other: the directory has its name for itself.
        let name = directory.display().to_string();
        let mut lines = vec![format!("server_name: \"{name}\""), format!("listen: \"127.0.0.1:{port}\"")];
        if let Some(files) = certificates {
            lines.push(format!(
                "tls {{ cert_file: \"{}\", key_file: \"{}\", ca_file: \"{}\", verify: {} }}",
                files.server_cert.display(),
                files.server_key.display(),
                files.ca.display(),
                self.encryption == Encryption::Mutual,
            ));
        }
        lines.extend_from_slice(&self.lines);
        let file = directory.join("nats.conf");
        fs::write(&file, lines.join("\n") + "\n")?;
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
