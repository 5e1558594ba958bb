//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use crate::Failure;

const USAGE: &str = "usage: heliograph-bench floor --port N | run [--heliograph PATH] \
    [--peer NAME=PROGRAM[,ARGUMENT...]]... [--rounds N] [--seconds N] [--quick] \
    [--only memory,connect,delivery,signals] [--cluster [--durable] [--times N]]";

/// What the process is to do.
#[derive(Debug, PartialEq)]
pub(crate) enum Chore {
    /// Be the floor server.
    Floor { port: u16 },
    /// Measure.
    Run(Options),
    /// Measure several processes that work together.
    Cluster(Options),
}

/// Another server: it is started with its arguments, a port and the secret of the tokens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Peer {
    /// The name in the table.
    pub(crate) name: String,
    /// What to run.
    pub(crate) program: String,
    /// The arguments that go before port and secret.
    pub(crate) arguments: Vec<String>,
}

/// What to measure and how thoroughly.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    /// The server's binary; without it the others are measured.
    pub(crate) heliograph: Option<PathBuf>,
    /// Other servers to measure.
    pub(crate) peers: Vec<Peer>,
    /// How often each figure is taken.
    pub(crate) rounds: usize,
    /// How long each load lasts.
    pub(crate) load: Duration,
    /// The measures to take, all if empty.
    pub(crate) only: Vec<String>,
    /// Whether the Redis of a cluster keeps everything on its disk.
    pub(crate) durable: bool,
    /// By what the load on a cluster is multiplied.
    pub(crate) times: f64,
    /// The larger of the two numbers of idle connections.
    pub(crate) idle_connections: usize,
}

/// Reads the arguments behind the program's name.
pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Chore, Failure> {
    let mut arguments = arguments;
    match arguments.next().as_deref() {
        Some("floor") => floor(arguments),
        Some("run") => run(arguments),
        _ => Err(Failure::new(USAGE)),
    }
}

fn floor(mut arguments: impl Iterator<Item = String>) -> Result<Chore, Failure> {
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("--port"), Some(port)) => Ok(Chore::Floor { port: number(&port)? }),
        _ => Err(Failure::new(USAGE)),
    }
}

fn run(mut arguments: impl Iterator<Item = String>) -> Result<Chore, Failure> {
    let mut heliograph = None;
    let mut peers = Vec::new();
    let mut rounds = 5;
    let mut seconds = 5;
    let mut only = Vec::new();
    let mut idle_connections = 10_000;
    let mut cluster = false;
    let mut durable = false;
    let mut times = 1.0;
    while let Some(option) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| Failure::new(USAGE));
        match option.as_str() {
            "--heliograph" => heliograph = Some(PathBuf::from(value()?)),
            "--peer" => peers.push(peer(&value()?)?),
            "--rounds" => rounds = number(&value()?)?,
            "--seconds" => seconds = number(&value()?)?,
            "--only" => only = value()?.split(',').map(str::to_owned).collect(),
            "--cluster" => cluster = true,
            "--durable" => durable = true,
            "--times" => times = number(&value()?)?,
            "--quick" => {
                rounds = 1;
                seconds = 2;
                idle_connections = 2_000;
            }
            _ => return Err(Failure::new(format!("unknown option `{option}`; {USAGE}"))),
        }
    }
    let load = Duration::from_secs(seconds);
    let options = Options { heliograph, peers, rounds, load, only, durable, times, idle_connections };
    Ok(if cluster { Chore::Cluster(options) } else { Chore::Run(options) })
}

fn peer(text: &str) -> Result<Peer, Failure> {
    let (name, command) = text.split_once('=').ok_or_else(|| Failure::new(USAGE))?;
    let mut words = command.split(',').map(str::to_owned);
    Ok(Peer {
        name: name.to_owned(),
        program: words.next().filter(|program| !program.is_empty()).ok_or_else(|| Failure::new(USAGE))?,
        arguments: words.collect(),
    })
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, Failure> {
    text.parse().map_err(|_| Failure::new(format!("`{text}` is no such number; {USAGE}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Chore, Failure> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_quick_run_takes_each_figure_once() {
        let Ok(Chore::Run(options)) = parsed("run --heliograph server --quick") else {
            panic!("the line is good");
        };
        assert_eq!((options.rounds, options.idle_connections), (1, 2_000));
    }

    #[test]
    fn a_peer_has_a_name_a_program_and_arguments() {
        let expected =
            Peer { name: "socket.io".to_owned(), program: "node".to_owned(), arguments: vec!["server.mjs".to_owned()] };
        assert_eq!(peer("socket.io=node,server.mjs").unwrap(), expected);
        assert!(peer("node").is_err());
        assert!(peer("socket.io=").is_err());
    }

    #[test]
    fn an_unknown_option_is_named() {
        let error = parsed("run --heliograph server --fast").unwrap_err();
        assert!(error.to_string().contains("--fast"));
    }
}
