//! The ports that the process listens on.

use std::{io, net::SocketAddr};

use tokio::net::TcpListener;

use crate::config::Config;

/// A port cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}; choose another port with {choice}")]
pub(crate) struct ListenError {
    address: SocketAddr,
    choice: &'static str,
    source: io::Error,
}

/// Ports that are listened on, though nobody answers yet.
pub(crate) struct Ports {
    pub(crate) public: TcpListener,
    pub(crate) operations: TcpListener,
    pub(crate) addresses: Addresses,
}

/// Where the ports are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    pub(crate) public: SocketAddr,
    pub(crate) operations: SocketAddr,
}

impl Ports {
    /// Takes the ports that the configuration names; port 0 stands for a free one.
    pub(crate) async fn open(config: &Config) -> Result<Self, ListenError> {
        let public = SocketAddr::new(config.public.host, config.public.port);
        let operations = SocketAddr::new(config.operations.host, config.operations.port);
        let (public, public_at) = listen(public, "--port, SOCKET_PORT or public.port").await?;
        let (operations, operations_at) = listen(operations, "operations.port").await?;
        let addresses = Addresses { public: public_at, operations: operations_at };
        Ok(Self { public, operations, addresses })
    }
}

async fn listen(address: SocketAddr, choice: &'static str) -> Result<(TcpListener, SocketAddr), ListenError> {
    let failed = |source| ListenError { address, choice, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}
