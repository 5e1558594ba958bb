//! Questions about the connections of one gateway.

use std::net::SocketAddr;

use heliograph_domain::{
    id::{SocketId, UserId},
    refusal::Refusal,
    time::Timestamp,
    user::Vocabulary,
    wire::proto::{self, gateway_disconnect_request::Target},
};

use super::{Link, Way, refusal, stubs::gateway_service_client::GatewayServiceClient, unreadable};

/// Asks one gateway.
#[derive(Clone)]
pub struct GatewayClient {
    link: Link,
}

/// A socket of a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalSocket {
    /// Its id.
    pub id: SocketId,
    /// Its user.
    pub user: UserId,
    /// What it speaks.
    pub vocabulary: Vocabulary,
    /// The client's address.
    pub address: SocketAddr,
    /// When it connected.
    pub since: Timestamp,
}

/// Some sockets of a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketPage {
    /// The sockets, by id.
    pub sockets: Vec<LocalSocket>,
    /// Whether there are more.
    pub more: bool,
}

impl GatewayClient {
    /// A client over a link to one gateway.
    pub fn new(link: Link) -> Self {
        Self { link }
    }

    fn client(&self) -> GatewayServiceClient<Way> {
        GatewayServiceClient::new(self.link.way()).max_decoding_message_size(self.link.largest())
    }

    /// The authenticated sockets with ids greater than `after`, at most `limit` (1000 if that is less).
    ///
    /// # Errors
    ///
    /// `Unavailable` if there is no answer.
    pub async fn sockets(&self, after: Option<&SocketId>, limit: u32) -> Result<SocketPage, Refusal> {
        let after = after.map(ToString::to_string).unwrap_or_default();
        let request = self.link.request(proto::GatewaySocketsRequest { after, limit });
        let page = self.link.answer(self.client().sockets(request)).await.map_err(refusal)?;
        let sockets = page.sockets.into_iter().map(socket).collect::<Result<_, _>>()?;
        Ok(SocketPage { sockets, more: page.more })
    }

    /// Disconnects all sockets of a user for good. Gives how many there were.
    ///
    /// # Errors
    ///
    /// `Unavailable` if there is no answer.
    pub async fn disconnect_user(&self, user: &UserId) -> Result<u32, Refusal> {
        self.disconnect(Target::User(user.to_string())).await
    }

    /// Disconnects a socket for good. Gives how many there were.
    ///
    /// # Errors
    ///
    /// `Unavailable` if there is no answer.
    pub async fn disconnect_socket(&self, socket: &SocketId) -> Result<u32, Refusal> {
        self.disconnect(Target::Socket(socket.to_string())).await
    }

    async fn disconnect(&self, target: Target) -> Result<u32, Refusal> {
        let request = self.link.request(proto::GatewayDisconnectRequest { target: Some(target) });
        let answer = self.link.answer(self.client().disconnect(request)).await.map_err(refusal)?;
        Ok(answer.sockets)
    }
}

fn socket(form: proto::GatewaySocket) -> Result<LocalSocket, Refusal> {
    Ok(LocalSocket {
        vocabulary: Vocabulary::try_from(form.vocabulary()).map_err(unreadable)?,
        id: SocketId::parse(&form.socket).map_err(unreadable)?,
        user: UserId::parse(&form.user).map_err(unreadable)?,
        address: form.address.parse().map_err(unreadable)?,
        since: Timestamp::from_millis(form.since),
    })
}
