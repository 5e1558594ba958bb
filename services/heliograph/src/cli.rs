//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};

use crate::config::Overrides;

/// The Heliograph signaling cluster.
///
/// With no argument the whole system runs in this process, nothing else installed.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Cli {
    /// What to run.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What to run it with.
    #[command(flatten)]
    pub settings: Settings,
}

/// Flags for what people set often.
#[derive(Clone, Debug, Args)]
pub(crate) struct Settings {
    /// Configuration file (TOML).
    #[arg(long, global = true, value_name = "FILE", env = "HELIOGRAPH_CONFIG")]
    pub config: Option<PathBuf>,
    /// Public port.
    #[arg(long, global = true)]
    pub port: Option<u16>,
    /// Messages between the services: `memory`, `nats://…`.
    #[arg(long, global = true, value_name = "URL")]
    pub bus: Option<String>,
    /// Shared state: `memory`, `redis://…`, `rediss://…`, `redis+cluster://…`, `redis+sentinel://…`.
    #[arg(long, global = true, value_name = "URL")]
    pub store: Option<String>,
    /// Discovery: `memory`, `etcd://…`.
    #[arg(long, global = true, value_name = "URL")]
    pub directory: Option<String>,
}

/// What to run.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Every role in this process (the default).
    All,
    /// Serve clients, as one of the gateways of a cluster.
    Gateway,
    /// Serve rooms, messages and calls, as one of the room-routers of a cluster.
    RoomRouter,
    /// Serve presence, as one of the presence services of a cluster.
    Presence,
    /// Print a signed token for development and operations.
    Token(TokenArgs),
    /// Load the configuration, look at everything it names, say what is wrong.
    Check,
}

/// What a token says.
#[derive(Clone, Debug, Args)]
pub(crate) struct TokenArgs {
    /// The user's id.
    #[arg(long)]
    pub user: String,
    /// The user's name.
    #[arg(long)]
    pub name: Option<String>,
    /// How long the token is valid, such as `90s`, `15m`, `1h`.
    #[arg(long, default_value = "1h", value_parser = humantime::parse_duration)]
    pub ttl: Duration,
    /// Pattern of rooms that the user may enter, such as `team-*`; repeatable. Without: all rooms.
    #[arg(long = "room", value_name = "GLOB")]
    pub rooms: Vec<String>,
    /// Grants administration.
    #[arg(long)]
    pub admin: bool,
}

impl Settings {
    /// What the flags set in the configuration.
    pub(crate) fn overrides(&self) -> Overrides {
        Overrides {
            file: self.config.clone(),
            port: self.port,
            bus: self.bus.clone(),
            store: self.store.clone(),
            directory: self.directory.clone(),
        }
    }
}
