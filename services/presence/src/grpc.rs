//! Questions about users (`proto/heliograph/v1/presence.proto`). Any presence service answers for any
//! user: they are answered by the store.

use std::{collections::HashSet, sync::Arc};

use futures_util::future;
use heliograph_cluster::{
    directory::Role,
    grpc::{Describe, NodeState, stubs::presence_service_server::PresenceService},
    store::StoreError,
};
use heliograph_domain::{id::UserId, wire::proto};
use tonic::{Request, Response, Status};

use crate::{options::AudienceKind, people::People, presence::Presence};

/// Most users of one question.
const MOST_USERS: usize = 200;
/// Most rooms in an answer.
const MOST_ROOMS: usize = 200;

/// Answers questions about users. Clones answer from the same store.
#[derive(Clone)]
pub struct Questions {
    pub(crate) people: Arc<People>,
}

impl Presence {
    /// How the service is, whenever it is asked.
    pub fn describe(&self) -> Describe {
        let (id, partitions) = (self.node().id.clone(), self.people.metrics.partitions.clone());
        Arc::new(move || NodeState {
            id: id.clone(),
            role: Role::Presence,
            partitions: u32::try_from(partitions.get()).unwrap_or(0),
            sockets: 0,
        })
    }
}

#[tonic::async_trait]
impl PresenceService for Questions {
    async fn sockets(
        &self,
        request: Request<proto::SocketsRequest>,
    ) -> Result<Response<proto::SocketsResponse>, Status> {
        let users = users(&request.into_inner().users)?;
        let found = users.iter().map(|user| self.people.store.presence.sockets(user));
        let found = future::try_join_all(found).await.map_err(away)?;
        let sockets = users.iter().zip(found).flat_map(|(user, sockets)| {
            sockets.into_iter().map(move |one| proto::ConnectedSocket {
                user: user.to_string(),
                socket: one.socket.to_string(),
                gateway: one.gateway.to_string(),
                vocabulary: proto::Vocabulary::from(one.vocabulary).into(),
            })
        });
        Ok(Response::new(proto::SocketsResponse { sockets: sockets.collect() }))
    }

    async fn look_up(&self, request: Request<proto::LookUpRequest>) -> Result<Response<proto::LookUpResponse>, Status> {
        let request = request.into_inner();
        let mut users = users(&request.users)?;
        if let Some(reader) = &request.reader {
            let reader = UserId::parse(reader).map_err(invalid)?;
            users = self.people.visible_to(&reader, users).await.map_err(away)?;
        }
        let seen = future::try_join_all(users.iter().map(|user| self.people.seen(user))).await.map_err(away)?;
        let users = users.iter().zip(seen).map(|(user, (status, last_seen))| proto::UserPresence {
            user: user.to_string(),
            status: proto::Status::from(status).into(),
            last_seen: last_seen.map(|seen| seen.as_millis()),
        });
        Ok(Response::new(proto::LookUpResponse { users: users.collect() }))
    }

    async fn rooms(&self, request: Request<proto::RoomsRequest>) -> Result<Response<proto::RoomsResponse>, Status> {
        let request = request.into_inner();
        let user = UserId::parse(&request.user).map_err(invalid)?;
        let limit = match usize::try_from(request.limit) {
            Ok(0) | Err(_) => MOST_ROOMS,
            Ok(limit) => limit.min(MOST_ROOMS),
        };
        let rooms = self.people.store.presence.rooms(&user, limit).await.map_err(away)?;
        Ok(Response::new(proto::RoomsResponse { rooms: rooms.iter().map(ToString::to_string).collect() }))
    }

    async fn counts(&self, _request: Request<proto::CountsRequest>) -> Result<Response<proto::CountsResponse>, Status> {
        let (users, sockets) = self.people.store.presence.counts().await.map_err(away)?;
        Ok(Response::new(proto::CountsResponse { users, sockets }))
    }
}

impl People {
    /// Those of whom a reader hears: themselves, and those with whom they share a room, or everybody.
    async fn visible_to(&self, reader: &UserId, mut users: Vec<UserId>) -> Result<Vec<UserId>, StoreError> {
        if self.options.audience == AudienceKind::Everyone {
            return Ok(users);
        }
        let rooms = |user| self.store.presence.rooms(user, self.options.rooms);
        let known: HashSet<_> = rooms(reader).await?.into_iter().collect();
        let theirs = future::try_join_all(users.iter().map(rooms)).await?;
        let mut theirs = theirs.into_iter();
        users.retain(|user| {
            let shares = theirs.next().is_some_and(|rooms| rooms.iter().any(|room| known.contains(room)));
            shares || user == reader
        });
        Ok(users)
    }
}

fn users(ids: &[String]) -> Result<Vec<UserId>, Status> {
    if ids.len() > MOST_USERS {
        return Err(Status::invalid_argument(format!("at most {MOST_USERS} users")));
    }
    ids.iter().map(|id| UserId::parse(id)).collect::<Result<_, _>>().map_err(invalid)
}

fn invalid(error: heliograph_domain::id::InvalidId) -> Status {
    Status::invalid_argument(format!("an id {error}"))
}

fn away(error: StoreError) -> Status {
    Status::unavailable(error.to_string())
}
