//! Rooms: their ids and kinds, who attends them and in what state.

use std::{fmt, sync::Arc};

use crate::{
    id::{CallId, InvalidId, MAX_ID_UNITS, MatchId, SocketId, UserId, check, prefixed},
    time::Timestamp,
    user::User,
};

/// Longest room id that the server forms from other ids, in UTF-16 code units: a prefix, two user
/// ids in which every unit may be escaped, and the separator.
const MAX_INTERNAL_UNITS: usize = 8 + 4 * MAX_ID_UNITS + 1;

/// No match has an empty id.
const MATCHING: &str = "match:";

/// A named place. Ids live in one space for all vocabularies.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomId(Arc<str>);

/// What kind of room an id names, by its reserved prefix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RoomKind {
    /// An ordinary room.
    Group,
    /// The room of exactly two users.
    Direct,
    /// A call.
    Call,
    /// A pair of matched guests.
    Match,
    /// A room in which only a backend publishes.
    Topic,
    /// A user's personal room.
    User,
    /// [`RoomId::matching`].
    Matching,
}

impl RoomId {
    /// Checks an id from outside. Ids with a reserved prefix may be as long as the server makes them.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let id = Self(text.into());
        let limit = if id.kind() == RoomKind::Group { MAX_ID_UNITS } else { MAX_INTERNAL_UNITS };
        check(text, limit)?;
        Ok(id)
    }

    /// The room of a call.
    pub fn of_call(call: &CallId) -> Self {
        Self(format!("call:{call}").into())
    }

    /// The room of two people who were matched at once.
    pub fn of_match(id: &MatchId) -> Self {
        Self(format!("match:{id}").into())
    }

    /// Draws the room of a new session: `session_<ulid>`.
    pub fn new_session() -> Self {
        Self(prefixed("session_"))
    }

    /// Where people wait to be matched and are invited: the target of every
    /// [`MatchingCommand`](crate::matching::MatchingCommand). Nothing happens in it that one could hear,
    /// and no client enters it; it is among the rooms of a session whose socket keeps its user's place.
    pub fn matching() -> Self {
        Self(MATCHING.into())
    }

    /// Whether this is [`RoomId::matching`].
    pub fn is_matching(&self) -> bool {
        &*self.0 == MATCHING
    }

    /// The room of exactly these two users, the same whoever comes first.
    ///
    /// The ids are sorted by UTF-16 code units and joined with `_`. Inside each, `~` becomes `~0` and
    /// `_` becomes `~1` first, so that no two pairs share a room.
    pub fn of_pair(one: &UserId, other: &UserId) -> Self {
        let (first, second) =
            if one.as_str().encode_utf16().le(other.as_str().encode_utf16()) { (one, other) } else { (other, one) };
        let escape = |id: &UserId| id.as_str().replace('~', "~0").replace('_', "~1");
        Self(format!("direct:{}_{}", escape(first), escape(second)).into())
    }

    /// What the id's prefix says.
    pub fn kind(&self) -> RoomKind {
        match self.0.split_once(':').map(|(prefix, _)| prefix) {
            Some("direct") => RoomKind::Direct,
            Some("call") => RoomKind::Call,
            Some("match") if self.is_matching() => RoomKind::Matching,
            Some("match") => RoomKind::Match,
            Some("topic") => RoomKind::Topic,
            Some("user") => RoomKind::User,
            _ => RoomKind::Group,
        }
    }

    /// The call whose room this is.
    pub fn call(&self) -> Option<CallId> {
        CallId::parse(self.0.strip_prefix("call:")?).ok()
    }

    /// The other one, if this is the pair room of `user` and somebody else.
    pub fn other_of_pair(&self, user: &UserId) -> Option<UserId> {
        let (first, second) = self.0.strip_prefix("direct:")?.split_once('_')?;
        let unescape = |id: &str| UserId::parse(&id.replace("~1", "_").replace("~0", "~")).ok();
        let (first, second) = (unescape(first)?, unescape(second)?);
        let other = if first == *user { second } else { first };
        // A pair has one room: no other spelling of its id is it.
        (other != *user && Self::of_pair(user, &other) == *self).then_some(other)
    }

    /// Whether this is the pair room of `user` and somebody else.
    pub fn is_pair_of(&self, user: &UserId) -> bool {
        self.other_of_pair(user).is_some()
    }

    /// With whom `user` shares this pair room; `None` if it is none of theirs.
    pub fn partner_of(&self, user: &UserId) -> Option<UserId> {
        let (first, second) = self.0.strip_prefix("direct:")?.split_once('_')?;
        let escaped = user.as_str().replace('~', "~0").replace('_', "~1");
        let other = match escaped {
            escaped if escaped == first => second,
            escaped if escaped == second => first,
            _ => return None,
        };
        let other = UserId::parse(&other.replace("~1", "_").replace("~0", "~")).ok()?;
        // Other spellings of a pair are no pair.
        (other != *user && Self::of_pair(user, &other) == *self).then_some(other)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// A place in a room's log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Position {
    /// Drawn when the log was created. Another epoch means another log: numbers do not compare.
    pub epoch: u64,
    /// Number of the newest entry, 0 for an empty log. Entries are numbered 1, 2, 3 … without holes.
    pub seq: u64,
}

/// Where a room stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The room.
    pub room: RoomId,
    /// The log's end; the default if there is none.
    pub position: Position,
    /// The roster's version; 0 if there is no such room.
    pub roster: u64,
}

/// What a participant's devices do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Media {
    /// Sends sound.
    pub audio: bool,
    /// Sends a camera picture.
    pub video: bool,
    /// Shares a screen.
    pub screen: bool,
    /// Has a hand raised.
    pub hand: bool,
    /// Is speaking.
    pub speaking: bool,
}

/// A change of [`Media`]; `None` leaves a flag as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MediaChange {
    /// New value of [`Media::audio`].
    pub audio: Option<bool>,
    /// New value of [`Media::video`].
    pub video: Option<bool>,
    /// New value of [`Media::screen`].
    pub screen: Option<bool>,
    /// New value of [`Media::hand`].
    pub hand: Option<bool>,
    /// New value of [`Media::speaking`].
    pub speaking: Option<bool>,
}

impl Media {
    /// This state after a change.
    #[must_use]
    pub fn with(self, change: MediaChange) -> Self {
        Self {
            audio: change.audio.unwrap_or(self.audio),
            video: change.video.unwrap_or(self.video),
            screen: change.screen.unwrap_or(self.screen),
            hand: change.hand.unwrap_or(self.hand),
            speaking: change.speaking.unwrap_or(self.speaking),
        }
    }
}

/// A socket in a room that others can open a peer connection to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peer {
    /// The peer's id.
    pub socket: SocketId,
    /// Whose socket it is.
    pub user: User,
    /// What it sends.
    pub media: Media,
    /// When it joined.
    pub joined_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> UserId {
        UserId::parse(id).unwrap()
    }

    #[test]
    fn a_pair_has_one_room_whoever_comes_first() {
        let room = RoomId::of_pair(&user("bob456"), &user("alice123"));
        assert_eq!(room.as_str(), "direct:alice123_bob456");
        assert_eq!(room, RoomId::of_pair(&user("alice123"), &user("bob456")));
    }

    #[test]
    fn pairs_whose_ids_contain_separators_do_not_collide() {
        assert_eq!(RoomId::of_pair(&user("user_1"), &user("23")).as_str(), "direct:23_user~11");
        assert_eq!(RoomId::of_pair(&user("user"), &user("1_23")).as_str(), "direct:1~123_user");
    }

    #[test]
    fn pair_members_are_recognised() {
        let room = RoomId::of_pair(&user("user_1"), &user("23"));
        assert!(room.is_pair_of(&user("user_1")));
        assert!(room.is_pair_of(&user("23")));
        assert!(!room.is_pair_of(&user("user")));
    }

    #[test]
    fn each_of_a_pair_has_the_other() {
        for (one, other) in [("alice", "bob"), ("user_1", "23"), ("~1", "~0_~"), ("a", "a_")] {
            let room = RoomId::of_pair(&user(one), &user(other));
            assert_eq!(room.other_of_pair(&user(one)), Some(user(other)), "{room}");
            assert_eq!(room.other_of_pair(&user(other)), Some(user(one)), "{room}");
            assert_eq!(room.other_of_pair(&user("carol")), None);
        }
    }

    #[test]
    fn no_other_spelling_is_the_room_of_a_pair() {
        for id in ["direct:bob_alice", "direct:alice_alice", "direct:alice", "direct:alice_", "direct:alice_bob_c"] {
            assert!(!RoomId::parse(id).unwrap().is_pair_of(&user("alice")), "{id}");
        }
        assert!(!RoomId::parse("alice_bob").unwrap().is_pair_of(&user("alice")));
    }

    #[test]
    fn sorting_is_by_utf16_units() {
        // U+FF5E sorts after U+1F600 in UTF-16 (surrogates are smaller), before it in UTF-8.
        let room = RoomId::of_pair(&user("\u{FF5E}"), &user("\u{1F600}"));
        assert_eq!(room.as_str(), "direct:\u{1F600}_\u{FF5E}");
    }

    #[test]
    fn prefixes_name_the_kind() {
        for (id, kind) in [
            ("standup", RoomKind::Group),
            ("session_1:2", RoomKind::Group),
            ("direct:a_b", RoomKind::Direct),
            ("call:call_1", RoomKind::Call),
            ("topic:news", RoomKind::Topic),
            ("match:match_1", RoomKind::Match),
            ("match:", RoomKind::Matching),
        ] {
            assert_eq!(RoomId::parse(id).unwrap().kind(), kind);
        }
    }
}
