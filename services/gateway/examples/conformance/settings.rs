//! The two profiles, and the command line that chooses one.

use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use heliograph_gateway::listener::{Options, Origins, Server};
use heliograph_gateway::plain::PlainOptions;

use crate::contract::Contract;
use crate::echo::Echo;

/// Serves Engine.IO, Socket.IO and plain WebSocket tests on the loopback address.
#[derive(Parser)]
pub(crate) struct Arguments {
    /// The port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 3000)]
    pub(crate) port: u16,
    /// Times and limits.
    #[arg(long, value_enum, default_value_t = Profile::Suites)]
    pub(crate) profile: Profile,
    /// Connection state recovery; by default off for suites and on for clients.
    #[arg(long, value_enum)]
    pub(crate) recovery: Option<Switch>,
}

/// Whom the server is set up for.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Protocol suites, which wait for timeouts: short times.
    Suites,
    /// Stock clients: times that a busy machine can keep.
    Clients,
}

/// On or off.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

/// How long a lost session is kept.
const RECOVERY_WINDOW: Duration = Duration::from_secs(20);

/// The largest message of the WebSocket echo.
const MAX_ECHO: usize = 16 * 1024 * 1024;

/// A server with the three paths.
pub(crate) fn server(arguments: &Arguments) -> Server {
    let by_default = if arguments.profile == Profile::Clients { Switch::On } else { Switch::Off };
    let recovery = arguments.recovery.unwrap_or(by_default) == Switch::On;
    let contract = Contract::new(recovery.then_some(RECOVERY_WINDOW));
    let echo = PlainOptions { max_message: MAX_ECHO, ..PlainOptions::default() };
    Server::new(options(arguments.profile))
        .engine_io("/engine.io/", Arc::new(Echo))
        .socket_io("/socket.io/", Arc::new(contract))
        .plain("/echo", echo, Arc::new(Echo))
}

fn options(profile: Profile) -> Options {
    let milliseconds = Duration::from_millis;
    let (ping_interval, ping_timeout, connect_timeout) = match profile {
        Profile::Suites => (milliseconds(300), milliseconds(200), milliseconds(1_000)),
        Profile::Clients => (milliseconds(2_000), milliseconds(1_500), milliseconds(2_000)),
    };
    let defaults = Options::default();
    Options {
        ping_interval,
        ping_timeout,
        connect_timeout,
        max_payload: 1_000_000,
        origins: Origins::Any,
        packet_limits: heliograph_socketio::Limits { attachments: 100, ..defaults.packet_limits },
        drain_period: milliseconds(500),
        ..defaults
    }
}
