//! The logs of all processes on standard error, each in a colour of its own.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, IsTerminal, Write},
    sync::Arc,
    thread,
    time::Duration,
};

use heliograph_harness::{Cluster, Node};

/// How often a log is looked at again.
const TICK: Duration = Duration::from_millis(50);
/// Colours of a terminal that can be read on dark and light grounds.
const COLOURS: [u8; 6] = [32, 33, 34, 35, 36, 31];

/// Shows the logs as long as this process lives.
pub(crate) fn follow(cluster: &Cluster) {
    let coloured = io::stderr().is_terminal();
    for (number, node) in cluster.nodes.iter().enumerate() {
        let node = Arc::clone(node);
        let title = format!("{}-{}", node.role.name(), number + 1);
        let title = match coloured {
            true => format!("\x1b[{}m{title:<14}\x1b[0m ", COLOURS[number % COLOURS.len()]),
            false => format!("{title:<14} "),
        };
        thread::spawn(move || {
            // A log that cannot be read is not shown; nothing else depends on it.
            let _ = show(&node, &title);
        });
    }
}

fn show(node: &Node, title: &str) -> io::Result<()> {
    let mut log = BufReader::new(File::open(node.directory().join("log"))?);
    let mut line = String::new();
    loop {
        if log.read_line(&mut line)? == 0 || !line.ends_with('\n') {
            thread::sleep(TICK);
            continue;
        }
        write!(io::stderr(), "{title}{line}")?;
        line.clear();
    }
}
