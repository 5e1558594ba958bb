//! What a deployment decides about rooms and calls.

use std::time::Duration;

use heliograph_cluster::{outward::OutwardOptions, serve::ServeOptions, store::ContentsLimits};
use heliograph_domain::user::Vocabulary;
use serde::{Deserialize, Serialize};

use crate::matching::MatchingOptions;

/// Settings of a room-router.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// How often and how much.
    pub limits: Limits,
    /// What becomes of HTML tags in messages.
    pub html: Html,
    /// Who may write to and call whom.
    pub reach: Reach,
    /// How long unanswered participants ring.
    pub ring_timeout: Duration,
    /// How long a call that was prepared waits for being initiated.
    pub unused_call: Duration,
    /// How long an ended call is remembered.
    pub ended_call: Duration,
    /// How long a call is remembered in which nothing happens.
    pub quiet_call: Duration,
    /// How long after their last socket a participant counts as between two sockets. Not longer than
    /// presence takes to say that they have left.
    pub call_grace: Duration,
    /// Most log entries that the answer to a join brings.
    pub missed: usize,
    /// Most members that the answer to a join names.
    pub members: usize,
    /// Most bytes of the messages that the answer to a join brings if it is asked for what the room holds; the same for
    /// code changes, and for strokes.
    pub contents_bytes: usize,
    /// Most bytes of log entries that are looked through for that.
    pub contents_scanned: usize,
    /// How long a room of matched people is kept after the last event while nobody attends it.
    pub abandoned_match: Duration,
    /// Commands of one partition that are under way or wait for another one of the same room.
    pub pending: usize,
    /// How often a partition's deadlines are read though none that is known of is due.
    pub refresh: Duration,
    /// Rooms of a partition whose gateways are told where the room stands when the partition is taken
    /// over; of more, those that were written to last.
    pub takeover_rooms: usize,
    /// Rooms that are looked at side by side for that, in all partitions.
    pub takeover_at_once: usize,
    /// Rooms of which it is remembered that they are marked as written to. Of more, some are marked more
    /// often than they have to be.
    pub marked_rooms: usize,
    /// Rooms of which it is remembered who is active in them, so that what is not stored can be told
    /// while the store is away.
    pub known_rooms: usize,
    /// How long that is remembered at most.
    pub known_age: Duration,
    /// How people are matched and invited.
    pub matching: MatchingOptions,
    /// Bounds of what goes to gateways.
    pub outward: OutwardOptions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            html: Html::default(),
            reach: Reach::default(),
            ring_timeout: Duration::from_secs(60),
            unused_call: Duration::from_secs(600),
            ended_call: Duration::from_secs(600),
            quiet_call: Duration::from_secs(7 * 24 * 3600),
            call_grace: Duration::from_secs(5),
            missed: 200,
            members: 200,
            contents_bytes: 128 * 1024,
            contents_scanned: 4 * 1024 * 1024,
            abandoned_match: Duration::from_secs(600),
            pending: ServeOptions::default().pending,
            refresh: ServeOptions::default().refresh,
            takeover_rooms: 10_000,
            takeover_at_once: 64,
            marked_rooms: 65_536,
            known_rooms: 16_384,
            known_age: Duration::from_secs(3600),
            matching: MatchingOptions::default(),
            outward: OutwardOptions::default(),
        }
    }
}

impl Options {
    /// How much the answer to a join brings of what a room holds.
    pub(crate) const fn contents(&self) -> ContentsLimits {
        ContentsLimits {
            messages: self.missed,
            bytes: self.contents_bytes,
            scanned: self.contents_scanned,
            attendants: self.members,
        }
    }
}

/// How often and how much.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Messages of a user whose socket speaks synapse, or who posts by HTTP.
    pub synapse_messages: Rate,
    /// Messages of a user whose socket speaks mesh.
    pub mesh_messages: Rate,
    /// Messages of a user whose socket speaks guest-chat.
    pub guest_chat_messages: Rate,
    /// Messages of a user whose socket speaks direct-chat.
    pub direct_chat_messages: Rate,
    /// Messages of a user whose socket speaks collaboration.
    pub collaboration_messages: Rate,
    /// Calls that a user makes.
    pub call_initiations: Rate,
    /// How often a user asks to be matched.
    pub match_requests: Rate,
    /// Invitations of a user.
    pub invites: Rate,
    /// Peers in a room.
    pub mesh_peers: usize,
    /// Participants of a call, the caller too.
    pub call_participants: usize,
    /// Signals that wait for a participant who is between two sockets.
    pub held_signals: usize,
    /// Bytes of such signals.
    pub held_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        Self {
            synapse_messages: Rate { max: 300, window: minute },
            mesh_messages: Rate { max: 300, window: minute },
            guest_chat_messages: Rate { max: 60, window: minute },
            direct_chat_messages: Rate { max: 30, window: minute },
            collaboration_messages: Rate { max: 300, window: minute },
            call_initiations: Rate { max: 20, window: minute },
            match_requests: Rate { max: 20, window: minute },
            invites: Rate { max: 20, window: minute },
            mesh_peers: 32,
            call_participants: 16,
            held_signals: 64,
            held_bytes: 256 * 1024,
        }
    }
}

impl Limits {
    /// The limit of messages for a vocabulary, and the name by which it is counted.
    pub(crate) const fn messages(&self, vocabulary: Vocabulary) -> (Rate, &'static str) {
        match vocabulary {
            Vocabulary::Synapse => (self.synapse_messages, "messages.synapse"),
            Vocabulary::Mesh => (self.mesh_messages, "messages.mesh"),
            Vocabulary::GuestChat => (self.guest_chat_messages, "messages.guest-chat"),
            Vocabulary::DirectChat => (self.direct_chat_messages, "messages.direct-chat"),
            Vocabulary::Collaboration => (self.collaboration_messages, "messages.collaboration"),
        }
    }
}

/// So many uses within a window that begins with the first one.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// How many.
    pub max: u32,
    /// Within which time.
    pub window: Duration,
}

/// What becomes of HTML tags in messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Html {
    /// Tags are removed.
    #[default]
    Strip,
    /// Texts stay as they are: every client escapes what it shows.
    Keep,
}

/// Who may write to and call whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Everybody may write to and call everybody.
    #[default]
    Anyone,
    /// Only who has a room in common with somebody may write to or call them.
    Acquainted,
}
