//! A session, wherever it is at home.

use std::sync::Arc;

use heliograph_engineio::ProtocolError;
use tokio::net::TcpStream;

use super::away::{self, Away};
use super::tunnel::Tunnel;
use crate::connection::{self, Connection, Endpoint, PollAnswered, Unreadable, Upgraded};
use crate::transport::permit::Permit;

/// What the requests of a session are asked of.
pub(crate) enum Session {
    /// It is at home here.
    Here(Arc<Connection>),
    /// It is at home at another gateway.
    Away(Away),
}

/// A POST that was begun, as [`connection::Posting`].
pub(crate) enum Posting {
    Here(connection::Posting),
    Away(away::Posting),
}

/// A place for a WebSocket, as [`connection::Candidate`].
pub(crate) enum Candidate {
    Here(connection::Candidate),
    Away(Box<Tunnel>),
}

impl Session {
    /// Waits until there is something to say. To drop the future is to give the poll up, which ends the session.
    pub(crate) async fn poll(&self) -> Result<PollAnswered, ProtocolError> {
        match self {
            Self::Here(connection) => connection.poll().await,
            Self::Away(away) => away.poll().await,
        }
    }

    /// The answer of this number did not reach the client.
    pub(crate) fn lose_poll(self, number: u32) {
        match self {
            Self::Here(connection) => connection.lose_poll(Some(number)),
            Self::Away(away) => away.lose_poll(Some(number)),
        }
    }

    /// Announces a POST whose body is still to come.
    pub(crate) async fn begin_post(self) -> Result<Posting, ProtocolError> {
        match self {
            Self::Here(connection) => connection.begin_post().await.map(Posting::Here),
            Self::Away(away) => away.begin_post().map(Posting::Away),
        }
    }

    /// Asks for a place for a WebSocket beside long-polling.
    pub(crate) async fn open_websocket(self) -> Result<Candidate, ProtocolError> {
        match self {
            Self::Here(connection) => connection.open_websocket().await.map(Candidate::Here),
            Self::Away(away) => away.open_websocket().await.map(|tunnel| Candidate::Away(Box::new(tunnel))),
        }
    }
}

impl Posting {
    /// Hands the body over, and waits until all its packets were handled.
    pub(crate) async fn finish(self, text: Result<String, Unreadable>) -> Result<(), ProtocolError> {
        match self {
            Self::Here(posting) => posting.finish(text).await,
            Self::Away(posting) => posting.finish(text).await,
        }
    }
}

impl Candidate {
    /// Hands the stream over on which the WebSocket's handshake is done. `leftover` came right behind it.
    pub(crate) fn complete(self, endpoint: &Endpoint, stream: TcpStream, leftover: &[u8], permit: Permit) {
        match self {
            Self::Here(candidate) => {
                candidate.complete(Upgraded::new(stream, endpoint.options.max_payload, leftover, permit));
            }
            Self::Away(tunnel) => tunnel.connect(stream, leftover, permit),
        }
    }
}
