//! How connections are made: the handshake, and finding the master that sentinels watch.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, ConnectionAddr, IntoConnectionInfo, ProtocolVersion, PushInfo,
    PushKind, RedisConnectionInfo, RedisError, TlsCertificates, Value,
    aio::{MultiplexedConnection, SendError},
    io::tcp::TcpSettings,
};
use tokio::time;

use super::failure::Refusal;
use crate::connect::{Obstacle, story};

/// A way to a server.
pub(super) struct Dial {
    /// Where it leads, in the words of logs.
    pub(super) name: String,
    connect: Box<dyn Fn(OnPush) -> Connecting + Send + Sync>,
}

type Connecting = BoxFuture<'static, Result<MultiplexedConnection, Refusal>>;

impl Dial {
    /// Makes a connection. `on_push` is called with what the server sends unasked, and when it has ended.
    pub(super) async fn connect(&self, on_push: OnPush) -> Result<MultiplexedConnection, Refusal> {
        (self.connect)(on_push).await
    }
}

/// Called with what a server sends unasked.
pub(super) type OnPush = Arc<dyn Fn(PushInfo) + Send + Sync>;

/// What calls `ended` when the connection has ended, and does nothing else.
pub(super) fn on_end(ended: impl Fn() + Send + Sync + 'static) -> OnPush {
    Arc::new(move |message| {
        if message.kind == PushKind::Disconnection {
            ended();
        }
    })
}

/// Who logs in.
#[derive(Clone, Default)]
pub(super) struct Login {
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
}

/// What all connections of a store have in common.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) login: Login,
    pub(super) database: i64,
    /// Present if connections are encrypted.
    pub(super) tls: Option<Tls>,
    /// How long it may take to make a connection.
    pub(super) timeout: Duration,
    /// How many requests wait in a connection's queue.
    pub(super) queue: usize,
    /// Whether a server has answered: then the two ends agree on encryption.
    pub(super) agreed: Arc<AtomicBool>,
}

/// Certificates in PEM form.
#[derive(Clone, Default)]
pub(super) struct Tls {
    /// Who signs the servers' certificates; the system's authorities if absent.
    pub(super) authorities: Option<Vec<u8>>,
    /// What this process shows, and its key.
    pub(super) identity: Option<(Vec<u8>, Vec<u8>)>,
}

/// A server's host and port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Place {
    /// Reads `host:port`; an IPv6 address may stand in brackets.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Some(Self { host: host.to_owned(), port: port.parse().ok()? })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl Line {
    /// The way to this server.
    pub(super) fn to(self: &Arc<Self>, place: Place) -> Dial {
        let (line, name) = (Arc::clone(self), place.to_string());
        let connect = move |on_push| -> Connecting {
            let (line, place) = (Arc::clone(&line), place.clone());
            Box::pin(async move { line.connect(&place, Some(on_push)).await })
        };
        Dial { name, connect: Box::new(connect) }
    }

    /// The way to the master that sentinels know.
    pub(super) fn to_master(self: &Arc<Self>, sentinels: Sentinels) -> Dial {
        let (line, sentinels) = (Arc::clone(self), Arc::new(sentinels));
        let name = format!("master {}", sentinels.master);
        let connect = move |on_push| -> Connecting {
            let (line, sentinels) = (Arc::clone(&line), Arc::clone(&sentinels));
            Box::pin(async move { sentinels.connect_to_master(&line, on_push).await })
        };
        Dial { name, connect: Box::new(connect) }
    }

    /// Connects and logs in.
    async fn connect(&self, place: &Place, on_push: Option<OnPush>) -> Result<MultiplexedConnection, Refusal> {
        let mut config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(None)
            .set_pipeline_buffer_size(self.queue);
        if let Some(on_push) = on_push {
            config = config.set_push_sender(move |message: PushInfo| {
                on_push(message);
                Ok::<_, SendError>(())
            });
        }
        let connected = self.client(place)?.get_multiplexed_async_connection_with_config(&config).await;
        if connected.is_ok() {
            self.agreed.store(true, Ordering::Relaxed);
        }
        connected.map_err(|error| self.refusal(error))
    }

    /// Names what is likely where two ends that differ about TLS say nothing of it.
    fn refusal(&self, error: RedisError) -> Refusal {
        let agreed = self.agreed.load(Ordering::Relaxed);
        if error.is_timeout() {
            let hint =
                if self.tls.is_some() && !agreed { "; a server without TLS does not answer to rediss" } else { "" };
            return Refusal::unreachable(format!("no answer within {:?}{hint}", self.timeout));
        }
        if error.is_connection_refusal() {
            return Refusal::unreachable(format!("{}; is a server running there?", story(&error)));
        }
        let is_cut_off = error.is_connection_dropped() && !error.is_connection_refusal();
        let hint = if is_cut_off && self.tls.is_none() && !agreed { "; a server with TLS wants rediss" } else { "" };
        let Refusal { obstacle, reason } = error.into();
        Refusal { obstacle, reason: reason + hint }
    }

    fn client(&self, place: &Place) -> Result<Client, RedisError> {
        // Protocol 3 is that in which the client library tells the end of a connection at once.
        let mut settings = RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP3).set_db(self.database);
        if let Some(user) = &self.login.user {
            settings = settings.set_username(user);
        }
        if let Some(password) = &self.login.password {
            settings = settings.set_password(password);
        }
        let (host, port) = (place.host.clone(), place.port);
        let address = match self.tls {
            Some(_) => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
            None => ConnectionAddr::Tcp(host, port),
        };
        // Without it, a small request may wait for the acknowledgement of the one before.
        let tcp = TcpSettings::default().set_nodelay(true);
        let info = address.into_connection_info()?.set_redis_settings(settings).set_tcp_settings(tcp);
        match &self.tls {
            Some(tls) => Client::build_with_tls(info, tls.certificates()),
            None => Client::open(info),
        }
    }
}

impl Tls {
    fn certificates(&self) -> TlsCertificates {
        let client_tls = self
            .identity
            .as_ref()
            .map(|(certificate, key)| ClientTlsConfig { client_cert: certificate.clone(), client_key: key.clone() });
        TlsCertificates { client_tls, root_cert: self.authorities.clone() }
    }
}

/// Sentinels, which know who is the master of a group of servers.
pub(super) struct Sentinels {
    pub(super) places: Vec<Place>,
    /// How they are connected to; they have users of their own and no databases.
    pub(super) line: Line,
    /// By what name they know the master.
    pub(super) master: String,
}

impl Sentinels {
    /// Connects to the master that a sentinel names, the first that names one which is: a sentinel that
    /// was cut off may name one that is no longer.
    async fn connect_to_master(&self, line: &Line, on_push: OnPush) -> Result<MultiplexedConnection, Refusal> {
        let mut refusals = Vec::new();
        for sentinel in &self.places {
            let tried = time::timeout(self.line.timeout, self.master_by(sentinel, line, &on_push)).await;
            match tried.unwrap_or_else(|_| Err(Refusal::unreachable("no answer in time"))) {
                Ok(connection) => return Ok(connection),
                Err(refusal) => refusals.push((sentinel, refusal)),
            }
        }
        let obstacle = refusals.first().map_or(Obstacle::Settings, |(_, refusal)| refusal.obstacle);
        let reasons: Vec<_> = refusals.iter().map(|(place, refusal)| format!("{place}: {}", refusal.reason)).collect();
        Err(Refusal { obstacle, reason: reasons.join("; ") })
    }

    async fn master_by(
        &self,
        sentinel: &Place,
        line: &Line,
        on_push: &OnPush,
    ) -> Result<MultiplexedConnection, Refusal> {
        let mut asked = self.line.connect(sentinel, None).await?;
        let mut question = redis::cmd("SENTINEL");
        question.arg("GET-MASTER-ADDR-BY-NAME").arg(&self.master);
        let named: Option<(String, u16)> = question.query_async(&mut asked).await?;
        let Some((host, port)) = named else {
            let reason = format!("the sentinel knows no master `{}`", self.master);
            return Err(Refusal { obstacle: Obstacle::Settings, reason });
        };
        let place = Place { host, port };
        let mut connection = line.connect(&place, Some(Arc::clone(on_push))).await?;
        let role: Vec<Value> = redis::cmd("ROLE").query_async(&mut connection).await?;
        match role.first() {
            Some(Value::BulkString(role)) if role == b"master" => Ok(connection),
            _ => Err(Refusal::unreachable(format!("{place}, which it names, is not the master (yet, or any more)"))),
        }
    }
}
