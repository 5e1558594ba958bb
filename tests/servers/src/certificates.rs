//! Certificates: an authority of one's own, and what it has signed for a server and its clients.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, Error, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

/// The files that a server and its clients need to trust each other. Servers are called `localhost`
/// and `127.0.0.1` in them.
#[derive(Clone, Debug)]
pub struct Certificates {
    /// The authority.
    pub ca: PathBuf,
    /// The server's certificate.
    pub server_cert: PathBuf,
    /// Its key.
    pub server_key: PathBuf,
    /// A client's certificate.
    pub client_cert: PathBuf,
    /// Its key.
    pub client_key: PathBuf,
    /// The certificate of somebody who is a server to some and a client of others.
    pub node_cert: PathBuf,
    /// Its key.
    pub node_key: PathBuf,
}

impl Certificates {
    /// Makes a new authority and what it signs, as files in `directory`.
    ///
    /// # Errors
    /// If the files cannot be written.
    pub fn create(directory: &Path) -> io::Result<Self> {
        let files = Self {
            ca: directory.join("ca.pem"),
            server_cert: directory.join("server.pem"),
            server_key: directory.join("server.key"),
            client_cert: directory.join("client.pem"),
            client_key: directory.join("client.key"),
            node_cert: directory.join("node.pem"),
            node_key: directory.join("node.key"),
        };
        let authority = Authority::new().map_err(io::Error::other)?;
        fs::write(&files.ca, &authority.certificate)?;
        let (server, client) = (ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth);
        for (name, usages, certificate, key) in [
            ("heliograph test server", vec![server.clone()], &files.server_cert, &files.server_key),
            ("heliograph test client", vec![client.clone()], &files.client_cert, &files.client_key),
            ("heliograph test node", vec![server, client], &files.node_cert, &files.node_key),
        ] {
            let (signed, private) = authority.sign(name, usages).map_err(io::Error::other)?;
            fs::write(certificate, signed)?;
            fs::write(key, private)?;
        }
        Ok(files)
    }
}

struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Result<Self, Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "heliograph test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let certificate = pem("CERTIFICATE", params.self_signed(&key)?.der());
        Ok(Self { certificate, issuer: Issuer::new(params, key) })
    }

    /// A certificate and its key.
    fn sign(&self, name: &str, usages: Vec<ExtendedKeyUsagePurpose>) -> Result<(String, String), Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = usages;
        let signed = params.signed_by(&key, &self.issuer)?;
        Ok((pem("CERTIFICATE", signed.der()), pem("PRIVATE KEY", &key.serialize_der())))
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    // Readers may be strict about the length of lines.
    let lines: Vec<String> =
        text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// Whether a server encrypts, and whom it then takes for a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// It does not.
    #[default]
    None,
    /// It shows its certificate and asks for none.
    Server,
    /// It shows its certificate and wants to see one that the same authority has signed.
    Mutual,
}

impl Encryption {
    /// Makes certificates if they are needed.
    pub(crate) fn certificates(self, directory: &Path) -> io::Result<Option<Certificates>> {
        match self {
            Self::None => Ok(None),
            Self::Server | Self::Mutual => Certificates::create(directory).map(Some),
        }
    }
}
