//! Ends a server when the process that started it dies without a chance to do so.

use std::{
    io::{self, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};

/// Waits for a line. The end of the input instead means that whoever holds the other end has died.
const SCRIPT: &str = r#"read -r line || { kill -9 "$0"; rm -rf "$1"; }"#;

/// A process that waits for the end of this one.
pub(crate) struct Watchdog(Child);

impl Watchdog {
    /// Watches over the server `pid` and its `directory`.
    pub(crate) fn start(pid: u32, directory: &Path) -> io::Result<Self> {
        let child = Command::new("sh")
            .args(["-c", SCRIPT, &pid.to_string()])
            .arg(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // An interrupt from the terminal ends this process; the watchdog has to outlive it.
            .process_group(0)
            .spawn()?;
        Ok(Self(child))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Some(input) = &mut self.0.stdin {
            // Fails if the watchdog is gone already.
            let _ = input.write_all(b"\n");
        }
        let _ = self.0.wait();
    }
}
