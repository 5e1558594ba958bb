//! The Heliograph signaling cluster, in one binary.
//!
//! - `cli`, `config`: what to run and with what;
//! - `backends`, `probes`: the bus, the store and the directory: chosen, waited for, watched;
//! - `options`: from the configuration to what the services are set up with;
//! - `run`, `compose`: the roles of this process, as tasks of `roles`, on `ports`, with an `announce`ment;
//! - `front`, `operations`: the port for operators;
//! - `token`, `keys`: tokens and what verifies them.

mod announce;
mod backends;
mod cli;
mod compose;
mod config;
mod front;
mod keys;
mod operations;
mod options;
mod ports;
mod probes;
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
use heliograph_cluster::directory::Role;
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
    // Every TLS connection, to whatever backend, uses this implementation. It is installed once.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let config = config::load(&cli.settings.overrides())?;
    let every = vec![Role::Gateway, Role::RoomRouter, Role::Presence];
    match &cli.command {
        None | Some(Command::All) => serve(config, every),
        Some(Command::Gateway) => serve_one(config, Role::Gateway),
        Some(Command::RoomRouter) => serve_one(config, Role::RoomRouter),
        Some(Command::Presence) => serve_one(config, Role::Presence),
        Some(Command::Token(args)) => {
            writeln!(io::stdout(), "{}", token::token(args, &config.auth)?)?;
            Ok(())
        }
        Some(Command::Check) => check(&config),
    }
}

/// One role alone finds the others in a shared directory only.
fn serve_one(config: Config, role: Role) -> Result<(), Box<dyn Error>> {
    if !config.directory.is_shared() {
        let role = role.name();
        return Err(format!(
            "`{role}` runs beside other processes, and bus, store and directory are \"memory\"; \
             set them to servers that the processes share, or run `heliograph` for all roles in one process"
        )
        .into());
    }
    serve(config, vec![role])
}

/// Looks at everything that the configuration names. Says what is wrong with each of it.
fn check(config: &Config) -> Result<(), Box<dyn Error>> {
    start_log(config)?;
    keys::verifier(&config.auth)?;
    keys::signed(&config.auth)?;
    options::grpc(config).map_err(|error| format!("grpc: {error}"))?;
    let backends = runtime()?.block_on(backends::check(config));
    let mut wrong = 0;
    for (key, what, error) in backends {
        let verdict = error.map_or_else(
            || "in order".to_owned(),
            |error| {
                wrong += 1;
                error.to_string()
            },
        );
        writeln!(io::stdout(), "{key:<10} {what}: {verdict}")?;
    }
    if wrong > 0 {
        return Err(format!("{wrong} of 3 backends cannot be used").into());
    }
    writeln!(io::stdout(), "The configuration is in order.")?;
    Ok(())
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

fn start_log(config: &Config) -> Result<(), LogError> {
    let format = match config.log.format {
        LogFormat::Text => logs::Format::Text,
        LogFormat::Json => logs::Format::Json,
    };
    logs::init(&config.log.filter, format)
}

fn serve(config: Config, roles: Vec<Role>) -> Result<(), Box<dyn Error>> {
    start_log(&config)?;
    // A panic ends one task, of one connection for example, and must not pass unseen.
    panic::set_hook(Box::new(|panic| tracing::error!("a bug, please report it: {panic}")));
    raise_descriptor_limit();
    let runtime = runtime()?;
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
        run::run(config, roles, shutdown).await?;
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
