//! The Heliograph signaling cluster, in one binary.
//!
//! - `cli`, `config`: what to run and with what;
//! - `backends`, `options`: from the configuration to what the services are set up with;
//! - `run`: every role in this process, as tasks of `roles`, on `ports`, with an `announce`ment;
//! - `operations`: the port for operators;
//! - `token`, `keys`: tokens and what verifies them.

mod announce;
mod backends;
mod cli;
mod config;
mod keys;
mod operations;
mod options;
mod ports;
mod roles;
mod run;
mod token;

use std::{
    error::Error,
    io::{self, Write},
    panic,
    process::ExitCode,
};

use clap::Parser;
use heliograph_telemetry::logs::{self, LogError};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::{
    cli::{Cli, Command},
    config::{Config, LogFormat},
};

/// Messages are allocated by one thread and freed by another all the time, which costs the system's allocator
/// more (docs/decisions/0016-mimalloc.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match start(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("heliograph: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start(cli: &Cli) -> Result<(), Box<dyn Error>> {
    let config = config::load(&cli.settings.overrides())?;
    match &cli.command {
        None | Some(Command::All) => serve(config),
        Some(Command::Token(args)) => {
            writeln!(io::stdout(), "{}", token::token(args, &config.auth)?)?;
            Ok(())
        }
        Some(Command::Check) => {
            start_log(&config)?;
            keys::verifier(&config.auth)?;
            keys::signed(&config.auth)?;
            writeln!(io::stdout(), "The configuration is in order. bus, store and directory: in this process.")?;
            Ok(())
        }
    }
}

fn start_log(config: &Config) -> Result<(), LogError> {
    let format = match config.log.format {
        LogFormat::Text => logs::Format::Text,
        LogFormat::Json => logs::Format::Json,
    };
    logs::init(&config.log.filter, format)
}

fn serve(config: Config) -> Result<(), Box<dyn Error>> {
    start_log(&config)?;
    // A panic ends one task, of one connection for example, and must not pass unseen.
    panic::set_hook(Box::new(|panic| tracing::error!("a bug, please report it: {panic}")));
    raise_descriptor_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        let shutdown = CancellationToken::new();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let asked = shutdown.clone();
        tokio::spawn(async move {
            let mut stopping = false;
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                if stopping {
                    tracing::warn!("asked to stop twice: stopping at once");
                    std::process::exit(0);
                }
                stopping = true;
                tracing::info!("asked to stop: moving clients away");
                asked.cancel();
            }
        });
        run::run(config, shutdown).await?;
        Ok(())
    });
    // Nothing that is left is worth waiting for.
    runtime.shutdown_background();
    result
}

/// Every connection is a descriptor, and the usual soft limit is low.
fn raise_descriptor_limit() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open descriptors could not be raised");
    }
}
