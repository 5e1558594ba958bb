//! The program under test.

use std::{
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use heliograph_servers::{Launch, Process, Program};
use tempfile::NamedTempFile;

use crate::settings::Settings;

const BINARY: &str = env!("CARGO_BIN_EXE_heliograph");

/// Longer than anything in these tests takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a run that ends by itself has left.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command of the program to its end.
pub(crate) fn run(arguments: &[&str], settings: &Settings) -> Ended {
    let settings = settings.clone();
    // A port that is taken is another test's business.
    let settings = settings.with("public.port", 0).with("operations.port", 0).with("grpc.port", 0);
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), settings.0.to_string()).unwrap();
    let mut command = Command::new(BINARY);
    command.args(arguments).arg("--config").arg(file.path()).env_clear().stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A process that runs, ready or not. It ends when this is dropped.
pub(crate) struct Running {
    process: Process,
    ports: [u16; 3],
}

impl Running {
    /// Starts a role, and waits until its port for operators answers.
    pub(crate) fn start(role: &'static str, settings: &Settings) -> Self {
        let program = Program { name: BINARY.into(), remedy: "cargo build".into() };
        let (process, ports) = Process::start(program, |directory, ports| {
            let [public, operations, grpc] = ports;
            let settings = settings
                .clone()
                .with("public.host", "127.0.0.1")
                .with("public.port", i64::from(public))
                .with("operations.port", i64::from(operations))
                .with("grpc.host", "127.0.0.1")
                .with("grpc.port", i64::from(grpc));
            let file = directory.join("heliograph.toml");
            fs::write(&file, settings.0.to_string())?;
            Ok(Launch {
                arguments: vec![role.into(), "--config".into(), file.into()],
                ready: Box::new(move || ask(operations, "/healthz", None).is_some()),
            })
        })
        .unwrap();
        Self { process, ports }
    }

    /// Starts a role and waits until it is ready.
    pub(crate) fn ready(role: &'static str, settings: &Settings) -> Self {
        let running = Self::start(role, settings);
        running.until_ready(true);
        running
    }

    pub(crate) fn until_ready(&self, ready: bool) {
        self.until("readiness", || (self.readiness().0 == 200) == ready);
    }

    /// The status and the text of `/readyz`.
    pub(crate) fn readiness(&self) -> (u16, String) {
        ask(self.ports[1], "/readyz", None).unwrap_or_default()
    }

    /// What the public port answers.
    pub(crate) fn get(&self, path: &str, token: &str) -> u16 {
        ask(self.ports[0], path, Some(token)).unwrap_or_default().0
    }

    pub(crate) fn grpc(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports[2]).into()
    }

    /// A metric, summed over the series whose names begin with `name` and have this case.
    pub(crate) fn metric(&self, name: &str, case: &str) -> f64 {
        let (_, text) = ask(self.ports[1], "/metrics", None).unwrap_or_default();
        let series = text.lines().filter(|line| line.starts_with(name) && line.contains(case));
        series.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// The lines of the log that have all of these words.
    pub(crate) fn said(&self, words: &[&str]) -> Vec<String> {
        let log = self.process.log();
        log.lines().filter(|line| words.iter().all(|word| line.contains(word))).map(str::to_owned).collect()
    }

    pub(crate) fn until_said(&self, words: &[&str]) {
        self.until(&format!("{words:?} in the log"), || !self.said(words).is_empty());
    }

    /// Waits for a condition that comes about by itself.
    pub(crate) fn until(&self, what: &str, condition: impl Fn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !condition() {
            assert!(Instant::now() < deadline, "not in time: {what}; the log:\n{}", self.process.log());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The status and the body of an answer; `None` if there is none.
fn ask(port: u16, path: &str, token: Option<&str>) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n{token}Connection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
}
