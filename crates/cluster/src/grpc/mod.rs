//! Questions to services, by gRPC. Commands and deliveries travel on the [`crate::bus`].
//!
//! The generated client sends HTTP requests into any tower service, and the generated server is such
//! a service. So a client is made from a channel to another process or from the server itself, and
//! is of the same type in both cases: within one process no socket is opened.
//!
//! - [`Link`]: the way to a server, and how long answers are waited for.
//! - [`RoomClient`], [`PresenceClient`], [`GatewayClient`], [`LinkClient`], [`ProcessClient`]: what is asked, in domain
//!   types, answered with a [`Refusal`] where it is not, as commands are.
//! - [`Channels`]: links to the processes that live, by the directory: to one of them, or to any that
//!   has a role.
//! - [`Services`]: what this process answers. Servers implement the traits in [`stubs`].
//! - [`GrpcServer`]: answers other processes.

mod balance;
mod calls;
mod channels;
mod gateways;
mod health;
mod link;
mod links;
mod presence;
mod processes;
mod rooms;
mod server;
mod services;
mod tls;

use std::time::Duration;

use heliograph_domain::refusal::{Code, Refusal};
use tonic::Status;
use tracing::{debug, warn};

pub use channels::{ChannelOptions, Channels};
pub use gateways::{GatewayClient, LocalSocket, SocketPage};
pub use link::{Link, Way, WayError};
pub use links::LinkClient;
pub use presence::{Counts, PresenceClient, UserPresence};
pub use processes::{Describe, NodeState, Process, ProcessClient, ProcessState};
pub use rooms::{History, Members, RoomClient};
pub use server::{GrpcServer, ServerOptions, SetUpError};
pub use services::Services;
pub use tls::{Tls, TlsError};

/// What is generated from the services of `proto/heliograph/v1`.
pub mod stubs {
    tonic::include_proto!("heliograph.v1");
}

/// Signs of life on a connection between two processes, which end it if the other one is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// How long nothing is heard before the other process is asked for a sign of life.
    pub interval: Duration,
    /// How long it may take to give it.
    pub timeout: Duration,
}

impl Default for Keepalive {
    fn default() -> Self {
        Self { interval: Duration::from_secs(2), timeout: Duration::from_secs(3) }
    }
}

/// Bytes of one call that are on their way and not yet read, at most.
const STREAM_WINDOW: u32 = 64 * 1024;

/// Bytes of all calls of one connection that are on their way and not yet read: as many as all of them
/// may have, so that calls which nobody reads do not hold up the others.
fn connection_window(streams: u32) -> u32 {
    const HIGHEST: u32 = i32::MAX as u32;
    STREAM_WINDOW.saturating_mul(streams).min(HIGHEST)
}

/// What a status means to the one who asked. The server's words stay in the log.
fn refusal(status: Status) -> Refusal {
    Refusal::new(match status.code() {
        tonic::Code::NotFound => Code::NotFound,
        tonic::Code::PermissionDenied => Code::NotAllowed,
        tonic::Code::InvalidArgument => Code::InvalidPayload,
        code => {
            // A process that is not there or does not answer is said to be so once, and a backend that is away by
            // whoever has found it away: see `channels`.
            let passing = matches!(
                code,
                tonic::Code::Unavailable | tonic::Code::DeadlineExceeded | tonic::Code::ResourceExhausted
            );
            match passing {
                true => debug!(?code, message = status.message(), "a question was not answered"),
                false => warn!(?code, message = status.message(), "a question was not answered"),
            }
            Code::Unavailable
        }
    })
}

/// The refusal for an answer that cannot be read.
fn unreadable(error: impl std::fmt::Display) -> Refusal {
    warn!(%error, "an answer cannot be read");
    Refusal::new(Code::Unavailable)
}
