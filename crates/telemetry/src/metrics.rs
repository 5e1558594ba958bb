//! Every metric of Heliograph, with its name and meaning, in one place.
//!
//! Names are `heliograph_<concern>_<what>[_<unit>]`; counters get their `_total` from the exposition
//! format. A struct per concern; clones count the same things.

use std::{fmt, sync::Mutex};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

/// A counter per case.
pub type Cases = Family<Case, Counter>;

/// A short text that names one of a few cases, as a metric's label.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Case {
    /// The case: a transport, a class of frames, a reason.
    pub case: &'static str,
}

/// Counts one occurrence of a case.
pub fn count(cases: &Cases, case: &'static str) {
    cases.get_or_create(&Case { case }).inc();
}

/// All metrics of a process.
pub struct Metrics {
    /// See [`Gateway`].
    pub gateway: Gateway,
    /// See [`Rooms`].
    pub rooms: Rooms,
    /// See [`Presence`].
    pub presence: Presence,
    /// See [`Grpc`].
    pub grpc: Grpc,
    /// See [`Backends`].
    pub backends: Backends,
    /// See [`Bus`].
    pub bus: Bus,
    /// See [`Directory`].
    pub directory: Directory,
    /// See [`Store`].
    pub store: Store,
    registry: Mutex<Registry>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            gateway: Gateway::default(),
            rooms: Rooms::default(),
            presence: Presence::default(),
            grpc: Grpc::default(),
            backends: Backends::default(),
            bus: Bus::default(),
            directory: Directory::default(),
            store: Store::default(),
            registry: Mutex::new(Registry::with_prefix("heliograph")),
        };
        metrics.register(|registry| {
            metrics.gateway.register(registry.sub_registry_with_prefix("gateway"));
            metrics.rooms.register(registry.sub_registry_with_prefix("rooms"));
            metrics.presence.register(registry.sub_registry_with_prefix("presence"));
            metrics.grpc.register(registry.sub_registry_with_prefix("grpc"));
            metrics.backends.register(registry.sub_registry_with_prefix("backend"));
            metrics.bus.register(registry.sub_registry_with_prefix("bus"));
            metrics.directory.register(registry.sub_registry_with_prefix("directory"));
            metrics.store.register(registry.sub_registry_with_prefix("store"));
        });
        metrics
    }
}

impl Metrics {
    /// Adds metrics that somebody else holds.
    pub fn register(&self, add: impl FnOnce(&mut Registry)) {
        if let Ok(mut registry) = self.registry.lock() {
            add(&mut registry);
        }
    }

    /// All metrics in the OpenMetrics text format.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        if let Ok(registry) = self.registry.lock()
            && encode(&mut text, &registry).is_err()
        {
            // Writing to a string fails only if a metric's own encoder does.
            text.clear();
        }
        text
    }
}

/// What the gateway counts beside its transports.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// See [`Links`].
    pub links: Links,
    /// Sockets that are authenticated, by vocabulary.
    pub sockets: Family<Case, Gauge>,
    /// Connections refused, by code.
    pub refused: Cases,
    /// Events from clients, by vocabulary.
    pub events: Cases,
    /// Refusals sent to clients, by code.
    pub refusals: Cases,
    /// Limits that were hit, by limit.
    pub limits: Cases,
    /// Payload fields that claimed another identity than the token's.
    pub identity_mismatches: Counter,
    /// Deliveries received from services.
    pub deliveries: Counter,
    /// Frames handed to sockets.
    pub fan_out: Counter,
    /// Repeated deliveries that were dropped.
    pub duplicates: Counter,
    /// Gaps in a room's sequence that had to be filled from the log.
    pub gaps: Counter,
    /// Deliveries that wait for a worker.
    pub queued: Gauge,
    /// Rooms with attendants on this gateway.
    pub rooms: Gauge,
    /// Sessions recovered, or why not.
    pub recoveries: Cases,
    /// Tokens that expired while their socket lived.
    pub expired: Counter,
    /// How often the gateway went on under another node id.
    pub renewals: Counter,
    /// Clients that were made known again, without noticing.
    pub settled: Counter,
    /// Clients that could not be made known again, by what was lost.
    pub unsettled: Cases,
    /// Seconds from a command's dispatch to its answer.
    pub command_seconds: Histogram,
    /// Seconds that authenticated sockets lived.
    pub session_seconds: Histogram,
    /// Client-reported call set-up times in seconds.
    pub call_setup_seconds: Histogram,
    /// Client-reported round-trip times in seconds.
    pub call_round_trip_seconds: Histogram,
    /// Client-reported shares of packets lost, 0 to 1.
    pub call_packet_loss: Histogram,
    /// Client-reported bitrates received, in bits per second.
    pub call_bitrate: Histogram,
    /// Client-reported call quality, by grade.
    pub call_quality: Cases,
    /// Client-reported call errors, by vocabulary.
    pub call_errors: Cases,
    /// HTTP API requests, by route.
    pub http_requests: Cases,
    /// What came in the format of the Socket.IO Redis emitter, by what became of it.
    pub emitted: Cases,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            links: Links::default(),
            sockets: Family::default(),
            refused: Family::default(),
            events: Family::default(),
            refusals: Family::default(),
            limits: Family::default(),
            identity_mismatches: Counter::default(),
            deliveries: Counter::default(),
            fan_out: Counter::default(),
            duplicates: Counter::default(),
            gaps: Counter::default(),
            queued: Gauge::default(),
            rooms: Gauge::default(),
            recoveries: Family::default(),
            expired: Counter::default(),
            renewals: Counter::default(),
            settled: Counter::default(),
            unsettled: Family::default(),
            command_seconds: Histogram::new([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0]),
            session_seconds: Histogram::new([1.0, 10.0, 60.0, 300.0, 1800.0, 3600.0, 4.0 * 3600.0, 24.0 * 3600.0]),
            call_setup_seconds: Histogram::new([0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0]),
            call_round_trip_seconds: Histogram::new([0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5]),
            call_packet_loss: Histogram::new([0.001, 0.005, 0.01, 0.03, 0.05, 0.1, 0.25, 0.5]),
            call_bitrate: Histogram::new([32e3, 64e3, 128e3, 256e3, 512e3, 1e6, 2e6, 4e6, 8e6]),
            call_quality: Family::default(),
            call_errors: Family::default(),
            http_requests: Family::default(),
            emitted: Family::default(),
        }
    }
}

impl Gateway {
    fn register(&self, r: &mut Registry) {
        self.links.register(r.sub_registry_with_prefix("links"));
        r.register("sockets", "Authenticated sockets, by vocabulary", self.sockets.clone());
        r.register("refused", "Connections refused, by code", self.refused.clone());
        r.register("events", "Events from clients, by vocabulary", self.events.clone());
        r.register("refusals", "Refusals sent to clients, by code", self.refusals.clone());
        r.register("limits", "Limits that were hit, by limit", self.limits.clone());
        r.register(
            "identity_mismatches",
            "Payload fields that claimed another identity than the token's",
            self.identity_mismatches.clone(),
        );
        r.register("deliveries", "Deliveries received from services", self.deliveries.clone());
        r.register("fan_out", "Frames handed to sockets", self.fan_out.clone());
        r.register("duplicates", "Repeated deliveries that were dropped", self.duplicates.clone());
        r.register("gaps", "Gaps in a room's sequence, filled from the log", self.gaps.clone());
        r.register("queued", "Deliveries that wait for a worker", self.queued.clone());
        r.register("rooms", "Rooms with attendants on this gateway", self.rooms.clone());
        r.register("recoveries", "Attempts to recover a session, by result", self.recoveries.clone());
        r.register("expired", "Tokens that expired while their socket lived", self.expired.clone());
        r.register("renewals", "How often the gateway went on under another node id", self.renewals.clone());
        r.register("settled", "Clients made known again without noticing", self.settled.clone());
        r.register("unsettled", "Clients that could not be made known again", self.unsettled.clone());
        let seconds = |r: &mut Registry, name, help, metric: &Histogram| {
            r.register_with_unit(name, help, Unit::Seconds, metric.clone());
        };
        seconds(r, "command", "From a command's dispatch to its answer", &self.command_seconds);
        seconds(r, "session", "Life of authenticated sockets", &self.session_seconds);
        seconds(r, "call_setup", "Client-reported call set-up time", &self.call_setup_seconds);
        seconds(r, "call_round_trip", "Client-reported round-trip time", &self.call_round_trip_seconds);
        r.register_with_unit(
            "call_packet_loss",
            "Client-reported share of packets lost",
            Unit::Ratios,
            self.call_packet_loss.clone(),
        );
        r.register("call_bitrate", "Client-reported bitrate received, in bits per second", self.call_bitrate.clone());
        r.register("call_quality", "Client-reported call quality, by grade", self.call_quality.clone());
        r.register("call_errors", "Client-reported call errors, by vocabulary", self.call_errors.clone());
        r.register("http_requests", "HTTP API requests, by route", self.http_requests.clone());
        r.register("emitted", "Messages of Socket.IO Redis emitters, by what became of them", self.emitted.clone());
    }
}

/// What gateways count of what services send to them.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// Parcels received, also those that only say a number.
    pub parcels: Counter,
    /// Items carried out.
    pub items: Counter,
    /// Parcels and items that could not be read.
    pub unreadable: Counter,
    /// Items that had come before, and were dropped.
    pub repeats: Counter,
    /// Times that an item was found missing.
    pub gaps: Counter,
    /// Answers of senders that were asked for what was missing: `whole`, `part`, `gone`, `unanswered`.
    pub asked: Cases,
    /// Times that items were lost which nobody could send again.
    pub losses: Counter,
    /// Bytes of items that wait for one that is missing.
    pub early_bytes: Gauge,
    /// Rooms that were compared with where they stand.
    pub compared: Counter,
    /// Rooms that wait for being compared.
    pub doubts: Gauge,
    /// Clients that were closed because they had missed what nobody can tell them, by what: `log`, `roster`, `call`.
    pub closed: Cases,
}

impl Links {
    fn register(&self, r: &mut Registry) {
        r.register("parcels", "Parcels received from services", self.parcels.clone());
        r.register("items", "Items carried out", self.items.clone());
        r.register("unreadable", "Parcels and items that could not be read", self.unreadable.clone());
        r.register("repeats", "Items that had come before", self.repeats.clone());
        r.register("gaps", "Times that an item was found missing", self.gaps.clone());
        r.register("asked", "Answers of senders that were asked for missing items", self.asked.clone());
        r.register("losses", "Times that items were lost for good", self.losses.clone());
        r.register_with_unit("early", "Items that wait for a missing one", Unit::Bytes, self.early_bytes.clone());
        r.register("compared", "Rooms that were compared with where they stand", self.compared.clone());
        r.register("doubts", "Rooms that wait for being compared", self.doubts.clone());
        r.register("closed", "Clients closed for what they had missed, by what", self.closed.clone());
    }
}

/// What room-routers count.
#[derive(Clone, Debug, Default)]
pub struct Rooms {
    /// See [`Outward`].
    pub outward: Outward,
    /// Commands handled, by command.
    pub commands: Cases,
    /// Commands refused, by code.
    pub refusals: Cases,
    /// Commands that could not be read.
    pub unreadable: Counter,
    /// Messages stored.
    pub messages: Counter,
    /// Calls by what became of them: `ringing`, `accepted`, and the reasons of their end.
    pub calls: Cases,
    /// Partitions owned.
    pub partitions: Gauge,
    /// Steps that failed in the store.
    pub store_failures: Counter,
    /// Deadlines fired.
    pub deadlines: Counter,
    /// Rooms written to without the mark that lets a successor send again what was not sent.
    pub mark_failures: Counter,
    /// Rooms of which gateways were told where they stand, at takeovers.
    pub standings: Counter,
    /// Looks at rooms that were answered by memory because the store was away.
    pub from_memory: Counter,
    /// See [`Matching`].
    pub matching: Matching,
}

/// What the owner of matching counts.
#[derive(Clone, Debug)]
pub struct Matching {
    /// People who wait to be matched at once.
    pub searching: Gauge,
    /// People who wait for a match that is proposed.
    pub waiting: Gauge,
    /// People who are asked about a match.
    pub asked: Gauge,
    /// Matches by what became of them: `proposed`, `confirmed`, and the reasons of their end.
    pub matches: Cases,
    /// People who have left a queue without a match: `left`, `expired`.
    pub unmatched: Cases,
    /// Invitations by what became of them: `sent`, and the answers.
    pub invites: Cases,
    /// How long those have waited who were matched.
    pub wait_seconds: Histogram,
}

impl Default for Matching {
    fn default() -> Self {
        Self {
            searching: Gauge::default(),
            waiting: Gauge::default(),
            asked: Gauge::default(),
            matches: Cases::default(),
            unmatched: Cases::default(),
            invites: Cases::default(),
            wait_seconds: Histogram::new([0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0]),
        }
    }
}

impl Matching {
    fn register(&self, r: &mut Registry) {
        r.register("searching", "People who wait to be matched at once", self.searching.clone());
        r.register("waiting", "People who wait for a match that is proposed", self.waiting.clone());
        r.register("asked", "People who are asked about a match", self.asked.clone());
        r.register("matches", "Matches by what became of them", self.matches.clone());
        r.register("unmatched", "People who left a queue without a match", self.unmatched.clone());
        r.register("invites", "Invitations by what became of them", self.invites.clone());
        let help = "How long those have waited who were matched";
        r.register_with_unit("wait", help, Unit::Seconds, self.wait_seconds.clone());
    }
}

impl Rooms {
    fn register(&self, r: &mut Registry) {
        self.outward.register(r.sub_registry_with_prefix("outward"));
        r.register("commands", "Commands handled, by command", self.commands.clone());
        r.register("refusals", "Commands refused, by code", self.refusals.clone());
        r.register("unreadable", "Commands that could not be read", self.unreadable.clone());
        r.register("messages", "Messages stored", self.messages.clone());
        r.register("calls", "Calls by what became of them", self.calls.clone());
        r.register("partitions", "Partitions owned", self.partitions.clone());
        r.register("store_failures", "Steps that failed in the store", self.store_failures.clone());
        r.register("deadlines", "Deadlines fired", self.deadlines.clone());
        r.register("mark_failures", "Rooms written to without a mark for a successor", self.mark_failures.clone());
        r.register("standings", "Rooms told again at takeovers", self.standings.clone());
        r.register("from_memory", "Looks answered by memory while the store was away", self.from_memory.clone());
        self.matching.register(r.sub_registry_with_prefix("matching"));
    }
}

/// What services count of what they send to gateways.
#[derive(Clone, Debug, Default)]
pub struct Outward {
    /// Parcels sent, also those that only say a number.
    pub parcels: Counter,
    /// Items sent in them.
    pub items: Counter,
    /// Parcels that the bus did not take.
    pub refused: Counter,
    /// Times that a sender waited because too much was waiting for the bus.
    pub full: Counter,
    /// Bytes of items that wait for the bus.
    pub waiting_bytes: Gauge,
    /// Bytes of sent items that are kept for gateways that have missed some.
    pub kept_bytes: Gauge,
    /// Questions of gateways that had missed items, by answer: `whole`, `part`, `none`.
    pub resends: Cases,
}

impl Outward {
    fn register(&self, r: &mut Registry) {
        r.register("parcels", "Parcels sent to gateways", self.parcels.clone());
        r.register("items", "Items sent to gateways", self.items.clone());
        r.register("refused", "Parcels that the bus did not take", self.refused.clone());
        r.register("full", "Times that a sender waited for a full link", self.full.clone());
        let bytes = |r: &mut Registry, name, help, metric: &Gauge| {
            r.register_with_unit(name, help, Unit::Bytes, metric.clone());
        };
        bytes(r, "waiting", "Items that wait for the bus", &self.waiting_bytes);
        bytes(r, "kept", "Sent items that are kept for gateways that have missed some", &self.kept_bytes);
        r.register("resends", "Questions of gateways that had missed items, by answer", self.resends.clone());
    }
}

/// What presence services count.
#[derive(Clone, Debug, Default)]
pub struct Presence {
    /// See [`Outward`].
    pub outward: Outward,
    /// Commands handled, by command.
    pub commands: Cases,
    /// Commands that could not be read.
    pub unreadable: Counter,
    /// Announcements, by kind: `online`, `offline`, `status`.
    pub announcements: Cases,
    /// Lost sockets whose grace ended without a return.
    pub expired_graces: Counter,
    /// Partitions owned.
    pub partitions: Gauge,
    /// Steps that failed in the store or on the bus.
    pub failures: Counter,
    /// Sockets of dead gateways that were told of, repetitions too.
    pub reaped: Counter,
}

impl Presence {
    fn register(&self, r: &mut Registry) {
        self.outward.register(r.sub_registry_with_prefix("outward"));
        r.register("commands", "Commands handled, by command", self.commands.clone());
        r.register("unreadable", "Commands that could not be read", self.unreadable.clone());
        r.register("announcements", "Announcements, by kind", self.announcements.clone());
        r.register("expired_graces", "Lost sockets whose grace ended without a return", self.expired_graces.clone());
        r.register("partitions", "Partitions owned", self.partitions.clone());
        r.register("failures", "Steps that failed in the store or on the bus", self.failures.clone());
        r.register("reaped", "Sockets of dead gateways that were told of", self.reaped.clone());
    }
}

/// Questions between processes.
#[derive(Clone, Debug, Default)]
pub struct Grpc {
    /// Calls that this process has answered, by status.
    pub answers: Cases,
    /// Calls that this process is answering.
    pub under_way: Gauge,
    /// Connections from other processes.
    pub connections: Gauge,
    /// Connections from other processes that were refused: too many, or not entitled.
    pub refused: Cases,
    /// Channels to other processes.
    pub channels: Gauge,
    /// Questions that were put to a second process because the first did not answer.
    pub asked_again: Counter,
}

impl Grpc {
    fn register(&self, r: &mut Registry) {
        r.register("answers", "Calls that this process has answered, by status", self.answers.clone());
        r.register("under_way", "Calls that this process is answering", self.under_way.clone());
        r.register("connections", "Connections from other processes", self.connections.clone());
        r.register("refused", "Connections from other processes that were refused, by reason", self.refused.clone());
        r.register("channels", "Channels to other processes", self.channels.clone());
        r.register("asked_again", "Questions that were put to a second process", self.asked_again.clone());
    }
}

/// Bus, store and directory, as this process sees them.
#[derive(Clone, Debug, Default)]
pub struct Backends {
    up: Family<Case, Gauge>,
}

impl Backends {
    /// Notes whether a backend answers.
    pub fn answers(&self, backend: &'static str, up: bool) {
        self.up.get_or_create(&Case { case: backend }).set(up.into());
    }

    fn register(&self, r: &mut Registry) {
        r.register("up", "Whether the backend answered when it was last asked", self.up.clone());
    }
}

/// A bus that other processes share, on this side of the connection.
#[derive(Clone, Debug, Default)]
pub struct Bus {
    /// Connections that were made.
    pub connections: Counter,
    /// Messages that were not sent, and requests that were not answered, by reason: `no-responders`, `timeout`,
    /// `unavailable`, `too-large`.
    pub failures: Cases,
    /// Times that messages have found the queue of a subscription full, and are lost.
    pub dropped: Counter,
}

impl Bus {
    fn register(&self, r: &mut Registry) {
        r.register("connections", "Connections that were made", self.connections.clone());
        r.register("failures", "Messages not sent and requests not answered, by reason", self.failures.clone());
        r.register("dropped", "Times that the queue of a subscription was full", self.dropped.clone());
    }
}

/// A directory that other processes share, on this side of the connection.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// Connections that were made.
    pub connections: Counter,
    /// Leases that were lost while this process lived.
    pub lost_leases: Counter,
}

impl Directory {
    fn register(&self, r: &mut Registry) {
        r.register("connections", "Connections that were made", self.connections.clone());
        r.register("lost_leases", "Leases that were lost while this process lived", self.lost_leases.clone());
    }
}

/// Steps in a store that other processes share, on this side of the connection.
#[derive(Clone, Debug)]
pub struct Store {
    /// Steps under way.
    pub under_way: Gauge,
    /// How long steps take, those that fail too.
    pub step_seconds: Histogram,
    /// Steps that failed, by reason: `down`, `busy`, `silent`, `error`.
    pub failures: Cases,
    /// Connections that were made.
    pub connections: Counter,
    /// Steps that a server of a cluster sent on to another.
    pub redirections: Counter,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            under_way: Gauge::default(),
            step_seconds: Histogram::new([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0]),
            failures: Cases::default(),
            connections: Counter::default(),
            redirections: Counter::default(),
        }
    }
}

impl Store {
    fn register(&self, r: &mut Registry) {
        r.register("under_way", "Steps under way", self.under_way.clone());
        r.register_with_unit("step", "How long steps take", Unit::Seconds, self.step_seconds.clone());
        r.register("failures", "Steps that failed, by reason", self.failures.clone());
        r.register("connections", "Connections that were made", self.connections.clone());
        r.register("redirections", "Steps that were sent on to another server", self.redirections.clone());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_follow_the_pattern() {
        let text = Metrics::default().to_text();
        let names: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next()).collect();
        assert!(names.len() > 15, "{text}");
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
        for name in names {
            assert!(name.starts_with("heliograph_"), "{name}");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
        }
    }
}
