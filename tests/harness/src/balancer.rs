//! A balancer without stickiness: haproxy, which gives each request to the next gateway.

use std::{
    fmt::Write as _,
    fs, io,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::Path,
    time::Duration,
};

use heliograph_servers::{Launch, Process, Program, ServerError};

/// haproxy in front of gateways. It ends when this is dropped.
pub struct Balancer {
    /// Its process.
    pub process: Process,
    port: u16,
}

impl Balancer {
    /// Starts a balancer over gateways (`host:port`), on `port` or a free one.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start(gateways: &[String], port: Option<u16>) -> Result<Self, ServerError> {
        let program = Program { name: "haproxy".into(), remedy: "apt-get install haproxy".into() };
        let (process, [free]) = Process::start(program, |directory, [free]| {
            let port = port.unwrap_or(free);
            let file = configure(directory, gateways, port)?;
            Ok(Launch {
                arguments: vec!["-db".into(), "-f".into(), file.into()],
                ready: Box::new(move || listens(port)),
            })
        })?;
        Ok(Self { process, port: port.unwrap_or(free) })
    }

    /// Where clients connect to: `host:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The port of [`Balancer::address`].
    pub fn port(&self) -> u16 {
        self.port
    }
}

fn configure(directory: &Path, gateways: &[String], port: u16) -> io::Result<std::path::PathBuf> {
    // A gateway that dies or drains is found out by its readiness within a second; a connection that it refuses
    // goes to the next one at once.
    let mut text = format!(
        "global\n  maxconn 8000\n\
         defaults\n  mode http\n  balance roundrobin\n  option http-keep-alive\n  option redispatch 1\n  retries 3\n  \
         timeout connect 2s\n  timeout client 120s\n  timeout server 120s\n  timeout tunnel 1h\n\
         frontend public\n  bind 127.0.0.1:{port}\n  default_backend gateways\n\
         backend gateways\n"
    );
    for (number, gateway) in gateways.iter().enumerate() {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  server gateway-{number} {gateway} check inter 500ms fall 1 rise 1");
    }
    let file = directory.join("haproxy.cfg");
    fs::write(&file, text)?;
    Ok(file)
}

fn listens(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}
