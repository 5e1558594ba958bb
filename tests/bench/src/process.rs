//! What the kernel knows about a server process.

use std::fs;
use std::time::Duration;

use crate::Failure;

/// The unit of times in `/proc/<pid>/stat`: USER_HZ, which is 100 on every Linux that Rust runs on.
const TICKS_A_SECOND: u32 = 100;

/// CPU time that all threads of a process have used so far, in user and in system mode.
pub(crate) fn cpu(pid: u32) -> Result<Duration, Failure> {
    let stat = read(pid, "stat")?;
    times(&stat)
        .map(|ticks| Duration::from_secs(ticks) / TICKS_A_SECOND)
        .ok_or_else(|| Failure::new("/proc/<pid>/stat has another form"))
}

/// Proportional set size of a process in KiB: its own pages, and its part of shared ones.
pub(crate) fn pss_kib(pid: u32) -> Result<u64, Failure> {
    let rollup = read(pid, "smaps_rollup")?;
    rollup
        .lines()
        .find_map(|line| line.strip_prefix("Pss:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| Failure::new("/proc/<pid>/smaps_rollup has another form"))
}

fn read(pid: u32, file: &str) -> Result<String, Failure> {
    fs::read_to_string(format!("/proc/{pid}/{file}"))
        .map_err(|error| Failure::new(format!("the server is gone: {error}")))
}

/// Fields 14 and 15, utime and stime. They are counted from behind the command's name, which may contain blanks.
fn times(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_a_command_with_blanks_and_parentheses() {
        let stat = "42 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 3 0 100";
        assert_eq!(times(stat), Some(200));
    }

    #[test]
    fn this_process_has_a_size() {
        assert!(pss_kib(std::process::id()).unwrap() > 0);
    }
}
