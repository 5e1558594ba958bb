//! etcd.

use std::{io, path::Path};

use serde_json::{Value, json};

use crate::{
    http,
    process::{Launch, Process, Program, ServerError},
};

const PROGRAM: Program = Program::of_package("etcd", "apt-get install etcd-server");

/// A cluster of one etcd server.
pub struct Etcd {
    /// Its process.
    pub process: Process,
    ports: Ports,
}

/// How an etcd server runs. The default is a server that asks for no credentials.
#[derive(Clone, Debug, Default)]
pub struct EtcdOptions {}

#[derive(Clone, Copy)]
struct Ports {
    client: u16,
    peer: u16,
    /// Clients without encryption: this crate.
    plain: u16,
}

impl Etcd {
    /// Starts a server with the default options.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start() -> Result<Self, ServerError> {
        EtcdOptions::default().start()
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.ports.client
    }

    /// Where it listens, as `host:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.ports.client)
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("etcd://{}", self.address())
    }

    /// Asks its JSON gateway, such as `/v3/kv/put`. Keys and values are in base64.
    ///
    /// # Errors
    /// What the server answered, or that it did not.
    pub fn call(&self, path: &str, body: &Value) -> io::Result<Value> {
        http::post(self.ports.plain, path, None, body)
    }
}

impl EtcdOptions {
    /// Starts a server.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start(&self) -> Result<Etcd, ServerError> {
        let (process, [client, peer, plain]) = Process::start(PROGRAM, |directory, [client, peer, plain]| {
            Ok(self.launch(directory, Ports { client, peer, plain }))
        })?;
        Ok(Etcd { process, ports: Ports { client, peer, plain } })
    }

    fn launch(&self, directory: &Path, ports: Ports) -> Launch {
        // Tells the server from any other: the directory has its name for itself.
        let name = directory.display().to_string();
        let peers = format!("http://127.0.0.1:{}", ports.peer);
        let clients = format!("http://127.0.0.1:{},http://127.0.0.1:{}", ports.client, ports.plain);
        let data = directory.join("data");
        let arguments = vec![
            "--name".into(),
            name.clone().into(),
            "--data-dir".into(),
            data.into(),
            "--listen-peer-urls".into(),
            peers.clone().into(),
            "--initial-advertise-peer-urls".into(),
            peers.clone().into(),
            "--initial-cluster".into(),
            format!("{name}={peers}").into(),
            "--listen-client-urls".into(),
            clients.clone().into(),
            "--advertise-client-urls".into(),
            clients.into(),
            // Nobody's data depends on it: a crash of the machine is not what is tested.
            "--unsafe-no-fsync".into(),
        ];
        Launch { arguments, ready: Box::new(move || serves(ports, &name)) }
    }
}

/// Whether the server with this name answers and leads.
fn serves(ports: Ports, name: &str) -> bool {
    let ask = |path| http::post(ports.plain, path, None, &json!({})).ok();
    ask("/v3/cluster/member/list").is_some_and(|members| members["members"][0]["name"] == name)
        && ask("/v3/maintenance/status").is_some_and(|status| status["leader"].is_string())
}
