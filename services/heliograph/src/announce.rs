//! What is said on standard output: at the start, what runs and where; then nothing more.

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use crate::{
    config::{AuthMode, Config},
    ports::Addresses,
};

/// Says that clients may come, and where to.
pub(crate) fn announce(config: &Config, addresses: Addresses) {
    if config.auth.mode == AuthMode::Open {
        tracing::warn!("auth.mode is \"open\": anybody can be anybody; set it to \"jwt\" before others can connect");
    }
    // Nobody may be listening any more, which is no reason to stop.
    let _ = io::stdout().write_all(text(config, addresses).as_bytes());
}

/// The announcement. Its last line, `ready`, is for scripts to wait for.
fn text(config: &Config, addresses: Addresses) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let public = reachable(addresses.public);
    let operations = reachable(addresses.operations);
    let open = match config.auth.mode {
        AuthMode::Jwt => "",
        AuthMode::Open => {
            "  warning     auth.mode is \"open\": clients are who they say they are. For development only.\n"
        }
    };
    format!(
        "Heliograph {version}: gateway, room-router and presence in this process\n  \
           call page   http://{public}/\n  \
           sockets     http://{public}/socket.io/  ws://{public}/ws\n  \
           operations  http://{operations}/metrics\n\
         {open}ready\n"
    )
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
        let addresses =
            Addresses { public: "0.0.0.0:3001".parse().unwrap(), operations: "[::1]:9464".parse().unwrap() };
        let text = text(&Config::default(), addresses);
        assert!(text.contains("http://localhost:3001/\n"), "{text}");
        assert!(text.contains("http://[::1]:9464/metrics\n"), "{text}");
        assert!(text.contains("For development only"), "{text}");
        assert!(text.ends_with("\nready\n"), "{text}");
    }
}
