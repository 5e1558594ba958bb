//! Ends a server when the process that started it dies without a chance to do so.

use std::{
    io::{self, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};

/// Reads which process there is, line by line. The end of the input means that whoever wrote them has
/// gone, in whatever way.
const SCRIPT: &str = r#"while read -r line; do pid=$line; done; [ -z "$pid" ] || kill -9 "$pid"; rm -rf "$0""#;

/// A process that waits for the end of this one.
pub(crate) struct Watchdog(Child);

impl Watchdog {
    /// Watches over a directory, which goes with this process.
    pub(crate) fn start(directory: &Path) -> io::Result<Self> {
        let child = Command::new("sh")
            .args(["-c", SCRIPT])
            .arg(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // An interrupt from the terminal ends this process; the watchdog has to outlive it.
            .process_group(0)
            .spawn()?;
        Ok(Self(child))
    }

    /// Says which process has to end with this one, from now on.
    pub(crate) fn guard(&self, pid: Option<u32>) -> io::Result<()> {
        let mut line = pid.map(|pid| pid.to_string()).unwrap_or_default();
        line.push('\n');
        let Some(mut input) = self.0.stdin.as_ref() else { return Ok(()) };
        input.write_all(line.as_bytes())
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // Fails if somebody else has waited for it.
        let _ = self.0.wait();
    }
}
