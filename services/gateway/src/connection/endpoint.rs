//! What the connections of one path have in common.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use heliograph_domain::id::HomeId;
use heliograph_engineio::payload;
use heliograph_engineio::{Control, OpenPacket, SessionId, SessionOptions, Transport};
use heliograph_telemetry::metrics::{Case, count};
use heliograph_websocket::{Opcode, encode};
use parking_lot::Mutex;
use tokio_util::task::TaskTracker;

use super::{Connection, Order};
use crate::application::{Application, EngineApplication};
use crate::frame::Frame;
use crate::outlet;
use crate::token;

/// What speaks on top of Engine.IO.
#[derive(Clone)]
pub(crate) enum Protocol {
    /// Socket.IO.
    SocketIo(Arc<dyn Application>),
    /// Nothing: bare messages.
    Messages(Arc<dyn EngineApplication>),
}

/// Limits and times of a connection.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionOptions {
    pub(crate) session: Arc<SessionOptions>,
    /// Most bytes in the body of a POST or in a WebSocket message.
    pub(crate) max_payload: usize,
    /// How much an answer to a poll may hold.
    pub(crate) poll_limits: payload::Limits,
    /// How much a Socket.IO packet may hold.
    pub(crate) packet_limits: Arc<heliograph_socketio::Limits>,
    /// The time a Socket.IO client has for its first CONNECT.
    pub(crate) connect_timeout: Duration,
    /// Most namespaces on one connection.
    pub(crate) max_namespaces: usize,
    /// How long a closed socket waits for the client to close its side.
    pub(crate) linger: Duration,
}

/// One path that Engine.IO clients connect to, and its connections.
pub(crate) struct Endpoint {
    /// Without a slash at the end.
    pub(crate) path: Box<str>,
    pub(crate) protocol: Protocol,
    home: HomeId,
    pub(crate) options: ConnectionOptions,
    pub(crate) outlets: Arc<outlet::Shared>,
    pub(crate) tasks: TaskTracker,
    connections: Mutex<Connections>,
    ping: Frame,
}

#[derive(Default)]
struct Connections {
    open: HashMap<SessionId, Arc<Connection>>,
    /// The server drains: who enters is closed.
    draining: bool,
}

impl Endpoint {
    pub(crate) fn new(
        path: &str,
        protocol: Protocol,
        home: HomeId,
        options: ConnectionOptions,
        outlets: Arc<outlet::Shared>,
        tasks: TaskTracker,
    ) -> Self {
        Self {
            path: path.trim_end_matches('/').into(),
            protocol,
            home,
            options,
            outlets,
            tasks,
            connections: Mutex::default(),
            ping: encode::frame(Opcode::Text, Control::Ping.as_str().as_bytes()).into(),
        }
    }

    /// The frame of a control packet.
    pub(crate) fn control(&self, control: Control) -> Frame {
        match control {
            Control::Ping => self.ping.clone(),
            Control::ProbePong => encode::frame(Opcode::Text, control.as_str().as_bytes()).into(),
        }
    }

    /// The text of the open packet of a new session.
    pub(crate) fn open_packet(&self, sid: &SessionId, transport: Transport) -> String {
        let SessionOptions { ping_interval, ping_timeout, allow_upgrades, .. } = *self.options.session;
        let max_payload = self.options.max_payload;
        OpenPacket { sid, transport, allow_upgrades, ping_interval, ping_timeout, max_payload }.encode()
    }

    /// A new, unguessable session id, under which the connection can be found from now on. It begins with the
    /// server's home, so that every gateway of a cluster knows where the session is.
    pub(crate) fn enter(&self, connection: &Arc<Connection>, transport: Transport) -> SessionId {
        self.gauge(transport).inc();
        loop {
            // Both parts have only letters that a session id may have; the loop ends with the first round.
            let Ok(sid) = SessionId::new(&format!("{}{}", self.home, token::draw())) else {
                continue;
            };
            let mut connections = self.connections.lock();
            connections.open.insert(sid.clone(), Arc::clone(connection));
            if connections.draining {
                connection.order(Order::Drain);
            }
            return sid;
        }
    }

    /// The connection is over.
    pub(crate) fn leave(&self, sid: &SessionId) {
        self.connections.lock().open.remove(sid);
    }

    pub(crate) fn find(&self, sid: &SessionId) -> Option<Arc<Connection>> {
        self.connections.lock().open.get(sid).cloned()
    }

    /// All connections of this moment.
    pub(crate) fn connections(&self) -> Vec<Arc<Connection>> {
        self.connections.lock().open.values().cloned().collect()
    }

    /// Closes all connections, and those that come from now on: a request may be on its way to becoming one.
    pub(crate) fn drain(&self) {
        let mut connections = self.connections.lock();
        connections.draining = true;
        connections.open.values().for_each(|connection| connection.order(Order::Drain));
    }

    pub(crate) fn gauge(&self, transport: Transport) -> prometheus_client::metrics::gauge::Gauge {
        self.outlets.metrics.connections.get_or_create_owned(&Case { case: transport.as_str() })
    }

    pub(crate) fn count_invalid(&self, layer: &'static str) {
        count(&self.outlets.metrics.invalid_input, layer);
    }
}
