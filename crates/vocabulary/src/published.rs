//! What backends publish: an event of their own, under the same name in every vocabulary.

use crate::{Dialect, mesh};

/// Names that a Socket.IO client gives to what happens to its connection: it must not hear them from a server.
const OF_CONNECTIONS: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// What the server itself says in some vocabulary.
fn of_vocabularies() -> impl Iterator<Item = &'static [&'static str]> {
    Dialect::ALL.into_iter().map(Dialect::server_events).chain([&mesh::SERVER_TYPES[..]])
}

/// What the server says itself and backends publish as well.
const SHARED: [&str; 1] = ["notification"];

/// Whether a name has a meaning already, so that a client would take what is published under it for something
/// else: for news of its connection, or for what the server has decided.
pub fn is_taken(name: &str) -> bool {
    let of_server = || of_vocabularies().any(|names| names.contains(&name));
    OF_CONNECTIONS.contains(&name) || (of_server() && !SHARED.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_hear_of_connections_and_of_the_server_is_no_name_for_a_backend() {
        for name in ["connect", "disconnect", "newListener", "message:new", "call-ended", "peers", "error", "pong"] {
            assert!(is_taken(name), "{name}");
        }
        for name in ["notification", "announcement", "newPost", "order.shipped", "Connect"] {
            assert!(!is_taken(name), "{name}");
        }
    }
}
