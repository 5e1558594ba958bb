//! Questions about users.

use heliograph_domain::{
    command::Status,
    id::{InvalidId, NodeId, SocketId, UserId},
    refusal::Refusal,
    room::RoomId,
    time::Timestamp,
    user::Vocabulary,
    wire::proto,
};

use super::{Link, Way, refusal, stubs::presence_service_client::PresenceServiceClient, unreadable};
use crate::store::UserSocket;

/// Asks presence services. Any of them answers for any user.
#[derive(Clone)]
pub struct PresenceClient {
    link: Link,
}

/// How a user is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPresence {
    /// The user.
    pub user: UserId,
    /// The status that others see.
    pub status: Status,
    /// When they were last here, if that is known.
    pub last_seen: Option<Timestamp>,
}

/// How many there are in the deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Users with a socket.
    pub users: u64,
    /// Sockets.
    pub sockets: u64,
}

impl PresenceClient {
    /// A client over a link to a `PresenceServiceServer`.
    pub fn new(link: Link) -> Self {
        Self { link }
    }

    fn client(&self) -> PresenceServiceClient<Way> {
        PresenceServiceClient::new(self.link.way()).max_decoding_message_size(self.link.largest())
    }

    /// Where the sockets of some users (at most 200) are, in no order.
    ///
    /// # Errors
    ///
    /// `Unavailable` if there is no answer.
    pub async fn sockets(&self, users: &[UserId]) -> Result<Vec<(UserId, UserSocket)>, Refusal> {
        let request = proto::SocketsRequest { users: texts(users) };
        let answer = self.link.answer(self.client().sockets(self.link.request(request))).await.map_err(refusal)?;
        answer.sockets.into_iter().map(connected).collect()
    }

    /// How some users (at most 200) are, in their order. With a `reader`, only those of whom that
    /// user may hear.
    ///
    /// # Errors
    ///
    /// `Unavailable` if there is no answer.
    pub async fn look_up(&self, users: &[UserId], reader: Option<&UserId>) -> Result<Vec<UserPresence>, Refusal> {
        let request = proto::LookUpRequest { users: texts(users), reader: reader.map(ToString::to_string) };
        let answer = self.link.answer(self.client().look_up(self.link.request(request))).await.map_err(refusal)?;
        answer.users.into_iter().map(presence).collect()
    }

    /// How many users and sockets there are.
    ///
    /// # Errors
    ///
    /// `Unavailable` if there is no answer.
    pub async fn counts(&self) -> Result<Counts, Refusal> {
        let request = self.link.request(proto::CountsRequest {});
        let answer = self.link.answer(self.client().counts(request)).await.map_err(refusal)?;
        Ok(Counts { users: answer.users, sockets: answer.sockets })
    }

    /// The rooms in which a user is a member, most recently joined first, at most `limit` (200 if
    /// that is less).
    ///
    /// # Errors
    ///
    /// `Unavailable` if there is no answer.
    pub async fn rooms(&self, user: &UserId, limit: u32) -> Result<Vec<RoomId>, Refusal> {
        let request = proto::RoomsRequest { user: user.to_string(), limit };
        let answer = self.link.answer(self.client().rooms(self.link.request(request))).await.map_err(refusal)?;
        answer.rooms.iter().map(|room| RoomId::parse(room)).collect::<Result<_, _>>().map_err(unreadable)
    }
}

fn texts(users: &[UserId]) -> Vec<String> {
    users.iter().map(ToString::to_string).collect()
}

fn connected(form: proto::ConnectedSocket) -> Result<(UserId, UserSocket), Refusal> {
    let vocabulary = Vocabulary::try_from(form.vocabulary()).map_err(unreadable)?;
    let ids = || -> Result<_, InvalidId> {
        let socket =
            UserSocket { socket: SocketId::parse(&form.socket)?, gateway: NodeId::parse(&form.gateway)?, vocabulary };
        Ok((UserId::parse(&form.user)?, socket))
    };
    ids().map_err(unreadable)
}

fn presence(form: proto::UserPresence) -> Result<UserPresence, Refusal> {
    Ok(UserPresence {
        user: UserId::parse(&form.user).map_err(unreadable)?,
        status: Status::try_from(form.status()).map_err(unreadable)?,
        last_seen: form.last_seen.map(Timestamp::from_millis),
    })
}
