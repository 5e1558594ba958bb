//! Nodes as they stand in etcd: `<prefix>/nodes/<role>/<node-id>` → JSON.

use heliograph_domain::{
    id::{HomeId, NodeId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::directory::{Node, Role};

/// The value of a key. Processes of the next version may write more fields, and read these.
#[derive(Deserialize, Serialize)]
struct Record {
    grpc: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    home: Option<String>,
    version: String,
    /// Milliseconds since the Unix epoch.
    started: u64,
    #[serde(default)]
    draining: bool,
}

/// Where the nodes of a deployment stand.
#[derive(Clone)]
pub(super) struct Keys {
    /// What all their keys begin with.
    nodes: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self { nodes: format!("{}/nodes/", prefix.trim_end_matches('/')) }
    }

    /// The first key, and the first after the last one.
    pub(super) fn range(&self) -> (Vec<u8>, Vec<u8>) {
        let first = self.nodes.clone().into_bytes();
        // `0` follows `/`.
        let end = format!("{}0", self.nodes.trim_end_matches('/')).into_bytes();
        (first, end)
    }

    pub(super) fn key(&self, role: Role, id: &NodeId) -> Vec<u8> {
        format!("{}{}/{id}", self.nodes, role.name()).into_bytes()
    }

    /// Whose key it is. What somebody else has put there is none.
    pub(super) fn owner(&self, key: &[u8]) -> Option<(Role, NodeId)> {
        let (role, id) = std::str::from_utf8(key).ok()?.strip_prefix(&self.nodes)?.split_once('/')?;
        let role = [Role::Gateway, Role::RoomRouter, Role::Presence].into_iter().find(|known| known.name() == role)?;
        Some((role, NodeId::parse(id).ok()?))
    }
}

/// The value of a node's key.
pub(super) fn encode(node: &Node) -> Vec<u8> {
    let record = Record {
        grpc: node.grpc.clone(),
        home: node.home.as_ref().map(ToString::to_string),
        version: node.version.clone(),
        started: node.started.as_millis(),
        draining: node.draining,
    };
    // Strings, numbers and a boolean can always be written.
    serde_json::to_vec(&record).unwrap_or_default()
}

/// The node of a key and its value.
pub(super) fn decode(role: Role, id: NodeId, value: &[u8]) -> Result<Node, String> {
    let record: Record = serde_json::from_slice(value).map_err(|error| error.to_string())?;
    let home = record.home.map(|home| HomeId::parse(&home)).transpose().map_err(|error| error.to_string())?;
    Ok(Node {
        id,
        role,
        grpc: record.grpc,
        home,
        version: record.version,
        started: Timestamp::from_millis(record.started),
        draining: record.draining,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node() -> Node {
        Node {
            id: NodeId::generate("gateway"),
            role: Role::Gateway,
            grpc: "10.0.0.1:50051".to_owned(),
            home: Some(HomeId::random()),
            version: "1.2.3".to_owned(),
            started: Timestamp::from_millis(1_700_000_000_000),
            draining: true,
        }
    }

    #[test]
    fn a_node_is_read_as_it_was_written() {
        let (keys, node) = (Keys::new("/heliograph"), node());
        let key = keys.key(node.role, &node.id);
        assert_eq!(key, format!("/heliograph/nodes/gateway/{}", node.id).into_bytes());
        let (role, id) = keys.owner(&key).unwrap();
        assert_eq!(decode(role, id, &encode(&node)), Ok(node));
    }

    #[test]
    fn fields_of_a_later_version_are_skipped() {
        let value = br#"{"grpc":"a:1","version":"9","started":1,"zone":"eu"}"#;
        let node = decode(Role::Presence, NodeId::generate("presence"), value).unwrap();
        assert_eq!((node.version.as_str(), node.home, node.draining), ("9", None, false));
    }

    #[test]
    fn what_is_no_node_is_told_apart() {
        let keys = Keys::new("/heliograph/");
        for key in
            ["/heliograph/nodes/", "/heliograph/nodes/cook/a", "/heliograph/nodes/gateway", "/other/nodes/gateway/a"]
        {
            assert!(keys.owner(key.as_bytes()).is_none(), "{key}");
        }
        assert!(decode(Role::Gateway, NodeId::generate("gateway"), b"{").is_err());
    }

    #[test]
    fn the_range_holds_the_nodes_and_nothing_else() {
        let keys = Keys::new("/heliograph");
        let (first, end) = keys.range();
        let within = |key: &[u8]| key >= &first[..] && key < &end[..];
        assert!(within(&keys.key(Role::Presence, &NodeId::generate("presence"))));
        assert!(!within(b"/heliograph/nodes2") && !within(b"/heliograph/other"));
    }
}
