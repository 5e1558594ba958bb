//! The names of everything in Redis. Nothing else builds a key.
//!
//! Each key has a hash tag, the part in braces, which alone decides the slot in a Redis Cluster: keys
//! that one step touches share theirs. `hg:{rooms:7}:log:standup` and `hg:{rooms:7}:head:standup` do.

use std::{fmt, sync::Arc};

use heliograph_domain::{
    id::{CallId, SocketId, UserId},
    room::RoomId,
};

use super::{super::Scope, slot::Slot};
use crate::partition::Partition;

/// Builds keys that begin with the deployment's prefix.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: Arc<str>,
}

/// A key, and the slot that it lies in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    name: String,
    slot: Slot,
}

impl Key {
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.name.as_bytes()
    }

    pub(super) fn slot(&self) -> Slot {
        self.slot
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Keys {
    /// Keys that begin with `prefix`, which has no braces.
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.into() }
    }

    /// What is tried when a server is looked at.
    pub(super) fn trial(&self) -> Key {
        self.key("trial", "", "")
    }

    /// Everything that a room consists of, and the rooms of its partition, in the order in which its
    /// scripts get them (see `scripts/room.lua`). All rooms of a partition share a slot, so that the
    /// step which makes or ends a room lists it too.
    pub(super) fn room(&self, room: &RoomId) -> [Key; 13] {
        const PARTS: [&str; 12] = [
            "head",
            "log",
            "members",
            "people",
            "attendance",
            "peers",
            "gateways",
            "marks",
            "outcomes",
            "former",
            "state",
            "banned",
        ];
        let all = self.all_rooms(Partition::of(room.as_str()));
        let part = |part: &str| Key { name: format!("{}:{part}:{room}", all.name), slot: all.slot };
        std::array::from_fn(|index| PARTS.get(index).map_or_else(|| all.clone(), |name| part(name)))
    }

    /// The rooms of a partition.
    pub(super) fn all_rooms(&self, partition: Partition) -> Key {
        self.key("rooms", &partition.to_string(), "")
    }

    /// A call's record.
    pub(super) fn call(&self, call: &CallId) -> Key {
        self.key("call", call.as_str(), "")
    }

    /// The number of matching's newest step.
    pub(super) fn matching_version(&self) -> Key {
        self.key("matching", "", "version")
    }

    /// The records of matching.
    pub(super) fn matching_records(&self) -> Key {
        self.key("matching", "", "records")
    }

    /// A session.
    pub(super) fn session(&self, socket: &SocketId) -> Key {
        self.key("session", socket.as_str(), "")
    }

    /// What is known of a user: status, last seen, announced, guest.
    pub(super) fn person(&self, user: &UserId) -> Key {
        self.of_user("person", user)
    }

    /// A user's sockets.
    pub(super) fn sockets(&self, user: &UserId) -> Key {
        self.of_user("sockets", user)
    }

    /// The rooms in which a user is a member.
    pub(super) fn rooms(&self, user: &UserId) -> Key {
        self.of_user("rooms", user)
    }

    /// A user's calls.
    pub(super) fn calls(&self, user: &UserId) -> Key {
        self.of_user("calls", user)
    }

    /// Whom a user has blocked.
    pub(super) fn blocks(&self, user: &UserId) -> Key {
        self.of_user("blocks", user)
    }

    /// A user's uses of a limited operation.
    pub(super) fn limit(&self, user: &UserId, limit: &str) -> Key {
        self.of_user(&format!("limit:{limit}"), user)
    }

    /// The users of a partition who have sockets.
    pub(super) fn online(&self, partition: Partition) -> Key {
        self.key("users", &partition.to_string(), "online")
    }

    /// The sockets of a partition's users, by gateway.
    pub(super) fn connected(&self, partition: Partition) -> Key {
        self.key("users", &partition.to_string(), "connected")
    }

    /// What is to be done later in a partition.
    pub(super) fn deadlines(&self, scope: Scope, partition: Partition) -> Key {
        let scope = match scope {
            Scope::Rooms => "rooms",
            Scope::Presence => "presence",
        };
        self.key("partition", &partition.to_string(), &format!("deadlines:{scope}"))
    }

    /// The rooms of a partition that were written to lately.
    pub(super) fn recent(&self, partition: Partition) -> Key {
        self.key("partition", &partition.to_string(), "recent")
    }

    /// What belongs to a user lies with the other users of the partition, so that the step which
    /// changes it can change what is known of the partition too.
    fn of_user(&self, part: &str, user: &UserId) -> Key {
        self.key("users", &Partition::of(user.as_str()).to_string(), &format!("{part}:{user}"))
    }

    /// `prefix:{kind:id}:part`, without the colons of what is empty.
    fn key(&self, kind: &str, id: &str, part: &str) -> Key {
        let mut tag = kind.to_owned();
        if !id.is_empty() {
            tag.push(':');
            escape(id, &mut tag);
        }
        let mut name = format!("{}:{{{tag}}}", self.prefix);
        if !part.is_empty() {
            name.push(':');
            name.push_str(part);
        }
        Key { slot: Slot::of(tag.as_bytes()), name }
    }
}

/// Appends an id such that it contains no braces: the first closing brace would end the hash tag, and
/// with it differ what belongs together. Percent signs are escaped too, so that no two ids meet.
fn escape(id: &str, to: &mut String) {
    for character in id.chars() {
        match character {
            '{' => to.push_str("%7B"),
            '}' => to.push_str("%7D"),
            '%' => to.push_str("%25"),
            other => to.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(key: &Key) -> &str {
        std::str::from_utf8(key.as_bytes()).unwrap()
    }

    fn call(id: &str) -> Key {
        Keys::new("hg").call(&CallId::parse(id).unwrap())
    }

    #[test]
    fn keys_name_their_kind_and_part() {
        let keys = Keys::new("hg");
        let (user, partition) = (UserId::parse("alice").unwrap(), Partition::of("alice"));
        assert_eq!(name(&call("one")), "hg:{call:one}");
        assert_eq!(name(&keys.rooms(&user)), format!("hg:{{users:{partition}}}:rooms:alice"));
        assert_eq!(name(&keys.limit(&user, "messages")), format!("hg:{{users:{partition}}}:limit:messages:alice"));
        assert_eq!(name(&keys.online(partition)), format!("hg:{{users:{partition}}}:online"));
        let deadlines = keys.deadlines(Scope::Presence, partition);
        assert_eq!(name(&deadlines), format!("hg:{{partition:{partition}}}:deadlines:presence"));
        let (room, of_room) = (RoomId::parse("standup").unwrap(), Partition::of("standup"));
        let [head, .., gateways, _, _, _, _, _, all] = keys.room(&room);
        assert_eq!(name(&head), format!("hg:{{rooms:{of_room}}}:head:standup"));
        assert_eq!(name(&gateways), format!("hg:{{rooms:{of_room}}}:gateways:standup"));
        assert_eq!(name(&all), format!("hg:{{rooms:{of_room}}}"));
    }

    #[test]
    fn no_id_ends_the_hash_tag_or_meets_another() {
        for (id, key) in [
            ("a}b", "hg:{call:a%7Db}"),
            ("a{b", "hg:{call:a%7Bb}"),
            ("a%7Db", "hg:{call:a%257Db}"),
            ("}", "hg:{call:%7D}"),
            ("{}:log", "hg:{call:%7B%7D:log}"),
        ] {
            assert_eq!(name(&call(id)), key);
        }
    }

    #[test]
    fn parts_of_one_thing_share_a_slot() {
        let keys = Keys::new("hg");
        let user = UserId::parse("{}%}a").unwrap();
        let partition = Partition::of(user.as_str());
        assert_eq!(keys.person(&user).slot(), keys.rooms(&user).slot());
        assert_eq!(keys.person(&user).slot(), keys.connected(partition).slot());
        let room = RoomId::parse("{}%}a").unwrap();
        let expected = keys.all_rooms(Partition::of(room.as_str())).slot();
        assert!(keys.room(&room).iter().all(|key| key.slot() == expected));
    }
}
