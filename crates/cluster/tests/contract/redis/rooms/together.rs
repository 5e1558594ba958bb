//! Many processes at work on one room.

use std::{collections::BTreeSet, sync::Arc};

use heliograph_cluster::store::{Attend, PageRange, Retention, redis::RedisOptions};
use heliograph_domain::{
    id::NodeId,
    room::{Media, RoomId},
    user::Actor,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::task::JoinSet;

use super::super::{connect, options};
use crate::{
    case::{Case, cases},
    scene::{Room, actor, another_socket, at_gateway, joining},
    servers::Servers,
    suites::retention,
};

pub(crate) const CASES: &[Case<Arc<Servers>>] =
    cases![numbers_have_no_holes_and_gateways_are_right_whoever_comes_and_goes];

const PROCESSES: usize = 4;
const USERS: usize = 3;
const STEPS: usize = 150;

/// A user with three sockets.
struct User {
    room: Room,
    sockets: [Actor; 3],
    random: StdRng,
    /// Where each socket is now, if it is here.
    gateways: [Option<NodeId>; 3],
    /// Numbers of the entries that it appended.
    appended: Vec<u64>,
    /// The roster's versions by steps that others are told of.
    versions: Vec<u64>,
}

impl User {
    fn new(room: Room, seed: u64) -> Self {
        let user = actor("user");
        let sockets = [user.clone(), another_socket(&user), another_socket(&user)];
        let (gateways, appended, versions) = ([None, None, None], Vec::new(), Vec::new());
        Self { room, sockets, random: StdRng::seed_from_u64(seed), gateways, appended, versions }
    }

    /// Sockets come, move, and leave, and messages are posted.
    async fn work(mut self) -> Self {
        for _ in 0..STEPS {
            let which = self.random.random_range(0..self.sockets.len());
            match self.random.random_range(0..10) {
                0..4 => self.come(which).await,
                4..7 => self.leave(which).await,
                _ => self.appended.push(self.room.post(&self.sockets[which], "hello").await.position.seq),
            }
        }
        self
    }

    async fn come(&mut self, which: usize) {
        let gateway = format!("g{}", self.random.random_range(0..5));
        let socket = at_gateway(&self.sockets[which], &gateway);
        let peer = self.random.random_bool(0.5).then(Media::default);
        let attended = self.room.enter(Attend { peer, ..joining(&socket) }).await;
        assert!(attended.gateways.contains(&socket.gateway));
        if attended.announced || attended.joined && peer.is_some() {
            self.versions.push(attended.roster);
        }
        self.gateways[which] = Some(socket.gateway);
    }

    async fn leave(&mut self, which: usize) {
        let left = self.room.leave(&self.sockets[which]).await;
        let was_at = left.attendant.as_ref().map(|gone| gone.gateway.clone());
        assert_eq!(was_at, self.gateways[which].take());
        if left.announced || left.attendant.is_some_and(|gone| gone.peer.is_some()) {
            self.versions.push(left.roster);
        }
    }
}

async fn numbers_have_no_holes_and_gateways_are_right_whoever_comes_and_goes(servers: Arc<Servers>) {
    let retention = Retention { entries: 1_000_000, ..retention() };
    let options = RedisOptions { retention, ..options(&servers.redis().url()) };
    let (id, seed) = (RoomId::parse("everybody").unwrap(), rand::random::<u64>());
    let mut users = Vec::new();
    for number in 0..PROCESSES * USERS {
        let store = match users.get(number % PROCESSES) {
            Some(User { room, .. }) => room.store.clone(),
            None => connect(options.clone()).await.store(),
        };
        let user = User::new(Room { store, id: id.clone() }, seed.wrapping_add(number as u64));
        // Everybody is a member, and nobody is there.
        user.room.join(&user.sockets[0]).await;
        user.room.leave(&user.sockets[0]).await;
        users.push(user);
    }
    let room = Room { store: users[0].room.store.clone(), id: id.clone() };
    let view = async || room.rooms().view(&id, None, None, None).await.unwrap();
    let before = view().await;

    let mut at_work: JoinSet<_> = users.into_iter().map(User::work).collect();
    let mut users = Vec::new();
    while let Some(user) = at_work.join_next().await {
        users.push(user.unwrap_or_else(|failure| panic!("seed {seed}: {failure}")));
    }

    let after = view().await;
    let appended: Vec<u64> = sorted(users.iter().flat_map(|user| user.appended.iter().copied()));
    assert_eq!(appended, Vec::from_iter(1..=after.position.seq), "seed {seed}");
    let read = room.rooms().read(&id, PageRange::After(0), usize::MAX).await.unwrap();
    assert!(read.entries.iter().map(|entry| entry.seq).eq(appended), "seed {seed}");
    let versions: Vec<u64> = sorted(users.iter().flat_map(|user| user.versions.iter().copied()));
    assert_eq!(versions, Vec::from_iter(before.roster + 1..=after.roster), "seed {seed}");
    let here: BTreeSet<_> = users.iter().flat_map(|user| user.gateways.iter().flatten().cloned()).collect();
    assert_eq!(sorted(after.gateways), Vec::from_iter(here), "seed {seed}");

    for user in &mut users {
        for which in 0..user.sockets.len() {
            user.leave(which).await;
        }
    }
    assert_eq!(view().await.gateways, []);
}

fn sorted<T: Ord>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut values = Vec::from_iter(values);
    values.sort_unstable();
    values
}
