//! A server's process: started on free ports, awaited, stopped, killed, paused, started again.

use std::{
    borrow::Cow,
    ffi::OsString,
    fs::{self, OpenOptions},
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    io::retry_on_intr,
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid},
};
use tempfile::TempDir;

use crate::{port, watchdog::Watchdog};

/// Far beyond what a server takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often something is looked at that is waited for.
const TICK: Duration = Duration::from_millis(10);
/// How many sets of ports are tried.
const ATTEMPTS: usize = 5;
/// How many lines of a server's log an error shows.
const SHOWN_LINES: usize = 15;

/// Why a server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The program is not installed.
    #[error("{} is not there; `{}` does it", .0.name, .0.remedy)]
    Missing(Program),
    /// The program ended instead of serving, or did not become ready in time.
    #[error("{program} {what}; its log ends with:\n{log}")]
    NotReady {
        /// The program.
        program: Cow<'static, str>,
        /// What it did.
        what: String,
        /// The last lines that it wrote.
        log: String,
    },
    /// The machine refused something.
    #[error("cannot start a server: {0}")]
    Io(#[from] io::Error),
    /// A server that runs refused to be set up.
    #[error("{program} cannot be set up: {reason}")]
    Setup {
        /// The program.
        program: Cow<'static, str>,
        /// What it said.
        reason: String,
    },
}

/// A program and where it comes from.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its name, or the path of its file.
    pub name: Cow<'static, str>,
    /// How to get it if it is not there, such as a command.
    pub remedy: Cow<'static, str>,
}

impl Program {
    /// A program of a Debian package.
    pub(crate) const fn of_package(name: &'static str, install: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), remedy: Cow::Borrowed(install) }
    }
}

/// How to run a server on given ports.
pub struct Launch {
    /// The arguments of the program.
    pub arguments: Vec<OsString>,
    /// Whether the server serves. Asked again and again.
    pub ready: Box<dyn Fn() -> bool + Send + Sync>,
}

/// The process of a server. It ends when this is dropped.
pub struct Process {
    program: Program,
    launch: Launch,
    directory: TempDir,
    watchdog: Watchdog,
    running: Mutex<Option<Child>>,
}

impl Process {
    /// Starts a server on `P` free ports and waits until it is ready; on other ports if somebody else
    /// was faster to take these. Gives the ports too.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start<const P: usize>(
        program: Program,
        mut prepare: impl FnMut(&Path, [u16; P]) -> io::Result<Launch>,
    ) -> Result<(Self, [u16; P]), ServerError> {
        let mut attempt = 1;
        loop {
            let directory = tempfile::Builder::new().prefix("heliograph-").tempdir()?;
            let mut ports = [0; P];
            for port in &mut ports {
                *port = port::free()?;
            }
            let watchdog = Watchdog::start(directory.path())?;
            let launch = prepare(directory.path(), ports)?;
            let running = Mutex::new(None);
            let server = Self { program: program.clone(), launch, directory, watchdog, running };
            match server.restart() {
                Ok(()) => return Ok((server, ports)),
                Err(ServerError::NotReady { log, .. })
                    if attempt < ATTEMPTS && log.to_lowercase().contains("address already in use") =>
                {
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The directory with the server's data and log.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The id of the process, if it runs.
    pub fn pid(&self) -> Option<u32> {
        self.running().as_ref().map(Child::id)
    }

    /// What the server has written since it was first started.
    pub fn log(&self) -> String {
        // Bytes that are no text do not matter here, and neither does a log that is not there yet.
        fs::read(self.log_file()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Asks the server to end (SIGTERM) and waits until it has. Its data stay.
    ///
    /// # Errors
    /// [`ServerError::NotReady`] if it does not end; it is then killed.
    pub fn stop(&self) -> Result<(), ServerError> {
        let Some(mut child) = self.running().take() else {
            return Ok(());
        };
        signal(&child, Signal::TERM)?;
        // A paused process ends when it goes on.
        signal(&child, Signal::CONT)?;
        let deadline = Instant::now() + PATIENCE;
        while child.try_wait()?.is_none() {
            if Instant::now() > deadline {
                self.end(child);
                return Err(self.not_ready("does not stop".to_owned()));
            }
            thread::sleep(TICK);
        }
        Ok(self.watchdog.guard(None)?)
    }

    /// Ends the server at once (SIGKILL). What it has on disk stays.
    pub fn kill(&self) {
        if let Some(child) = self.running().take() {
            self.end(child);
        }
    }

    /// Kills the server if it runs, starts it on the same ports with the same data, and waits until it
    /// is ready.
    ///
    /// # Errors
    /// [`ServerError::Missing`], [`ServerError::NotReady`].
    pub fn restart(&self) -> Result<(), ServerError> {
        self.kill();
        let child = self.spawn()?;
        let guarded = self.watchdog.guard(Some(child.id()));
        *self.running() = Some(child);
        guarded?;
        self.wait()
    }

    /// Stops the server in its tracks (SIGSTOP) and waits until it stands still: connections stay open
    /// and nothing is answered.
    ///
    /// # Errors
    /// [`ServerError::Io`] if the process is gone.
    pub fn pause(&self) -> Result<(), ServerError> {
        self.signal(Signal::STOP)?;
        match &*self.running() {
            // Its threads stop one by one. Should it end instead, that is left for others to find.
            Some(child) => {
                let stopped = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
                let id = WaitId::Pid(pid(child)?);
                retry_on_intr(|| waitid(id.clone(), stopped)).map_err(io::Error::from)?;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Lets a paused server go on.
    ///
    /// # Errors
    /// [`ServerError::Io`] if the process is gone.
    pub fn resume(&self) -> Result<(), ServerError> {
        self.signal(Signal::CONT)
    }

    fn spawn(&self) -> Result<Child, ServerError> {
        let log = OpenOptions::new().create(true).append(true).open(self.log_file())?;
        let mut command = Command::new(&*self.program.name);
        command
            .args(&self.launch.arguments)
            .current_dir(self.directory())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // An interrupt from the terminal is for whoever started the server, who then ends it.
            .process_group(0);
        command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ServerError::Missing(self.program.clone()),
            _ => error.into(),
        })
    }

    fn wait(&self) -> Result<(), ServerError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.ended()? {
                return Err(self.not_ready(format!("ended ({status})")));
            }
            if (self.launch.ready)() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(self.not_ready(format!("is not ready after {PATIENCE:?}")));
            }
            thread::sleep(TICK);
        }
    }

    fn ended(&self) -> io::Result<Option<ExitStatus>> {
        match &mut *self.running() {
            Some(child) => child.try_wait(),
            None => Ok(None),
        }
    }

    fn signal(&self, which: Signal) -> Result<(), ServerError> {
        match &*self.running() {
            Some(child) => Ok(signal(child, which)?),
            None => Err(io::Error::new(io::ErrorKind::NotFound, "the server does not run").into()),
        }
    }

    fn running(&self) -> MutexGuard<'_, Option<Child>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, mut child: Child) {
        // Fails if it has ended already.
        let _ = child.kill();
        let _ = child.wait();
        // Fails if the watchdog is gone. Then it does no harm either.
        let _ = self.watchdog.guard(None);
    }

    fn log_file(&self) -> PathBuf {
        self.directory().join("log")
    }

    fn not_ready(&self, what: String) -> ServerError {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let shown = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
        ServerError::NotReady { program: self.program.name.clone(), what, log: shown.join("\n") }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits until servers have come to terms with each other.
pub(crate) fn until(program: Program, what: &str, condition: impl Fn() -> bool) -> Result<(), ServerError> {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        if Instant::now() > deadline {
            return Err(ServerError::Setup {
                program: program.name,
                reason: format!("{what}: not after {PATIENCE:?}"),
            });
        }
        thread::sleep(TICK);
    }
    Ok(())
}

fn signal(child: &Child, which: Signal) -> io::Result<()> {
    // The process has not been waited for, so that the id is still its own.
    Ok(kill_process(pid(child)?, which)?)
}

fn pid(child: &Child) -> io::Result<Pid> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    pid.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no process id"))
}
