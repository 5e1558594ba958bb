//! The sections of the configuration.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// The address that clients connect to.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Public {
    /// Address to listen on.
    #[schemars(with = "String")]
    pub host: IpAddr,
    /// Port; also `SOCKET_PORT`, then `PORT`.
    pub port: u16,
    /// Origins whose pages may connect, such as `https://app.example.com`; also `FRONTEND_URL`, separated by commas. The server's own pages always may. Empty: in open mode every origin, else no other.
    pub origins: Vec<String>,
    /// TCP connections at once.
    pub max_connections: usize,
    /// TCP connections at once from one address.
    pub connections_per_address: usize,
    /// New TCP connections a second.
    pub accept_per_second: u32,
    /// A connection that has not sent a whole request by then is closed.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub request_timeout: Duration,
    /// On SIGTERM, clients are moved away over this period.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub drain_period: Duration,
}

impl Default for Public {
    fn default() -> Self {
        Self {
            host: IpAddr::from([0, 0, 0, 0]),
            port: 3001,
            origins: Vec::new(),
            max_connections: 100_000,
            connections_per_address: 1_000,
            accept_per_second: 5_000,
            request_timeout: seconds(10),
            drain_period: seconds(20),
        }
    }
}

/// The address for operators.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Operations {
    /// Address to listen on. Not meant for the internet.
    #[schemars(with = "String")]
    pub host: IpAddr,
    /// Port of `/metrics`, `/healthz`, `/readyz` and `/admin`.
    pub port: u16,
}

impl Default for Operations {
    fn default() -> Self {
        Self { host: IpAddr::from([127, 0, 0, 1]), port: 9464 }
    }
}

/// How identities come about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuthMode {
    /// From verified tokens only.
    Jwt,
    /// For development: clients are who they say they are.
    #[default]
    Open,
}

/// Who clients are.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Auth {
    /// `jwt`: verified tokens only. `open`: for development, everybody is who they say they are.
    pub mode: AuthMode,
    /// Secret of HS256, HS384 and HS512 tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// File with that secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub secret_file: Option<PathBuf>,
    /// File with the issuer's RSA, EC or Ed25519 public key in PEM form.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub public_key_file: Option<PathBuf>,
    /// Demanded `iss` claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Demanded `aud` claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// How long after its end a token is still accepted.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub leeway: Duration,
    /// Whether guests can have a token of their own; needs a secret to sign it with.
    pub guests: bool,
    /// How long a guest's token is valid; it can be renewed.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub guest_token: Duration,
    /// How long a guest's session lasts.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub guest_session: Duration,
    /// Name of the cookie that may hold the token.
    pub cookie: String,
    /// Whether `/ws` admits clients without a token as guests. Default: in open mode only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anonymous_mesh: Option<bool>,
    /// A socket that has not authenticated (mesh: joined) by then is disconnected.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub deadline: Duration,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            mode: AuthMode::Open,
            secret: None,
            secret_file: None,
            public_key_file: None,
            issuer: None,
            audience: None,
            leeway: Duration::ZERO,
            guests: false,
            guest_token: seconds(3600),
            guest_session: seconds(24 * 3600),
            cookie: "token".to_owned(),
            anonymous_mesh: None,
            deadline: seconds(10),
        }
    }
}

/// A transport of Engine.IO.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SocketTransport {
    /// HTTP long-polling.
    Polling,
    /// WebSocket.
    Websocket,
}

/// Engine.IO and Socket.IO.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Engine {
    /// Transports that clients may use.
    pub transports: Vec<SocketTransport>,
    /// How often the server pings.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub ping_interval: Duration,
    /// How long it waits for the answer.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub ping_timeout: Duration,
    /// Largest message, and largest body of a polling request, in bytes.
    pub max_payload: usize,
    /// A connection without a namespace by then is closed.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub connect_timeout: Duration,
    /// Connection state recovery. A client can decline it with `auth.recovery: false` or `?recovery=off`.
    pub recovery: bool,
    /// How long a lost session can be recovered.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub recovery_window: Duration,
    /// Events that are sent again to a client that comes back, over all its rooms; beyond, it is not recovered.
    pub replay_limit: usize,
}

impl Default for Engine {
    fn default() -> Self {
        Self {
            transports: vec![SocketTransport::Polling, SocketTransport::Websocket],
            ping_interval: seconds(25),
            ping_timeout: seconds(20),
            max_payload: 1_000_000,
            connect_timeout: seconds(45),
            recovery: true,
            recovery_window: seconds(120),
            replay_limit: 1000,
        }
    }
}

/// The mesh vocabulary on `/ws`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Mesh {
    /// How often the server sends WebSocket pings.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub ping_interval: Duration,
    /// A client of which nothing is heard for this long is gone.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub silent_timeout: Duration,
    /// Peers in one room.
    pub max_peers: usize,
}

impl Default for Mesh {
    fn default() -> Self {
        Self { ping_interval: seconds(25), silent_timeout: seconds(45), max_peers: 32 }
    }
}

/// What may wait for one client.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Outbound {
    /// Beyond this many bytes, ephemeral events are dropped.
    pub soft_bytes: usize,
    /// Beyond this many bytes, the client is disconnected and can recover.
    pub hard_bytes: usize,
    /// Events that may wait for one of the workers that write to clients.
    pub worker_queue: usize,
}

impl Default for Outbound {
    fn default() -> Self {
        Self { soft_bytes: 256 * 1024, hard_bytes: 1024 * 1024, worker_queue: 4096 }
    }
}

/// A rate with a burst.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// How many a second in the long run.
    pub per_second: u32,
    /// How many at once.
    pub burst: u32,
}

/// Rates and counts.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Messages of a user in 60 s, over all sockets.
    pub messages_per_minute: u32,
    /// Calls that a user may initiate in 60 s.
    pub calls_per_minute: u32,
    /// Offers, answers and candidates of a socket.
    pub signals: Rate,
    /// Mesh `data` messages and media states of a socket.
    pub data: Rate,
    /// Typing and presence events of a socket.
    pub typing: Rate,
    /// Joins and leaves of a socket.
    pub membership: Rate,
    /// Rooms that a socket may attend.
    pub rooms_per_socket: usize,
    /// Sockets of a user.
    pub sockets_per_user: usize,
    /// Failed authentications by event after which a socket is disconnected.
    pub authentication_attempts: u8,
    /// Commands of a socket that may be under way; beyond, nothing more is read from it.
    pub commands_in_flight: usize,
    /// Events of a room that may wait while a socket joins it.
    pub join_buffer: usize,
    /// Messages that may wait for one subscription of the memory bus.
    pub bus_queue: usize,
    /// Guest sessions that an address may begin or renew in a minute.
    pub guest_sessions_per_minute: u32,
    /// Call reports that an address or user may send in a minute.
    pub reports_per_minute: u32,
    /// How long a command is tried before its client is told that the service is unavailable.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub command_deadline: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            messages_per_minute: 300,
            calls_per_minute: 20,
            signals: Rate { per_second: 50, burst: 1000 },
            data: Rate { per_second: 60, burst: 120 },
            typing: Rate { per_second: 5, burst: 20 },
            membership: Rate { per_second: 10, burst: 100 },
            rooms_per_socket: 200,
            sockets_per_user: 20,
            authentication_attempts: 3,
            commands_in_flight: 64,
            join_buffer: 1000,
            bus_queue: 4096,
            guest_sessions_per_minute: 60,
            reports_per_minute: 60,
            command_deadline: seconds(5),
        }
    }
}

/// What becomes of HTML tags in messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Html {
    /// They are removed before the message is stored.
    #[default]
    Strip,
    /// They stay.
    Keep,
}

/// Rooms and their logs.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rooms {
    /// Entries of a room's log that are kept.
    pub log_entries: usize,
    /// How long entries, and rooms that nobody attends, are kept.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub log_age: Duration,
    /// Outcomes of commands that a room remembers, so that a retry changes nothing.
    pub remembered_commands: usize,
    /// HTML tags in messages: `strip` or `keep`.
    pub html: Html,
}

impl Default for Rooms {
    fn default() -> Self {
        Self { log_entries: 1000, log_age: seconds(7 * 24 * 3600), remembered_commands: 1024, html: Html::Strip }
    }
}

/// Whom a user may call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Everybody.
    #[default]
    Anyone,
    /// Users with a room in common.
    Acquainted,
}

/// Calls.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Calls {
    /// How long a call rings.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub ring_timeout: Duration,
    /// How long a prepared call waits to be initiated.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub unused_timeout: Duration,
    /// Participants of a call.
    pub max_participants: usize,
    /// Whom a user may call: `anyone`, or `acquainted` (a room in common).
    pub reach: Reach,
}

impl Default for Calls {
    fn default() -> Self {
        Self { ring_timeout: seconds(60), unused_timeout: seconds(600), max_participants: 16, reach: Reach::Anyone }
    }
}

/// Who hears of a user's presence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PresenceAudience {
    /// Users who share a room with them.
    #[default]
    Rooms,
    /// Everybody.
    Everyone,
}

/// Presence.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Presence {
    /// Who hears of a user's presence: `rooms` (who shares a room) or `everyone`.
    pub audience: PresenceAudience,
    /// How long a lost transport may take to return before anybody is told.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub loss_grace: Duration,
    /// How long after an explicit disconnect a user is announced offline.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub offline_grace: Duration,
    /// How long a participant may be without any socket before the call goes on without them.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub call_grace: Duration,
}

impl Default for Presence {
    fn default() -> Self {
        Self {
            audience: PresenceAudience::Rooms,
            loss_grace: seconds(5),
            offline_grace: seconds(1),
            call_grace: seconds(5),
        }
    }
}

/// STUN and TURN servers that clients are told.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ice {
    /// STUN servers, such as `stun:stun.example.com:3478`.
    pub stun: Vec<String>,
    /// TURN servers, such as `turn:turn.example.com:3478?transport=udp`. Need `turn_secret`.
    pub turn: Vec<String>,
    /// Secret shared with the TURN servers (coturn: `static-auth-secret`), from which time-limited credentials are made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_secret: Option<String>,
    /// How long TURN credentials are valid.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub credential_ttl: Duration,
}

impl Default for Ice {
    fn default() -> Self {
        Self {
            stun: vec!["stun:stun.l.google.com:19302".to_owned(), "stun:stun1.l.google.com:19302".to_owned()],
            turn: Vec::new(),
            turn_secret: None,
            credential_ttl: seconds(3600),
        }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Log lines on standard error.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Which lines: a level, or levels by module such as `info,heliograph_gateway=debug`.
    pub filter: String,
    /// `text` or `json`.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Text }
    }
}
