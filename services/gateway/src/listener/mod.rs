//! The public port: Engine.IO, plain WebSockets, and an HTTP router for everything else.
//!
//! - `accept`: TCP connections, as many and as fast as [`AdmissionOptions`] allow;
//! - `http`: the requests of one connection, until it ends or becomes a WebSocket;
//! - `patience`: how long a client may take to read an answer;
//! - `engine`: requests of Engine.IO;
//! - `upgrade`: a connection that becomes a WebSocket;
//! - `origins`: which web pages may connect;
//! - `proxies`: for whom proxies speak;
//! - `drain`: the planned end.

mod accept;
mod drain;
mod engine;
mod http;
mod options;
mod origins;
mod patience;
mod proxies;
mod routes;
mod upgrade;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use heliograph_domain::id::HomeId;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::options::{AdmissionOptions, Options, PacketLimits, Transports};
pub use self::origins::Origins;
pub use self::proxies::{ForwardedHeader, Proxies};
use self::routes::Routes;
use crate::application::{Application, EngineApplication, PlainApplication};
use crate::connection::{Endpoint, Protocol};
use crate::outlet;
use crate::plain::{PlainEndpoint, PlainOptions};
use crate::relay::{Host, Peers, Relays};
use crate::transport::permit::{Admission, Places};

/// How long the tasks of connections may go on after the drain, while clients read what was sent to them last.
pub const LAST_WORDS: Duration = Duration::from_secs(15);

/// A server that is being set up: paths are added, then it [runs](Self::run).
pub struct Server {
    options: Options,
    home: HomeId,
    host: Host,
    peers: Option<Peers>,
    routes: Routes,
    outlets: Arc<outlet::Shared>,
    tasks: TaskTracker,
}

/// What the tasks of a running server share.
pub(crate) struct Context {
    options: Options,
    routes: Routes,
    /// `None` where there are no other servers.
    relays: Option<Arc<Relays>>,
    admission: Arc<Admission>,
    tasks: TaskTracker,
    /// The server takes no new sessions.
    draining: CancellationToken,
    /// Sessions are gone; idle HTTP connections end too.
    closing: CancellationToken,
}

impl Server {
    /// A server without any path.
    pub fn new(options: Options) -> Self {
        let outlets = Arc::new(outlet::Shared { bounds: options.outbound, metrics: options.metrics.clone() });
        let host = Host::new(options.largest_relayed(), options.metrics.relay.clone());
        let (home, routes, tasks) = (HomeId::random(), Routes::default(), TaskTracker::new());
        Self { options, home, host, peers: None, routes, outlets, tasks }
    }

    /// What the ids of this server's sessions begin with, by which other servers know where they are at home.
    pub fn home(&self) -> &HomeId {
        &self.home
    }

    /// Serves Socket.IO clients at `path`, such as `/socket.io/`.
    #[must_use]
    pub fn socket_io(self, path: &str, application: Arc<dyn Application>) -> Self {
        self.engine(path, Protocol::SocketIo(application))
    }

    /// Serves Engine.IO clients at `path`, such as `/engine.io/`.
    #[must_use]
    pub fn engine_io(self, path: &str, application: Arc<dyn EngineApplication>) -> Self {
        self.engine(path, Protocol::Messages(application))
    }

    fn engine(mut self, path: &str, protocol: Protocol) -> Self {
        let options = self.options.for_connections();
        let (outlets, tasks) = (Arc::clone(&self.outlets), self.tasks.clone());
        let endpoint = Endpoint::new(path, protocol, self.home.clone(), options, outlets, tasks);
        self.routes.engine(Arc::new(endpoint));
        self
    }

    /// Serves plain WebSockets at `path` and below it.
    #[must_use]
    pub fn plain(mut self, path: &str, options: PlainOptions, application: Arc<dyn PlainApplication>) -> Self {
        let (outlets, tasks, linger) = (Arc::clone(&self.outlets), self.tasks.clone(), self.options.linger);
        self.routes.plain(path, Arc::new(PlainEndpoint::new(application, options, outlets, tasks, linger)));
        self
    }

    /// Hands every other request to `router`. A request's extensions hold the client's address as axum's `ConnectInfo`.
    #[must_use]
    pub fn router(mut self, router: Router) -> Self {
        self.routes.router(router);
        self
    }

    /// Relays requests of sessions that are at home elsewhere. Without peers such sessions are unknown.
    #[must_use]
    pub fn peers(self, peers: Peers) -> Self {
        Self { peers: Some(peers), ..self }
    }

    /// Serves what other servers relay to this one, from the moment when it runs.
    pub fn host(&self) -> Host {
        self.host.clone()
    }

    /// Accepts connections until `shutdown` is cancelled, then drains: takes no new sessions, closes those that there
    /// are over the drain period, and returns when all tasks have ended, or have had [`LAST_WORDS`] to do so.
    pub async fn run(self, listener: TcpListener, shutdown: CancellationToken) {
        let places = Places {
            total: self.options.admission.max_connections,
            per_address: self.options.admission.max_per_address,
        };
        self.host.open(self.routes.engines().cloned().collect());
        let (draining, closing) = (shutdown, CancellationToken::new());
        let relays = self.peers.map(|peers| {
            let ends = [draining.clone(), closing.clone()];
            Arc::new(Relays::new(self.home, peers, &self.options, self.tasks.clone(), ends))
        });
        let context = Arc::new(Context {
            admission: Admission::new(places, self.options.metrics.clone()),
            options: self.options,
            routes: self.routes,
            relays,
            tasks: self.tasks,
            draining,
            closing,
        });
        tokio::join!(context.accept(listener), context.drain());
        context.tasks.close();
        if tokio::time::timeout(LAST_WORDS, context.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = context.tasks.len(), "connections that did not end in time are abandoned");
        }
    }
}
