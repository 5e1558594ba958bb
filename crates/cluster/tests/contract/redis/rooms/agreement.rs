//! Random steps, carried out in memory and in Redis side by side: the answers have to be the same.
//!
//! `HELIOGRAPH_TEST_STEPS` says how many steps, `HELIOGRAPH_TEST_SEED` which ones.

use std::{env, fmt::Write as _, sync::Arc, time::Duration};

use heliograph_cluster::store::{
    Retention, Rooms,
    memory::{MemoryOptions, MemoryStore},
    redis::RedisOptions,
};
use heliograph_domain::room::RoomId;
use tokio::time::Instant;

use super::{
    super::{connect, options},
    random::World,
    steps::{Answer, Step},
};
use crate::{
    case::{Case, cases},
    servers::Servers,
    suites::retention,
};

pub(crate) const CASES: &[Case<Arc<Servers>>] = cases![random_steps_have_the_same_outcome_as_in_memory];

/// So many steps are done in one world.
const ROUND: usize = 500;

/// How long a disagreement is made smaller.
const PATIENCE: Duration = Duration::from_secs(15);

/// A room in memory and in Redis.
struct Pair {
    memory: Arc<dyn Rooms>,
    redis: Arc<dyn Rooms>,
}

impl Pair {
    /// Small logs, so that entries are lost, and room for all outcomes.
    async fn new(servers: &Servers) -> Self {
        let (retention, outcomes) = (Retention { entries: 12, ..retention() }, 1_000_000);
        let options = RedisOptions { retention, outcomes, ..options(&servers.redis().url()) };
        Self {
            memory: MemoryStore::new(MemoryOptions { retention, outcomes }).store().rooms,
            redis: connect(options).await.store().rooms,
        }
    }

    /// Carries out a step on both. Gives the answer, or both if they differ.
    async fn carry_out(&self, room: &RoomId, step: &Step) -> Result<Answer, String> {
        let memory = step.carry_out(&*self.memory, room).await.unwrap();
        match step.carry_out(&*self.redis, room).await {
            Ok(redis) if redis == memory => Ok(memory),
            redis => Err(format!("memory: {memory:?}\nRedis:  {redis:?}")),
        }
    }
}

type Steps = Vec<(usize, Step)>;

/// Carries out steps in a new pair until an answer differs: how.
async fn replay(servers: &Servers, rooms: &[RoomId], steps: &Steps) -> Option<String> {
    let pair = Pair::new(servers).await;
    for (room, step) in steps {
        if let Err(difference) = pair.carry_out(&rooms[*room], step).await {
            return Some(difference);
        }
    }
    None
}

/// Leaves out steps as long as an answer still differs.
async fn shrink(servers: &Servers, rooms: &[RoomId], mut steps: Steps, mut difference: String) -> (Steps, String) {
    let started = Instant::now();
    let mut size = steps.len() / 2;
    while size > 0 {
        let mut from = 0;
        while from < steps.len() && started.elapsed() < PATIENCE {
            let mut fewer = steps.clone();
            fewer.drain(from..(from + size).min(steps.len()));
            match replay(servers, rooms, &fewer).await {
                Some(other) => (steps, difference) = (fewer, other),
                None => from += size,
            }
        }
        size /= 2;
    }
    (steps, difference)
}

async fn random_steps_have_the_same_outcome_as_in_memory(servers: Arc<Servers>) {
    let number = |name: &str| env::var(name).ok().map(|number| number.parse::<u64>().unwrap());
    let first_seed = number("HELIOGRAPH_TEST_SEED").unwrap_or_else(rand::random);
    let rounds = number("HELIOGRAPH_TEST_STEPS").unwrap_or(4000).div_ceil(ROUND as u64);
    for seed in (0..rounds).map(|round| first_seed.wrapping_add(round)) {
        let (pair, mut world, mut steps) = (Pair::new(&servers).await, World::new(seed), Vec::new());
        for _ in 0..ROUND {
            let (room, step) = world.next();
            steps.push((room, step.clone()));
            match pair.carry_out(&world.rooms[room], &step).await {
                Ok(answer) => world.note(room, step, &answer),
                Err(difference) => {
                    eprintln!("seed {seed}, step {}: {step:?} in {:?}\n{difference}", steps.len(), world.rooms[room]);
                    let (steps, difference) = shrink(&servers, &world.rooms, steps, difference).await;
                    let mut story = String::new();
                    for (room, step) in &steps {
                        writeln!(story, "{:?}: {step:?}", world.rooms[*room]).unwrap();
                    }
                    panic!("seed {seed}, these steps are enough:\n{story}{difference}");
                }
            }
        }
    }
}
