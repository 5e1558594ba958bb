//! What the log of the cluster's events holds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use heliograph_gateway::application::{Frame, Json};
use serde::{Deserialize, Serialize};

use crate::hub::{Audience, offset};

/// An entry of the log, as JSON.
#[derive(Serialize, Deserialize)]
pub(super) enum Entry {
    /// Something for clients.
    Event(Box<Event>),
    /// A session is at another node now.
    Moved {
        /// The socket's id.
        sid: String,
        /// The node's id.
        node: String,
    },
}

/// An event, and whom it is for.
#[derive(Serialize, Deserialize)]
pub(super) struct Event {
    pub(super) namespace: String,
    audience: For,
    name: String,
    /// Each a JSON text.
    args: Vec<String>,
    /// Each in base64.
    attachments: Vec<String>,
}

/// See [`Audience`].
#[derive(Serialize, Deserialize)]
enum For {
    Socket(String),
    Everyone,
    Room { room: String, except: String },
}

impl Entry {
    pub(super) fn encode(&self) -> Bytes {
        // Strings and lists of them are always JSON.
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    /// `None` for what another program has written.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

impl Event {
    pub(super) fn new(
        namespace: &str,
        audience: Audience<'_>,
        name: &str,
        args: &[Json],
        attachments: &[Bytes],
    ) -> Self {
        Self {
            namespace: namespace.to_owned(),
            audience: match audience {
                Audience::Socket(sid) => For::Socket(sid.to_owned()),
                Audience::Everyone => For::Everyone,
                Audience::Room { room, except } => For::Room { room: room.to_owned(), except: except.to_owned() },
            },
            name: name.to_owned(),
            args: args.iter().map(|arg| arg.as_str().to_owned()).collect(),
            attachments: attachments.iter().map(|data| STANDARD.encode(data)).collect(),
        }
    }

    pub(super) fn audience(&self) -> Audience<'_> {
        match &self.audience {
            For::Socket(sid) => Audience::Socket(sid),
            For::Everyone => Audience::Everyone,
            For::Room { room, except } => Audience::Room { room, except },
        }
    }

    /// The event as clients get it, with an offset for those whose sessions can be restored.
    pub(super) fn frame(&self, number: Option<u64>) -> Frame {
        let attachments: Vec<Bytes> =
            self.attachments.iter().filter_map(|data| STANDARD.decode(data).ok()).map(Bytes::from).collect();
        Frame::event(&self.namespace, &self.name, &self.args, number.map(offset).as_deref(), &attachments)
    }
}
