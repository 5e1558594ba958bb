//! Many users at once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;

use super::heard::Heard;
use super::user::User;
use crate::Failure;
use crate::wire::Frames;

/// How many users get in at the same time.
const AT_ONCE: usize = 32;

/// How long they may take, all together.
const PATIENCE: Duration = Duration::from_secs(180);

/// No user and no room of one crowd has a name that another crowd has used.
static CROWDS: AtomicU64 = AtomicU64::new(0);

/// How many users there are and how they share rooms.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// The number of users.
    pub(crate) users: usize,
    /// How many of them are in one room.
    pub(crate) room_size: usize,
}

/// Users who have got in; their connections end when this is dropped.
pub(crate) struct Crowd {
    name: u64,
    users: Vec<Arc<User>>,
    heard: Arc<Heard>,
    room_size: usize,
    // Dropping the set ends the tasks and with them the connections.
    tasks: JoinSet<()>,
}

impl Crowd {
    /// No users yet.
    pub(crate) fn new(room_size: usize) -> Self {
        Self {
            name: CROWDS.fetch_add(1, Ordering::Relaxed),
            users: Vec::new(),
            heard: Arc::default(),
            room_size,
            tasks: JoinSet::new(),
        }
    }

    /// A crowd that is complete. Its users connect to the servers in turn.
    pub(crate) async fn gather(servers: &[SocketAddr], plan: Plan) -> Result<Self, Failure> {
        let mut crowd = Self::new(plan.room_size);
        crowd.grow(servers, plan.users).await?;
        Ok(crowd)
    }

    /// Lets users in until there are `total`.
    pub(crate) async fn grow(&mut self, servers: &[SocketAddr], total: usize) -> Result<(), Failure> {
        let gate = Arc::new(Semaphore::new(AT_ONCE));
        let mut entering = Vec::new();
        for (index, server) in servers.iter().copied().cycle().enumerate().take(total).skip(self.users.len()) {
            let id = format!("u{}-{index}", self.name);
            let room = format!("r{}-{}", self.name, index / self.room_size);
            let (inside, entered) = oneshot::channel();
            let (gate, heard) = (Arc::clone(&gate), Arc::clone(&self.heard));
            self.tasks.spawn(async move {
                let mut frames = Frames::default();
                let entering = async {
                    // The gate is never closed.
                    let _turn = gate.acquire().await;
                    User::enter(server, id, room, &mut frames).await
                };
                match entering.await.map(Arc::new) {
                    // A crowd that has given up waits for nobody.
                    Err(failure) => drop(inside.send(Err(failure))),
                    Ok(user) => {
                        if inside.send(Ok(Arc::clone(&user))).is_ok() {
                            user.listen(&mut frames, &heard).await;
                            heard.add_lost();
                        }
                    }
                }
            });
            entering.push(entered);
        }
        let all = async {
            for entered in entering {
                let user = entered.await.map_err(|_| Failure::new("a user vanished"))??;
                self.users.push(user);
            }
            Ok(())
        };
        tokio::time::timeout(PATIENCE, all).await.map_err(|_| Failure::new("users do not get in"))?
    }

    /// Everyone, room by room.
    pub(crate) fn users(&self) -> &[Arc<User>] {
        &self.users
    }

    /// The number of rooms.
    pub(crate) fn rooms(&self) -> usize {
        self.users.len().div_ceil(self.room_size)
    }

    /// The users in each room.
    pub(crate) fn room_size(&self) -> usize {
        self.room_size
    }

    /// What they hear.
    pub(crate) fn heard(&self) -> &Heard {
        &self.heard
    }
}
