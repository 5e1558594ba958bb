//! Rooms, calls and presence, and how the services talk to each other.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seconds;

/// What becomes of HTML tags in messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Html {
    /// They are removed before the message is stored.
    #[default]
    Strip,
    /// They stay.
    Keep,
}

/// Rooms and their logs.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Rooms {
    /// Entries of a room's log that are kept.
    pub log_entries: usize,
    /// How long entries, and rooms that nobody attends, are kept.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub log_age: Duration,
    /// Outcomes of commands that a room remembers for two minutes, so that a retry changes nothing: the default suffices for 136 commands a second. In a room with more, the oldest go sooner, and a message that a client sends again later than that stands in the log twice.
    pub remembered_commands: usize,
    /// Entries of the log that the answer to a join brings.
    pub join_entries: usize,
    /// Members that the answer to a join names.
    pub join_members: usize,
    /// Bytes of messages that the answer to a join brings to a client that asks for what the room holds; the same
    /// for code changes, and for strokes on the whiteboard.
    pub contents_bytes: usize,
    /// Bytes of log entries that are looked through for that.
    pub contents_scanned: usize,
    /// How long a room of matched people is kept after the last event while nobody attends it.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub abandoned_match: Duration,
    /// HTML tags in messages: `strip` or `keep`.
    pub html: Html,
}

impl Default for Rooms {
    fn default() -> Self {
        Self {
            log_entries: 1000,
            log_age: seconds(7 * 24 * 3600),
            remembered_commands: 16_384,
            join_entries: 200,
            join_members: 200,
            contents_bytes: 128 * 1024,
            contents_scanned: 4 * 1024 * 1024,
            abandoned_match: seconds(600),
            html: Html::Strip,
        }
    }
}

/// Whom a user may write to and call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reach {
    /// Everybody.
    #[default]
    Anyone,
    /// Users with a room in common.
    Acquainted,
}

/// Who may do what with whom.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Policy {
    /// Whom a user may write to and call: `anyone`, or `acquainted` (a room in common).
    pub reach: Reach,
}

/// Calls.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Calls {
    /// How long a call rings.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub ring_timeout: Duration,
    /// How long a prepared call waits to be initiated.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub unused_timeout: Duration,
    /// How long a call that is over can be looked at.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub ended_kept: Duration,
    /// How long a call is remembered in which nothing happens.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub quiet_kept: Duration,
    /// Participants of a call.
    pub max_participants: usize,
    /// Signals that wait for a participant who is between two sockets.
    pub held_signals: usize,
    /// Bytes of such signals.
    pub held_bytes: usize,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            ring_timeout: seconds(60),
            unused_timeout: seconds(600),
            ended_kept: seconds(600),
            quiet_kept: seconds(7 * 24 * 3600),
            max_participants: 16,
            held_signals: 64,
            held_bytes: 256 * 1024,
        }
    }
}

/// Who hears of a user's presence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PresenceAudience {
    /// Users who share a room with them.
    #[default]
    Rooms,
    /// Everybody.
    Everyone,
}

/// Presence.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Presence {
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

/// How the services talk to each other.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Cluster {
    /// How long a command is tried before its client is told that the service is unavailable. Longer than the directory's lease, so that the death of a service is no more than a pause.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub command_deadline: Duration,
    /// How long one attempt waits for its answer.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub command_attempt: Duration,
    /// How long a question to another service may take.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub question_deadline: Duration,
    /// Commands of one partition that may be under way or wait for each other; beyond, the bus keeps them.
    pub partition_queue: usize,
    /// How often services look for deadlines that another process has set, such as the end of ringing: so late these fire at most after a partition has changed hands.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub deadline_refresh: Duration,
    /// Messages that may wait for one subscription of the memory bus; beyond, senders wait.
    pub bus_queue: usize,
    /// Bytes of what was sent to a gateway that a service keeps, to send it again if the bus has lost some.
    pub link_kept_bytes: usize,
    /// Bytes that may wait to be sent to a gateway while the bus is busy; beyond, senders wait.
    pub link_waiting_bytes: usize,
    /// Bytes that travel to a gateway in one message.
    pub parcel_bytes: usize,
    /// From one word to a gateway on how much has been sent to it to the next: what was lost in silence is noticed then.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub link_heartbeat: Duration,
    /// How long what was sent to a gateway is kept after it has left the directory.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub link_grace: Duration,
    /// Bytes from one service that a gateway keeps while something older from it is missing.
    pub link_early_bytes: usize,
    /// How long a gateway asks a service for what is missing before it goes on without that.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub link_patience: Duration,
    /// Rooms that a gateway looks at one by one when it may have missed something of them; if there are more, it looks at all.
    pub doubted_rooms: usize,
    /// Logs that a gateway reads side by side to fill gaps.
    pub gap_reads: usize,
    /// Connections that a gateway closes in a second because their clients have missed what nobody can give them.
    pub closes_per_second: usize,
    /// Clients that a gateway makes known again side by side after it was taken for dead.
    pub settle_at_once: usize,
    /// Publications of backends that a gateway remembers, so that one which is sent again is told to nobody twice.
    pub remembered_publications: usize,
    /// Sockets of whose end presence could not be told yet; beyond, the gateway goes on under another id.
    pub departures: usize,
    /// How often presence looks for gateways that have died unnoticed.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub reap_interval: Duration,
    /// Sockets of a dead gateway that are ended side by side.
    pub reap_at_once: usize,
    /// Rooms of a partition, those written to last, whose gateways are told where they stand when another room-router takes the partition over.
    pub takeover_rooms: usize,
    /// How many of them at once.
    pub takeover_at_once: usize,
    /// Rooms of which a room-router remembers that they are marked as written to; of more, some are marked more often than they have to be.
    pub marked_rooms: usize,
    /// Rooms and calls of which a room-router remembers who is in them, so that typing, data and signals are told while the store is away; of a room, 256 people.
    pub known_rooms: usize,
    /// How long that is remembered.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub known_age: Duration,
    /// Requests and WebSockets that a gateway passes on at once to the gateways where their sessions are; beyond, clients come back with a new session.
    pub relays: usize,
    /// How long a backend that cannot be reached at the start is waited for before the process ends.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub startup_deadline: Duration,
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            command_deadline: seconds(8),
            command_attempt: seconds(1),
            question_deadline: seconds(5),
            partition_queue: 256,
            deadline_refresh: seconds(2),
            bus_queue: 4096,
            link_kept_bytes: 1024 * 1024,
            link_waiting_bytes: 1024 * 1024,
            parcel_bytes: 256 * 1024,
            link_heartbeat: seconds(1),
            link_grace: seconds(60),
            link_early_bytes: 1024 * 1024,
            link_patience: seconds(5),
            doubted_rooms: 10_000,
            gap_reads: 32,
            closes_per_second: 500,
            settle_at_once: 64,
            remembered_publications: 4096,
            departures: 65_536,
            reap_interval: seconds(30),
            reap_at_once: 256,
            takeover_rooms: 10_000,
            takeover_at_once: 64,
            marked_rooms: 65_536,
            known_rooms: 16_384,
            known_age: seconds(3600),
            relays: 16_384,
            startup_deadline: seconds(60),
        }
    }
}
