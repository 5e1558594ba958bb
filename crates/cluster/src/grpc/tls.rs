//! Certificates for connections between processes.

use std::{
    error::Error,
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio_rustls::rustls::{
    self, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

/// What a process shows to the others, and what it demands of them.
#[derive(Clone)]
pub struct Tls {
    identity: Identity,
    authorities: Option<Vec<u8>>,
    server_name: Option<String>,
    server: Arc<ServerConfig>,
}

/// A certificate or key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {file}: {reason}")]
    File {
        /// Which.
        file: PathBuf,
        /// Why not.
        reason: io::Error,
    },
    /// A file does not hold what it should, in PEM.
    #[error("{file} does not hold {wanted} in PEM")]
    Content {
        /// Which.
        file: PathBuf,
        /// What it should hold.
        wanted: &'static str,
    },
    /// Certificate, key and authorities do not work together.
    #[error("the certificate of {file} cannot be used: {reason}")]
    Unfit {
        /// The file with the certificate.
        file: PathBuf,
        /// Why not.
        reason: String,
    },
}

impl Tls {
    /// Reads PEM files: this process's `certificate` (with those between it and the authority, if there are
    /// any) and its `key`, and the certificates of the `authorities` that sign the others'.
    ///
    /// With authorities, who has no certificate of theirs is refused. Without, anybody is answered, and
    /// servers are known by the system's authorities. `server_name` is the name in the others'
    /// certificates, if it is not the host of their address.
    ///
    /// # Errors
    ///
    /// A file is missing, or what is in it cannot be used.
    pub fn load(
        certificate: &Path,
        key: &Path,
        authorities: Option<&Path>,
        server_name: Option<String>,
    ) -> Result<Self, TlsError> {
        let unfit = |reason: String| TlsError::Unfit { file: certificate.to_owned(), reason };
        let certificate_pem = read(certificate)?;
        let key_pem = read(key)?;
        let chain = certificates(&certificate_pem, certificate)?;
        let private = PrivateKeyDer::from_pem_slice(&key_pem)
            .map_err(|_| TlsError::Content { file: key.to_owned(), wanted: "a private key" })?;

        // Said here, so that it does not hang on what the process has installed.
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| unfit(error.to_string()))?;
        let authorities_pem = authorities.map(read).transpose()?;
        let builder = match (authorities, &authorities_pem) {
            (Some(file), Some(pem)) => builder.with_client_cert_verifier(client_verifier(file, pem, provider)?),
            _ => builder.with_no_client_auth(),
        };
        let mut server = builder.with_single_cert(chain, private).map_err(|error| unfit(error.to_string()))?;
        server.alpn_protocols = vec![b"h2".to_vec()];

        let identity = Identity::from_pem(&certificate_pem, &key_pem);
        let tls = Self { identity, authorities: authorities_pem, server_name, server: Arc::new(server) };
        // A channel learns only when it connects that its settings are of no use: tried here.
        let tried = Endpoint::from_static("https://localhost").tls_config(tls.client());
        tried.map_err(|error| unfit(innermost(&error)))?;
        Ok(tls)
    }

    /// What channels are set up with.
    pub(super) fn client(&self) -> ClientTlsConfig {
        let config = ClientTlsConfig::new().identity(self.identity.clone());
        let config = match &self.authorities {
            Some(pem) => config.ca_certificate(Certificate::from_pem(pem)),
            None => config.with_native_roots(),
        };
        match &self.server_name {
            Some(name) => config.domain_name(name),
            None => config,
        }
    }

    /// What the server is set up with.
    pub(super) fn server(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.server)
    }
}

/// Without the key.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("mutual", &self.authorities.is_some())
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}

fn client_verifier(
    file: &Path,
    pem: &[u8],
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn rustls::server::danger::ClientCertVerifier>, TlsError> {
    let unfit = |reason: String| TlsError::Unfit { file: file.to_owned(), reason };
    let mut roots = RootCertStore::empty();
    for authority in certificates(pem, file)? {
        roots.add(authority).map_err(|error| unfit(error.to_string()))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
    verifier.map(|verifier| verifier as _).map_err(|error| unfit(error.to_string()))
}

fn certificates(pem: &[u8], file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    match CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>() {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(TlsError::Content { file: file.to_owned(), wanted: "a certificate" }),
    }
}

/// What is really wrong, below the words of those who passed it on.
fn innermost(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(file).map_err(|reason| TlsError::File { file: file.to_owned(), reason })
}
