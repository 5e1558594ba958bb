//! The two profiles.

use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use heliograph_gateway::listener::{Options, Origins, Server};
use heliograph_gateway::outlet::Bounds;
use heliograph_gateway::plain::PlainOptions;

use crate::contract::Contract;
use crate::echo::Echo;
use crate::hub::Hub;
use crate::local::LocalHub;

/// Whom the server is set up for.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Protocol suites, which wait for timeouts: short times.
    Suites,
    /// Stock clients: times that a busy machine can keep.
    Clients,
}

/// How long a lost session is kept.
const RECOVERY_WINDOW: Duration = Duration::from_secs(20);

/// The largest message of the WebSocket echo.
const MAX_ECHO: usize = 16 * 1024 * 1024;

/// A server with the three paths, whose sessions are known to this process alone.
pub(crate) fn server(options: Options, recovers: bool) -> Server {
    server_with(options, Arc::new(LocalHub::new(window(recovers))))
}

/// A server with the three paths and the sessions of a hub.
pub(crate) fn server_with(options: Options, hub: Arc<dyn Hub>) -> Server {
    let contract = Contract::new(hub);
    let echo = PlainOptions { max_message: MAX_ECHO, ..PlainOptions::default() };
    Server::new(options).engine_io("/engine.io/", Arc::new(Echo)).socket_io("/socket.io/", Arc::new(contract)).plain(
        "/echo",
        echo,
        Arc::new(Echo),
    )
}

/// How long lost sessions are kept, if they are.
pub(crate) fn window(recovers: bool) -> Option<Duration> {
    recovers.then_some(RECOVERY_WINDOW)
}

/// Whether lost sessions are kept, if the command line does not say.
pub(crate) fn recovers(profile: Profile) -> bool {
    profile == Profile::Clients
}

/// The listener's options for a profile.
pub(crate) fn options(profile: Profile) -> Options {
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
        // Suites may send much before they poll.
        outbound: Bounds { soft: 1024 * 1024, hard: 8 * 1024 * 1024 },
        drain_period: milliseconds(500),
        ..defaults
    }
}
