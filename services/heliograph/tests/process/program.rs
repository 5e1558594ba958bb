//! The program under test.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{Pid, Signal, kill_process};

pub(crate) const SECRET: &str = "a secret of at least 32 bytes, really";

/// A configuration file that is removed with this value. Ports are free ones unless `text` says otherwise.
pub(crate) struct Configuration(PathBuf);

impl Configuration {
    pub(crate) fn new(text: &str) -> Self {
        let free = "public.host = \"127.0.0.1\"\npublic.port = 0\noperations.port = 0\n";
        Self::verbatim(&format!("{free}{text}"))
    }

    /// In jwt mode, with [`SECRET`].
    pub(crate) fn jwt(text: &str) -> Self {
        Self::new(&format!("auth.mode = \"jwt\"\nauth.secret = \"{SECRET}\"\n{text}"))
    }

    pub(crate) fn verbatim(text: &str) -> Self {
        static FILES: AtomicU32 = AtomicU32::new(0);
        let name = format!("process-{}-{}.toml", std::process::id(), FILES.fetch_add(1, Ordering::Relaxed));
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&path, text).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Configuration {
    fn drop(&mut self) {
        // A file that is left does no harm.
        let _ = fs::remove_file(&self.0);
    }
}

/// The program with arguments, and nothing of this process's environment.
pub(crate) fn heliograph(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_heliograph"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// What a run that ends by itself has left.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the program to its end.
pub(crate) fn run(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { status: output.status, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A running server. Killed if a test fails before it has ended.
pub(crate) struct Server {
    child: Child,
    _stdout: BufReader<ChildStdout>,
    /// What it printed at its start.
    pub(crate) announcement: String,
    pub(crate) public: SocketAddr,
    pub(crate) operations: SocketAddr,
}

impl Server {
    pub(crate) fn start(configuration: &Configuration) -> Self {
        Self::start_with(&mut heliograph(&["--config", configuration.path()]))
    }

    pub(crate) fn start_with(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut announcement = String::new();
        // The last line says that clients may come.
        while !announcement.lines().any(|line| line.trim() == "ready") {
            assert_ne!(stdout.read_line(&mut announcement).unwrap(), 0, "ended early: {announcement}");
        }
        let address = |label: &str| {
            let line = announcement.lines().find(|line| line.trim_start().starts_with(label)).unwrap();
            let (_, rest) = line.split_once("http://").unwrap();
            rest.split('/').next().unwrap().replace("localhost", "127.0.0.1").parse().unwrap()
        };
        let (public, operations) = (address("call page"), address("operations"));
        Self { child, _stdout: stdout, announcement, public, operations }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A process that has ended cannot be killed, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The answer to a request: status and everything behind the status line.
pub(crate) fn ask(address: SocketAddr, method: &str, path: &str, token: Option<&str>) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {address}\r\n{token}Connection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (line, rest) = answer.split_once("\r\n").unwrap();
    (line.split(' ').nth(1).unwrap().parse().unwrap(), rest.to_owned())
}

pub(crate) fn get(address: SocketAddr, path: &str) -> (u16, String) {
    ask(address, "GET", path, None)
}
