//! The ports that the process listens on.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use tokio::net::{TcpListener, TcpSocket};

use crate::config::Config;

/// How many connections may wait on a port that few ask for.
const BACKLOG: u32 = 1024;

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
    /// For clients, if there is a gateway.
    pub(crate) public: Option<TcpListener>,
    /// For operators.
    pub(crate) operations: TcpListener,
    /// For other processes, if there are any.
    pub(crate) grpc: Option<TcpListener>,
    pub(crate) addresses: Addresses,
}

/// Where the ports are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    pub(crate) public: Option<SocketAddr>,
    pub(crate) operations: SocketAddr,
    pub(crate) grpc: Option<SocketAddr>,
}

impl Ports {
    /// Takes the ports that the configuration names; port 0 stands for a free one. The public one only if there
    /// shall be a gateway, that of gRPC only if others may ask.
    pub(crate) fn open(config: &Config, gateway: bool) -> Result<Self, ListenError> {
        let public = &config.public;
        let public = match gateway {
            true => Some(listen(public.host, public.port, public.backlog, "--port, SOCKET_PORT or public.port")?),
            false => None,
        };
        let operations = listen(config.operations.host, config.operations.port, BACKLOG, "operations.port")?;
        let grpc = match config.directory.is_shared() {
            true => Some(listen(config.grpc.host, config.grpc.port, BACKLOG, "grpc.port")?),
            false => None,
        };
        let address = |port: &Option<(TcpListener, SocketAddr)>| port.as_ref().map(|(_, address)| *address);
        let addresses = Addresses { public: address(&public), operations: operations.1, grpc: address(&grpc) };
        let listener = |port: Option<(TcpListener, SocketAddr)>| port.map(|(listener, _)| listener);
        Ok(Self { public: listener(public), operations: operations.0, grpc: listener(grpc), addresses })
    }
}

impl Addresses {
    /// Where other processes reach this one, as `host:port`; empty if there are none.
    pub(crate) fn advertised(&self, config: &Config) -> String {
        let Some(grpc) = self.grpc else { return String::new() };
        match &config.grpc.advertise {
            Some(text) if text.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) => text.clone(),
            Some(host) => format!("{host}:{}", grpc.port()),
            None if grpc.ip().is_unspecified() => format!("{}:{}", host_name(), grpc.port()),
            None => grpc.to_string(),
        }
    }
}

/// The name of this machine, or of its container, by which its network knows it.
fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn listen(
    host: IpAddr,
    port: u16,
    backlog: u32,
    choice: &'static str,
) -> Result<(TcpListener, SocketAddr), ListenError> {
    let address = SocketAddr::new(host, port);
    let listen = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // So that a restart need not wait for what is left of the connections before it.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(backlog)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    listen().map_err(|source| ListenError { address, choice, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_told_where_this_process_is() {
        let operations = "127.0.0.1:1".parse().unwrap();
        let advertised = |grpc: Option<&str>, advertise: Option<&str>| {
            let mut config = Config::default();
            config.grpc.advertise = advertise.map(str::to_owned);
            let grpc = grpc.map(|grpc| grpc.parse().unwrap());
            Addresses { public: None, operations, grpc }.advertised(&config)
        };
        assert_eq!(advertised(None, Some("a")), "");
        assert_eq!(advertised(Some("10.0.0.1:50051"), None), "10.0.0.1:50051");
        assert_eq!(advertised(Some("0.0.0.0:50051"), Some("router-1")), "router-1:50051");
        assert_eq!(advertised(Some("0.0.0.0:50051"), Some("router-1:7")), "router-1:7");
        assert_eq!(advertised(Some("0.0.0.0:50051"), None), format!("{}:50051", host_name()));
    }
}
