//! A running server.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{io, thread};

use rustix::process::{Pid, Signal, kill_process};

use crate::{binary, http};

/// How long a server may take for anything.
const PATIENCE: Duration = Duration::from_secs(20);

const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// How to start a server: with which arguments and environment.
///
/// Nothing of the tests' own environment that configures a server reaches it.
pub struct Launch {
    command: Command,
}

impl Launch {
    /// With no argument and no configuration.
    ///
    /// # Errors
    /// If there is no binary.
    pub fn new() -> io::Result<Self> {
        let mut command = Command::new(binary::path()?);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            let configures = name.starts_with("HELIOGRAPH_") || name.starts_with("FRONTEND");
            if configures || name == "PORT" || name == "SOCKET_PORT" {
                command.env_remove(name);
            }
        }
        command.stdin(Stdio::null());
        Ok(Self { command })
    }

    /// With one more argument.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Self {
        self.command.arg(argument);
        self
    }

    /// With a variable in the environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs a command that ends by itself.
    ///
    /// # Errors
    /// If it cannot be started or does not end in time.
    pub fn to_its_end(mut self) -> io::Result<Output> {
        let mut child = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let deadline = Instant::now() + PATIENCE;
        while child.try_wait()?.is_none() {
            if Instant::now() > deadline {
                child.kill()?;
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::sleep(LOOK_AGAIN);
        }
        child.wait_with_output()
    }

    /// Starts a server on free loopback ports and waits until it is ready.
    ///
    /// # Errors
    /// If it cannot be started or is not ready in time.
    pub fn server(self) -> io::Result<Server> {
        let (public, operations) = (free_port()?, free_port()?);
        let mut command = self
            .variable("HELIOGRAPH_PUBLIC__HOST", "127.0.0.1")
            .variable("SOCKET_PORT", &public.to_string())
            .variable("HELIOGRAPH_OPERATIONS__PORT", &operations.to_string())
            .command;
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let said = Arc::default();
        listen(child.stdout.take(), &said);
        listen(child.stderr.take(), &said);
        let mut server = Server {
            child,
            public: SocketAddr::from(([127, 0, 0, 1], public)),
            operations: SocketAddr::from(([127, 0, 0, 1], operations)),
            said,
        };
        server.becomes_ready()?;
        Ok(server)
    }
}

/// A running server; it is killed when this is dropped.
pub struct Server {
    child: Child,
    public: SocketAddr,
    operations: SocketAddr,
    said: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Where clients connect.
    pub fn public(&self) -> SocketAddr {
        self.public
    }

    /// Where operators look.
    pub fn operations(&self) -> SocketAddr {
        self.operations
    }

    /// The lines that it has written so far.
    pub fn said(&self) -> Vec<String> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// If the process is gone.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let id = id.ok_or(io::ErrorKind::NotFound)?;
        kill_process(id, signal)?;
        Ok(())
    }

    /// Waits for the process to end and gives the way it did.
    ///
    /// # Errors
    /// If it does not end in time.
    pub fn ends(&mut self) -> io::Result<ExitStatus> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if Instant::now() > deadline {
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::sleep(LOOK_AGAIN);
        }
    }

    fn becomes_ready(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ready = http::get(self.operations, "/readyz", &[]);
            if ready.is_ok_and(|response| response.status == 200) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(self.complaint(&format!("ended with {status} before it was ready")));
            }
            if Instant::now() > deadline {
                return Err(self.complaint("is not ready in time"));
            }
            thread::sleep(LOOK_AGAIN);
        }
    }

    fn complaint(&self, what: &str) -> io::Error {
        io::Error::other(format!("the server {what}; it said:\n{}", self.said().join("\n")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A process that has ended already cannot be killed, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A loopback port that nobody listens on at this moment.
///
/// # Errors
/// If there is none.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn listen(stream: Option<impl io::Read + Send + 'static>, said: &Arc<Mutex<Vec<String>>>) {
    let Some(stream) = stream else { return };
    let said = Arc::clone(said);
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            said.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    });
}
