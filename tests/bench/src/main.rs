//! Memory and CPU of the server beside a floor, measured in one run on one machine.
//!
//! Absolute figures of a busy machine say little, so every figure is taken of a *floor* as well: the least that
//! a server of this kind can do ([`floor`]). Contenders take turns, round by round, and the table gives
//! medians and the ratio to the floor. All of them speak the same wire text to the same load client:
//! Socket.IO over WebSocket, one text frame a packet.
//!
//! - [`floor`]: the floor server, run as a process of its own (`heliograph-bench floor`);
//! - [`contender`]: starting servers, reading their CPU time and memory from `/proc`;
//! - [`load`]: the load client;
//! - [`measure`]: what is measured, each measure a module;
//! - [`cluster`]: the same of several processes that share brokers, beside socket.io with its Redis adapter;
//! - [`table`]: medians and ratios.

mod cluster;
mod configuration;
mod contender;
mod descriptors;
mod floor;
mod load;
mod measure;
mod options;
mod process;
mod run;
mod table;
mod token;
mod wire;

use std::process::ExitCode;

use options::Chore;

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("heliograph-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<(), Failure> {
    let chore = options::parse(std::env::args().skip(1))?;
    descriptors::raise()?;
    // As many threads as there are cores, whatever the servers are told by the environment.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start the runtime: {error}")))?;
    match chore {
        Chore::Floor { port } => runtime.block_on(floor::serve(port)),
        Chore::Run(options) => runtime.block_on(run::run(&options)),
        Chore::Cluster(options) => runtime.block_on(cluster::run(&options)),
    }
}

/// What went wrong, as one line.
#[derive(Debug)]
struct Failure(String);

impl Failure {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}
