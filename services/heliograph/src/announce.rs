//! What is said on standard output: at the start, what runs and where; then nothing more.

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use heliograph_cluster::directory::Role;

use crate::{
    config::{AuthMode, Config},
    ports::Addresses,
};

/// Says that clients may come, and where to.
pub(crate) fn announce(config: &Config, roles: &[Role], addresses: Addresses) {
    if config.auth.mode == AuthMode::Open {
        tracing::warn!("auth.mode is \"open\": anybody can be anybody; set it to \"jwt\" before others can connect");
    }
    // Nobody may be listening any more, which is no reason to stop.
    let _ = io::stdout().write_all(text(config, roles, addresses).as_bytes());
}

/// The announcement. Its last line, `ready`, is for scripts to wait for.
fn text(config: &Config, roles: &[Role], addresses: Addresses) -> String {
    let names: Vec<_> = roles.iter().map(|role| role.name()).collect();
    let mut text = format!("Heliograph {}: {} in this process\n", env!("CARGO_PKG_VERSION"), names.join(", "));
    let mut line = |label: &str, what: String| text.push_str(&format!("  {label:<11} {what}\n"));
    if let Some(public) = addresses.public.map(reachable) {
        line("call page", format!("http://{public}/"));
        line("sockets", format!("http://{public}/socket.io/  ws://{public}/ws"));
    }
    line("operations", format!("http://{}/metrics", reachable(addresses.operations)));
    if addresses.grpc.is_some() {
        line("gRPC", addresses.advertised(config));
        line("bus", config.bus.to_string());
        line("store", config.store.to_string());
        line("directory", config.directory.to_string());
    }
    if config.auth.mode == AuthMode::Open {
        let warning = "auth.mode is \"open\": clients are who they say they are. For development only.";
        line("warning", warning.to_owned());
    }
    text.push_str("ready\n");
    text
}

/// An address as a person on this machine reaches it.
fn reachable(address: SocketAddr) -> String {
    if address.ip().is_unspecified() { format!("localhost:{}", address.port()) } else { address.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_announcement_names_the_page_and_warns_of_the_development_mode() {
        let addresses = Addresses {
            public: Some("0.0.0.0:3001".parse().unwrap()),
            operations: "[::1]:9464".parse().unwrap(),
            grpc: None,
        };
        let text = text(&Config::default(), &[Role::Gateway, Role::Presence], addresses);
        assert!(text.contains(": gateway, presence in this process\n"), "{text}");
        assert!(text.contains("http://localhost:3001/\n"), "{text}");
        assert!(text.contains("http://[::1]:9464/metrics\n"), "{text}");
        assert!(text.contains("For development only"), "{text}");
        assert!(text.ends_with("\nready\n"), "{text}");
    }
}
