//! Partitions: the unit of ownership. Rooms and users hash onto [`COUNT`] partitions; live services
//! own partitions by rendezvous hashing, so that a node's coming or going moves only its share.

use std::fmt;

use heliograph_domain::id::NodeId;

/// How many partitions there are of each kind. Part of the cluster's contract: changing it moves
/// every room.
pub const COUNT: u16 = 256;

/// A partition, below [`COUNT`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Partition(u16);

impl Partition {
    /// The partition that a room, user or session id belongs to.
    pub fn of(key: &str) -> Self {
        Self((fnv1a(OFFSET, key.as_bytes()) % u64::from(COUNT)) as u16)
    }

    /// Every partition.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..COUNT).map(Self)
    }

    /// The partition's number.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The node that owns this partition among those alive: the one with the highest score.
    pub fn owner<'a>(self, nodes: impl IntoIterator<Item = &'a NodeId>) -> Option<&'a NodeId> {
        nodes.into_iter().max_by_key(|node| {
            let hash = fnv1a(fnv1a(OFFSET, node.as_str().as_bytes()), &self.0.to_be_bytes());
            (mix(hash), *node)
        })
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a, 64 bits: every process of every version must agree on it, which rules out the standard
/// library's hashers.
fn fnv1a(seed: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(seed, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Spreads the last bytes' influence over all bits (the finalizer of MurmurHash3); without it the
/// scores of one node for neighbouring partitions are close together.
const fn mix(mut hash: u64) -> u64 {
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn nodes(names: &[&str]) -> Vec<NodeId> {
        names.iter().map(|name| NodeId::parse(name).unwrap()).collect()
    }

    #[test]
    fn the_hash_is_part_of_the_contract() {
        assert_eq!(Partition::of("standup").number(), Partition::of("standup").number());
        assert_eq!(fnv1a(OFFSET, b"a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn ownership_is_spread_evenly() {
        let nodes = nodes(&["a", "b", "c", "d"]);
        let mut counts: HashMap<&NodeId, usize> = HashMap::new();
        for partition in Partition::all() {
            *counts.entry(partition.owner(&nodes).unwrap()).or_default() += 1;
        }
        for node in &nodes {
            assert!((40..=90).contains(&counts[node]), "{counts:?}");
        }
    }

    #[test]
    fn a_lost_node_moves_only_its_own_partitions() {
        let before = nodes(&["a", "b", "c"]);
        let after = nodes(&["a", "b"]);
        for partition in Partition::all() {
            let owner = partition.owner(&before).unwrap();
            if owner.as_str() != "c" {
                assert_eq!(partition.owner(&after), Some(owner));
            }
        }
    }

    #[test]
    fn nobody_alive_owns_nothing() {
        assert_eq!(Partition::of("x").owner(&[]), None);
    }
}
