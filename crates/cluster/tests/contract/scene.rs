//! Who and what the cases are about.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use heliograph_cluster::store::{Append, AppendOutcome, Appended, Attend, AttendOutcome, Attended, Left, Rooms, Store};
use heliograph_domain::{
    id::{CommandId, MessageId, NodeId, SocketId, UserId},
    room::{Media, RoomId},
    time::Timestamp,
    user::{Actor, Name, User, Vocabulary},
};

/// A name that nobody else uses.
pub(crate) fn fresh(prefix: &str) -> String {
    format!("{prefix}-{}", MessageId::generate())
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_system(SystemTime::now())
}

pub(crate) fn node(name: &str) -> NodeId {
    NodeId::parse(name).unwrap()
}

pub(crate) fn user(name: &str) -> User {
    User { id: UserId::parse(&fresh(name)).unwrap(), name: Name::parse(name).unwrap(), picture: None, guest: false }
}

/// A socket of a new user, at gateway `g1`.
pub(crate) fn actor(name: &str) -> Actor {
    socket_of(user(name))
}

/// A socket of a new guest, at gateway `g1`.
pub(crate) fn guest(name: &str) -> Actor {
    socket_of(User { guest: true, ..user(name) })
}

/// Another socket of somebody, at the same gateway.
pub(crate) fn another_socket(actor: &Actor) -> Actor {
    Actor { socket: SocketId::random(), ..actor.clone() }
}

/// The same socket at another gateway.
pub(crate) fn at_gateway(actor: &Actor, gateway: &str) -> Actor {
    Actor { gateway: node(gateway), ..actor.clone() }
}

fn socket_of(user: User) -> Actor {
    Actor { user, admin: false, socket: SocketId::random(), gateway: node("g1"), vocabulary: Vocabulary::Synapse }
}

/// A room in a store.
pub(crate) struct Room {
    pub(crate) store: Store,
    pub(crate) id: RoomId,
}

impl Room {
    /// A name for a room that there is not yet.
    pub(crate) fn new(store: Store) -> Self {
        Self { store, id: RoomId::parse(&fresh("room")).unwrap() }
    }

    pub(crate) fn rooms(&self) -> &dyn Rooms {
        &*self.store.rooms
    }

    pub(crate) async fn attend(&self, step: Attend) -> AttendOutcome {
        self.rooms().attend(&self.id, step).await.unwrap()
    }

    /// Attends, which has to succeed.
    pub(crate) async fn enter(&self, step: Attend) -> Attended {
        match self.attend(step).await {
            AttendOutcome::Attending(attended) => *attended,
            AttendOutcome::Full => panic!("the room is full"),
            AttendOutcome::NotAdmitted => panic!("the room does not admit this user"),
        }
    }

    /// Joins as a client does that asks for the room.
    pub(crate) async fn join(&self, actor: &Actor) -> Attended {
        self.enter(joining(actor)).await
    }

    /// Joins so that others can open a peer connection.
    pub(crate) async fn join_as_peer(&self, actor: &Actor) -> Attended {
        self.enter(joining_as_peer(actor)).await
    }

    pub(crate) async fn leave(&self, actor: &Actor) -> Left {
        self.leave_by(CommandId::generate(), actor, false).await
    }

    /// Leaves and ends the membership.
    pub(crate) async fn quit(&self, actor: &Actor) -> Left {
        self.leave_by(CommandId::generate(), actor, true).await
    }

    pub(crate) async fn leave_by(&self, command: CommandId, actor: &Actor, for_good: bool) -> Left {
        let step = self.rooms().leave(&self.id, command, &actor.socket, &actor.user.id, for_good);
        step.await.unwrap()
    }

    pub(crate) async fn append(&self, step: Append) -> AppendOutcome {
        self.rooms().append(&self.id, step).await.unwrap()
    }

    /// Posts a message, which has to succeed.
    pub(crate) async fn post(&self, actor: &Actor, text: &str) -> Appended {
        match self.append(posting(actor, text)).await {
            AppendOutcome::Appended(appended) => appended,
            other => panic!("not appended: {other:?}"),
        }
    }

    pub(crate) async fn members(&self) -> Option<Vec<User>> {
        self.rooms().members(&self.id, 100).await.unwrap()
    }
}

/// A join as of a client that asks for the room.
pub(crate) fn joining(actor: &Actor) -> Attend {
    Attend {
        command: CommandId::generate(),
        actor: actor.clone(),
        explicit: true,
        peer: None,
        takeover: false,
        ghosts: Vec::new(),
        since: None,
        missed_limit: 100,
        member_limit: 100,
        max_peers: 100,
        members_only: false,
        partner: None,
        contents: None,
        new_epoch: rand::random(),
        at: now(),
    }
}

/// A join of a socket that can be signalled, with sound only.
pub(crate) fn joining_as_peer(actor: &Actor) -> Attend {
    let media = Media { audio: true, ..Media::default() };
    Attend { peer: Some(media), ..joining(actor) }
}

/// An attendance that the client did not ask for.
pub(crate) fn joining_silently(actor: &Actor) -> Attend {
    Attend { explicit: false, ..joining(actor) }
}

pub(crate) fn posting(actor: &Actor, text: &str) -> Append {
    Append {
        command: CommandId::generate(),
        author: Some(actor.user.id.clone()),
        socket: Some(actor.socket.clone()),
        as_admin: false,
        reference: None,
        message: MessageId::generate(),
        event: Bytes::from(text.to_owned()),
        at: now(),
    }
}

/// Waits until `check` gives something.
pub(crate) async fn eventually<T, F>(mut check: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    loop {
        ticks.tick().await;
        if let Some(found) = check().await {
            return found;
        }
    }
}
