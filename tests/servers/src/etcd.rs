//! etcd.

use std::{ffi::OsString, io, path::Path};

use serde_json::{Value, json};

use crate::{
    certificates::{Certificates, Encryption},
    http,
    process::{Launch, Process, Program, ServerError},
};

const PROGRAM: Program = Program::of_package("etcd", "apt-get install etcd-server");
/// The user that may do everything.
const ROOT: &str = "root";

/// A cluster of one etcd server.
pub struct Etcd {
    /// Its process.
    pub process: Process,
    ports: Ports,
    password: Option<String>,
    certificates: Option<Certificates>,
}

/// How an etcd server runs. The default is a server that asks for no credentials.
#[derive(Clone, Debug, Default)]
pub struct EtcdOptions {
    password: Option<String>,
    encryption: Encryption,
    arguments: Vec<OsString>,
}

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

    /// Its address with the credentials: `etcd://…`, or `etcds://…` if it encrypts.
    pub fn url(&self) -> String {
        let scheme = if self.certificates.is_some() { "etcds" } else { "etcd" };
        match &self.password {
            Some(password) => format!("{scheme}://{ROOT}:{password}@{}", self.address()),
            None => format!("{scheme}://{}", self.address()),
        }
    }

    /// Present if it encrypts.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_ref()
    }

    /// Asks its JSON gateway, such as `/v3/kv/put`. Keys and values are in base64.
    ///
    /// # Errors
    /// What the server answered, or that it did not.
    pub fn call(&self, path: &str, body: &Value) -> io::Result<Value> {
        let token = match &self.password {
            None => None,
            Some(password) => {
                let credentials = json!({ "name": ROOT, "password": password });
                // Refused if nobody is asked any more: then it goes without.
                let answer = http::post(self.ports.plain, "/v3/auth/authenticate", None, &credentials).ok();
                answer.and_then(|answer| answer["token"].as_str().map(str::to_owned))
            }
        };
        http::post(self.ports.plain, path, token.as_deref(), body)
    }

    /// Asks for the password from now on.
    fn enable_authentication(&self, password: &str) -> io::Result<()> {
        for (path, body) in [
            ("/v3/auth/user/add", json!({ "name": ROOT, "password": password })),
            ("/v3/auth/role/add", json!({ "name": ROOT })),
            ("/v3/auth/user/grant", json!({ "user": ROOT, "role": ROOT })),
            ("/v3/auth/enable", json!({})),
        ] {
            http::post(self.ports.plain, path, None, &body)?;
        }
        Ok(())
    }
}

impl EtcdOptions {
    /// Asks clients for a name, which is `root`, and a password.
    #[must_use]
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self
    }

    /// Encrypts connections; or not.
    #[must_use]
    pub fn encryption(mut self, encryption: Encryption) -> Self {
        self.encryption = encryption;
        self
    }

    /// Adds an argument, such as `--auth-token-ttl=1`.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Starts a server.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start(&self) -> Result<Etcd, ServerError> {
        let mut certificates = None;
        let (process, [client, peer, plain]) = Process::start(PROGRAM, |directory, [client, peer, plain]| {
            certificates = self.encryption.certificates(directory)?;
            Ok(self.launch(directory, Ports { client, peer, plain }, certificates.as_ref()))
        })?;
        let etcd =
            Etcd { process, ports: Ports { client, peer, plain }, password: self.password.clone(), certificates };
        if let Some(password) = &self.password {
            let enabled = etcd.enable_authentication(password);
            enabled.map_err(|error| ServerError::Setup { program: PROGRAM.name, reason: error.to_string() })?;
        }
        Ok(etcd)
    }

    fn launch(&self, directory: &Path, ports: Ports, certificates: Option<&Certificates>) -> Launch {
        // Tells the server from any other: the directory has its name for itself.
        let name = directory.display().to_string();
        let scheme = if certificates.is_some() { "https" } else { "http" };
        let peers = format!("http://127.0.0.1:{}", ports.peer);
        let clients = format!("{scheme}://127.0.0.1:{},http://127.0.0.1:{}", ports.client, ports.plain);
        let mut arguments: Vec<OsString> = vec![
            // Nobody's data depends on it: a crash of the machine is not what is tested.
            "--unsafe-no-fsync".into(),
            format!("--name={name}").into(),
            format!("--data-dir={}", directory.join("data").display()).into(),
            format!("--listen-peer-urls={peers}").into(),
            format!("--initial-advertise-peer-urls={peers}").into(),
            format!("--initial-cluster={name}={peers}").into(),
            format!("--listen-client-urls={clients}").into(),
            format!("--advertise-client-urls={clients}").into(),
        ];
        if let Some(files) = certificates {
            arguments.push(format!("--cert-file={}", files.server_cert.display()).into());
            arguments.push(format!("--key-file={}", files.server_key.display()).into());
            if self.encryption == Encryption::Mutual {
                arguments.push("--client-cert-auth".into());
                // It alone would make etcd ask for certificates.
                arguments.push(format!("--trusted-ca-file={}", files.ca.display()).into());
            }
        }
        arguments.extend_from_slice(&self.arguments);
        Launch { arguments, ready: Box::new(move || serves(ports, &name)) }
    }
}

/// Whether the server with this name answers and leads.
fn serves(ports: Ports, name: &str) -> bool {
    let ask = |path| http::post(ports.plain, path, None, &json!({})).ok();
    ask("/v3/cluster/member/list").is_some_and(|members| members["members"][0]["name"] == name)
        && ask("/v3/maintenance/status").is_some_and(|status| status["leader"].is_string())
}
